package tpm

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"

	"github.com/keyferry/keyferry/backend/ctap2"
)

// BenchmarkSignIn is a whole sign-in: key agreement, PIN, token, assertion. Its
// figure "overhead-%" is what that takes more than the TPM needs for the same
// commands (BareTPM), which are sent in turns with it, so that a machine that is
// busy is busy for both.
func BenchmarkSignIn(b *testing.B) {
	w := newWorld(b)
	w.emulator.guards(30, 600)
	w.setPIN(rightP)
	id, key := w.passkey("anna")
	bare := w.bare(id)
	if err := bare(); err != nil {
		b.Fatal(err)
	}
	first := w.wire.count
	if err := w.signs(rightP, id, key); err != nil {
		b.Fatal(explained(err))
	}
	ours := w.wire.count - first
	first = w.wire.count
	bare()
	if theirs := w.wire.count - first; ours != theirs {
		b.Fatalf("%d commands for a sign-in, %d bare", ours, theirs)
	}
	info := w.facts()
	var whole, commands time.Duration
	for b.Loop() {
		start := time.Now()
		token, err := ctap2.TokenByPIN(b.Context(), w, info, secret(rightP), ctap2.PermissionGetAssertion, party, zeros{})
		if err == nil {
			_, err = ctap2.GetAssertion(b.Context(), w, assertion(token, id), nil)
		}
		if err != nil {
			b.Fatal(explained(err))
		}
		whole += time.Since(start)
		start = time.Now()
		if err := bare(); err != nil {
			b.Fatal(err)
		}
		commands += time.Since(start)
		w.wire.said = nil
	}
	b.ReportMetric(float64(whole.Microseconds())/float64(b.N), "whole-us")
	b.ReportMetric(float64(commands.Microseconds())/float64(b.N), "bare-us")
	b.ReportMetric(100*(float64(whole)/float64(commands)-1), "overhead-%")
}

// bare is what a sign-in asks of the TPM and nothing else: load and unseal under the
// PIN, load and sign under what it opened, in salted sessions.
func (w *world) bare(id []byte) func() error {
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
	return func() error {
		var opened *tpm2.UnsealResponse
		err := with(state.PINPublic, state.PINPrivate, func(h tpm2.TPMHandle, name tpm2.TPM2BName) (err error) {
			opened, err = tpm2.Unseal{ItemHandle: tpm2.AuthHandle{Handle: h, Name: name,
				Auth: session(auth, tpm2.AESEncryption(128, tpm2.EncryptOut))}}.Execute(w.wire)
			return err
		})
		if err != nil {
			return err
		}
		return with(kept.Public, kept.Private, func(h tpm2.TPMHandle, name tpm2.TPM2BName) error {
			_, err := tpm2.Sign{KeyHandle: tpm2.AuthHandle{Handle: h, Name: name, Auth: session(opened.OutData.Buffer)},
				Digest: tpm2.TPM2BDigest{Buffer: sum[:]}, InScheme: tpm2.TPMTSigScheme{Scheme: tpm2.TPMAlgNull},
				Validation: tpm2.TPMTTKHashCheck{Tag: tpm2.TPMSTHashCheck}}.Execute(w.wire)
			return err
		})
	}
}
