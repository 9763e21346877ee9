//go:build linux

package pcsc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/nfc"
	"github.com/keyferry/keyferry/backend/u2f"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

const (
	testRPID   = "keyferry.internal"
	testOrigin = "https://keyferry.internal"
	patience   = time.Minute // only ends tests that have failed
)

// person is a user of an independent relying party.
type person struct{ credentials []webauthn.Credential }

func (p *person) WebAuthnID() []byte                         { return []byte("handle") }
func (p *person) WebAuthnName() string                       { return "ada" }
func (p *person) WebAuthnDisplayName() string                { return "Ada" }
func (p *person) WebAuthnCredentials() []webauthn.Credential { return p.credentials }

// onReader is an opened key as the client platform takes it.
type onReader struct{ transport.Key }

func (onReader) GetInfo() []byte      { return nil }
func (onReader) Transports() []string { return []string{transport.WayNFC} }

// desk is a bus under watch.
type desk struct {
	bus     transport.KeyBus
	changes chan struct{}
}

// sit watches the readers until the test ends.
func sit(t *testing.T) *desk {
	t.Helper()
	d := &desk{bus: System(), changes: make(chan struct{}, 1)}
	ctx, stop := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		result <- d.bus.Watch(ctx, func() {
			select {
			case d.changes <- struct{}{}:
			default:
			}
		})
	}()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-result:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Watch ended with %v (%s)", err, mfa.AsFailure(err).Explain())
			}
		case <-time.After(patience):
			t.Error("Watch does not end with its context")
		}
	})
	return d
}

// until lists at each change until as many keys are there.
func (d *desk) until(t *testing.T, keys int) []transport.Slot {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case <-d.changes:
		case <-late:
			t.Fatalf("%d keys never came", keys)
		}
		slots, err := d.bus.List(t.Context())
		if err != nil {
			t.Fatalf("List: %v (%s)", err, mfa.AsFailure(err).Explain())
		}
		if len(slots) == keys {
			return slots
		}
	}
}

// open is the client platform's way to the key.
func (d *desk) open(ctx context.Context, _ authenticator.Want) (authenticator.Authenticator, error) {
	slots, err := d.bus.List(ctx)
	if err != nil || len(slots) == 0 {
		return nil, mfa.Fail(mfa.CodeKeyMissing).Because(err)
	}
	k, err := d.bus.Open(ctx, slots[0].ID)
	if err != nil {
		return nil, err
	}
	return onReader{k}, nil
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func party(t *testing.T) *webauthn.WebAuthn {
	t.Helper()
	w, err := webauthn.New(&webauthn.Config{RPID: testRPID, RPDisplayName: "Keyferry", RPOrigins: []string{testOrigin}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// create runs a registration and shows it to the relying party.
func (d *desk) create(t *testing.T, w *webauthn.WebAuthn, p *person) error {
	t.Helper()
	options, session, err := w.BeginRegistration(p)
	if err != nil {
		t.Fatal(err)
	}
	response, err := authenticator.Client{Open: d.open}.Create(t.Context(), marshal(t, options), testOrigin)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.CreateCredential(p, *session, parsed)
	if err != nil {
		t.Fatal(err)
	}
	p.credentials = append(p.credentials, *c)
	return nil
}

// get signs in.
func (d *desk) get(t *testing.T, w *webauthn.WebAuthn, p *person) error {
	t.Helper()
	options, session, err := w.BeginLogin(p)
	if err != nil {
		t.Fatal(err)
	}
	response, err := authenticator.Client{Open: d.open}.Get(t.Context(), marshal(t, options), testOrigin)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.ValidateLogin(p, *session, parsed)
	return err
}

func TestCeremoniesOverAReader(t *testing.T) {
	a := virtualauth.New(virtualauth.Config{UserVerification: true, U2F: true})
	t.Cleanup(func() { a.Close() })
	r := startReader(t, func() *nfc.Applet { return nfc.NewApplet(a, nfc.VersionU2F) })
	d := sit(t)
	d.until(t, 0)
	r.put(t, keyATR)
	slots := d.until(t, 1)
	if s := slots[0]; s.Way != transport.WayNFC || s.Name != "Keyferry Virtual PICC" || s.Trouble != nil {
		t.Errorf("slot %+v", s)
	}

	w, p := party(t), &person{}
	if err := d.create(t, w, p); err != nil {
		t.Fatalf("create: %v (%s)", err, mfa.AsFailure(err).Explain())
	}
	for range 3 {
		if err := d.get(t, w, p); err != nil {
			t.Fatalf("get: %v (%s)", err, mfa.AsFailure(err).Explain())
		}
	}

	t.Run("U2F", func(t *testing.T) {
		k, err := d.bus.Open(t.Context(), slots[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		if two, one := k.Speaks(); !two || !one {
			t.Errorf("speaks %t %t", two, one)
		}
		response, err := k.APDU(t.Context(), []byte{0, u2f.INSVersion, 0, 0, 0, 0, 0})
		if err != nil || string(response) != u2f.Version+"\x90\x00" {
			t.Errorf("version: %q, %v", response, err)
		}
	})

	t.Run("two programs on one key", func(t *testing.T) {
		k, err := d.bus.Open(t.Context(), slots[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		if slots, err := d.bus.List(t.Context()); len(slots) != 1 || err != nil {
			t.Errorf("List during the ceremony: %v, %v", slots, err)
		}
		b := d.bus.(*bus)
		svc, _ := b.service()
		reader, _, _ := placed(slots[0].ID)
		if c, err := b.connect(t.Context(), svc, reader, 50*time.Millisecond); !mfa.IsCode(err, mfa.CodeKeyBusy) {
			t.Errorf("the second got %v, %v", c, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		if _, err := d.bus.Open(ctx, slots[0].ID); !errors.Is(err, context.Canceled) {
			t.Errorf("the third got %v", err)
		}
		if _, err := ctap2.GetInfo(t.Context(), k); err != nil {
			t.Errorf("the first was disturbed: %v", err)
		}
		k.Close()
		if k, err = d.bus.Open(t.Context(), slots[0].ID); err != nil {
			t.Fatalf("after the first let go: %v", err)
		}
		k.Close()
	})

	t.Run("another card", func(t *testing.T) {
		r.lift()
		d.until(t, 0)
		if _, err := d.bus.Open(t.Context(), slots[0].ID); !mfa.IsCode(err, mfa.CodeKeyLost) {
			t.Errorf("an empty reader gave %v", err)
		}
		if _, err := d.bus.Open(t.Context(), "0 no such reader"); !mfa.IsCode(err, mfa.CodeReaderMissing) {
			t.Errorf("no reader gave %v", err)
		}
		r.put(t, keyATR)
		d.until(t, 1)
		if err := d.get(t, w, p); err != nil {
			t.Errorf("after it was laid down again: %v", err)
		}
	})
}

// TestAReaderPulledInTheMiddle lifts the key at each APDU of a sign-in in turn.
func TestAReaderPulledInTheMiddle(t *testing.T) {
	a := virtualauth.New(virtualauth.Config{UserVerification: true})
	t.Cleanup(func() { a.Close() })
	r := startReader(t, func() *nfc.Applet { return nfc.NewApplet(a, nfc.VersionFIDO2) })
	d := sit(t)
	d.until(t, 0)
	r.put(t, keyATR)
	d.until(t, 1)
	w, p := party(t), &person{}
	if err := d.create(t, w, p); err != nil {
		t.Fatal(err)
	}
	for n := 1; ; n++ {
		r.pull(n)
		err := d.get(t, w, p)
		if err == nil {
			if n < 4 {
				t.Errorf("a sign-in took only %d APDUs", n-1)
			}
			return // it needed fewer
		}
		if !mfa.IsCode(err, mfa.CodeKeyLost) {
			t.Fatalf("lifted at APDU %d: %v (%s)", n, err, mfa.AsFailure(err).Explain())
		}
		d.until(t, 0)
		r.put(t, keyATR)
		d.until(t, 1)
	}
}

// TestTheServiceStopsInTheMiddle ends pcscd under a key that is open. (Its virtual reader
// cannot be unplugged: serial ones never are. See TestOpenAndPullTheReader.)
func TestTheServiceStopsInTheMiddle(t *testing.T) {
	a := virtualauth.New(virtualauth.Config{UserVerification: true})
	t.Cleanup(func() { a.Close() })
	r := startReader(t, func() *nfc.Applet { return nfc.NewApplet(a, nfc.VersionFIDO2) })
	r.put(t, keyATR)
	b := System()
	var slots []transport.Slot
	for late := time.Now().Add(patience); len(slots) == 0; {
		var err error
		if slots, err = b.List(t.Context()); err != nil || time.Now().After(late) {
			t.Fatalf("the key never came: %v", err)
		}
	}
	k, err := b.Open(t.Context(), slots[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if _, err := ctap2.GetInfo(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	r.stop(t)
	late := time.Now().Add(patience)
	for err = nil; err == nil && time.Now().Before(late); { // it ends when it likes
		_, err = ctap2.GetInfo(t.Context(), k)
	}
	if !mfa.IsCode(err, mfa.CodeReaderNoService) && !mfa.IsCode(err, mfa.CodeReaderMissing) { // it may give up its readers first
		t.Errorf("the open key: %v (%s)", err, mfa.AsFailure(err).Explain())
	}
	for err = nil; !mfa.IsCode(err, mfa.CodeReaderNoService); { // while it ends it turns people away
		if time.Now().After(late) {
			t.Fatalf("opened anew: %v (%s)", err, mfa.AsFailure(err).Explain())
		}
		_, err = b.Open(t.Context(), slots[0].ID)
	}
}

func TestWhatIsNoKey(t *testing.T) {
	chatty := &stranger{}
	r := startReader(t, func() *nfc.Applet { return nfc.NewApplet(chatty, nfc.VersionFIDO2) })
	d := sit(t)
	d.until(t, 0)
	r.put(t, cardATR) // the chip interface of a USB key
	b := d.bus.(*bus)
	svc, err := b.service()
	if err != nil {
		t.Fatal(err)
	}
	for late := time.Now().Add(patience); ; {
		states, err := survey(svc)
		if err != nil || time.Now().After(late) {
			t.Fatalf("the card never came: %v", err)
		}
		if len(states) > 0 && states[0].event&statePresent != 0 && len(states[0].atr) > 0 {
			break
		}
	}
	if slots, err := d.bus.List(t.Context()); len(slots) != 0 || err != nil {
		t.Errorf("listed as %v, %v", slots, err)
	}
}

// stranger must not be asked.
type stranger struct{}

func (stranger) Exchange(context.Context, []byte, func(byte)) ([]byte, error) {
	panic("the card was asked")
}
func (stranger) APDU(context.Context, []byte) ([]byte, error) { panic("the card was asked") }

func ExampleSystem() {
	slots, err := System().List(context.Background())
	fmt.Println(len(slots) >= 0, err == nil || mfa.AsFailure(err) != nil)
	// Output: true true
}
