package tpm

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"

	"github.com/keyferry/keyferry/backend/ctap2"
)

// BenchmarkSignIn is getAssertion with a token, from the request's bytes to the
// answer's. Its figure "overhead-%" is what that takes more than the TPM needs for the
// same commands (load, start a session, sign, flush), which are sent bare in turns with
// it, so that a machine that is busy is busy for both.
//
// The emulator computes as fast as this machine; a TPM takes a hundred times as long
// for the same, so there the overhead is next to nothing.
func BenchmarkSignIn(b *testing.B) {
	compare(b, func(w *world, id []byte, step func(func() error)) {
		params, err := ctap2.EncodeGetAssertionRequest(assertion(w.token(rightP, ctap2.PermissionGetAssertion), id))
		if err != nil {
			b.Fatal(err)
		}
		request := append([]byte{ctap2.CommandGetAssertion}, params...)
		step(func() error {
			response, err := w.Exchange(b.Context(), request, nil)
			if err == nil {
				_, err = ctap2.Data(response)
			}
			return err
		})
	}, func(unseal, sign func() error) func() error { return sign })
}

// BenchmarkSignInWithPIN is the same with all that goes before it: key agreement, PIN
// and token on both sides of the channel, which is four multiplications on the curve
// that the bare commands (load and unseal under the PIN, besides those above) lack.
func BenchmarkSignInWithPIN(b *testing.B) {
	compare(b, func(w *world, id []byte, step func(func() error)) {
		info := w.facts()
		step(func() error {
			token, err := ctap2.TokenByPIN(b.Context(), w, info, secret(rightP), ctap2.PermissionGetAssertion, party, zeros{})
			if err == nil {
				_, err = ctap2.GetAssertion(b.Context(), w, assertion(token, id), nil)
			}
			return err
		})
	}, func(unseal, sign func() error) func() error {
		return func() error { return errors.Join(unseal(), sign()) }
	})
}

// compare times ours and the bare commands in turns, and makes sure that both are the
// same number of commands.
func compare(b *testing.B, ours func(w *world, id []byte, step func(func() error)), choose func(unseal, sign func() error) func() error) {
	w := newWorld(b)
	w.emulator.Guards(30, 600)
	w.setPIN(rightP)
	id, _ := w.passkey("anna")
	bare := choose(w.bare(id))
	timed := func(what func() error) (time.Duration, int) {
		first, start := w.wire.count, time.Now()
		if err := what(); err != nil {
			b.Fatal(explained(err))
		}
		return time.Since(start), w.wire.count - first
	}
	var whole, commands time.Duration
	rounds := 0
	for b.Loop() {
		var took, alone time.Duration
		var sent, needed int
		ours(w, id, func(step func() error) {
			// Whoever is first after other work is served later on a busy machine.
			if rounds%2 == 0 {
				alone, needed = timed(bare)
			}
			took, sent = timed(step)
			if rounds%2 == 1 {
				alone, needed = timed(bare)
			}
		})
		if sent != needed {
			b.Fatalf("%d commands for a sign-in, %d bare", sent, needed)
		}
		whole, commands, rounds = whole+took, commands+alone, rounds+1
		w.wire.said = nil
	}
	b.ReportMetric(float64(whole.Microseconds())/float64(rounds), "whole-us")
	b.ReportMetric(float64(commands.Microseconds())/float64(rounds), "bare-us")
	b.ReportMetric(100*(float64(whole)/float64(commands)-1), "overhead-%")
}

// bare is what a sign-in asks of the TPM and nothing else: load and unseal under the
// PIN, load and sign under what it opened, in salted sessions.
func (w *world) bare(id []byte) (unseal, sign func() error) {
	state, _ := w.store.LocalState(w.tb.Context())
	kept, err := w.store.LocalPasskey(w.tb.Context(), id)
	if err != nil {
		w.tb.Fatal(err)
	}
	srk := w.parent
	if srk == nil {
		w.tb.Fatal("no storage root key is loaded")
	}
	hash := sha256.Sum256([]byte(rightP))
	auth := []byte(fmt.Sprintf("%x", hash[:16]))
	sum := sha256.Sum256([]byte("what is signed"))
	session := func(auth []byte, more ...tpm2.AuthOption) tpm2.Session {
		return tpm2.HMAC(tpm2.TPMAlgSHA256, 32, append(more, tpm2.Auth(auth), tpm2.Salted(srk.handle, srk.public))...)
	}
	with := func(public, private []byte, do func(tpm2.TPMHandle, tpm2.TPM2BName) error) error {
		pub, _ := tpm2.Unmarshal[tpm2.TPM2BPublic](public)
		priv, _ := tpm2.Unmarshal[tpm2.TPM2BPrivate](private)
		loaded, err := tpm2.Load{ParentHandle: tpm2.AuthHandle{Handle: srk.handle, Name: srk.name, Auth: tpm2.PasswordAuth(nil)},
			InPrivate: *priv, InPublic: *pub}.Execute(w.wire)
		if err == nil {
			err = do(loaded.ObjectHandle, loaded.Name)
			tpm2.FlushContext{FlushHandle: loaded.ObjectHandle}.Execute(w.wire)
		}
		return err
	}
	var opened *tpm2.UnsealResponse
	unseal = func() error {
		return with(state.PINPublic, state.PINPrivate, func(h tpm2.TPMHandle, name tpm2.TPM2BName) (err error) {
			opened, err = tpm2.Unseal{ItemHandle: tpm2.AuthHandle{Handle: h, Name: name,
				Auth: session(auth, tpm2.AESEncryption(128, tpm2.EncryptOut))}}.Execute(w.wire)
			return err
		})
	}
	sign = func() error {
		return with(kept.Public, kept.Private, func(h tpm2.TPMHandle, name tpm2.TPM2BName) error {
			_, err := tpm2.Sign{KeyHandle: tpm2.AuthHandle{Handle: h, Name: name, Auth: session(opened.OutData.Buffer)},
				Digest: tpm2.TPM2BDigest{Buffer: sum[:]}, InScheme: tpm2.TPMTSigScheme{Scheme: tpm2.TPMAlgNull},
				Validation: tpm2.TPMTTKHashCheck{Tag: tpm2.TPMSTHashCheck}}.Execute(w.wire)
			return err
		})
	}
	if err := unseal(); err != nil {
		w.tb.Fatal(err)
	}
	return unseal, sign
}
