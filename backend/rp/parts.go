package rp

// The parsers alone, for the vector runner: what a malformed part is answered
// with before any comparison with an expectation.

// CheckCredentialJSON reads a RegistrationResponseJSON or
// AuthenticationResponseJSON. response-too-large, response-malformed.
func CheckCredentialJSON(data []byte) error {
	_, err := readRegistrationResponse(data)
	if err != nil {
		if _, other := readAssertionResponse(data); other == nil {
			return nil
		}
	}
	return err
}

// CheckClientData reads a clientDataJSON. response-too-large, response-malformed.
func CheckClientData(data []byte) error {
	if err := checkSize(data); err != nil {
		return err
	}
	_, err := readClientData(data)
	return err
}

// CheckAttestationObject reads an attestation object with all that is in it,
// without its signature. response-too-large, response-malformed, key-unusable,
// attestation-format, attestation-invalid.
func CheckAttestationObject(data []byte) error {
	if err := checkSize(data); err != nil {
		return err
	}
	_, err := readAttestationObject(data)
	return err
}

// CheckAuthenticatorData reads authenticator data. response-too-large,
// response-malformed, key-unusable.
func CheckAuthenticatorData(data []byte) error {
	if err := checkSize(data); err != nil {
		return err
	}
	a, err := readAuthenticatorData(data)
	if err == nil && a.attested != nil {
		_, err = newPublicKey(a.attested.key)
	}
	return err
}

// CheckPublicKey reads a COSE_Key. response-too-large, key-unusable.
func CheckPublicKey(data []byte) error {
	if err := checkSize(data); err != nil {
		return err
	}
	_, err := readPublicKey(data)
	return err
}
