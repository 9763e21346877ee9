package simkey

import (
	"bytes"
	"context"
	"crypto/rand"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/u2f"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

const (
	rpID     = "keyferry.internal"
	patience = 20 * time.Second // only ends tests that have failed
)

var hash = bytes.Repeat([]byte{0xaa}, 32)

// bench is a key, and somebody who sees it.
type bench struct {
	*Key
	t    *testing.T
	seen chan State

	mu   sync.Mutex
	auto bool // touches whatever blinks
}

func open(t *testing.T, c Config) *bench {
	t.Helper()
	b := &bench{t: t, seen: make(chan State, 1000), auto: true}
	blinks := make(chan struct{}, 1000)
	c.Changed = func(s State) {
		b.seen <- s
		if s.Waiting {
			blinks <- struct{}{}
		}
	}
	k, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	b.Key = k
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range blinks {
			if b.isAuto() {
				b.Touch()
			}
		}
	}()
	t.Cleanup(func() {
		b.Close()
		close(blinks)
		<-done
	})
	return b
}

func (b *bench) isAuto() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.auto
}

// leave lets the key blink from now on.
func (b *bench) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.auto = false
}

// until waits for a state.
func (b *bench) until(what string, is func(State) bool) State {
	b.t.Helper()
	guard := time.NewTimer(patience)
	defer guard.Stop()
	for {
		select {
		case s := <-b.seen:
			if is(s) {
				return s
			}
		case <-guard.C:
			b.t.Fatalf("never %s", what)
		}
	}
}

func (b *bench) blinks() State {
	b.t.Helper()
	return b.until("blinks", func(s State) bool { return s.Waiting })
}

// reach opens the key in the port.
func (b *bench) reach() transport.Key {
	b.t.Helper()
	slots, err := b.Bus().List(b.t.Context())
	if err != nil || len(slots) != 1 {
		b.t.Fatalf("%d slots (%v)", len(slots), err)
	}
	key, err := b.Bus().Open(b.t.Context(), slots[0].ID)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { key.Close() })
	return key
}

func secret(text string) *mfa.Secret { return mfa.NewSecret([]byte(text)) }

func creation(rk bool) ctap2.MakeCredentialRequest {
	return ctap2.MakeCredentialRequest{
		ClientDataHash: hash, RP: ctap2.RelyingParty{ID: rpID, Name: "Keyferry"}, User: ctap2.User{ID: []byte("ada"), Name: "ada"},
		Parameters: []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}}, Options: map[string]bool{"rk": rk},
	}
}

func create(ctx context.Context, ch ctap2.Channel, token *ctap2.Token, rk bool) (ctap2.MakeCredentialResponse, ctap2.AuthenticatorData, error) {
	r := creation(rk)
	if token != nil {
		r.PinUvAuthProtocol, r.PinUvAuthParam = token.Protocol(), token.Authenticate(hash)
	}
	answer, err := ctap2.MakeCredential(ctx, ch, r, nil)
	if err != nil {
		return answer, ctap2.AuthenticatorData{}, err
	}
	d, err := ctap2.ParseAuthenticatorData(answer.AuthData)
	return answer, d, err
}

func get(ctx context.Context, ch ctap2.Channel, id []byte) error {
	r := ctap2.GetAssertionRequest{RPID: rpID, ClientDataHash: hash}
	if id != nil {
		r.AllowList = []ctap2.PublicKeyCredentialDescriptor{{Type: ctap2.PublicKeyType, ID: id}}
	}
	_, err := ctap2.GetAssertion(ctx, ch, r, nil)
	return err
}

func (b *bench) token(key transport.Key, pin string, p ctap2.Permission) (*ctap2.Token, error) {
	b.t.Helper()
	info, err := ctap2.GetInfo(b.t.Context(), key)
	if err != nil {
		b.t.Fatal(err)
	}
	return ctap2.TokenByPIN(b.t.Context(), key, info, secret(pin), p, rpID, rand.Reader)
}

// TestEveryModelOfCTAP2 goes through a key's life with each of them.
func TestEveryModelOfCTAP2(t *testing.T) {
	for _, model := range []Model{Plain, Certified, Fingerprint, Old} {
		t.Run(string(model), func(t *testing.T) {
			b := open(t, Config{Model: model})
			b.Plug(true)
			key := b.reach()
			ctx := t.Context()
			if cbor, msg := key.Speaks(); !cbor || !msg || key.Way() != transport.WayUSB {
				t.Errorf("speaks CTAP2 %v, CTAP1 %v, way %s", cbor, msg, key.Way())
			}
			info, err := ctap2.GetInfo(ctx, key)
			if err != nil {
				t.Fatal(err)
			}
			if info.AAGUID != model.AAGUID() || info.HasVersion("FIDO_2_1") == (model == Old) || info.IsOn("uv") != (model == Fingerprint) {
				t.Errorf("%+v", info)
			}
			if err := ctap2.SetPIN(ctx, key, info, secret("2468"), rand.Reader); err != nil {
				t.Fatal(err)
			}
			if s := b.State(); !s.PINSet || !s.Plugged || s.Model != model || !slices.Equal(s.Models, Models()) {
				t.Errorf("%+v", s)
			}
			if _, err := b.token(key, "1111", ctap2.PermissionMakeCredential); !mfa.IsCode(err, mfa.CodePINWrong) {
				t.Errorf("a wrong PIN: %v", err)
			}
			token, err := b.token(key, "2468", ctap2.PermissionMakeCredential)
			if err != nil {
				t.Fatal(err)
			}
			_, d, err := create(ctx, key, token, true)
			if err != nil {
				t.Fatal(err)
			}
			if !d.Flags.Has(ctap2.FlagUP|ctap2.FlagUV) || d.Attested.AAGUID != model.AAGUID() || b.State().Passkeys != 1 {
				t.Errorf("flags %#x, state %+v", d.Flags, b.State())
			}
			if err := get(ctx, key, nil); err != nil {
				t.Error(err)
			}
			token, err = b.token(key, "2468", ctap2.PermissionCredentialManagement)
			if err != nil {
				t.Fatal(err)
			}
			info, _ = ctap2.GetInfo(ctx, key)
			if err := ctap2.DeleteStored(ctx, key, info, token, d.Attested.CredentialID); err != nil || b.State().Passkeys != 0 {
				t.Errorf("%v, %d passkeys", err, b.State().Passkeys)
			}
			if err := ctap2.Select(ctx, key, info, nil); err != nil {
				t.Error(err)
			}
			if err := ctap2.Reset(ctx, key, nil); err != nil || b.State().PINSet {
				t.Errorf("reset: %v", err)
			}
			if err := key.Wink(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestU2FModel(t *testing.T) {
	b := open(t, Config{Model: U2F})
	b.Plug(true)
	key := b.reach()
	if cbor, msg := key.Speaks(); cbor || !msg {
		t.Errorf("speaks CTAP2 %v, CTAP1 %v", cbor, msg)
	}
	if _, err := key.Exchange(t.Context(), []byte{ctap2.CommandGetInfo}, nil); err == nil {
		t.Error("it answers CTAP2")
	}
	ch := u2f.New(key)
	answer, d, err := create(t.Context(), ch, nil, false)
	if err != nil || answer.Format != "fido-u2f" {
		t.Fatalf("%s (%v)", answer.Format, err)
	}
	s := b.blinks()
	if s.Op != OpCreate || s.RPID != "" {
		t.Errorf("%+v", s)
	}
	if err := get(t.Context(), ch, d.Attested.CredentialID); err != nil {
		t.Error(err)
	}
	if s := b.blinks(); s.Op != OpSignIn {
		t.Errorf("%+v", s)
	}
	if err := get(t.Context(), ch, []byte("another")); !mfa.IsCode(err, mfa.CodeNoCredential) {
		t.Errorf("another handle: %v", err)
	}
	if s := b.State(); s.Passkeys != 0 || s.Waiting {
		t.Errorf("%+v", s)
	}
}

// TestAPollIsForgotten: a client of U2F that stops asking leaves no open question.
func TestAPollIsForgotten(t *testing.T) {
	b := open(t, Config{Model: U2F})
	b.leave()
	if b.present(virtualauth.Prompt{Op: virtualauth.OpCreate}) {
		t.Fatal("untouched")
	}
	if b.present(virtualauth.Prompt{Op: virtualauth.OpCreate}) {
		t.Fatal("asked again is not touched")
	}
	b.Key.mu.Lock()
	p := b.polled
	b.Key.mu.Unlock()
	if err := b.Touch(); err != nil {
		t.Fatal(err)
	}
	if err := b.Touch(); !mfa.IsCode(err, mfa.CodeNotFound) {
		t.Errorf("touched twice: %v", err)
	}
	p.over.Reset(0)
	for guard := time.Now().Add(patience); time.Now().Before(guard); {
		b.Key.mu.Lock()
		gone := b.polled == nil
		b.Key.mu.Unlock()
		if gone {
			break
		}
		runtime.Gosched()
	}
	if b.present(virtualauth.Prompt{Op: virtualauth.OpGet}) {
		t.Error("an old touch was taken for a new question")
	}
}
