package rp

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"github.com/keyferry/keyferry/backend/mfa"
)

// attestationObject is WebAuthn 6.5.4, with the credential key already checked.
type attestationObject struct {
	format    string
	statement any // map[string]any; []any if compound
	data      authenticatorData
	key       *publicKey
	keyBytes  []byte // COSE_Key, canonical
}

// readAttestationObject reads the object, its authenticator data, the key in it
// and the shape of the statement: all that can be said without the client data.
func readAttestationObject(raw []byte) (*attestationObject, error) {
	var members map[string]any
	if err := attestationCBOR.Unmarshal(raw, &members); err != nil {
		return nil, malformed(partAttestation, "%w", err)
	}
	format, isText := members["fmt"].(string)
	authData, isBytes := members["authData"].([]byte)
	statement, found := members["attStmt"]
	if !isText || !isBytes || !found || len(members) != 3 {
		return nil, malformed(partAttestation, "not fmt, attStmt and authData")
	}
	o := &attestationObject{format: format, statement: statement}
	var err error
	if o.data, err = readAuthenticatorData(authData); err != nil {
		return nil, err
	}
	if o.data.attested == nil {
		return nil, malformed(partAuthData, "no attested credential data")
	}
	if o.key, err = newPublicKey(o.data.attested.key); err != nil {
		return nil, err
	}
	o.keyBytes = encodeKey(o.data.attested.key)
	return o, checkStatement(format, statement)
}

// verify checks the attestation statement (WebAuthn 7.1 step 21, section 8), and
// every one of a compound statement. attestation-invalid.
func (o *attestationObject) verify(clientDataHash []byte, at time.Time) error {
	return o.each(func(format string, statement map[string]any) error {
		return o.verifyStatement(format, statement, clientDataHash, at)
	})
}

func (o *attestationObject) verifyStatement(format string, statement map[string]any, clientDataHash []byte, at time.Time) error {
	if format == formatSafetyNet {
		return o.verifySafetyNet(statement, clientDataHash, at)
	}
	leaf, statement, err := judgeCertificates(format, statement, at)
	switch {
	case err != nil:
		return err
	case format == formatPacked && leaf == nil:
		return o.verifySelf(statement, clientDataHash)
	case format == formatApple:
		return o.verifyApple(leaf, clientDataHash)
	case format == formatAndroid:
		return o.verifyAndroid(leaf, statement, clientDataHash)
	}
	return o.hand(format, statement, clientDataHash)
}

// verifySelf checks a packed statement without certificates (WebAuthn 8.2): the
// credential key signs itself, under the rules of every later assertion.
func (o *attestationObject) verifySelf(statement map[string]any, clientDataHash []byte) error {
	if algorithm := statement["alg"].(int64); algorithm != o.key.algorithm {
		return refuse(mfa.CodeAttestationInvalid, "packed: algorithm %d, the key has %d", algorithm, o.key.algorithm)
	}
	if err := o.key.verify(slices.Concat(o.data.raw, clientDataHash), statement["sig"].([]byte)); err != nil {
		return refuse(mfa.CodeAttestationInvalid, "packed: %w", err)
	}
	return nil
}

// hand has go-webauthn verify a statement of packed with certificates, tpm or fido-u2f.
func (o *attestationObject) hand(format string, statement map[string]any, clientDataHash []byte) error {
	object := protocol.AttestationObject{
		Format:       format,
		AttStatement: statement,
		RawAuthData:  o.data.raw,
		AuthData: protocol.AuthenticatorData{
			RPIDHash: o.data.rpIDHash,
			Flags:    protocol.AuthenticatorFlags(o.data.flags),
			Counter:  o.data.signCount,
			AttData: protocol.AttestedCredentialData{
				AAGUID:              o.data.attested.aaguid[:],
				CredentialID:        o.data.attested.id,
				CredentialPublicKey: o.keyBytes,
			},
		},
	}
	if err := object.VerifyAttestation(clientDataHash, nil, protocol.AttestationPolicy{}, protocol.SignaturePolicy{}); err != nil {
		return mfa.Fail(mfa.CodeAttestationInvalid).Because(explain(format, err))
	}
	return nil
}

// explain writes out what go-webauthn's Error method leaves out.
func explain(format string, err error) error {
	var e *protocol.Error
	if errors.As(err, &e) && e.DevInfo != "" {
		return fmt.Errorf("rp: %s attestation: %w (%s)", format, err, e.DevInfo)
	}
	return fmt.Errorf("rp: %s attestation: %w", format, err)
}
