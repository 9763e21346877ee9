package rp

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// oidAndroidKey is the key description of Android's keystore (WebAuthn 8.4.1).
var oidAndroidKey = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 1, 17}

// Tags and values of an AuthorizationList that WebAuthn 8.4 looks at.
const (
	androidPurpose         = 1
	androidAllApplications = 600
	androidOrigin          = 702

	androidSign      = 2 // KM_PURPOSE_SIGN
	androidVerify    = 3 // KM_PURPOSE_VERIFY, which some keystores add to it
	androidGenerated = 0 // KM_ORIGIN_GENERATED
)

var (
	errDescription     = errors.New("the key description is not what Android writes")
	errChallenge       = errors.New("attestationChallenge is not the client data's hash")
	errAllApplications = errors.New("the key is for all applications")
	errOrigin          = errors.New("the key was not generated where it is kept")
	errPurpose         = errors.New("the key is not for signing alone")
)

// androidDescription is KeyDescription of Android's key attestation, all versions.
type androidDescription struct {
	AttestationVersion       int
	AttestationSecurityLevel asn1.Enumerated
	KeymasterVersion         int
	KeymasterSecurityLevel   asn1.Enumerated
	AttestationChallenge     []byte
	UniqueID                 []byte
	SoftwareEnforced         asn1.RawValue
	HardwareEnforced         asn1.RawValue
}

// verifyAndroid checks an android-key statement (WebAuthn 8.4) up to the trust in
// its root, which is not judged here. go-webauthn takes no roots but Google's.
// What the lists say counts wherever it stands: keys that Android keeps in
// software are as good as any without attestation. attestation-invalid.
func (o *attestationObject) verifyAndroid(leaf *x509.Certificate, statement map[string]any, clientDataHash []byte) error {
	key, err := newLeafKey(statement["alg"].(int64), leaf)
	if err != nil {
		return err
	}
	// The leaf is the credential: one key, used in one way.
	if !o.key.equals(leaf) || key.scheme != o.key.scheme {
		return refuse(mfa.CodeAttestationInvalid, "android-key: x5c[0] is not for the credential key")
	}
	if err := key.verify(slices.Concat(o.data.raw, clientDataHash), statement["sig"].([]byte)); err != nil {
		return refuse(mfa.CodeAttestationInvalid, "android-key: %w", err)
	}
	value, _ := extensionOf(leaf, oidAndroidKey)
	if err := checkAndroidDescription(value, clientDataHash); err != nil {
		return refuse(mfa.CodeAttestationInvalid, "android-key: %w", err)
	}
	return nil
}

func checkAndroidDescription(value, clientDataHash []byte) error {
	var d androidDescription
	if rest, err := asn1.Unmarshal(value, &d); err != nil || len(rest) != 0 {
		return errors.Join(errDescription, err)
	}
	if !bytes.Equal(d.AttestationChallenge, clientDataHash) {
		return errChallenge
	}
	fields, origins, purposes := 0, 0, 0
	for _, raw := range []asn1.RawValue{d.SoftwareEnforced, d.HardwareEnforced} {
		list, err := readAuthorizations(raw)
		if err != nil {
			return err
		}
		fields += len(list)
		if _, found := list[androidAllApplications]; found {
			return errAllApplications
		}
		if field, found := list[androidOrigin]; found {
			var origin int
			if rest, err := asn1.Unmarshal(field, &origin); err != nil || len(rest) != 0 || origin != androidGenerated {
				return errors.Join(errOrigin, err)
			}
			origins++
		}
		if field, found := list[androidPurpose]; found {
			if err := checkPurpose(field); err != nil {
				return err
			}
			purposes++
		}
	}
	switch {
	case fields == 0: // nothing is said of the key, as in WebAuthn's own example (16.14)
	case origins == 0:
		return errOrigin
	case purposes == 0:
		return errPurpose
	}
	return nil
}

func checkPurpose(field []byte) error {
	var purposes []int
	if rest, err := asn1.UnmarshalWithParams(field, &purposes, "set"); err != nil || len(rest) != 0 {
		return errors.Join(errPurpose, err)
	}
	other := func(p int) bool { return p != androidSign && p != androidVerify }
	if !slices.Contains(purposes, androidSign) || slices.ContainsFunc(purposes, other) {
		return errPurpose
	}
	return nil
}

// readAuthorizations gives the contents of an AuthorizationList's fields by tag,
// those that nobody looks at too: a list of a later version has more of them. A
// field that is there twice would say two things.
func readAuthorizations(raw asn1.RawValue) (map[int][]byte, error) {
	if raw.Class != asn1.ClassUniversal || raw.Tag != asn1.TagSequence || !raw.IsCompound {
		return nil, errDescription
	}
	fields := map[int][]byte{}
	for rest := raw.Bytes; len(rest) > 0; {
		var field asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &field); err != nil {
			return nil, errors.Join(errDescription, err)
		}
		if _, twice := fields[field.Tag]; twice || field.Class != asn1.ClassContextSpecific {
			return nil, errDescription
		}
		fields[field.Tag] = field.Bytes
	}
	return fields, nil
}
