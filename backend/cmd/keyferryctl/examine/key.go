package examine

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// ReadStored reads what a relying party keeps of a credential: the JSON of its
// registration, with or without what stands around it; or an object with id, public_key
// (also publicKey; base64url of a COSE_Key or of SubjectPublicKeyInfo), and, if they are
// known, sign_count, backup_eligible and user_handle. Of a registration nothing is
// expected; it must be one that could be accepted by somebody. invalid-input (params:
// field), or what rp refuses about the registration.
func ReadStored(text []byte) (mfa.Credential, []byte, error) {
	if in, err := Read(text); err == nil && in.Kind == Registration {
		l := newList(registrationChecks)
		expect := Case{Response: in.Response, Kind: Registration}
		expect.Expect.UserVerification = "discouraged"
		credential := register(l, expect)
		if credential == nil {
			for _, s := range l.steps {
				if s.Failure != nil {
					return mfa.Credential{}, nil, s.Failure
				}
			}
			return mfa.Credential{}, nil, wrong("credential")
		}
		return *credential, nil, nil
	}
	members, err := object(text, "credential")
	if err != nil {
		return mfa.Credential{}, nil, wrong("credential")
	}
	var id, key, handle string
	c := mfa.Credential{}
	for name, into := range map[string]*string{"id": &id, "public_key": &key, "publicKey": &key, "user_handle": &handle} {
		if readText(members, name, into) != nil {
			return c, nil, wrong("credential." + name)
		}
	}
	for name, into := range map[string]any{"sign_count": &c.SignCount, "backup_eligible": &c.BackupEligible} {
		if raw := members[name]; raw != nil && json.Unmarshal(raw, into) != nil {
			return c, nil, wrong("credential." + name)
		}
	}
	if id != "" {
		if c.ID, err = Bytes("credential.id", id); err != nil {
			return c, nil, err
		}
	}
	raw, err := Bytes("credential.public_key", key)
	if err != nil {
		return c, nil, err
	}
	if c.PublicKey, err = ReadKey(raw); err != nil {
		return c, nil, err
	}
	var user []byte
	if handle != "" {
		user, err = Bytes("credential.user_handle", handle)
	}
	return c, user, err
}

// ReadKey reads a public key: PEM or DER of SubjectPublicKeyInfo (RFC 5280 section 4.1),
// which browsers give as publicKey, or a COSE_Key, or either of them in base64url. It
// gives a COSE_Key; RSA without more said is RS256. Whether the key is fit for use is for
// rp to say. invalid-input (params: field).
func ReadKey(text []byte) ([]byte, error) {
	if block, _ := pem.Decode(text); block != nil {
		text = block.Bytes
	} else if decoded, err := Bytes("public-key", strings.TrimSpace(string(text))); err == nil {
		text = decoded
	}
	if parsed, err := x509.ParsePKIXPublicKey(text); err == nil {
		return cose(parsed)
	}
	if len(text) == 65 && text[0] == 4 {
		return text, nil
	}
	var labels map[int64]any
	if err := ctapcbor.UnmarshalLoose(text, &labels); err != nil {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", "public-key").Because(err)
	}
	return bytes.Clone(text), nil
}

// cose writes a key as a COSE_Key (RFC 9053 section 7, RFC 8230).
func cose(key any) ([]byte, error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		uncompressed, err := k.Bytes()
		if err != nil {
			return nil, wrong("public-key")
		}
		curves := map[string][2]int64{"P-256": {-7, 1}, "P-384": {-35, 2}, "P-521": {-36, 3}}
		c, known := curves[k.Curve.Params().Name]
		if !known {
			return nil, wrong("public-key")
		}
		half := len(uncompressed) / 2
		return ctapcbor.Marshal(map[int64]any{1: 2, 3: c[0], -1: c[1], -2: uncompressed[1 : 1+half], -3: uncompressed[1+half:]})
	case ed25519.PublicKey:
		return ctapcbor.Marshal(map[int64]any{1: 1, 3: -8, -1: 6, -2: []byte(k)})
	case *rsa.PublicKey:
		return ctapcbor.Marshal(map[int64]any{1: 3, 3: -257, -1: k.N.Bytes(), -2: big.NewInt(int64(k.E)).Bytes()})
	}
	return nil, wrong("public-key")
}
