package rp

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"

	"github.com/keyferry/keyferry/backend/mfa"
)

// VerifyRegistration holds a RegistrationResponseJSON of at most MaxResponse
// bytes against e (WebAuthn 7.1) and gives the credential to store.
//
// Codes: response-too-large, response-malformed (params: part), client-data-type,
// challenge-mismatch, origin-mismatch, cross-origin, rp-id-mismatch,
// user-presence-missing, user-verification-missing, backup-flags, key-unusable
// (params: why), algorithm-not-offered, attestation-format (params: format),
// attestation-invalid.
//
// Discoverable is set only if the client says so (credProps). Trust in the
// attestation is not judged: AttestationObject is kept for whoever does.
func VerifyRegistration(e Expectation, responseJSON []byte) (mfa.Credential, error) {
	credential, _, err := verifyRegistration(e, responseJSON)
	return credential, err
}

func verifyRegistration(e Expectation, responseJSON []byte) (mfa.Credential, residentKey, error) {
	answer, err := readRegistrationResponse(responseJSON)
	if err != nil {
		return mfa.Credential{}, residentUnknown, err
	}
	if err := e.checkClientData(answer.clientData, typeCreate); err != nil {
		return mfa.Credential{}, residentUnknown, err
	}
	object, err := readAttestationObject(answer.attestationObject)
	if err != nil {
		return mfa.Credential{}, residentUnknown, err
	}
	if err := e.checkAttested(answer, object); err != nil {
		return mfa.Credential{}, residentUnknown, err
	}
	clientDataHash := sha256.Sum256(answer.clientData)
	if err := object.verify(clientDataHash[:], e.at()); err != nil {
		return mfa.Credential{}, residentUnknown, err
	}
	data := object.data
	return mfa.Credential{
		ID:                bytes.Clone(data.attested.id),
		PublicKey:         object.keyBytes,
		Algorithm:         object.key.algorithm,
		AAGUID:            data.attested.aaguid,
		SignCount:         data.signCount,
		Transports:        answer.transports,
		BackupEligible:    data.flags.has(flagBackupEligible),
		BackupState:       data.flags.has(flagBackupState),
		Discoverable:      answer.resident == residentYes,
		UserVerified:      data.flags.has(flagUserVerified),
		AttestationFormat: object.format,
		AttestationObject: answer.attestationObject,
	}, answer.resident, nil
}

// checkAttested does WebAuthn 7.1 steps 14 to 20 and 25: everything about the
// authenticator data but its signature.
func (e Expectation) checkAttested(answer registrationResponse, object *attestationObject) error {
	data := object.data
	if answer.authenticatorData != nil && !bytes.Equal(answer.authenticatorData, data.raw) {
		return malformed(partAuthData, "not the one in the attestation object")
	}
	if err := checkRPIDHash(data.rpIDHash, e.RPID); err != nil {
		return err
	}
	if err := e.checkFlags(data.flags); err != nil {
		return err
	}
	if !bytes.Equal(data.attested.id, answer.id) {
		return malformed("rawId", "not the credential ID in the authenticator data")
	}
	if !e.offers(object.key.algorithm) {
		return refuse(mfa.CodeAlgorithmNotOffered, "algorithm %d", object.key.algorithm)
	}
	return nil
}

func checkRPIDHash(got []byte, rpID string) error {
	if want := sha256.Sum256([]byte(rpID)); rpID == "" || subtle.ConstantTimeCompare(got, want[:]) != 1 {
		return refuse(mfa.CodeRPIDMismatch, "rpIdHash is not that of %q", rpID)
	}
	return nil
}
