package mds

import (
	"encoding/base64"
	"time"
)

// Open verifies a BLOB against anchors, reads it and indexes it, at the moment of its
// import. It asks nobody and nothing else. Failures, each with its place:
//
//	metadata-too-large  more than 64 MB
//	metadata-malformed  no JWT, no JSON, no BLOB, no certificate, a CRL that is not the issuer's
//	metadata-algorithm  alg none or any but RS256, ES256, PS256; x5u, jku, jwk, crit, b64; a weak key
//	metadata-untrusted  root, order, host, expired, revoked
//	metadata-signature  what was signed is something else
//
// Nothing is read of the payload before it is known who signed it; only whether the
// certificates were valid at the time can depend on its dates.
func Open(raw []byte, a Anchors, at time.Time) (*Metadata, error) {
	j, err := cut(raw)
	if err != nil {
		return nil, err
	}
	g, err := a.judge(j.chain)
	if err != nil {
		return nil, err
	}
	if err := j.verify(); err != nil {
		return nil, err
	}
	payload := make([]byte, base64.RawURLEncoding.DecodedLen(len(j.payload)))
	if _, err := base64.RawURLEncoding.Strict().Decode(payload, j.payload); err != nil {
		return nil, malformed("base64", "payload").Because(err)
	}
	r, err := read(payload)
	if err != nil {
		return nil, err
	}
	m := r.meta
	if m.Validity, err = g.validity(at, r.last, m.NextUpdate); err != nil {
		return nil, err
	}
	m.Signer = clean(j.chain[0].Subject.CommonName, maxText)
	m.Algorithm, m.Hash, m.Size, m.Lists = j.alg, j.file, int64(len(raw)), g.lists
	return m, nil
}
