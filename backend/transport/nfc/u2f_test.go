package nfc

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/u2f"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// old is a key that knows U2F only.
type old struct{ *virtualauth.Authenticator }

func (old) Exchange(context.Context, []byte, func(byte)) ([]byte, error) {
	return nil, errors.New("nfc: this key has no CTAP2")
}

// A key handle and its hashes need more than one short APDU; the certificate comes back
// in parts.
func TestU2FCeremonies(t *testing.T) {
	a := virtualauth.New(virtualauth.Config{U2F: true})
	t.Cleanup(func() { a.Close() })
	k, err := Open(t.Context(), NewApplet(old{a}, VersionU2F))
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if two, one := k.Speaks(); two || !one {
		t.Fatalf("speaks %t %t", two, one)
	}
	ch := u2f.New(k)
	hash := sha256.Sum256([]byte("client data"))
	made, err := ctap2.MakeCredential(t.Context(), ch, ctap2.MakeCredentialRequest{
		ClientDataHash: hash[:], RP: ctap2.RelyingParty{ID: "keyferry.internal", Name: "Keyferry"},
		User:       ctap2.User{ID: []byte{1}, Name: "ada", DisplayName: "Ada"},
		Parameters: []ctap2.CredentialParameters{{Type: "public-key", Alg: ctap2.ES256}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := ctap2.ParseAuthenticatorData(made.AuthData)
	if err != nil || data.Attested == nil {
		t.Fatalf("authenticator data: %v", err)
	}
	for range 2 {
		if _, err := ctap2.GetAssertion(t.Context(), ch, ctap2.GetAssertionRequest{
			RPID: "keyferry.internal", ClientDataHash: hash[:],
			AllowList: []ctap2.PublicKeyCredentialDescriptor{{Type: "public-key", ID: data.Attested.CredentialID}},
		}, nil); err != nil {
			t.Fatal(err)
		}
	}
}
