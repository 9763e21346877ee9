package assembly

import (
	"context"
	"log/slog"
	"sync"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
)

// phones is hybrid as ceremony.Phones. Each ceremony has a client of its own,
// so that a link that arrives late still finds the person it belongs to.
type phones struct {
	scanner transport.Scanner
	domain  hybrid.DomainURL
	log     *slog.Logger

	ctx     context.Context // ends the waiting for late links
	stop    context.CancelFunc
	waiting sync.WaitGroup
}

func newPhones(scanner transport.Scanner, domain hybrid.DomainURL, log *slog.Logger) *phones {
	p := &phones{scanner: scanner, domain: domain, log: log}
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p
}

// Open shows a code: see ceremony.Phones.
func (p *phones) Open(ctx context.Context, purpose authenticator.Purpose, linked func(mfa.LinkedPhone), report mfa.Report) (authenticator.Authenticator, error) {
	c := p.client()
	c.OfferLinking, c.Linked = true, linked
	s, err := c.Connect(ctx, hint(purpose), report)
	return p.connected(c, s, err)
}

// Ring wakes a linked phone: see ceremony.Phones.
func (p *phones) Ring(ctx context.Context, phone mfa.LinkedPhone, purpose authenticator.Purpose, report mfa.Report) (authenticator.Authenticator, error) {
	c := p.client()
	s, err := c.ConnectLinked(ctx, phone, hint(purpose), report)
	return p.connected(c, s, err)
}

func (p *phones) client() *hybrid.Client {
	return &hybrid.Client{Scanner: p.scanner, DomainURL: p.domain, Log: p.log}
}

func (p *phones) connected(c *hybrid.Client, s *hybrid.Session, err error) (authenticator.Authenticator, error) {
	if err != nil {
		c.Close()
		return nil, err
	}
	return &call{Session: s, client: c, phones: p}, nil
}

// close stops waiting for late links.
func (p *phones) close() {
	p.stop()
	p.waiting.Wait()
}

func hint(p authenticator.Purpose) hybrid.Request {
	if p == authenticator.PurposeCreate {
		return hybrid.MakeCredential
	}
	return hybrid.GetAssertion
}

// call is one connection, which may leave its client waiting for a link.
type call struct {
	*hybrid.Session
	client *hybrid.Client
	phones *phones
	once   sync.Once
}

// Close ends the session. The client lives on in the background until no update
// can come any more.
func (c *call) Close() error {
	err := c.Session.Close()
	c.once.Do(func() {
		c.phones.waiting.Go(func() {
			_ = c.client.WaitIdle(c.phones.ctx) // it fails only when the house is shut
			_ = c.client.Close()
		})
	})
	return err
}
