package u2f

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// b64 is a JSON string in base64url.
type b64 []byte

func (b *b64) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.DecodeString(string(text))
	return err
}

type vector struct {
	ID         string `json:"id"`
	Credential struct {
		PublicKey b64 `json:"public_key"`
	} `json:"credential"`
	Response struct {
		Response struct {
			AttestationObject b64 `json:"attestationObject"`
			AuthenticatorData b64 `json:"authenticatorData"`
			ClientDataJSON    b64 `json:"clientDataJSON"`
			Signature         b64 `json:"signature"`
		} `json:"response"`
	} `json:"response"`
}

func vectors(t *testing.T) map[string]vector {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "vectors", "webauthn.json"))
	if err != nil {
		t.Skip("shared/vectors not present beside the repository: ", err)
	}
	var file struct{ Items []vector }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	byID := map[string]vector{}
	for _, v := range file.Items {
		byID[v.ID] = v
	}
	return byID
}

func point(t *testing.T, cose []byte) *ecdsa.PublicKey {
	t.Helper()
	key, _, err := ctap2.ParsePublicKey(cose)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*ecdsa.PublicKey)
}

// TestW3CVectors takes the registration of the specification's test vectors
// apart into what a U2F key would have said, and wants the same attestation back;
// only the AAGUID differs, which the vector has and CTAP1 has not.
func TestW3CVectors(t *testing.T) {
	all := vectors(t)
	v, found := all["w3c-fido-u2f-es256-reg"]
	if !found {
		t.Fatal("the file has no fido-u2f registration")
	}
	var object struct {
		Statement struct {
			Sig []byte   `cbor:"sig"`
			X5C [][]byte `cbor:"x5c"`
		} `cbor:"attStmt"`
		AuthData []byte `cbor:"authData"`
	}
	if err := ctapcbor.UnmarshalLoose(v.Response.Response.AttestationObject, &object); err != nil {
		t.Fatal(err)
	}
	data, err := ctap2.ParseAuthenticatorData(object.AuthData)
	if err != nil {
		t.Fatal(err)
	}
	key := point(t, data.Attested.PublicKey)
	uncompressed, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	said := RegisterResponse{[pointSize]byte(uncompressed), data.Attested.CredentialID, object.Statement.X5C[0], object.Statement.Sig}
	wire, err := EncodeRegisterResponse(said)
	if err != nil {
		t.Fatal(err)
	}
	read, err := DecodeRegisterResponse(wire)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := register(data.RPIDHash, read)
	if err != nil {
		t.Fatal(err)
	}
	made, err := ctap2.DecodeMakeCredentialResponse(answer)
	if err != nil {
		t.Fatal(err)
	}
	data.Attested.AAGUID = mfa.AAGUID{}
	if !bytes.Equal(made.AuthData, data.Encode()) {
		t.Errorf("authenticator data % x", made.AuthData)
	}
	if want := ctapcbor.MustMarshal(map[string]any{"sig": object.Statement.Sig, "x5c": object.Statement.X5C}); !bytes.Equal(made.Statement, want) {
		t.Errorf("statement % x", made.Statement)
	}
	leaf, err := x509.ParseCertificate(read.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	req := RegisterRequest{Challenge: sha256.Sum256(v.Response.Response.ClientDataJSON), Application: data.RPIDHash}
	sum := sha256.Sum256(SignedRegistration(req, read.PublicKey, read.KeyHandle))
	if !ecdsa.VerifyASN1(leaf.PublicKey.(*ecdsa.PublicKey), sum[:], read.Signature) {
		t.Error("the vector's signature is not over what SignedRegistration gives")
	}

	v = all["w3c-fido-u2f-es256-auth"]
	r := v.Response.Response
	d, err := ctap2.ParseAuthenticatorData(r.AuthenticatorData)
	if err != nil {
		t.Fatal(err)
	}
	sum = sha256.Sum256(SignedAssertion(AuthenticateRequest{Challenge: sha256.Sum256(r.ClientDataJSON), Application: d.RPIDHash}, byte(d.Flags), d.SignCount))
	if !ecdsa.VerifyASN1(point(t, v.Credential.PublicKey), sum[:], r.Signature) {
		t.Error("the vector's signature is not over what SignedAssertion gives")
	}
}
