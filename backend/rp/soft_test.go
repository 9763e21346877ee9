package rp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// soft is a small authenticator and client of this test's own, which can be bent
// at every joint.
type soft struct {
	algorithm int64
	signer    crypto.Signer
	key       map[int64]any
	id        []byte
	aaguid    mfa.AAGUID
}

var rsaTestKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newSoft(tb testing.TB, algorithm int64) *soft {
	tb.Helper()
	s := &soft{algorithm: algorithm, id: make([]byte, 32), aaguid: mfa.AAGUID{1, 2, 3}}
	rand.Read(s.id)
	switch schemes[algorithm].keyType {
	case typeEC2:
		key, err := ecdsa.GenerateKey(ellipticCurves[schemes[algorithm].curve], rand.Reader)
		if err != nil {
			tb.Fatal(err)
		}
		point, err := key.PublicKey.Bytes()
		if err != nil {
			tb.Fatal(err)
		}
		size := len(point) / 2
		s.signer, s.key = key, map[int64]any{1: typeEC2, 3: algorithm, -1: schemes[algorithm].curve, -2: point[1 : 1+size], -3: point[1+size:]}
	case typeOKP:
		public, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			tb.Fatal(err)
		}
		s.signer, s.key = key, map[int64]any{1: typeOKP, 3: algorithm, -1: 6, -2: []byte(public)}
	case typeRSA:
		key := rsaTestKey()
		s.signer, s.key = key, map[int64]any{1: typeRSA, 3: algorithm, -1: key.N.Bytes(), -2: []byte{1, 0, 1}}
	default:
		tb.Fatalf("no such algorithm %d", algorithm)
	}
	return s
}

func (s *soft) sign(message []byte) []byte {
	var opts crypto.SignerOpts = crypto.Hash(0)
	digest := message
	if scheme := schemes[s.algorithm]; scheme.hash != 0 {
		h := scheme.hash.New()
		h.Write(message)
		digest, opts = h.Sum(nil), scheme.hash
		if scheme.pss {
			opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: scheme.hash}
		}
	}
	signature, err := s.signer.Sign(rand.Reader, digest, opts)
	if err != nil {
		panic(err)
	}
	return signature
}

// made is a ceremony in the making: change what you like, then take the JSON.
type made struct {
	soft       *soft
	clientData string
	rpID       string
	flags      flags
	count      uint32
	id         []byte // in the authenticator data
	key        []byte // COSE_Key as bytes
	extensions []byte // CBOR, with ED
	trailing   []byte // behind the authenticator data
	format     string
	statement  func(authData, clientDataHash []byte) any // nil: empty map
	object     func(map[string]any)                      // bends the attestation object
	signature  func([]byte) []byte                       // bends an assertion's signature
	fields     map[string]any                            // of the response JSON
	inner      map[string]any                            // of its "response"
	text       func(string) string                       // bends the JSON text
}

func (s *soft) start(e Expectation, ceremony string) *made {
	return &made{
		soft: s,
		clientData: fmt.Sprintf(`{"type":%q,"challenge":%q,"origin":%q,"crossOrigin":false}`,
			ceremony, encode(e.Challenge), e.Origin),
		rpID:   e.RPID,
		flags:  flagUserPresent | flagUserVerified,
		id:     s.id,
		key:    ctapcbor.MustMarshal(s.key),
		format: formatNone,
		fields: map[string]any{"id": encode(s.id), "rawId": encode(s.id), "type": "public-key", "clientExtensionResults": map[string]any{}},
		inner:  map[string]any{},
	}
}

func (s *soft) startRegistration(e Expectation) *made {
	m := s.start(e, typeCreate)
	m.flags |= flagAttested
	m.inner["transports"] = []string{"hybrid", "internal"}
	return m
}

func (s *soft) startAssertion(e Expectation) *made { return s.start(e, typeGet) }

func (m *made) authData() []byte {
	rpIDHash := sha256.Sum256([]byte(m.rpID))
	data := append(rpIDHash[:], byte(m.flags))
	data = binary.BigEndian.AppendUint32(data, m.count)
	if m.flags.has(flagAttested) {
		data = append(data, m.soft.aaguid[:]...)
		data = binary.BigEndian.AppendUint16(data, uint16(len(m.id)))
		data = slices.Concat(data, m.id, m.key)
	}
	return slices.Concat(data, m.extensions, m.trailing)
}

func (m *made) registrationJSON() []byte {
	authData, hash := m.authData(), sha256.Sum256([]byte(m.clientData))
	object := map[string]any{"fmt": m.format, "authData": authData, "attStmt": map[string]any{}}
	if m.statement != nil {
		object["attStmt"] = m.statement(authData, hash[:])
	}
	if m.object != nil {
		m.object(object)
	}
	if _, given := m.inner["attestationObject"]; !given {
		m.inner["attestationObject"] = encode(ctapcbor.MustMarshal(object))
	}
	return m.json()
}

func (m *made) assertionJSON() []byte {
	authData, hash := m.authData(), sha256.Sum256([]byte(m.clientData))
	signature := m.soft.sign(slices.Concat(authData, hash[:]))
	if m.signature != nil {
		signature = m.signature(signature)
	}
	for name, value := range map[string][]byte{"authenticatorData": authData, "signature": signature} {
		if _, given := m.inner[name]; !given {
			m.inner[name] = encode(value)
		}
	}
	return m.json()
}

func (m *made) json() []byte {
	if _, given := m.inner["clientDataJSON"]; !given {
		m.inner["clientDataJSON"] = encode([]byte(m.clientData))
	}
	if _, given := m.fields["response"]; !given {
		m.fields["response"] = m.inner
	}
	text, err := json.Marshal(m.fields)
	if err != nil {
		panic(err)
	}
	if m.text != nil {
		text = []byte(m.text(string(text)))
	}
	return text
}

// replaceIn gives a text function that must find what it replaces.
func replaceIn(old, new string) func(string) string {
	return func(text string) string {
		if !strings.Contains(text, old) {
			panic("no " + old + " in " + text)
		}
		return strings.Replace(text, old, new, 1)
	}
}

// credential is what a relying party would have stored of s.
func (s *soft) credential() mfa.Credential {
	return mfa.Credential{ID: s.id, PublicKey: ctapcbor.MustMarshal(s.key), Algorithm: s.algorithm}
}

// selfAttestation is a packed statement signed by the credential itself.
func (m *made) selfAttestation() *made {
	m.format = formatPacked
	m.statement = func(authData, hash []byte) any {
		return map[string]any{"alg": m.soft.algorithm, "sig": m.soft.sign(slices.Concat(authData, hash))}
	}
	return m
}

func testExpectation() Expectation {
	challenge := make([]byte, challengeSize)
	rand.Read(challenge)
	return Expectation{RPID: mfa.DefaultRPID, Origin: mfa.OriginOf(mfa.DefaultRPID), Challenge: challenge, UserVerification: verificationRequired}
}

// wantCode fails unless err is the failure named, with a cause; "" is no failure.
func wantCode(tb testing.TB, err error, code mfa.Code) {
	tb.Helper()
	if err == nil || code == "" {
		if err != nil {
			tb.Errorf("refused: %v: %s", err, mfa.AsFailure(err).Explain())
		} else if code != "" {
			tb.Errorf("accepted, expected %s", code)
		}
		return
	}
	if !mfa.IsCode(err, code) {
		tb.Errorf("refused with %v (%s), expected %s", err, mfa.AsFailure(err).Explain(), code)
	}
	if mfa.AsFailure(err).Explain() == "" {
		tb.Errorf("%v hides its cause", err)
	}
}

func param(err error, name string) string {
	if f := mfa.AsFailure(err); f != nil {
		return f.Params[name]
	}
	return ""
}
