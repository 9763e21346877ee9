package hybrid

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport/channeltest"
	relaying "github.com/keyferry/keyferry/backend/tunnel"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// newRealLab is a lab whose relay is the product's.
func newRealLab(t *testing.T) *lab {
	l := newLab(t)
	relay := relaying.New(relaying.Config{})
	server := httptest.NewServer(relay)
	t.Cleanup(func() { relay.Close(); server.Close() })
	url := func(uint16) (string, error) { return "ws" + strings.TrimPrefix(server.URL, "http"), nil }
	l.client.DomainURL, l.phone.DomainURL = url, url
	return l
}

// TestChannelContract holds a Session to what every CTAP channel has to do, over
// the product's relay and with the software authenticator in the phone.
func TestChannelContract(t *testing.T) {
	channeltest.Run(t, func(t *testing.T, person channeltest.Person) ctap2.Channel {
		l := newRealLab(t)
		inside := virtualauth.New(virtualauth.Config{Consent: func(ctx context.Context, _ virtualauth.Prompt) (virtualauth.Decision, error) {
			yes := person(ctx)
			return virtualauth.Decision{Approve: yes, Verified: yes}, nil
		}})
		t.Cleanup(func() { inside.Close() })
		info, err := inside.Exchange(t.Context(), []byte{ctap2.CommandGetInfo}, nil)
		if err != nil {
			t.Fatal(err)
		}
		l.phone.GetInfo = info[1:]
		l.phone.Handle = func(ctx context.Context, request []byte) ([]byte, error) { return inside.Exchange(ctx, request, nil) }
		s, err := l.connect()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close(); <-l.ended })
		return s
	})
}

// TestOwnRelay runs both kinds of transaction over the product's relay, with the
// signal that it sends when the phone has come.
func TestOwnRelay(t *testing.T) {
	l := newRealLab(t)
	linked := l.link()
	calls, waiting := make(chan *Call), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- l.phone.AwaitCalls(ctx, l.phone.Link.ContactID, func() { close(waiting) }, func(c *Call) { calls <- c })
	}()
	<-waiting
	go func() {
		call := <-calls
		l.ended <- l.phone.AnswerLinked(t.Context(), LinkedCall{l.phone.Link, call.ClientNonce, call.Request, call.TunnelID})
	}()
	var s *Session
	var err error
	for { // the upgrade has been answered; that the relay knows of it follows
		if s, err = l.client.ConnectLinked(t.Context(), linked, GetAssertion, nil); !mfa.IsCode(err, mfa.CodeTunnelRefused) {
			break
		}
	}
	if err != nil {
		t.Fatal(err, mfa.AsFailure(err).Explain())
	}
	l.wantAnswer(s.Exchange(t.Context(), testRequest, nil))
	s.Close()
	wantCode(t, <-l.ended, "")
	stop()
	wantCode(t, <-ended, mfa.CodeCancelled)
}
