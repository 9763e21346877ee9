package mds

import (
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"sync"
)

// FIDOHost is the name that the certificate of FIDO's metadata service has. The
// file itself is served under mds3.fidoalliance.org, too; who signs stays the same.
const FIDOHost = "mds.fidoalliance.org"

// Anchors is what a BLOB is held against. Nothing else is trusted: neither the
// machine's root store nor anything a network would say.
type Anchors struct {
	Roots []*x509.Certificate
	Host  string // that the signing certificate must be for
	// CRLs are revocation lists that somebody gave beside the BLOB; without them
	// nothing is known of revocations.
	CRLs []*x509.RevocationList
}

//go:embed roots/globalsign-r3.pem
var rootR3 []byte

//go:embed roots/globalsign-r46.pem
var rootR46 []byte

// FIDO is the official service: GlobalSign Root CA - R3, under which it has been
// signed so far and which ends on 18 March 2029, and GlobalSign Root R46, to which
// GlobalSign moves. The root of FIDO's conformance tests is not among them.
func FIDO() Anchors { return Anchors{Roots: pinned(), Host: FIDOHost} }

var pinned = sync.OnceValue(func() []*x509.Certificate {
	var roots []*x509.Certificate
	for _, text := range [][]byte{rootR3, rootR46} {
		block, _ := pem.Decode(text)
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			panic("mds: embedded root: " + err.Error())
		}
		roots = append(roots, root)
	}
	return roots
})
