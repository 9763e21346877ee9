package tpm

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/transport/channeltest"
)

var _ authenticator.Authenticator = (*Authenticator)(nil)

var anna = mfa.Principal{ID: "anna", Kind: mfa.User, Name: "anna", UserHandle: bytes.Repeat([]byte{1}, 32)}

// desk is the person with a keyboard, the client and the relying party.
type desk struct {
	*world
	rp    *rp.RelyingParty
	typed []string // what the person types, one after the other
	asked []mfa.PINAsk
}

func newDesk(t *testing.T, w *world) *desk {
	t.Helper()
	d := &desk{world: w}
	var err error
	if d.rp, err = rp.New(rp.Config{RPID: mfa.DefaultRPID, Clock: func() time.Time { return w.now }}); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) client() authenticator.Client {
	return authenticator.Client{Platform: true,
		Open: func(context.Context, authenticator.Want) (authenticator.Authenticator, error) {
			d.open()
			return d.Authenticator, nil
		},
		PIN: func(_ context.Context, ask mfa.PINAsk) (*mfa.Secret, error) {
			d.asked = append(d.asked, ask)
			if len(d.typed) == 0 {
				return nil, mfa.Fail(mfa.CodeCancelled)
			}
			text := d.typed[0]
			d.typed = d.typed[1:]
			return secret(text), nil
		}}
}

func (d *desk) enrol(t *testing.T, existing ...mfa.Device) (mfa.Device, error) {
	t.Helper()
	options, err := d.rp.BeginRegistration(anna, "Computer", mfa.RoadComputer, existing)
	if err != nil {
		t.Fatal(explained(err))
	}
	answer, err := d.client().Create(t.Context(), options, mfa.OriginOf(mfa.DefaultRPID))
	if err != nil {
		return mfa.Device{}, err
	}
	c, err := d.rp.FinishRegistration(anna, "Computer", answer)
	return mfa.Device{ID: "device", PrincipalID: anna.ID, Kind: mfa.KindPasskey, Name: "Computer", Passkey: &c}, err
}

func (d *desk) signIn(t *testing.T, devices ...mfa.Device) (rp.Assertion, error) {
	t.Helper()
	options, err := d.rp.BeginAuthentication(anna, "one", mfa.RoadComputer, devices)
	if err != nil {
		t.Fatal(explained(err))
	}
	answer, err := d.client().Get(t.Context(), options, mfa.OriginOf(mfa.DefaultRPID))
	if err != nil {
		return rp.Assertion{}, err
	}
	return d.rp.FinishAuthentication(anna, "one", devices, answer)
}

func TestCeremonies(t *testing.T) {
	w := newWorld(t)
	store, err := sqlite.Open(t.Context(), t.TempDir()+"/keyferry.db") // the real one
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w.store = store
	w.open()
	w.emulator.Guards(10, 600)
	d := newDesk(t, w)

	d.typed = []string{"short", rightP} // the first time there is none: one is set
	device, err := d.enrol(t)
	if err != nil {
		t.Fatal(explained(err))
	}
	c := device.Passkey
	if !c.UserVerified || !c.Discoverable || c.BackupEligible || c.AAGUID != AAGUID || c.AttestationFormat != "packed" ||
		!slices.Equal(c.Transports, []string{"internal"}) || !c.OnComputer() {
		t.Errorf("%+v", c)
	}
	if len(d.asked) != 2 || d.asked[0].For != mfa.PINNew || d.asked[0].Min != MinPIN || !d.asked[0].Local {
		t.Errorf("asked %+v", d.asked)
	}
	statements, err := rp.Statements(c.AttestationObject)
	if err != nil || len(statements) != 1 || len(statements[0].Chain) != 0 {
		t.Error("attestation of another kind than self:", statements, err)
	}

	// After a power cycle, with one wrong PIN first.
	w.Close()
	w.emulator.Restart()
	d.asked, d.typed = nil, []string{otherP, rightP}
	a, err := d.signIn(t, device)
	if err != nil || a.DeviceID != "device" {
		t.Fatal(a, explained(err))
	}
	if len(d.asked) != 2 || d.asked[0].Left != 10 || d.asked[1].Left != 9 || !d.asked[1].Wrong {
		t.Errorf("asked %+v", d.asked)
	}

	// It is not enrolled twice.
	d.typed = []string{rightP}
	_, err = d.enrol(t, device)
	wantCode(t, err, mfa.CodeAlreadyRegistered)

	// By itself, without a name.
	options, err := d.rp.BeginDiscoverable("two", mfa.RoadComputer)
	if err != nil {
		t.Fatal(explained(err))
	}
	d.typed = []string{rightP}
	answer, err := d.client().Get(t.Context(), options, mfa.OriginOf(mfa.DefaultRPID))
	if err != nil {
		t.Fatal(explained(err))
	}
	var said struct{ Response struct{ UserHandle string } }
	if err := json.Unmarshal(answer, &said); err != nil || said.Response.UserHandle == "" {
		t.Errorf("%s %v", answer, err)
	}

	// The person gives up.
	_, err = d.signIn(t, device)
	wantCode(t, err, mfa.CodeCancelled)

	// Wrong to the end, and another day.
	d.typed = slices.Repeat([]string{otherP}, 20)
	_, err = d.signIn(t, device)
	if f := wantCode(t, err, mfa.CodeTPMLockout); f.Params["seconds"] != "600" {
		t.Errorf("params %v", f.Params)
	}
	_, err = d.signIn(t, device)
	wantCode(t, err, mfa.CodeTPMLockout)
	w.emulator.Forgives()
	d.typed = []string{rightP}
	_, err = d.signIn(t, device)
	wantCode(t, err, "")

	// Somebody clears the TPM.
	w.Close()
	w.emulator.Clear()
	d.typed = []string{rightP}
	_, err = d.signIn(t, device)
	wantCode(t, err, mfa.CodeTPMForeign)
}

// The contract of channels, with a person who types the PIN before each request.
func TestChannelContract(t *testing.T) {
	channeltest.Run(t, func(t *testing.T, person channeltest.Person) ctap2.Channel {
		w := newWorld(t)
		w.consent = func(ctx context.Context, p Prompt) (bool, error) {
			yes := person(ctx)
			return yes, ctx.Err()
		}
		w.open()
		w.setPIN(rightP)
		return typing{w}
	})
}

// typing is a channel that adds the PIN to requests that bring none.
type typing struct{ *world }

func (c typing) Exchange(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	if ctx.Err() == nil && len(request) > 1 {
		prove := func(p ctap2.Permission, rpID string, hash []byte) ([]byte, uint64) {
			token, err := ctap2.TokenByPIN(c.tb.Context(), c.Authenticator, c.facts(), secret(rightP), p, rpID, zeros{})
			if err != nil {
				return nil, 0
			}
			return token.Authenticate(hash), token.Protocol()
		}
		switch request[0] {
		case ctap2.CommandMakeCredential:
			if r, err := ctap2.DecodeMakeCredentialRequest(request[1:]); err == nil {
				r.PinUvAuthParam, r.PinUvAuthProtocol = prove(ctap2.PermissionMakeCredential, r.RP.ID, r.ClientDataHash)
				params, _ := ctap2.EncodeMakeCredentialRequest(r)
				request = append([]byte{request[0]}, params...)
			}
		case ctap2.CommandGetAssertion:
			if r, err := ctap2.DecodeGetAssertionRequest(request[1:]); err == nil {
				r.PinUvAuthParam, r.PinUvAuthProtocol = prove(ctap2.PermissionGetAssertion, r.RPID, r.ClientDataHash)
				params, _ := ctap2.EncodeGetAssertionRequest(r)
				request = append([]byte{request[0]}, params...)
			}
		}
	}
	return c.Authenticator.Exchange(ctx, request, keepalive)
}
