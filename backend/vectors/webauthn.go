package vectors

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

// base64URL are bytes that stand in a file in base64url, with padding or without.
type base64URL []byte

// UnmarshalText reads either form.
func (b *base64URL) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(string(text), "="))
	return err
}

// ceremony is one registration or assertion, with what the relying party
// expects of it.
type ceremony struct {
	ID               string          `json:"id"`
	Kind             string          `json:"kind"`
	Expect           string          `json:"expect"`
	Format           string          `json:"fmt"`
	Algorithm        int64           `json:"alg"`
	AAGUID           string          `json:"aaguid"`
	RPID             string          `json:"rp_id"`
	Origin           string          `json:"origin"`
	Challenge        base64URL       `json:"challenge"`
	UserVerification string          `json:"uv"`
	AllowCrossOrigin bool            `json:"allow_cross_origin"`
	AppID            string          `json:"appid"`
	AllowCredentials []base64URL     `json:"allow_credentials"`
	UserHandle       base64URL       `json:"user_handle"`
	VerifyAt         time.Time       `json:"verify_at"`
	TrustRoot        string          `json:"trust_root"` // registrations: what the attestation leads to
	Response         json.RawMessage `json:"response"`
	Credential       *struct {
		ID             base64URL `json:"id"`
		PublicKey      base64URL `json:"public_key"`
		PublicKeyCOSE  base64URL `json:"public_key_cose"`
		SignCount      uint32    `json:"sign_count"`
		BackupEligible bool      `json:"backup_eligible"`
		BackupState    bool      `json:"backup_state"`
		Format         string    `json:"fmt"`
	} `json:"credential"`
}

func parseWebAuthn(known map[string]*x509.Certificate) func(json.RawMessage) (item, error) {
	return func(raw json.RawMessage) (item, error) {
		var v ceremony
		if err := json.Unmarshal(raw, &v); err != nil {
			return item{}, fmt.Errorf("%s: %w", v.ID, err)
		}
		it := item{id: v.ID, kind: v.Kind, expect: v.Expect}
		switch v.Kind {
		case "registration":
			it.run = func([]byte) verdict { return v.registration(known) }
		case "assertion":
			it.run = func([]byte) verdict { return v.assertion() }
		}
		return it, nil
	}
}

func (v ceremony) expectation() rp.Expectation {
	e := rp.Expectation{RPID: v.RPID, Origin: v.Origin, Challenge: v.Challenge, UserVerification: v.UserVerification,
		AllowCrossOrigin: v.AllowCrossOrigin, AppID: v.AppID, UserHandle: v.UserHandle, At: v.VerifyAt}
	for _, id := range v.AllowCredentials {
		e.AllowCredentials = append(e.AllowCredentials, id)
	}
	return e
}

func (v ceremony) registration(known map[string]*x509.Certificate) verdict {
	c, err := rp.VerifyRegistration(v.expectation(), v.Response)
	switch {
	case err != nil:
		return refused(err)
	case v.Algorithm != 0 && c.Algorithm != v.Algorithm:
		return verdict{wrong: fmt.Sprintf("alg is %d, expected %d", c.Algorithm, v.Algorithm)}
	case v.AAGUID != "" && !strings.EqualFold(c.AAGUID.String(), v.AAGUID):
		return verdict{wrong: fmt.Sprintf("aaguid is %v, expected %s", c.AAGUID, v.AAGUID)}
	case v.Format != "" && v.Expect == expectAccept && c.AttestationFormat != v.Format && c.AttestationFormat != "none":
		return verdict{wrong: fmt.Sprintf("fmt is %s, expected %s", c.AttestationFormat, v.Format)}
	case v.TrustRoot == "":
		return accepted()
	}
	at := v.VerifyAt
	if at.IsZero() {
		at = time.Now()
	}
	wrong, err := checkTrust(c, known[v.TrustRoot], at)
	if err != nil {
		wrong = err.Error()
	}
	return verdict{wrong: wrong}
}

var errStored = errors.New("vectors: an assertion without a stored credential")

// assertion verifies with the key as it was stored, and, if the file has it as a
// COSE key too, with that: both must come to the same decision.
func (v ceremony) assertion() verdict {
	if v.Credential == nil {
		return refused(mfa.Fail(mfa.CodeCredentialUnknown).Because(errStored))
	}
	_, err := rp.VerifyAssertion(v.expectation(), v.stored(v.Credential.PublicKey), v.Response)
	if cose := v.Credential.PublicKeyCOSE; cose != nil {
		_, again := rp.VerifyAssertion(v.expectation(), v.stored(cose), v.Response)
		if (again == nil) != (err == nil) {
			return verdict{wrong: fmt.Sprintf("with the key stored as COSE: %v, as U2F: %v", again, err)}
		}
	}
	if err != nil {
		return refused(err)
	}
	return accepted()
}

func (v ceremony) stored(publicKey []byte) mfa.Credential {
	return mfa.Credential{ID: v.Credential.ID, PublicKey: publicKey, SignCount: v.Credential.SignCount,
		BackupEligible: v.Credential.BackupEligible, BackupState: v.Credential.BackupState, AttestationFormat: v.Credential.Format}
}
