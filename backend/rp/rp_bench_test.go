package rp

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// benchCeremonies are what an ES256 phone answers, JSON as it arrives: three
// registrations by their attestation, and a sign-in.
func benchCeremonies(tb testing.TB) (Expectation, mfa.Credential, map[string][]byte) {
	s, e := newSoft(tb, algES256), testExpectation()
	e.Algorithms = offered
	handle := make([]byte, 32)
	e.UserHandle = handle
	batch := newBatch(tb, s.aaguid, func(c *x509.Certificate) { c.NotAfter = certTo.AddDate(40, 0, 0) })
	batch.chain = batch.chain[:1]
	none := s.startRegistration(e)
	none.fields["clientExtensionResults"] = map[string]any{"credProps": map[string]any{"rk": true}}
	assertion := s.startAssertion(e)
	assertion.inner["userHandle"] = encode(handle)
	return e, s.credential(), map[string][]byte{
		"none":      none.registrationJSON(),
		"self":      s.startRegistration(e).selfAttestation().registrationJSON(),
		"x5c":       s.startRegistration(e).attest(batch, nil).registrationJSON(),
		"assertion": assertion.assertionJSON(),
	}
}

// bareVerify is the yardstick: one P-256 verification with its hash.
func bareVerify(tb testing.TB) func() {
	s := newSoft(tb, algES256)
	message := make([]byte, authDataHeader+sha256.Size)
	signature, key := s.sign(message), s.signer.Public().(*ecdsa.PublicKey)
	return func() {
		digest := sha256.Sum256(message)
		if !ecdsa.VerifyASN1(key, digest[:], signature) {
			tb.Fatal("the yardstick is broken")
		}
	}
}

func BenchmarkBareP256Verify(b *testing.B) {
	verify := bareVerify(b)
	for b.Loop() {
		verify()
	}
}

func BenchmarkVerifyRegistration(b *testing.B) {
	e, c, ceremonies := benchCeremonies(b)
	for _, name := range []string{"none", "self", "x5c"} {
		b.Run(name, func(b *testing.B) { besideBare(b, ceremony(b, e, c, ceremonies, name)) })
	}
}

func BenchmarkVerifyAssertion(b *testing.B) {
	e, c, ceremonies := benchCeremonies(b)
	besideBare(b, ceremony(b, e, c, ceremonies, "assertion"))
}

func ceremony(tb testing.TB, e Expectation, c mfa.Credential, ceremonies map[string][]byte, name string) func() {
	return func() {
		var err error
		if name == "assertion" {
			_, err = VerifyAssertion(e, c, ceremonies[name])
		} else {
			_, err = VerifyRegistration(e, ceremonies[name])
		}
		if err != nil {
			tb.Fatal(name, err, mfa.AsFailure(err).Explain())
		}
	}
}

// besideBare also reports "of-bare": the throughput of work as a part of the
// yardstick's. 1 would be checks that cost nothing.
func besideBare(b *testing.B, work func()) {
	b.ReportAllocs()
	for b.Loop() {
		work()
	}
	b.ReportMetric(throughputRatio(work, bareVerify(b)), "of-bare")
}

// throughputRatio times both in turns and compares their fastest rounds: what
// else the machine does can only slow a round down.
func throughputRatio(work, yardstick func()) float64 {
	const rounds, calls = 300, 5
	fastWork, fastYardstick := timed(work, calls), timed(yardstick, calls)
	for range rounds {
		fastYardstick = min(fastYardstick, timed(yardstick, calls))
		fastWork = min(fastWork, timed(work, calls))
	}
	return float64(fastYardstick) / float64(fastWork)
}

func timed(work func(), calls int) time.Duration {
	start := time.Now()
	for range calls {
		work()
	}
	return time.Since(start)
}
