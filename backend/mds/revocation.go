package mds

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"
)

const maxCRL = 16 << 20 // bytes; GlobalSign's have some KB

// ReadCRL reads a revocation list (RFC 5280 section 5), DER or PEM, for Anchors. Who
// signed it is looked at when a BLOB is opened. Failures: metadata-malformed, what=CRL.
func ReadCRL(data []byte) (*x509.RevocationList, error) {
	if len(data) > maxCRL {
		return nil, malformed("CRL", "length")
	}
	if block, _ := pem.Decode(data); block != nil && block.Type == "X509 CRL" {
		data = block.Bytes
	}
	list, err := x509.ParseRevocationList(data)
	if err != nil {
		return nil, malformed("CRL", "DER").Because(err)
	}
	return list, nil
}

// revocation refuses a chain if each path to an anchor has a revoked certificate, and
// counts the lists that were about a path that has none. A list that names an issuer of
// the chain and was not signed by it is refused, too: somebody gave it to be obeyed.
// When a certificate was revoked, and whether the list is old, does not matter here.
func (a Anchors) revocation(paths [][]*x509.Certificate) (lists int, err error) {
	for _, path := range paths {
		if lists, err = a.revokedOn(path); err == nil {
			break
		}
	}
	return lists, err
}

func (a Anchors) revokedOn(path []*x509.Certificate) (lists int, err error) {
	for i, c := range path[:len(path)-1] {
		issuer := path[i+1]
		for _, list := range a.CRLs {
			if !bytes.Equal(list.RawIssuer, c.RawIssuer) {
				continue
			}
			if err := list.CheckSignatureFrom(issuer); err != nil {
				return 0, malformed("CRL", "signature").Because(err)
			}
			lists++
			for _, entry := range list.RevokedCertificateEntries {
				if entry.SerialNumber.Cmp(c.SerialNumber) == 0 {
					return 0, untrusted("revoked").Because(fmt.Errorf("mds: %s since %s", c.Subject.CommonName, entry.RevocationTime.Format(time.DateOnly)))
				}
			}
		}
	}
	return lists, nil
}
