package trust

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/rp"
)

// Details of mfa.Trust beside root-unknown and no-attestation.
const (
	DetailUnreadable = "unreadable" // the stored attestation object cannot be read
	DetailIssuer     = "issuer"     // no path: another root, or a certificate in between is missing
	DetailExpired    = "expired"    // not valid at the moment of registration
	DetailExtension  = "extension"  // a critical extension that nobody here understands
	DetailConstraint = "constraint" // a certificate was used for what it must not be, or outside its names
)

// Formats whose certificates' dates rp asks nothing of, and why, stand there: so it
// is here with what was presented. Roots are always judged by theirs.
const (
	formatApple   = "apple"
	formatAndroid = "android-key"
	formatTPM     = "tpm"
)

// Critical extensions that were read before the chain is judged. crypto/x509 does
// not know them and would refuse the certificate.
var (
	understood = []asn1.ObjectIdentifier{
		{1, 3, 6, 1, 4, 1, 45724, 1, 1, 2},  // id-fido-gen-ce-sernum: says nothing of the model
		{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4},  // id-fido-gen-ce-aaguid: compared by rp
		{1, 3, 6, 1, 4, 1, 45724, 2, 1, 1},  // id-fido-u2f-ce-transports: says nothing of the model
		{1, 2, 840, 113635, 100, 8, 2},      // Apple's nonce: compared by rp
		{1, 3, 6, 1, 4, 1, 11129, 2, 1, 17}, // Android's key description: judged by rp
		oidFirmware,                         // firmware.go
	}
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
)

// checkChain says what keeps the presented certificates from leading to one of
// roots; empty: nothing does. A root may be the leaf itself, stand in the chain, or
// be an intermediate that a root outside has issued (FIDO Metadata Statement 3.1
// section 3.13): it is where trust begins, not where a chain ends.
func checkChain(s rp.Statement, roots []*x509.Certificate, at time.Time) string {
	trusted, between := x509.NewCertPool(), x509.NewCertPool()
	for _, root := range roots {
		trusted.AddCert(root)
	}
	leaf := prepared(s, 0, at)
	for i := range s.Chain[1:] {
		between.AddCert(prepared(s, i+1, at))
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots:         trusted, // never nil: nil is the machine's store
		Intermediates: between,
		CurrentTime:   at,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // a TPM's has its own
	})
	return detailOf(err)
}

// prepared copies a certificate of the chain with what was judged elsewhere taken
// out. What is signed of it, and so its identity, stays.
func prepared(s rp.Statement, position int, at time.Time) *x509.Certificate {
	c := *s.Chain[position]
	if s.Format == formatApple || s.Format == formatAndroid {
		c.NotBefore, c.NotAfter = at, at
	}
	if position == 0 {
		c.UnhandledCriticalExtensions = slices.DeleteFunc(slices.Clone(c.UnhandledCriticalExtensions), func(id asn1.ObjectIdentifier) bool {
			// An AIK certificate names its TPM in a critical SAN without a host or
			// address, under an empty subject; rp has read it (WebAuthn 8.3.1).
			return s.Format == formatTPM && id.Equal(oidSubjectAltName) || slices.ContainsFunc(understood, id.Equal)
		})
	}
	return &c
}

func detailOf(err error) string {
	if err == nil {
		return ""
	}
	var extension x509.UnhandledCriticalExtension
	if errors.As(err, &extension) {
		return DetailExtension
	}
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return DetailExpired
	case errors.As(err, &invalid):
		return DetailConstraint
	}
	return DetailIssuer
}
