package rp

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// VerifyAssertion holds an AuthenticationResponseJSON of at most MaxResponse
// bytes against e and the stored credential (WebAuthn 7.2).
//
// Codes: response-too-large, response-malformed (params: part),
// credential-unknown, user-handle-mismatch, client-data-type, challenge-mismatch,
// origin-mismatch, cross-origin, rp-id-mismatch, user-presence-missing,
// user-verification-missing, backup-flags, key-unusable (params: why; of the
// stored key), signature-invalid, counter-regressed. With counter-regressed the
// Assertion is filled: everything else was right.
func VerifyAssertion(e Expectation, cred mfa.Credential, responseJSON []byte) (Assertion, error) {
	answer, err := readAssertionResponse(responseJSON)
	if err != nil {
		return Assertion{}, err
	}
	return verifyAssertion(e, cred, answer)
}

func verifyAssertion(e Expectation, cred mfa.Credential, answer assertionResponse) (Assertion, error) {
	if !bytes.Equal(answer.id, cred.ID) || !e.allows(answer.id) {
		return Assertion{}, refuse(mfa.CodeCredentialUnknown, "the credential was not asked for")
	}
	// An empty handle is what some clients write for none.
	if len(answer.userHandle) > 0 && e.UserHandle != nil && !bytes.Equal(answer.userHandle, e.UserHandle) {
		return Assertion{}, refuse(mfa.CodeUserHandleMismatch, "the credential says it is another person's")
	}
	if err := e.checkClientData(answer.clientData, typeGet); err != nil {
		return Assertion{}, err
	}
	data, err := readAuthenticatorData(answer.authenticatorData)
	if err != nil {
		return Assertion{}, err
	}
	if err := e.checkAsserted(data, cred, answer.usedAppID); err != nil {
		return Assertion{}, err
	}
	key, err := readPublicKey(cred.PublicKey)
	if err != nil {
		return Assertion{}, err
	}
	clientDataHash := sha256.Sum256(answer.clientData)
	if err := key.verify(slices.Concat(data.raw, clientDataHash[:]), answer.signature); err != nil {
		return Assertion{}, err
	}
	a := Assertion{
		CredentialID: bytes.Clone(cred.ID),
		SignCount:    data.signCount,
		BackupState:  data.flags.has(flagBackupState),
		UserVerified: data.flags.has(flagUserVerified),
	}
	// A counter that is not zero on either side must rise (WebAuthn 6.1.1): else
	// there are two copies of a key that was promised to be one.
	if (data.signCount != 0 || cred.SignCount != 0) && data.signCount <= cred.SignCount {
		return a, refuse(mfa.CodeCounterRegressed, "counter %d after %d", data.signCount, cred.SignCount)
	}
	return a, nil
}

// checkAsserted does WebAuthn 7.2 steps 15 to 19.
func (e Expectation) checkAsserted(data authenticatorData, cred mfa.Credential, usedAppID bool) error {
	if data.attested != nil {
		return malformed(partAuthData, "attested credential data in an assertion")
	}
	scope := e.RPID
	if usedAppID && e.AppID != "" {
		scope = e.AppID
	}
	if err := checkRPIDHash(data.rpIDHash, scope); err != nil {
		return err
	}
	if err := e.checkFlags(data.flags); err != nil {
		return err
	}
	if data.flags.has(flagBackupEligible) != cred.BackupEligible {
		return refuse(mfa.CodeBackupFlags, "flag BE differs from registration")
	}
	return nil
}
