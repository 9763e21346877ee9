package rp

import (
	"crypto/x509"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Statement is one attestation statement, as far as trust in it needs it.
type Statement struct {
	Format string              // WebAuthn section 8; never compound
	Chain  []*x509.Certificate // leaf first, as presented; empty: self attestation
}

// Statements gives the attestation statements of an attestation object: none for
// format none, several for a compound one, in its order. Shape and chain order are
// checked again, signatures over the ceremony are not: that takes the client data,
// and VerifyRegistration did it before the object was kept. response-too-large,
// response-malformed, key-unusable, attestation-format, attestation-invalid.
func Statements(attestationObject []byte) ([]Statement, error) {
	if err := checkSize(attestationObject); err != nil {
		return nil, err
	}
	object, err := readAttestationObject(attestationObject)
	if err != nil {
		return nil, err
	}
	var statements []Statement
	err = object.each(func(format string, statement map[string]any) error {
		chain, err := presentedChain(format, statement)
		statements = append(statements, Statement{format, chain})
		return err
	})
	if err != nil {
		return nil, err
	}
	return statements, nil
}

// each hands over every statement but that of format none, compound ones one by
// one, until one fails.
func (o *attestationObject) each(do func(format string, statement map[string]any) error) error {
	switch o.format {
	case formatNone:
		return nil // its shape was checked: an empty map
	case formatCompound:
		for _, item := range o.statement.([]any) {
			sub := item.(map[string]any)
			if err := do(sub["fmt"].(string), sub["attStmt"].(map[string]any)); err != nil {
				return err
			}
		}
		return nil
	}
	return do(o.format, o.statement.(map[string]any))
}

// presentedChain parses a statement's certificates and checks that each was issued
// by the next. nil if it has none. attestation-invalid.
func presentedChain(format string, statement map[string]any) ([]*x509.Certificate, error) {
	if format == formatSafetyNet {
		s, err := readSafetyNet(statement["response"].([]byte))
		if err != nil {
			return nil, refuse(mfa.CodeAttestationInvalid, "%s: %w", format, err)
		}
		return s.chain, nil
	}
	presented, _ := statement["x5c"].([]any)
	if len(presented) == 0 {
		return nil, nil
	}
	chain := make([]*x509.Certificate, len(presented))
	for i, der := range presented {
		var err error
		if chain[i], err = x509.ParseCertificate(der.([]byte)); err != nil {
			return nil, refuse(mfa.CodeAttestationInvalid, "%s: x5c[%d]: %w", format, i, err)
		}
	}
	if err := checkOrder(chain); err != nil {
		return nil, refuse(mfa.CodeAttestationInvalid, "%s: x5c: %w", format, err)
	}
	return chain, nil
}
