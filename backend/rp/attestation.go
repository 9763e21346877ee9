package rp

import (
	"errors"
	"fmt"
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

// verify checks the attestation statement (WebAuthn 7.1 step 21, section 8) with
// go-webauthn. attestation-invalid, attestation-format.
func (o *attestationObject) verify(clientDataHash []byte, at time.Time) error {
	if o.format == formatNone {
		return nil // its shape was checked: an empty map
	}
	object := protocol.AttestationObject{
		Format:      o.format,
		RawAuthData: o.data.raw,
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
	if err := o.hand(&object, at); err != nil {
		return err
	}
	// Keys that Android keeps in software are as good as any without attestation.
	policy := protocol.AttestationPolicy{AndroidKey: protocol.AndroidKeyPolicy{AuthorizationScope: protocol.AndroidKeyAuthorizationScopeUnion}}
	if err := object.VerifyAttestation(clientDataHash, nil, policy, protocol.SignaturePolicy{}); err != nil {
		return mfa.Fail(mfa.CodeAttestationInvalid).Because(explain(o.format, err))
	}
	return nil
}

// hand gives the library the statements, with its clock taken out of the certificates.
func (o *attestationObject) hand(object *protocol.AttestationObject, at time.Time) error {
	if o.format != formatCompound {
		statement, err := judgeCertificates(o.format, o.statement.(map[string]any), at)
		object.AttStatement = statement
		return err
	}
	for _, item := range o.statement.([]any) {
		sub := item.(map[string]any)
		format := sub["fmt"].(string)
		statement, err := judgeCertificates(format, sub["attStmt"].(map[string]any), at)
		if err != nil {
			return err
		}
		object.SubStatements = append(object.SubStatements,
			protocol.NonCompoundAttestationObject{Format: format, AttStatement: statement})
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
