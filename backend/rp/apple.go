package rp

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// oidAppleNonce is the extension of Apple's anonymous attestation (WebAuthn 8.8).
var oidAppleNonce = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 8, 2}

// appleNonceHeader is a sequence of one [1], which is an octet string of 32 bytes.
var appleNonceHeader = []byte{0x30, 0x24, 0xa1, 0x22, 0x04, 0x20}

// verifyApple checks an apple statement (WebAuthn 8.8) up to the trust in its
// root, which is not judged here. go-webauthn takes no root but Apple's.
// attestation-invalid.
func (o *attestationObject) verifyApple(leaf *x509.Certificate, clientDataHash []byte) error {
	nonce := sha256.Sum256(slices.Concat(o.data.raw, clientDataHash))
	if value, _ := extensionOf(leaf, oidAppleNonce); !bytes.Equal(value, append(slices.Clone(appleNonceHeader), nonce[:]...)) {
		return refuse(mfa.CodeAttestationInvalid, "apple: x5c[0] does not carry the nonce of this ceremony")
	}
	if !o.key.equals(leaf) {
		return refuse(mfa.CodeAttestationInvalid, "apple: x5c[0] is not for the credential key")
	}
	return nil
}

// extensionOf gives an extension's value; a certificate has each once at most.
func extensionOf(c *x509.Certificate, id asn1.ObjectIdentifier) ([]byte, bool) {
	for _, extension := range c.Extensions {
		if extension.Id.Equal(id) {
			return extension.Value, true
		}
	}
	return nil, false
}
