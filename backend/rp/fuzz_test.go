package rp

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// fuzzExpectation has a fixed challenge, so that seeds keep meeting it.
func fuzzExpectation() Expectation {
	e := testExpectation()
	e.Challenge = bytes.Repeat([]byte{42}, challengeSize)
	e.At = certMid
	return e
}

// seedVectors adds the published responses of one kind, if they are there.
func seedVectors(f *testing.F, kind string, add func(ceremonyVector)) {
	dir := &skipless{TB: f}
	for _, name := range []string{"webauthn.json", "webauthn_negative.json", "webauthn_real.json"} {
		var file struct{ Items []ceremonyVector }
		if vectorFile(dir, name, &file); dir.skipped {
			return
		}
		for _, v := range file.Items {
			if v.Kind == kind {
				add(v)
			}
		}
	}
}

// skipless lets a fuzz target run on its own seeds where vectors are absent.
type skipless struct {
	testing.TB
	skipped bool
}

func (s *skipless) Skipf(string, ...any) { s.skipped = true }

func FuzzRegistration(f *testing.F) {
	s, e := newSoft(f, algES256), fuzzExpectation()
	b := newBatch(f, s.aaguid, nil)
	f.Add(s.startRegistration(e).registrationJSON())
	f.Add(s.startRegistration(e).selfAttestation().registrationJSON())
	f.Add(s.startRegistration(e).attest(b, nil).registrationJSON())
	ed := newSoft(f, algEdDSA)
	f.Add(ed.startRegistration(e).selfAttestation().registrationJSON())
	seedVectors(f, "registration", func(v ceremonyVector) { f.Add([]byte(v.Response)) })
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := VerifyRegistration(e, data)
		checkFuzzed(t, err)
		if err != nil {
			return
		}
		if n := len(c.ID); n < 1 || n > maxCredentialID || !c.UserVerified {
			t.Errorf("%+v", c)
		}
		if key, err := readPublicKey(c.PublicKey); err != nil || key.algorithm != c.Algorithm {
			t.Errorf("the key that is stored cannot be used: %v", err)
		}
	})
}

func FuzzAssertion(f *testing.F) {
	s, e := newSoft(f, algES256), fuzzExpectation()
	c := s.credential()
	good := s.startAssertion(e).assertionJSON()
	f.Add(good)
	var signed struct {
		Response struct{ AuthenticatorData, ClientDataJSON string }
	}
	if err := json.Unmarshal(good, &signed); err != nil {
		f.Fatal(err)
	}
	m := s.startAssertion(e)
	m.inner["userHandle"] = "AAAA"
	f.Add(m.assertionJSON())
	seedVectors(f, "assertion", func(v ceremonyVector) { f.Add([]byte(v.Response)) })
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := VerifyAssertion(e, c, data)
		checkFuzzed(t, err)
		if err != nil {
			return
		}
		// Only what the key has signed may pass. Both seeds sign the same bytes.
		answer, err := readAssertionResponse(data)
		if err != nil || encode(answer.clientData) != signed.Response.ClientDataJSON || encode(answer.authenticatorData) != signed.Response.AuthenticatorData {
			t.Errorf("accepted what was never signed: %q", data)
		}
	})
}

func FuzzAttestationObject(f *testing.F) {
	s, e := newSoft(f, algES256), fuzzExpectation()
	b := newBatch(f, s.aaguid, nil)
	add := func(text []byte) {
		if answer, err := readRegistrationResponse(text); err == nil {
			f.Add(answer.attestationObject)
		}
	}
	add(s.startRegistration(e).registrationJSON())
	add(s.startRegistration(e).selfAttestation().registrationJSON())
	add(s.startRegistration(e).attest(b, nil).registrationJSON())
	seedVectors(f, "registration", func(v ceremonyVector) { add(v.Response) })
	hash := make([]byte, 32)
	f.Fuzz(func(t *testing.T, data []byte) {
		object, err := readAttestationObject(data)
		checkFuzzed(t, err)
		if err == nil {
			checkFuzzed(t, object.verify(hash, certMid))
		}
		checkFuzzed(t, CheckAuthenticatorData(data))
		checkFuzzed(t, CheckPublicKey(data))
	})
}

// checkFuzzed wants a failure of the registry with a cause.
func checkFuzzed(t *testing.T, err error) {
	if f := mfa.AsFailure(err); f != nil && (f.Code == mfa.CodeInternal || f.Explain() == "") {
		t.Errorf("%v: %s", err, f.Explain())
	}
}
