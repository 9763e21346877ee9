package rp

import (
	"crypto/sha256"
	"encoding/asn1"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Each format has a target of its own: the statement is CBOR as it would stand in an
// attestation object, beside what it is about. Seeds are good statements of this
// test's making and the published ones. Whatever comes: a failure with its cause, and
// nothing that verifies for one ceremony verifies for another.

func FuzzPacked(f *testing.F) { fuzzFormat(f, formatPacked, packedSeed, selfSeed) }
func FuzzTPM(f *testing.F)    { fuzzFormat(f, formatTPM) }
func FuzzU2F(f *testing.F)    { fuzzFormat(f, formatU2F, u2fSeed) }
func FuzzApple(f *testing.F)  { fuzzFormat(f, formatApple, appleSeed) }
func FuzzNone(f *testing.F)   { fuzzFormat(f, formatNone, noneSeed) }

func FuzzAndroidKey(f *testing.F) { fuzzFormat(f, formatAndroid, androidSeed) }
func FuzzSafetyNet(f *testing.F)  { fuzzFormat(f, formatSafetyNet, safetyNetSeed) }
func FuzzCompound(f *testing.F)   { fuzzFormat(f, formatCompound, compoundSeed) }

// seed makes a good statement for a soft authenticator.
type seed func(f *testing.F, s *soft) func(authData, hash []byte) any

func fuzzFormat(f *testing.F, format string, seeds ...seed) {
	s, e := newSoft(f, algES256), fuzzExpectation()
	for _, make := range seeds {
		m := s.startRegistration(e)
		authData, hash := m.authData(), sha256.Sum256([]byte(m.clientData))
		statement := make(f, s)(authData, hash[:])
		add(f, format, authData, hash[:], ctapcbor.MustMarshal(statement), certMid, true)
	}
	seedVectors(f, "registration", func(v ceremonyVector) {
		answer, err := readRegistrationResponse(v.Response)
		var object struct {
			Format    string              `cbor:"fmt"`
			AuthData  []byte              `cbor:"authData"`
			Statement ctapcbor.RawMessage `cbor:"attStmt"`
		}
		if err != nil || attestationCBOR.Unmarshal(answer.attestationObject, &object) != nil || object.Format != format {
			return
		}
		hash := sha256.Sum256(answer.clientData)
		add(f, format, object.AuthData, hash[:], object.Statement, v.expectation().at(), v.Expect == "accept")
	})
	f.Fuzz(func(t *testing.T, authData, hash, statement []byte, at int64) {
		verified, err := verifyEncoded(format, authData, hash, statement, time.Unix(at, 0))
		checkFuzzed(t, err)
		if !verified || format == formatNone {
			return
		}
		other := slices.Concat(hash, []byte{0})
		if again, _ := verifyEncoded(format, authData, other, statement, time.Unix(at, 0)); again {
			t.Error("a statement for any ceremony")
		}
	})
}

// add adds a seed, which must do what it is there for.
func add(f *testing.F, format string, authData, hash, statement []byte, at time.Time, good bool) {
	f.Helper()
	if verified, err := verifyEncoded(format, authData, hash, statement, at); good && !verified {
		f.Fatal(format, mfa.AsFailure(err).Explain())
	}
	f.Add(authData, hash, statement, at.Unix())
}

func verifyEncoded(format string, authData, hash, statement []byte, at time.Time) (bool, error) {
	raw := slices.Concat([]byte{0xa3}, ctapcbor.MustMarshal("fmt"), ctapcbor.MustMarshal(format),
		ctapcbor.MustMarshal("authData"), ctapcbor.MustMarshal(authData), ctapcbor.MustMarshal("attStmt"), statement)
	object, err := readAttestationObject(raw)
	if err != nil {
		return false, err
	}
	if err := object.verify(hash, at); err != nil {
		return false, err
	}
	_, err = Statements(raw) // what was verified can be read again
	return err == nil, err
}

func noneSeed(*testing.F, *soft) func(authData, hash []byte) any {
	return func([]byte, []byte) any { return map[string]any{} }
}

func selfSeed(_ *testing.F, s *soft) func(authData, hash []byte) any {
	return func(authData, hash []byte) any {
		return map[string]any{"alg": s.algorithm, "sig": s.sign(slices.Concat(authData, hash))}
	}
}

func packedSeed(f *testing.F, s *soft) func(authData, hash []byte) any {
	b := newBatch(f, s.aaguid, nil)
	return func(authData, hash []byte) any {
		return map[string]any{"alg": int64(algES256), "sig": b.sign(slices.Concat(authData, hash)), "x5c": b.chain}
	}
}

func u2fSeed(f *testing.F, s *soft) func(authData, hash []byte) any {
	b := newBatch(f, s.aaguid, nil)
	return func(authData, hash []byte) any {
		message := slices.Concat([]byte{0}, authData[:32], hash, s.id, []byte{4}, s.key[-2].([]byte), s.key[-3].([]byte))
		return map[string]any{"sig": b.sign(message), "x5c": b.chain[:1]}
	}
}

func appleSeed(f *testing.F, s *soft) func(authData, hash []byte) any {
	return func(authData, hash []byte) any {
		nonce := sha256.Sum256(slices.Concat(authData, hash))
		return map[string]any{"x5c": vendorChain(f, s.signer.Public(), oidAppleNonce, slices.Concat(appleNonceHeader, nonce[:]))}
	}
}

func androidSeed(f *testing.F, s *soft) func(authData, hash []byte) any {
	return func(authData, hash []byte) any {
		value, err := asn1.Marshal(androidDescription{AttestationVersion: 3, KeymasterVersion: 4, AttestationChallenge: hash, UniqueID: []byte{},
			SoftwareEnforced: list(), HardwareEnforced: list(field(androidPurpose, []int{2}, "set"), field(androidOrigin, 0, ""))})
		if err != nil {
			f.Fatal(err)
		}
		return map[string]any{"alg": int64(algES256), "sig": s.sign(slices.Concat(authData, hash)),
			"x5c": vendorChain(f, s.signer.Public(), oidAndroidKey, value)}
	}
}

func safetyNetSeed(f *testing.F, _ *soft) func(authData, hash []byte) any {
	return func(authData, hash []byte) any {
		nonce := sha256.Sum256(slices.Concat(authData, hash))
		return map[string]any{"ver": "1", "response": newAnswer(f, rsaTestKey(), nonce[:], safetyNetHost).sign()}
	}
}

func compoundSeed(f *testing.F, s *soft) func(authData, hash []byte) any {
	self, packed := selfSeed(f, s), packedSeed(f, s)
	return func(authData, hash []byte) any {
		return []any{map[string]any{"fmt": formatPacked, "attStmt": self(authData, hash)},
			map[string]any{"fmt": formatPacked, "attStmt": packed(authData, hash)}}
	}
}
