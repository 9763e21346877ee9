package phonesim_test

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/qrpicture"
	"github.com/keyferry/keyferry/backend/rp"
	"github.com/keyferry/keyferry/backend/transport/ble"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
	"github.com/keyferry/keyferry/backend/tunnel"
)

// patient has no wait end but the one for updates, which nobody here sends late.
var patient = hybrid.Timers{Code: time.Minute, Upgrade: time.Minute, Handshake: time.Minute, PostHandshake: time.Minute,
	Answer: time.Minute, Update: 50 * time.Millisecond}

// world is a computer, a relay and a phone: all real but for the air.
type world struct {
	t      *testing.T
	ether  *ble.Ether
	client *hybrid.Client
	phone  *phonesim.Phone
	config phonesim.Config
	party  *rp.RelyingParty
	person mfa.Principal
	scans  sync.WaitGroup

	mu      sync.Mutex
	changes chan phonesim.State
	links   chan mfa.LinkedPhone
	scanned chan error
	picture bool // the phone looks at pixels
}

func newWorld(t *testing.T, c phonesim.Config) *world {
	t.Helper()
	relay := tunnel.New(tunnel.Config{})
	server := httptest.NewServer(relay)
	t.Cleanup(func() { relay.Close(); server.Close() })
	domain := func(uint16) (string, error) { return "ws" + strings.TrimPrefix(server.URL, "http"), nil }
	w := &world{t: t, ether: ble.NewEther(), changes: make(chan phonesim.State, 100), links: make(chan mfa.LinkedPhone, 10), scanned: make(chan error, 10)}
	w.client = &hybrid.Client{Scanner: w.ether, DomainURL: domain, OfferLinking: true,
		Linked: func(l mfa.LinkedPhone) { w.links <- l },
		Timers: patient}
	t.Cleanup(func() { w.client.Close() })
	c.Advertiser, c.DomainURL = w.ether, domain
	c.Changed = func(s phonesim.State) { w.changes <- s }
	w.config = c
	w.phone = w.open()
	var err error
	if w.party, err = rp.New(rp.Config{RPID: mfa.SandboxRPID}); err != nil {
		t.Fatal(err)
	}
	w.person = mfa.Principal{ID: "P", Kind: mfa.Root, Email: "ada@example.org", UserHandle: bytes.Repeat([]byte{7}, 32)}
	t.Cleanup(w.scans.Wait)
	return w
}

func (w *world) open() *phonesim.Phone {
	w.t.Helper()
	p, err := phonesim.Open(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { p.Close() })
	return p
}

// report lets the phone scan what the computer shows.
func (w *world) report(ctx context.Context) mfa.Report {
	return func(p mfa.Progress) {
		if p.Stage != mfa.StageShowQR {
			return
		}
		w.scans.Go(func() {
			if !w.picture {
				w.scanned <- w.phone.Scan(ctx, p.QR)
				return
			}
			m, err := qrpicture.Draw(p.QR)
			if err != nil {
				w.t.Error(err)
			}
			w.scanned <- w.phone.ScanPicture(ctx, bytes.NewReader(m.PNG(6, qrpicture.QuietZone)))
		})
	}
}

func (w *world) opener(ctx context.Context, link *mfa.LinkedPhone) authenticator.Opener {
	return func(ctx2 context.Context, p authenticator.Want) (authenticator.Authenticator, error) {
		if link != nil {
			return w.client.ConnectLinked(ctx2, *link, hybrid.GetAssertion, nil)
		}
		return w.client.Connect(ctx2, hybrid.MakeCredential, w.report(ctx))
	}
}

// create is a registration as the computer sees it.
func (w *world) create(ctx context.Context) (mfa.Credential, error) {
	w.t.Helper()
	options, err := w.party.BeginRegistration(w.person, "phone", mfa.RoadPhone, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := authenticator.Client{Open: w.opener(w.t.Context(), nil)}.Create(ctx, options, mfa.OriginOf(mfa.SandboxRPID))
	if err != nil {
		return mfa.Credential{}, err
	}
	return w.party.FinishRegistration(w.person, "phone", response)
}

// signIn is a sign-in as the computer sees it.
func (w *world) signIn(ctx context.Context, c mfa.Credential, link *mfa.LinkedPhone) error {
	w.t.Helper()
	devices := []mfa.Device{{ID: "D", PrincipalID: w.person.ID, Kind: mfa.KindPasskey, Name: "phone", Passkey: &c}}
	options, err := w.party.BeginAuthentication(w.person, "one", mfa.RoadPhone, devices)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := authenticator.Client{Open: w.opener(w.t.Context(), link)}.Get(ctx, options, mfa.OriginOf(mfa.SandboxRPID))
	if err != nil {
		return err
	}
	_, err = w.party.FinishAuthentication(w.person, "one", devices, response)
	return err
}

// until waits for a phase of the phone.
func (w *world) until(phase phonesim.Phase) phonesim.State {
	w.t.Helper()
	for {
		select {
		case s := <-w.changes:
			if s.Phase == phase {
				return s
			}
		case <-w.t.Context().Done():
			w.t.Fatalf("the phone never got to %s", phase)
		}
	}
}
