package mds

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Validity says at which moment the signing certificates were valid.
type Validity string

const (
	// ValidAtImport is the ordinary case.
	ValidAtImport Validity = "import"
	// ValidInPeriod is a BLOB whose certificates have run out since, or that is read
	// under a clock that is wrong. It is as authentic as it was when it came out.
	ValidInPeriod Validity = "period"
)

// genuine is a chain that leads to an anchor and is for the right host. When it is
// or was valid is another question.
type genuine struct {
	certs []*x509.Certificate // leaf first
	pools x509.VerifyOptions
	lists int // revocation lists that were about it
}

// judge asks everything of the certificates but the time (RFC 5280 section 6,
// MDS section 3.2 step 5): each must have been issued by the next, the last by an
// anchor, all for the host, none revoked by the lists at hand.
func (a Anchors) judge(certs []*x509.Certificate) (*genuine, error) {
	for i := range certs[1:] {
		if !bytes.Equal(certs[i].RawIssuer, certs[i+1].RawSubject) {
			return nil, untrusted("order").Because(fmt.Errorf("mds: x5c/%d was not issued by x5c/%d", i, i+1))
		}
	}
	g := &genuine{certs: certs, pools: x509.VerifyOptions{
		// An empty pool and not none: none would mean the machine's.
		Roots:         x509.NewCertPool(),
		Intermediates: x509.NewCertPool(),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // no specification names one
	}}
	for _, root := range a.Roots {
		g.pools.Roots.AddCert(root)
	}
	for _, c := range certs[1:] {
		g.pools.Intermediates.AddCert(c)
	}
	// All of them were valid when the youngest was made, or never at once.
	paths, err := g.paths(youngest(certs))
	if err != nil {
		var invalid x509.CertificateInvalidError
		if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
			return nil, untrusted("expired").Because(err)
		}
		return nil, untrusted("root").Because(err)
	}
	if err := certs[0].VerifyHostname(a.Host); err != nil {
		return nil, untrusted("host").Because(err)
	}
	g.lists, err = a.revocation(paths)
	return g, err
}

func (g *genuine) paths(at time.Time) ([][]*x509.Certificate, error) {
	o := g.pools
	o.CurrentTime = at
	return g.certs[0].Verify(o)
}

func youngest(certs []*x509.Certificate) time.Time {
	var t time.Time
	for _, c := range certs {
		if c.NotBefore.After(t) {
			t = c.NotBefore
		}
	}
	return t
}

// validity finds a moment at which the whole chain was valid: the import, or else a
// moment of the BLOB's own period, which runs from its latest change of a status to
// the end of the day of its next update.
//
// The second rule lets an old BLOB be read when its leaf has run out (the real one did
// on 28 July 2025, and machines without a network have nothing newer). Its price: who
// holds the key of a leaf that has run out could date a forgery back. Against that
// stand revocation lists, and that a number never goes down.
func (g *genuine) validity(at, from, to time.Time) (Validity, error) {
	_, err := g.paths(at)
	if err == nil {
		return ValidAtImport, nil
	}
	if !to.IsZero() {
		to = to.AddDate(0, 0, 1).Add(-time.Second)
		if from.IsZero() || from.After(to) {
			from = to
		}
		// Only two moments can matter: the first of the period at which the chain
		// had begun, and the period's last.
		first := youngest(g.certs)
		if first.Before(from) {
			first = from
		}
		for _, t := range []time.Time{first, to} {
			if t.After(to) {
				continue
			}
			if _, err := g.paths(t); err == nil {
				return ValidInPeriod, nil
			}
		}
	}
	return "", untrusted("expired").Because(err)
}
