package tpm

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/platform/tpm/tpmtest"
)

func TestRestart(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	id, key := w.passkey("anna")
	for range 2 {
		w.Close()
		w.emulator.Restart()
		w.open()
		wantCode(t, w.signs(rightP, id, key), "")
	}
	w.Close()
	if held := w.emulator.Holds(); len(held) != 0 {
		t.Errorf("loaded after Close: %x", held)
	}
}

// A power cycle under our feet: what was loaded is gone, and a new opening helps.
func TestRestartWhileOpen(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	id, key := w.passkey("anna")
	w.emulator.Restart()
	if f := wantCode(t, w.signs(rightP, id, key), mfa.CodeTPMFailed); f.Params["code"] == "" {
		t.Errorf("params %v", f.Params)
	}
	w.open()
	wantCode(t, w.signs(rightP, id, key), "")
}

func TestForeign(t *testing.T) {
	rows := []struct {
		name   string
		change func(t *testing.T, w *world)
	}{
		{"cleared", func(t *testing.T, w *world) { w.emulator.Clear() }},
		{"swapped", func(t *testing.T, w *world) { w.emulator = tpmtest.New(t) }},
		{"the PIN's object is another's", func(t *testing.T, w *world) {
			state, _ := w.store.LocalState(t.Context())
			state.PINPrivate[20] ^= 1
			w.store.PutLocalState(t.Context(), state)
		}},
		{"somebody's storage key", func(t *testing.T, w *world) { // on the bus, or at the persistent handle
			state, _ := w.store.LocalState(t.Context())
			state.Parent[5] ^= 1
			w.store.PutLocalState(t.Context(), state)
		}},
		{"the PIN's object is rubbish", func(t *testing.T, w *world) {
			state, _ := w.store.LocalState(t.Context())
			state.PINPublic = []byte{0, 9, 1}
			w.store.PutLocalState(t.Context(), state)
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.setPIN(rightP)
			id, key := w.passkey("anna")
			w.Close()
			row.change(t, w)
			w.open()
			wantCode(t, w.signs(rightP, id, key), mfa.CodeTPMForeign)
			// It cannot be mended, but begun anew.
			wantCode(t, ctap2.Reset(t.Context(), w, nil), "")
			w.setPIN(rightP)
			id, key = w.passkey("anna")
			wantCode(t, w.signs(rightP, id, key), "")
		})
	}
}

func TestKeyOfAnother(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	id, key := w.passkey("anna")
	p, _ := w.store.LocalPasskey(t.Context(), id)
	wantCode(t, ctap2.Reset(t.Context(), w, nil), "")
	w.setPIN(rightP)
	wantCode(t, w.store.PutLocalPasskey(t.Context(), p), "") // from a backup, under a secret that was forgotten
	wantCode(t, w.signs(rightP, id, key), mfa.CodeTPMForeign)
	if held := w.emulator.Holds(); len(held) != 1 {
		t.Errorf("loaded: %x", held)
	}
}

// Where the storage root key is kept in the TPM, it is used from there.
func TestKeptParent(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	id, key := w.passkey("anna")
	w.Close()
	persist := func(template tpm2.TPMTPublic) {
		w.emulator.Do(func(t transport.TPM) error {
			made, err := tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHOwner, InPublic: tpm2.New2B(template)}.Execute(t)
			if err != nil {
				return err
			}
			_, err = tpm2.EvictControl{Auth: tpm2.TPMRHOwner, ObjectHandle: &tpm2.NamedHandle{Handle: made.ObjectHandle, Name: made.Name},
				PersistentHandle: persistentSRK}.Execute(t)
			if err == nil {
				_, err = tpm2.FlushContext{FlushHandle: made.ObjectHandle}.Execute(t)
			}
			return err
		})
	}
	t.Run("another key is kept", func(t *testing.T) {
		persist(tpm2.RSASRKTemplate)
		w.open()
		wantCode(t, w.signs(rightP, id, key), "")
		if held := w.emulator.Holds(); len(held) != 1 {
			t.Errorf("loaded: %x", held)
		}
		w.Close()
		w.emulator.Do(func(t transport.TPM) error {
			kept, err := tpm2.ReadPublic{ObjectHandle: persistentSRK}.Execute(t)
			if err != nil {
				return err
			}
			_, err = tpm2.EvictControl{Auth: tpm2.TPMRHOwner, ObjectHandle: &tpm2.NamedHandle{Handle: persistentSRK, Name: kept.Name},
				PersistentHandle: persistentSRK}.Execute(t)
			return err
		})
	})
	t.Run("ours is kept", func(t *testing.T) {
		persist(tpm2.ECCSRKTemplate)
		w.open()
		wantCode(t, w.signs(rightP, id, key), "")
		if held := w.emulator.Holds(); len(held) != 0 {
			t.Errorf("loaded: %x", held)
		}
		wantCode(t, ctap2.Reset(t.Context(), w, nil), "")
		w.setPIN(rightP)
		id, key = w.passkey("anna")
		if held := w.emulator.Holds(); len(held) != 0 {
			t.Errorf("loaded after setting a PIN: %x", held)
		}
	})
	t.Run("the owner's authorization is set", func(t *testing.T) {
		w.emulator.Do(func(t transport.TPM) error {
			_, err := tpm2.HierarchyChangeAuth{AuthHandle: tpm2.TPMRHOwner, NewAuth: tpm2.TPM2BAuth{Buffer: []byte("owner")}}.Execute(t)
			return err
		})
		w.open()
		wantCode(t, w.signs(rightP, id, key), "")
		wantCode(t, ctap2.Reset(t.Context(), w, nil), "")
		w.setPIN(rightP)
		id, key = w.passkey("anna")
		wantCode(t, w.signs(rightP, id, key), "")
	})
}

// Whoever listens to the bus learns neither the PIN nor what it opens.
func TestBusTellsNoSecrets(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	id, key := w.passkey("anna")
	token := w.token(rightP, ctap2.PermissionGetAssertion)
	opened := bytes.Clone(w.secret.Bytes())
	if _, err := ctap2.GetAssertion(t.Context(), w, assertion(token, id), nil); err != nil {
		t.Fatal(explained(err))
	}
	wantCode(t, w.signs(otherP, id, key), mfa.CodePINWrong)
	wantCode(t, ctap2.ChangePIN(t.Context(), w, w.facts(), secret(rightP), secret(otherP), rand.Reader), "")
	all := bytes.Join(w.wire.said, []byte("|"))
	// Without a salt, PINs could be tried on a session's HMAC by whoever listened to it.
	sessions := 0
	for _, said := range w.wire.said {
		if len(said) > 14 && binary.BigEndian.Uint32(said[6:]) == uint32(tpm2.TPMCCStartAuthSession) {
			sessions++
			if binary.BigEndian.Uint32(said[10:]) == uint32(tpm2.TPMRHNull) {
				t.Error("a session without a salt")
			}
		}
	}
	if sessions < 6 {
		t.Errorf("%d sessions", sessions)
	}
	if len(opened) != authSize || len(all) < 1000 {
		t.Fatal("nothing was listened to")
	}
	raw := make([]byte, len(opened)/2)
	hex.Decode(raw, opened)
	secrets := map[string][]byte{"secret": opened, "raw secret": raw}
	for _, pin := range []string{rightP, otherP} {
		hash := sha256.Sum256([]byte(pin))
		secrets[pin], secrets["hash of "+pin], secrets["auth of "+pin] = []byte(pin), hash[:16], pinAuth(hash[:])
	}
	for name, s := range secrets {
		if bytes.Contains(all, s) {
			t.Errorf("the bus carries the %s", name)
		}
	}
}

// The TPM goes away at each command in turn.
func TestVanishing(t *testing.T) {
	w := newWorld(t)
	w.emulator.Guards(200, 600) // interrupted sessions are no guesses
	ways := map[string]func([]byte) ([]byte, error){
		"gone":       func([]byte) ([]byte, error) { return nil, io.EOF },
		"short":      func([]byte) ([]byte, error) { return []byte{0x80, 1, 0}, nil },
		"cut off":    func([]byte) ([]byte, error) { return []byte{0x80, 2, 0, 0, 0, 10, 0, 0, 0, 0}, nil },
		"wrong HMAC": nil,
		"failure":    func([]byte) ([]byte, error) { return []byte{0x80, 1, 0, 0, 0, 10, 0, 0, 1, 1}, nil },
	}
	for name, how := range ways {
		t.Run(name, func(t *testing.T) {
			w.store = storetest.NewMemory()
			for at := 1; ; at++ {
				w.open()
				w.wire.breaks, w.wire.how = w.wire.count+at, how
				if how == nil {
					w.wire.how = func(command []byte) ([]byte, error) { // somebody on the bus changes the last byte of what is under an HMAC
						response, err := w.wire.TPMCloser.Send(command)
						if err == nil && len(response) > 10 && response[1] == 2 {
							response[len(response)-1] ^= 1
						}
						return response, err
					}
				}
				err := w.wholeLife()
				w.wire.breaks = 0
				sent := w.wire.count
				w.Close()
				for _, h := range w.emulator.Holds() {
					w.emulator.Do(func(t transport.TPM) error { _, err := tpm2.FlushContext{FlushHandle: h}.Execute(t); return err })
				}
				if err == nil {
					if at < 10 {
						t.Fatalf("done after %d commands", sent)
					}
					break
				}
				if !mfa.IsCode(err, mfa.CodeTPMFailed) && !mfa.IsCode(err, mfa.CodeTPMForeign) {
					t.Fatalf("command %d: %s", at, explained(err))
				}
				if state, _ := w.store.LocalState(t.Context()); at > 100 {
					t.Fatal("no end", len(state.PINPublic))
				}
			}
			w.emulator.Forgives()
		})
	}
}

// wholeLife sets a PIN unless there is one, makes a passkey, signs and goes.
func (w *world) wholeLife() error {
	ctx := w.tb.Context()
	if !w.facts().IsOn(ctap2.OptionClientPIN) {
		if err := ctap2.SetPIN(ctx, w, w.facts(), secret(rightP), rand.Reader); err != nil {
			return err
		}
	}
	token, err := w.tryToken(rightP, ctap2.PermissionMakeCredential)
	if err != nil {
		return err
	}
	if _, err := ctap2.MakeCredential(ctx, w, creation("anna", token), nil); err != nil {
		return err
	}
	if token, err = w.tryToken(rightP, ctap2.PermissionGetAssertion); err != nil {
		return err
	}
	_, err = ctap2.GetAssertion(ctx, w, assertion(token), nil)
	return err
}

// The context ends at each command in turn: at once, with nothing left in the TPM.
func TestCancelled(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	for at := 1; ; at++ {
		token := w.token(rightP, ctap2.PermissionMakeCredential)
		ctx, cancel := context.WithCancel(t.Context())
		first := w.wire.count
		w.wire.before = func(n int) {
			if n == first+at {
				cancel()
			}
		}
		_, err := ctap2.MakeCredential(ctx, w, creation("anna", token), nil)
		w.info.Load()
		ctap2.GetInfo(t.Context(), w) // waits for what was interrupted
		w.wire.before = nil
		cancel()
		if held := w.emulator.Holds(); len(held) != 1 {
			t.Fatalf("command %d: loaded %x", at, held)
		}
		if err == nil {
			if at < 5 {
				t.Errorf("done after %d commands", at)
			}
			break
		}
		if !errors.Is(err, context.Canceled) || at > 50 {
			t.Fatalf("command %d: %s", at, explained(err))
		}
	}
	all, _ := w.store.LocalPasskeys(t.Context(), "")
	if len(all) != 1 {
		t.Errorf("%d passkeys", len(all))
	}
}

func TestClosed(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	token := w.token(rightP, ctap2.PermissionMakeCredential)
	waiting := make(chan struct{})
	w.wire.before = func(int) {
		select {
		case <-waiting:
		default:
			close(waiting)
		}
	}
	done := make(chan error, 1)
	go func() {
		_, err := ctap2.MakeCredential(t.Context(), w, creation("anna", token), nil)
		done <- err
	}()
	<-waiting
	w.Close()
	select {
	case err := <-done:
		if err != nil {
			wantCode(t, err, mfa.CodeTPMFailed)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it hangs")
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	_, err := w.Exchange(t.Context(), []byte{ctap2.CommandGetInfo}, nil)
	wantCode(t, err, mfa.CodeTPMFailed)
	if held := w.emulator.Holds(); len(held) != 0 {
		t.Errorf("loaded: %x", held)
	}
}
