package keys

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/hid"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// drawer is a bus whose keys are put in and taken out by the test. They speak CTAPHID.
type drawer struct {
	t *testing.T

	mu      sync.Mutex
	in      []*stick
	watched []chan struct{}
	fail    error
	way     string // empty: USB

	wire   func(hid.Device) hid.Device     // what lies between a key and who opens it; nil: nothing
	behind func(hid.Answerer) hid.Answerer // and between the key's wire and the key
}

// stick is one key.
type stick struct {
	*virtualauth.Authenticator
	id      string
	vendor  uint16
	serial  string
	trouble error
	can     hid.Capability
	touch   chan struct{} // one for each touch
	asked   chan virtualauth.Prompt
	ended   chan error // a question that nobody answered
	device  hid.Device // of the newest opening
}

func newStick(id string, c virtualauth.Config) *stick {
	s := &stick{id: id, vendor: 0x1050, can: hid.CanCBOR | hid.CanWink, touch: make(chan struct{}, 8), asked: make(chan virtualauth.Prompt, 8), ended: make(chan error, 8)}
	if !c.U2F {
		s.can |= hid.NoMSG
	}
	c.Consent = func(ctx context.Context, p virtualauth.Prompt) (virtualauth.Decision, error) {
		s.asked <- p
		select {
		case <-s.touch:
			return virtualauth.Decision{Approve: true, Verified: true}, nil
		case <-ctx.Done():
			s.ended <- ctx.Err()
			return virtualauth.Decision{}, ctx.Err()
		}
	}
	s.Authenticator = virtualauth.New(c)
	return s
}

// modern is what a key of today offers.
func modern() virtualauth.Config {
	return virtualauth.Config{Discoverable: true, ClientPIN: true, CredMgmt: true, Selection: true, Reset: true, Counter: virtualauth.Rising,
		Versions: []string{"FIDO_2_0", "FIDO_2_1"}}
}

func (d *drawer) put(s *stick) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.PowerCycle()
	d.in = append(d.in, s)
	d.changed()
}

func (d *drawer) pull(s *stick) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.in = slices.DeleteFunc(d.in, func(o *stick) bool { return o == s })
	if s.device != nil {
		s.device.Close()
	}
	d.changed()
}

func (d *drawer) changed() { // with mu held
	for _, w := range d.watched {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

func (d *drawer) List(context.Context) ([]transport.Slot, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []transport.Slot
	for _, s := range d.in {
		out = append(out, transport.Slot{ID: s.id, Name: "Stick " + s.id, Way: cmp.Or(d.way, transport.WayUSB), Vendor: s.vendor, Serial: s.serial, Trouble: s.trouble})
	}
	if d.fail != nil {
		return nil, d.fail
	}
	return out, nil
}

func (d *drawer) Watch(ctx context.Context, changed func()) error {
	news := make(chan struct{}, 1)
	d.mu.Lock()
	d.watched = append(d.watched, news)
	d.mu.Unlock()
	changed()
	for {
		select {
		case <-news:
			changed()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *drawer) Open(ctx context.Context, id string) (transport.Key, error) {
	d.mu.Lock()
	i := slices.IndexFunc(d.in, func(s *stick) bool { return s.id == id })
	if i < 0 {
		d.mu.Unlock()
		return nil, mfa.Fail(mfa.CodeKeyLost)
	}
	s := d.in[i]
	host, device := hid.Pipe(64)
	s.device = device
	d.mu.Unlock()
	var answers hid.Answerer = s
	if d.behind != nil {
		answers = d.behind(s)
	}
	go hid.Serve(context.Background(), device, answers, s.can) // it ends with the pipe
	if d.wire != nil {
		host = d.wire(host)
	}
	return hid.Open(ctx, host, rand.Reader)
}

// Wink is an event that nobody waits for.
func (s *stick) Wink() {}

func serviceOver(t *testing.T, sticks ...*stick) (*Service, *drawer) {
	d := &drawer{t: t}
	for _, s := range sticks {
		d.put(s)
	}
	s := New(Config{Buses: []transport.KeyBus{d}})
	t.Cleanup(s.Close)
	return s, d
}

func secret(s string) *mfa.Secret { return mfa.NewSecret([]byte(s)) }

// withPIN gives a stick a PIN, as its owner did at home.
func withPIN(t *testing.T, s *stick, pin string) *stick {
	t.Helper()
	info, err := ctap2.ParseInfo(s.GetInfo())
	if err != nil {
		t.Fatal(err)
	}
	p := secret(pin)
	defer p.Wipe()
	if err := ctap2.SetPIN(t.Context(), s, info, p, rand.Reader); err != nil {
		t.Fatal(err)
	}
	return s
}

// discoverable makes a passkey of alice's for each relying party on a stick whose PIN is
// 2580, as a browser did elsewhere.
func discoverable(t *testing.T, stick *stick, parties ...string) {
	t.Helper()
	info, err := ctap2.ParseInfo(stick.GetInfo())
	if err != nil {
		t.Fatal(err)
	}
	for _, rp := range parties {
		pin := secret("2580")
		token, err := ctap2.TokenByPIN(t.Context(), stick, info, pin, ctap2.PermissionMakeCredential, rp, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		hash := make([]byte, 32)
		stick.touch <- struct{}{}
		if _, err := ctap2.MakeCredential(t.Context(), stick, ctap2.MakeCredentialRequest{ClientDataHash: hash, RP: ctap2.RelyingParty{ID: rp, Name: rp},
			User: ctap2.User{ID: []byte("u"), Name: "alice"}, Parameters: []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}},
			Options: map[string]bool{ctap2.OptionResidentKey: true}, PinUvAuthParam: token.Authenticate(hash), PinUvAuthProtocol: token.Protocol()}, nil); err != nil {
			t.Fatal(err)
		}
		token.Wipe()
		pin.Wipe()
	}
}
