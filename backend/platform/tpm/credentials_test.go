package tpm

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// status gives the status byte that a failure stands for.
func status(err error) ctap2.Status {
	var s ctap2.Status
	if errors.As(err, &s) {
		return s
	}
	return 0
}

func TestMakeCredential(t *testing.T) {
	w := newWorld(t)
	_, err := ctap2.MakeCredential(t.Context(), w, creation("anna", nil), nil)
	if status(err) != ctap2.StatusPUATRequired {
		t.Errorf("without a PIN: %v", explained(err))
	}
	w.setPIN(rightP)
	answer, err := ctap2.MakeCredential(t.Context(), w, creation("anna", w.token(rightP, ctap2.PermissionMakeCredential)), nil)
	wantCode(t, err, "")
	d, err := ctap2.ParseAuthenticatorData(answer.AuthData)
	if err != nil {
		t.Fatal(err)
	}
	if d.Flags != ctap2.FlagUP|ctap2.FlagUV|ctap2.FlagAT || d.SignCount != 0 || d.Attested.AAGUID != AAGUID || d.RPIDHash != sha256.Sum256([]byte(party)) {
		t.Errorf("%+v", d)
	}
	key, _, err := ctap2.ParsePublicKey(d.Attested.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	var statement map[string]any
	if err := ctapcbor.Unmarshal(answer.Statement, &statement); err != nil || answer.Format != "packed" || len(statement) != 2 {
		t.Fatal(answer.Format, statement, err)
	}
	sum := sha256.Sum256(append(bytes.Clone(answer.AuthData), clientHash...))
	if !ecdsa.VerifyASN1(key.(*ecdsa.PublicKey), sum[:], statement["sig"].([]byte)) {
		t.Error("the attestation does not hold")
	}

	kept, err := w.store.LocalPasskey(t.Context(), d.Attested.CredentialID)
	wantCode(t, err, "")
	if kept.UserName != "anna" || kept.RPName != "Keyferry" || !kept.Discoverable || !kept.CreatedAt.Equal(w.now) {
		t.Errorf("kept %+v", kept)
	}
	// What the TPM said of the key that it made.
	public, err := tpm2.Unmarshal[tpm2.TPM2BPublic](kept.Public)
	if err != nil {
		t.Fatal(err)
	}
	area, err := public.Contents()
	if err != nil {
		t.Fatal(err)
	}
	is := area.ObjectAttributes
	if !is.FixedTPM || !is.FixedParent || !is.SensitiveDataOrigin || !is.UserWithAuth || is.NoDA || !is.SignEncrypt || is.Decrypt {
		t.Errorf("attributes %+v", is)
	}
}

func TestMakeCredentialRefuses(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	id, _ := w.passkey("anna")
	rows := []struct {
		name   string
		may    ctap2.Permission
		change func(*ctap2.MakeCredentialRequest)
		want   ctap2.Status
	}{
		{"another algorithm", ctap2.PermissionMakeCredential, func(r *ctap2.MakeCredentialRequest) { r.Parameters[0].Alg = ctap2.RS256 }, ctap2.StatusUnsupportedAlgorithm},
		{"without presence", ctap2.PermissionMakeCredential, func(r *ctap2.MakeCredentialRequest) { r.Options["up"] = false }, ctap2.StatusInvalidOption},
		{"enterprise attestation", ctap2.PermissionMakeCredential, func(r *ctap2.MakeCredentialRequest) { r.EnterpriseAttestation = 1 }, ctap2.StatusInvalidParameter},
		{"no token", 0, func(r *ctap2.MakeCredentialRequest) {}, ctap2.StatusPUATRequired},
		{"verification of its own", 0, func(r *ctap2.MakeCredentialRequest) { r.Options["uv"] = true }, ctap2.StatusInvalidOption},
		{"a token for signing", ctap2.PermissionGetAssertion, func(r *ctap2.MakeCredentialRequest) {}, ctap2.StatusPINAuthInvalid},
		{"a token for another party", ctap2.PermissionMakeCredential, func(r *ctap2.MakeCredentialRequest) { r.RP.ID = "other.example" }, ctap2.StatusPINAuthInvalid},
		{"a token over something else", ctap2.PermissionMakeCredential, func(r *ctap2.MakeCredentialRequest) { r.ClientDataHash = make([]byte, 32) }, ctap2.StatusPINAuthInvalid},
		{"protocol 3", ctap2.PermissionMakeCredential, func(r *ctap2.MakeCredentialRequest) { r.PinUvAuthProtocol = 3 }, ctap2.StatusInvalidParameter},
		{"no protocol", ctap2.PermissionMakeCredential, func(r *ctap2.MakeCredentialRequest) { r.PinUvAuthProtocol = 0 }, ctap2.StatusMissingParameter},
		{"which are you", 0, func(r *ctap2.MakeCredentialRequest) { r.PinUvAuthParam, r.PinUvAuthProtocol = []byte{}, 2 }, ctap2.StatusPINInvalid},
		{"excluded", ctap2.PermissionMakeCredential, func(r *ctap2.MakeCredentialRequest) { r.ExcludeList = assertion(nil, []byte("x"), id).AllowList }, ctap2.StatusCredentialExcluded},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var token *ctap2.Token
			if row.may != 0 {
				token = w.token(rightP, row.may)
			}
			r := creation("bert", token)
			row.change(&r)
			if _, err := ctap2.MakeCredential(t.Context(), w, r, nil); status(err) != row.want {
				t.Errorf("want %v, got %v", row.want, explained(err))
			}
			if all, _ := w.store.LocalPasskeys(t.Context(), ""); len(all) != 1 {
				t.Errorf("%d passkeys", len(all))
			}
		})
	}
	t.Run("a token is good for one", func(t *testing.T) {
		r := creation("bert", w.token(rightP, ctap2.PermissionMakeCredential))
		_, err := ctap2.MakeCredential(t.Context(), w, r, nil)
		wantCode(t, err, "")
		if _, err = ctap2.MakeCredential(t.Context(), w, r, nil); status(err) != ctap2.StatusPINAuthInvalid {
			t.Error(explained(err))
		}
		if w.secret != nil {
			t.Error("what the PIN opened is still there")
		}
	})
}

func TestGetAssertionRefuses(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	id, _ := w.passkey("anna")
	rows := []struct {
		name   string
		may    ctap2.Permission
		change func(*ctap2.GetAssertionRequest)
		want   ctap2.Status
	}{
		{"not here", ctap2.PermissionGetAssertion, func(r *ctap2.GetAssertionRequest) { r.AllowList[0].ID = make([]byte, 32) }, ctap2.StatusNoCredentials},
		{"of another party", 0, func(r *ctap2.GetAssertionRequest) {
			r.RPID, r.Options = "other.example", map[string]bool{"up": false}
		}, ctap2.StatusNoCredentials},
		{"is it here: no", 0, func(r *ctap2.GetAssertionRequest) {
			r.AllowList[0].ID, r.Options = make([]byte, 32), map[string]bool{"up": false}
		}, ctap2.StatusNoCredentials},
		{"is it here: yes", 0, func(r *ctap2.GetAssertionRequest) { r.Options = map[string]bool{"up": false} }, ctap2.StatusPUATRequired},
		{"no token", 0, func(*ctap2.GetAssertionRequest) {}, ctap2.StatusPUATRequired},
		{"rk", ctap2.PermissionGetAssertion, func(r *ctap2.GetAssertionRequest) { r.Options = map[string]bool{"rk": true} }, ctap2.StatusUnsupportedOption},
		{"a token for making", ctap2.PermissionMakeCredential, func(*ctap2.GetAssertionRequest) {}, ctap2.StatusPINAuthInvalid},
		{"which are you", 0, func(r *ctap2.GetAssertionRequest) { r.PinUvAuthParam, r.PinUvAuthProtocol = []byte{}, 1 }, ctap2.StatusPINInvalid},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var token *ctap2.Token
			if row.may != 0 {
				token = w.token(rightP, row.may)
			}
			r := assertion(token, id)
			row.change(&r)
			if _, err := ctap2.GetAssertion(t.Context(), w, r, nil); status(err) != row.want {
				t.Errorf("want %v, got %v", row.want, explained(err))
			}
		})
	}
}

func TestDiscoverable(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	for _, user := range []string{"anna", "bert", "cleo"} {
		w.passkey(user)
		w.now = w.now.Add(time.Minute)
	}
	w.passkey("bert") // again: the new one is in the place of the old
	server := creation("dora", w.token(rightP, ctap2.PermissionMakeCredential))
	server.Options = nil // only its party can name it
	_, err := ctap2.MakeCredential(t.Context(), w, server, nil)
	wantCode(t, err, "")

	ask := func() ctap2.GetAssertionResponse {
		answer, err := ctap2.GetAssertion(t.Context(), w, assertion(w.token(rightP, ctap2.PermissionGetAssertion)), nil)
		wantCode(t, err, "")
		if answer.NumberOfCredentials != 3 || answer.User == nil || answer.User.Name != "bert" {
			t.Fatalf("%+v", answer)
		}
		return answer
	}
	ask()
	for _, user := range []string{"cleo", "anna"} {
		answer, err := ctap2.GetNextAssertion(t.Context(), w)
		wantCode(t, err, "")
		d, _ := ctap2.ParseAuthenticatorData(answer.AuthData)
		if answer.User == nil || answer.User.Name != user || !d.Flags.Has(ctap2.FlagUP|ctap2.FlagUV) {
			t.Errorf("%+v", answer)
		}
	}
	if _, err := ctap2.GetNextAssertion(t.Context(), w); status(err) != ctap2.StatusNotAllowed || w.secret != nil {
		t.Error("a fourth: ", explained(err))
	}
	ask()
	w.now = w.now.Add(nextAssertionTime)
	if _, err := ctap2.GetNextAssertion(t.Context(), w); status(err) != ctap2.StatusNotAllowed || w.secret != nil {
		t.Error("too late: ", explained(err))
	}
	ask()
	if _, err := ctap2.GetInfo(t.Context(), w); err != nil {
		t.Error(explained(err))
	}
	if _, err := ctap2.GetNextAssertion(t.Context(), w); status(err) != ctap2.StatusNotAllowed {
		t.Error("after another command: ", explained(err))
	}
}

func TestTokenRunsOut(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	id, _ := w.passkey("anna")
	token := w.token(rightP, ctap2.PermissionGetAssertion)
	w.now = w.now.Add(31 * time.Second)
	if _, err := ctap2.GetAssertion(t.Context(), w, assertion(token, id), nil); status(err) != ctap2.StatusPINAuthInvalid {
		t.Error(explained(err))
	}
	w.now = w.now.Add(10 * time.Minute)
	ctap2.GetInfo(t.Context(), w)
	if w.secret != nil {
		t.Error("what the PIN opened is still there")
	}
}

func TestManagement(t *testing.T) {
	w := newWorld(t)
	w.setPIN(rightP)
	ctx, info := t.Context(), w.facts()
	manage := func() *ctap2.Token { return w.token(rightP, ctap2.PermissionCredentialManagement) }
	if list, err := ctap2.StoredRelyingParties(ctx, w, info, manage()); err != nil || len(list) != 0 {
		t.Error(list, explained(err))
	}
	id, _ := w.passkey("anna")
	w.now = w.now.Add(time.Minute)
	other, _ := w.passkey("bert")
	foreign := creation("cleo", nil)
	foreign.RP = ctap2.RelyingParty{ID: "other.example"}
	token, err := ctap2.TokenByPIN(ctx, w, info, secret(rightP), ctap2.PermissionMakeCredential, "other.example", rand.Reader)
	wantCode(t, err, "")
	foreign.PinUvAuthParam, foreign.PinUvAuthProtocol = token.Authenticate(clientHash), token.Protocol()
	_, err = ctap2.MakeCredential(ctx, w, foreign, nil)
	wantCode(t, err, "")

	token = manage()
	stored, room, err := ctap2.Stock(ctx, w, info, token)
	if err != nil || stored != 3 || room != mfa.MaxLocalPasskeys-3 {
		t.Error(stored, room, explained(err))
	}
	parties, err := ctap2.StoredRelyingParties(ctx, w, info, token)
	if err != nil || len(parties) != 2 {
		t.Fatal(parties, explained(err))
	}
	if w.secret != nil {
		t.Error("lists need no key")
	}
	hash := sha256.Sum256([]byte(party))
	list, err := ctap2.StoredCredentials(ctx, w, info, token, hash)
	if err != nil || len(list) != 2 || !bytes.Equal(list[0].ID, other) || list[1].User.Name != "anna" || list[1].Protect != 3 {
		t.Errorf("%+v %s", list, explained(err))
	}
	wantCode(t, ctap2.DeleteStored(ctx, w, info, token, id), "")
	wantCode(t, ctap2.DeleteStored(ctx, w, info, token, id), mfa.CodeNoCredential)
	if list, err = ctap2.StoredCredentials(ctx, w, info, token, hash); err != nil || len(list) != 1 {
		t.Errorf("%+v %s", list, explained(err))
	}
	// A token that made a credential is good for nothing else.
	both := w.token(rightP, ctap2.PermissionMakeCredential|ctap2.PermissionCredentialManagement)
	_, err = ctap2.MakeCredential(ctx, w, creation("dora", both), nil)
	wantCode(t, err, "")
	if _, err := ctap2.StoredCredentials(ctx, w, info, both, hash); status(err) != ctap2.StatusPINAuthInvalid {
		t.Error(explained(err))
	}
	// Without a token of this kind nothing is told.
	if _, _, err := ctap2.Stock(ctx, w, info, w.token(rightP, ctap2.PermissionGetAssertion)); status(err) != ctap2.StatusPINAuthInvalid {
		t.Error(explained(err))
	}
	answer, err := w.Exchange(ctx, []byte{ctap2.CommandCredentialManagement, 0xa1, 1, 3}, nil)
	if err != nil || ctap2.Status(answer[0]) != ctap2.StatusNotAllowed {
		t.Error(answer, err)
	}
}

func TestReset(t *testing.T) {
	w := newWorld(t)
	asked := 0
	yes := false
	w.consent = func(_ context.Context, p Prompt) (bool, error) {
		if p.Op == OpReset {
			asked++
			return yes, nil
		}
		return true, nil
	}
	w.open()
	w.setPIN(rightP)
	w.passkey("anna")
	wantCode(t, ctap2.Reset(t.Context(), w, nil), mfa.CodeDeclined)
	yes = true
	wantCode(t, ctap2.Reset(t.Context(), w, nil), "")
	if all, _ := w.store.LocalPasskeys(t.Context(), ""); len(all) != 0 || w.facts().IsOn(ctap2.OptionClientPIN) || asked != 2 {
		t.Error("something stayed", len(all), asked)
	}
	w.setPIN(otherP)
	w.token(otherP, ctap2.PermissionGetAssertion)
	if held := w.emulator.Holds(); len(held) != 1 {
		t.Errorf("loaded: %x", held)
	}
}

func TestConsent(t *testing.T) {
	w := newWorld(t)
	var last Prompt
	said := []byte{}
	answer := true
	w.consent = func(_ context.Context, p Prompt) (bool, error) {
		last = p
		return answer, nil
	}
	w.open()
	w.setPIN(rightP)
	keep := func(status byte) { said = append(said, status) }
	_, err := ctap2.MakeCredential(t.Context(), w, creation("anna", w.token(rightP, ctap2.PermissionMakeCredential)), keep)
	wantCode(t, err, "")
	if last != (Prompt{OpCreate, party, "anna"}) || fmt.Sprint(said) != "[1 2]" {
		t.Error(last, said)
	}
	answer = false
	_, err = ctap2.MakeCredential(t.Context(), w, creation("bert", w.token(rightP, ctap2.PermissionMakeCredential)), nil)
	wantCode(t, err, mfa.CodeDeclined)
	_, err = ctap2.GetAssertion(t.Context(), w, assertion(w.token(rightP, ctap2.PermissionGetAssertion)), nil)
	wantCode(t, err, mfa.CodeDeclined)
	if last != (Prompt{OpGet, party, "anna"}) || w.secret != nil {
		t.Error(last)
	}
	wantCode(t, ctap2.Select(t.Context(), w, w.facts(), nil), mfa.CodeDeclined)
	answer = true
	wantCode(t, ctap2.Select(t.Context(), w, w.facts(), nil), "")
}
