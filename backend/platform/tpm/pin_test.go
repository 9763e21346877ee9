package tpm

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

func TestPIN(t *testing.T) {
	w := newWorld(t)
	if w.facts().IsOn(ctap2.OptionClientPIN) {
		t.Error("it says that it has a PIN")
	}
	_, err := w.tryToken(rightP, ctap2.PermissionGetAssertion)
	wantCode(t, err, mfa.CodePINNotSet)
	wantCode(t, ctap2.SetPIN(t.Context(), w, w.facts(), secret("12345"), rand.Reader), mfa.CodePINLength)
	careless := w.facts()
	careless.MinPINLength = nil
	if err := ctap2.SetPIN(t.Context(), w, careless, secret("12345"), rand.Reader); status(err) != ctap2.StatusPINPolicyViolation {
		t.Error(explained(err))
	}
	w.setPIN(rightP)
	if !w.facts().IsOn(ctap2.OptionClientPIN) {
		t.Error("it does not say that it has a PIN")
	}
	wantCode(t, ctap2.SetPIN(t.Context(), w, w.facts(), secret(otherP), rand.Reader), mfa.CodePINSet)
	without := w.facts()
	without.Options[ctap2.OptionClientPIN] = false // another program set it meanwhile
	wantCode(t, ctap2.SetPIN(t.Context(), w, without, secret(otherP), rand.Reader), mfa.CodePINSet)

	id, key := w.passkey("anna")
	wantCode(t, w.signs(rightP, id, key), "")
	if f := wantCode(t, w.signs(otherP, id, key), mfa.CodePINWrong); f.Params["left"] != "2" {
		t.Errorf("params %v", f.Params)
	}
	wantCode(t, w.signs(rightP, id, key), "")
}

func TestPINChange(t *testing.T) {
	w := newWorld(t)
	w.emulator.Guards(20, 600)
	w.setPIN(rightP)
	id, key := w.passkey("anna")
	before, err := w.store.LocalPasskey(t.Context(), id)
	wantCode(t, err, "")
	state, _ := w.store.LocalState(t.Context())

	wantCode(t, ctap2.ChangePIN(t.Context(), w, w.facts(), secret("not this one"), secret(otherP), rand.Reader), mfa.CodePINWrong)
	wantCode(t, ctap2.ChangePIN(t.Context(), w, w.facts(), secret(rightP), secret("short"), rand.Reader), mfa.CodePINLength)
	wantCode(t, w.signs(rightP, id, key), "")
	wantCode(t, ctap2.ChangePIN(t.Context(), w, w.facts(), secret(rightP), secret(otherP), rand.Reader), "")

	wantCode(t, w.signs(rightP, id, key), mfa.CodePINWrong)
	wantCode(t, w.signs(otherP, id, key), "")
	after, err := w.store.LocalPasskey(t.Context(), id)
	wantCode(t, err, "")
	if string(before.Private) != string(after.Private) {
		t.Error("the key was made anew")
	}
	changed, _ := w.store.LocalState(t.Context())
	if string(changed.PINPublic) != string(state.PINPublic) || string(changed.PINPrivate) == string(state.PINPrivate) {
		t.Error("the PIN's object is another one, or the same")
	}
	w.open() // the new one is what is kept
	wantCode(t, w.signs(otherP, id, key), "")
}

func TestPINChangeEndsTheToken(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	token := w.token(rightP, ctap2.PermissionMakeCredential)
	wantCode(t, ctap2.ChangePIN(t.Context(), w, w.facts(), secret(rightP), secret(otherP), rand.Reader), "")
	if _, err := ctap2.MakeCredential(t.Context(), w, creation("anna", token), nil); err == nil {
		t.Error("a token of the old PIN made a credential")
	}
	if w.secret != nil {
		t.Error("what the old PIN opened is still there")
	}
}

func TestLockout(t *testing.T) {
	w := newWorld(t)
	w.emulator.Guards(3, 600)
	w.setPIN(rightP)
	id, key := w.passkey("anna")
	for _, left := range []string{"2", "1"} {
		if f := wantCode(t, w.signs(otherP, id, key), mfa.CodePINWrong); f.Params["left"] != left {
			t.Errorf("want %s left, params %v", left, f.Params)
		}
	}
	if f := wantCode(t, w.signs(otherP, id, key), mfa.CodeTPMLockout); f.Params["seconds"] != "600" {
		t.Errorf("params %v", f.Params)
	}
	// Now the right one does not help either, and nobody says that it is blocked for good.
	w.now = w.now.Add(100 * time.Second)
	if f := wantCode(t, w.signs(rightP, id, key), mfa.CodeTPMLockout); f.Params["seconds"] != "500" {
		t.Errorf("params %v", f.Params)
	}
	_, _, err := ctap2.PINRetries(t.Context(), w, w.facts())
	wantCode(t, err, mfa.CodeTPMLockout)
	err = ctap2.ChangePIN(t.Context(), w, w.facts(), secret(rightP), secret(otherP), rand.Reader)
	wantCode(t, err, mfa.CodeTPMLockout)

	w.open() // opening works, and says the same; of an earlier wrong PIN nothing is known
	if f := wantCode(t, w.signs(rightP, id, key), mfa.CodeTPMLockout); f.Params["seconds"] != "600" {
		t.Errorf("params %v", f.Params)
	}
	w.emulator.Forgives()
	wantCode(t, w.signs(rightP, id, key), "")
	if held := w.emulator.Holds(); len(held) != 1 {
		t.Errorf("loaded: %x", held)
	}
}

// A token that was given stays good for a lock-out's beginning only as far as the TPM
// lets it: the key itself does not sign then.
func TestNothingSignsWhileLocked(t *testing.T) {
	w := newWorld(t)
	w.emulator.Guards(1, 600)
	w.setPIN(rightP)
	id, _ := w.passkey("anna")
	token := w.token(rightP, ctap2.PermissionGetAssertion)

	other := *w // another program on this computer guesses
	other.Authenticator = nil
	other.open()
	_, err := other.tryToken(otherP, ctap2.PermissionGetAssertion)
	wantCode(t, err, mfa.CodeTPMLockout)
	_, err = ctap2.GetAssertion(t.Context(), w, assertion(token, id), nil)
	wantCode(t, err, mfa.CodeTPMLockout)
}

// Zeros anywhere in a PIN's hash must not make it another PIN, or a shorter one.
func TestPINsWhoseHashHasZeros(t *testing.T) {
	w := newWorld(t)
	w.emulator.Guards(30, 600)
	found := map[int]string{}
	for i := 0; len(found) < 3; i++ {
		pin := fmt.Sprint("harbour", i)
		hash := sha256.Sum256([]byte(pin))
		for _, place := range []int{0, 7, 15} {
			if hash[place] == 0 && found[place] == "" {
				found[place] = pin
			}
		}
	}
	for place, pin := range found {
		t.Run(fmt.Sprint("at ", place), func(t *testing.T) {
			wantCode(t, ctap2.Reset(t.Context(), w, nil), "")
			w.setPIN(pin)
			w.token(pin, ctap2.PermissionGetAssertion)
			for other, wrong := range found {
				if other != place {
					_, err := w.tryToken(wrong, ctap2.PermissionGetAssertion)
					wantCode(t, err, mfa.CodePINWrong)
				}
			}
		})
	}
}

func TestProtocols(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	for _, protocol := range []uint64{1, 2} {
		t.Run(fmt.Sprint(protocol), func(t *testing.T) {
			info := w.facts()
			info.PinUvAuthProtocols = []uint64{protocol}
			token, err := ctap2.TokenByPIN(t.Context(), w, info, secret(rightP), ctap2.PermissionMakeCredential, party, rand.Reader)
			wantCode(t, err, "")
			_, err = ctap2.MakeCredential(t.Context(), w, creation(fmt.Sprint("user", protocol), token), nil)
			wantCode(t, err, "")
		})
	}
	info := w.facts()
	info.Options[ctap2.OptionPinUvAuthToken] = false // as a client of CTAP 2.0 does
	token, err := ctap2.TokenByPIN(t.Context(), w, info, secret(rightP), ctap2.PermissionMakeCredential, party, rand.Reader)
	wantCode(t, err, "")
	_, err = ctap2.MakeCredential(t.Context(), w, creation("user3", token), nil)
	wantCode(t, err, "")
}
