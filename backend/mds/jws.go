package mds

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	// MaxBlob is the largest file that is read, in bytes. FIDO's has several MB.
	MaxBlob = 64 << 20

	maxHeader      = 128 << 10 // of base64; two or three certificates make 6 KB
	maxChain       = 8
	maxCertificate = 16 << 10 // of DER
	minRSA         = 2048     // bits (RFC 7518 section 3.3)
)

// jws is a JSON Web Signature in compact form (RFC 7515 section 3.1), cut up and not
// yet verified.
type jws struct {
	alg       string
	chain     []*x509.Certificate // leaf first
	payload   []byte              // base64url
	signature []byte
	digest    [sha256.Size]byte // of what was signed; all three algorithms use SHA-256
	file      [sha256.Size]byte // of the whole file
}

func malformed(what, where string) *mfa.Failure {
	return mfa.Fail(mfa.CodeMetadataMalformed, "what", what, "where", where)
}

func untrusted(why string) *mfa.Failure { return mfa.Fail(mfa.CodeMetadataUntrusted, "why", why) }

func refusedAlgorithm(alg string) *mfa.Failure {
	return mfa.Fail(mfa.CodeMetadataAlgorithm, "alg", alg)
}

// cut takes a file apart. White space after it is allowed, as editors leave a line end.
func cut(raw []byte) (*jws, error) {
	if len(raw) > MaxBlob {
		return nil, mfa.Fail(mfa.CodeMetadataTooLarge, "limit", strconv.Itoa(MaxBlob>>20)+" MB").
			Because(fmt.Errorf("mds: %d bytes", len(raw)))
	}
	token := bytes.TrimRight(raw, " \t\r\n")
	header, rest, _ := bytes.Cut(token, []byte{'.'})
	payload, signature, ok := bytes.Cut(rest, []byte{'.'})
	switch {
	case !ok || len(header) == 0:
		return nil, malformed("JWT", "parts")
	case bytes.IndexByte(token, '\n') >= 0 || bytes.IndexByte(token, '\r') >= 0:
		// Go's decoder steps over them, and places in the payload would not be what they seem.
		return nil, malformed("base64", "line end")
	case len(header) > maxHeader:
		return nil, malformed("length", "header")
	}
	j := &jws{payload: payload}
	if err := j.readHeader(header); err != nil {
		return nil, err
	}
	if len(payload) == 0 || len(signature) == 0 {
		return nil, malformed("JWT", "parts")
	}
	// 8192 bits are the largest RSA key that makes sense here.
	if len(signature) > base64.RawURLEncoding.EncodedLen(1024) {
		return nil, malformed("length", "signature")
	}
	var err error
	if j.signature, err = base64.RawURLEncoding.Strict().DecodeString(string(signature)); err != nil {
		return nil, malformed("base64", "signature").Because(err)
	}
	// One pass gives both hashes: what was signed is the file's beginning.
	h := sha256.New()
	signed := len(header) + 1 + len(payload)
	h.Write(raw[:signed])
	h.Sum(j.digest[:0])
	h.Write(raw[signed:])
	h.Sum(j.file[:0])
	return j, nil
}

// readHeader takes the JOSE header (RFC 7515 section 4). Whatever would have the key
// fetched from somewhere or change what a signature means is refused, not ignored.
func (j *jws) readHeader(text []byte) error {
	data := make([]byte, base64.RawURLEncoding.DecodedLen(len(text)))
	n, err := base64.RawURLEncoding.Strict().Decode(data, text)
	if err != nil {
		return malformed("base64", "header").Because(err)
	}
	s := &scanner{data: data[:n]}
	var ders [][]byte
	var foreign string
	faulty := -1
	isObject := s.object(func(name []byte) {
		switch string(name) {
		case "alg":
			j.alg, _ = s.text(16)
		case "x5c":
			s.array(func(i int) {
				der, err := base64.StdEncoding.DecodeString(unquote(s.bytes()))
				if (err != nil || len(der) == 0 || len(der) > maxCertificate || i >= maxChain) && faulty < 0 {
					faulty = i
				}
				if i < maxChain {
					ders = append(ders, der)
				}
			})
		case "x5u", "jku", "jwk", "crit", "b64":
			foreign = string(name)
			s.skip()
		default:
			s.skip()
		}
	})
	s.end()
	switch {
	case s.err != nil:
		return malformed(s.err.what, "header").Because(s.err)
	case !isObject:
		return malformed("JSON", "header")
	case s.doubled:
		return malformed("doubled member", "header")
	case foreign != "":
		return refusedAlgorithm(foreign)
	case j.alg != "RS256" && j.alg != "ES256" && j.alg != "PS256":
		if j.alg == "" {
			j.alg = "none"
		}
		return refusedAlgorithm(j.alg)
	case faulty >= 0:
		return malformed("certificate", "x5c/"+strconv.Itoa(faulty))
	case len(ders) == 0:
		return malformed("certificate", "x5c")
	}
	for i, der := range ders {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return malformed("certificate", "x5c/"+strconv.Itoa(i)).Because(err)
		}
		j.chain = append(j.chain, c)
	}
	return nil
}

// verify holds the signature against the leaf's key (RFC 7518 sections 3.3 to 3.5).
func (j *jws) verify() error {
	wrong := mfa.Fail(mfa.CodeMetadataSignature)
	switch key := j.chain[0].PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSA {
			return refusedAlgorithm("RSA-" + strconv.Itoa(key.N.BitLen()))
		}
		var err error
		switch j.alg {
		case "RS256":
			err = rsa.VerifyPKCS1v15(key, crypto.SHA256, j.digest[:], j.signature)
		case "PS256":
			err = rsa.VerifyPSS(key, crypto.SHA256, j.digest[:], j.signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		default:
			return refusedAlgorithm(j.alg + " with RSA")
		}
		if err != nil {
			return wrong.Because(err)
		}
		return nil
	case *ecdsa.PublicKey:
		if j.alg != "ES256" || key.Curve != elliptic.P256() {
			return refusedAlgorithm(j.alg + " with " + key.Curve.Params().Name)
		}
		if len(j.signature) != 64 {
			return wrong.Because(errors.New("mds: ES256 has 64 bytes"))
		}
		if !ecdsa.Verify(key, j.digest[:], new(big.Int).SetBytes(j.signature[:32]), new(big.Int).SetBytes(j.signature[32:])) {
			return wrong
		}
		return nil
	default:
		return refusedAlgorithm(j.alg + " with another key")
	}
}
