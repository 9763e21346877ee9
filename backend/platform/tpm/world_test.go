package tpm

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2/transport"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/platform/tpm/tpmtest"
)

// world is an authenticator over an emulator, with a clock that the test moves.
type world struct {
	*Authenticator
	tb       testing.TB
	emulator *tpmtest.Emulator
	store    mfa.Store
	wire     *wire
	now      time.Time
	consent  func(context.Context, Prompt) (bool, error)
}

const (
	party  = "keyferry.internal"
	rightP = "correct horse"
	otherP = "battery staple"
)

var clientHash = bytes.Repeat([]byte{0xc1}, 32)

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb, emulator: tpmtest.New(tb), store: storetest.NewMemory(), now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	w.open()
	return w
}

// open opens the authenticator, again if it was open.
func (w *world) open() {
	w.tb.Helper()
	if err := w.tryOpen(); err != nil {
		w.tb.Fatal(explained(err))
	}
}

func (w *world) tryOpen() (err error) {
	if w.Authenticator != nil {
		w.Authenticator.Close()
	}
	w.Authenticator, err = Open(w.tb.Context(), Config{
		Device: func() (transport.TPMCloser, error) {
			device, err := w.emulator.Open()
			if err == nil {
				w.wire = &wire{TPMCloser: device}
			}
			return w.wire, err
		},
		Store: w.store, Clock: func() time.Time { return w.now }, Rand: rand.Reader, Patience: 20 * time.Second, Consent: w.consent,
	})
	if err == nil {
		a := w.Authenticator
		w.tb.Cleanup(func() { a.Close() })
	}
	return err
}

func explained(err error) string {
	if f := mfa.AsFailure(err); f != nil {
		return f.Error() + " " + f.Explain()
	}
	return "no failure"
}

func secret(text string) *mfa.Secret { return mfa.NewSecret([]byte(text)) }

func (w *world) facts() ctap2.Info {
	w.tb.Helper()
	info, err := ctap2.ParseInfo(w.GetInfo())
	if err != nil {
		w.tb.Fatal(err)
	}
	return info
}

func (w *world) setPIN(text string) {
	w.tb.Helper()
	if err := ctap2.SetPIN(w.tb.Context(), w, w.facts(), secret(text), rand.Reader); err != nil {
		w.tb.Fatal(explained(err))
	}
}

func (w *world) tryToken(text string, p ctap2.Permission) (*ctap2.Token, error) {
	rpID := ""
	if p&(ctap2.PermissionMakeCredential|ctap2.PermissionGetAssertion) != 0 {
		rpID = party
	}
	return ctap2.TokenByPIN(w.tb.Context(), w, w.facts(), secret(text), p, rpID, rand.Reader)
}

func (w *world) token(text string, p ctap2.Permission) *ctap2.Token {
	w.tb.Helper()
	token, err := w.tryToken(text, p)
	if err != nil {
		w.tb.Fatal(explained(err))
	}
	return token
}

func creation(user string, t *ctap2.Token) ctap2.MakeCredentialRequest {
	r := ctap2.MakeCredentialRequest{ClientDataHash: clientHash, RP: ctap2.RelyingParty{ID: party, Name: "Keyferry"},
		User:       ctap2.User{ID: []byte(user), Name: user, DisplayName: user + " of the harbour"},
		Parameters: []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}},
		Options:    map[string]bool{ctap2.OptionResidentKey: true}}
	if t != nil {
		r.PinUvAuthParam, r.PinUvAuthProtocol = t.Authenticate(clientHash), t.Protocol()
	}
	return r
}

func assertion(t *ctap2.Token, ids ...[]byte) ctap2.GetAssertionRequest {
	r := ctap2.GetAssertionRequest{RPID: party, ClientDataHash: clientHash}
	for _, id := range ids {
		r.AllowList = append(r.AllowList, ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: id})
	}
	if t != nil {
		r.PinUvAuthParam, r.PinUvAuthProtocol = t.Authenticate(clientHash), t.Protocol()
	}
	return r
}

// make makes a passkey under the PIN and gives its ID and public key.
func (w *world) passkey(user string) ([]byte, *ecdsa.PublicKey) {
	w.tb.Helper()
	answer, err := ctap2.MakeCredential(w.tb.Context(), w, creation(user, w.token(rightP, ctap2.PermissionMakeCredential)), nil)
	if err != nil {
		w.tb.Fatal(explained(err))
	}
	d, err := ctap2.ParseAuthenticatorData(answer.AuthData)
	if err != nil {
		w.tb.Fatal(err)
	}
	key, _, err := ctap2.ParsePublicKey(d.Attested.PublicKey)
	if err != nil {
		w.tb.Fatal(err)
	}
	return d.Attested.CredentialID, key.(*ecdsa.PublicKey)
}

// signs reports whether the passkey signs under the PIN.
func (w *world) signs(pin string, id []byte, key *ecdsa.PublicKey) error {
	w.tb.Helper()
	token, err := w.tryToken(pin, ctap2.PermissionGetAssertion)
	if err != nil {
		return err
	}
	answer, err := ctap2.GetAssertion(w.tb.Context(), w, assertion(token, id), nil)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(append(bytes.Clone(answer.AuthData), clientHash...))
	if !ecdsa.VerifyASN1(key, sum[:], answer.Signature) {
		w.tb.Error("the signature does not hold")
	}
	return nil
}

func wantCode(tb testing.TB, err error, code mfa.Code) *mfa.Failure {
	tb.Helper()
	if code == "" {
		if err != nil {
			tb.Error(explained(err))
		}
		return nil
	}
	if !mfa.IsCode(err, code) {
		tb.Errorf("want %s, got %v: %s", code, err, explained(err))
		return &mfa.Failure{}
	}
	return mfa.AsFailure(err)
}
