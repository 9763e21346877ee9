package tpm

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// meddling is a store during whose writes something happens.
type meddling struct {
	mfa.Store
	before, after func()
}

func (m meddling) PutLocalPasskey(ctx context.Context, p mfa.LocalPasskey) error {
	return m.write(func() error { return m.Store.PutLocalPasskey(ctx, p) })
}

func (m meddling) PutLocalState(ctx context.Context, s mfa.LocalState) error {
	return m.write(func() error { return m.Store.PutLocalState(ctx, s) })
}

func (m meddling) write(what func() error) error {
	m.before()
	err := what()
	m.after()
	return err
}

// Who gives up while a passkey is being kept hears of it: it is never there in silence.
func TestCancelWhileItIsKept(t *testing.T) {
	for name, meddle := range map[string]func(*meddling, func()){
		"before it is written": func(m *meddling, cancel func()) { m.before = cancel },
		"after it was written": func(m *meddling, cancel func()) { m.after = cancel },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			m := &meddling{w.store, func() {}, func() {}}
			w.store = m
			w.open()
			w.setPIN(rightP)
			token := w.token(rightP, ctap2.PermissionMakeCredential)
			meddle(m, cancel)
			answer, err := ctap2.MakeCredential(ctx, w, creation("anna", token), nil)
			if err != nil {
				t.Fatal(explained(err))
			}
			d, err := ctap2.ParseAuthenticatorData(answer.AuthData)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.store.LocalPasskey(t.Context(), d.Attested.CredentialID); err != nil {
				t.Error("answered, and not kept:", explained(err))
			}
		})
	}
}

// Who gave up before hears nothing more, and nothing is kept after they have gone.
func TestCancelBeforeItIsKept(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	token := w.token(rightP, ctap2.PermissionMakeCredential)
	// The last command takes the key out of the TPM: it ends when the asker is gone.
	first, last, gone := w.wire.count, 0, make(chan struct{})
	if _, err := ctap2.MakeCredential(t.Context(), w, creation("anna", token), nil); err != nil {
		t.Fatal(explained(err))
	}
	last = w.wire.count - first
	if err := w.store.ResetLocal(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.open()
	w.setPIN(rightP)
	token = w.token(rightP, ctap2.PermissionMakeCredential)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first = w.wire.count
	w.wire.before = func(n int) {
		if n == first+last {
			cancel()
			<-gone
		}
	}
	_, err := ctap2.MakeCredential(ctx, w, creation("anna", token), nil)
	close(gone)
	if !errors.Is(err, context.Canceled) {
		t.Fatal("it went on:", explained(err))
	}
	if _, err := ctap2.GetInfo(t.Context(), w); err != nil { // waits for what was interrupted
		t.Fatal(explained(err))
	}
	if all, err := w.store.LocalPasskeys(t.Context(), ""); err != nil || len(all) != 0 {
		t.Errorf("%d passkeys are there in silence, %v", len(all), err)
	}
}

// A PIN that was changed is not called unchanged.
func TestCancelWhileThePINChanges(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := &meddling{w.store, func() {}, func() {}}
	w.store = m
	w.open()
	w.setPIN(rightP)
	m.before = cancel
	wantCode(t, ctap2.ChangePIN(ctx, w, w.facts(), secret(rightP), secret(otherP), rand.Reader), "")
	w.token(otherP, ctap2.PermissionGetAssertion)
}
