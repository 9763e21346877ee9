package rp

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

type party struct {
	*RelyingParty
	tb  testing.TB
	now time.Time
}

func newParty(tb testing.TB, cfg Config) *party {
	tb.Helper()
	p := &party{tb: tb, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	cfg.RPID = mfa.DefaultRPID
	cfg.Clock = func() time.Time { return p.now }
	var err error
	if p.RelyingParty, err = New(cfg); err != nil {
		tb.Fatal(err)
	}
	return p
}

var (
	anna = mfa.Principal{ID: "anna", Kind: mfa.User, Name: "anna", UserHandle: bytes.Repeat([]byte{1}, 32)}
	bert = mfa.Principal{ID: "bert", Kind: mfa.User, Name: "bert", UserHandle: bytes.Repeat([]byte{2}, 32)}
)

func (p *party) challenge(options []byte, err error) Expectation {
	p.tb.Helper()
	if err != nil {
		p.tb.Fatal(err)
	}
	var o struct{ Challenge base64URL }
	if err := json.Unmarshal(options, &o); err != nil {
		p.tb.Fatal(err)
	}
	if len(o.Challenge) != 32 {
		p.tb.Errorf("challenge of %d bytes", len(o.Challenge))
	}
	return Expectation{RPID: mfa.DefaultRPID, Origin: mfa.OriginOf(mfa.DefaultRPID), Challenge: o.Challenge}
}

func deviceOf(p mfa.Principal, s *soft) mfa.Device {
	c := s.credential()
	c.Transports = []string{"hybrid", "internal"}
	return mfa.Device{ID: "device-" + encode(s.id[:4]), PrincipalID: p.ID, Kind: mfa.KindPasskey, Name: "Phone", Passkey: &c}
}

func TestRegistrationOptions(t *testing.T) {
	p, s := newParty(t, Config{Name: "Keyferry"}), newSoft(t, algES256)
	suspect := deviceOf(anna, newSoft(t, algES256))
	suspect.SuspectAt = p.now
	text, err := p.BeginRegistration(anna, "Phone", mfa.RoadPhone, []mfa.Device{deviceOf(anna, s), suspect, {ID: "totp"}})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "challenge")
	again, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"attestation":"direct",` +
		`"authenticatorSelection":{"authenticatorAttachment":"cross-platform","requireResidentKey":true,"residentKey":"required","userVerification":"required"},` +
		`"excludeCredentials":[{"id":"` + encode(s.id) + `","transports":["hybrid","internal"],"type":"public-key"},` +
		`{"id":"` + encode(suspect.Passkey.ID) + `","transports":["hybrid","internal"],"type":"public-key"}],` +
		`"extensions":{"credProps":true},"hints":["hybrid"],` +
		`"pubKeyCredParams":[{"alg":-7,"type":"public-key"},{"alg":-8,"type":"public-key"},{"alg":-257,"type":"public-key"}],` +
		`"rp":{"id":"keyferry.internal","name":"Keyferry"},"timeout":300000,` +
		`"user":{"displayName":"anna","id":"` + encode(anna.UserHandle) + `","name":"anna"}}`
	if string(again) != want {
		t.Errorf("got  %s\nwant %s", again, want)
	}
	if _, err := p.BeginRegistration(mfa.Principal{ID: "x"}, "Phone", mfa.RoadPhone, nil); !mfa.IsCode(err, mfa.CodeInvalidInput) {
		t.Error(err)
	}
}

func TestAuthenticationOptions(t *testing.T) {
	p, s := newParty(t, Config{}), newSoft(t, algES256)
	suspect := deviceOf(anna, newSoft(t, algES256))
	suspect.SuspectAt = p.now
	foreign := deviceOf(bert, newSoft(t, algES256))
	text, err := p.BeginAuthentication(anna, "one", mfa.RoadPhone, []mfa.Device{suspect, deviceOf(anna, s), {ID: "totp", PrincipalID: anna.ID}, foreign})
	if err != nil {
		t.Fatal(err)
	}
	want := `"timeout":300000,"rpId":"keyferry.internal","allowCredentials":[{"type":"public-key","id":"` + encode(s.id) +
		`","transports":["hybrid","internal"]}],"userVerification":"required","hints":["hybrid"]}`
	if !strings.HasSuffix(string(text), want) {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	for _, devices := range [][]mfa.Device{nil, {suspect}, {foreign}} {
		if _, err := p.BeginAuthentication(anna, "one", mfa.RoadPhone, devices); !mfa.IsCode(err, mfa.CodeNoCredential) {
			t.Errorf("with %d devices: %v", len(devices), err)
		}
	}
}

func TestRegisterThenSignIn(t *testing.T) {
	p, s := newParty(t, Config{}), newSoft(t, algES256)
	e := p.challenge(p.BeginRegistration(anna, "Phone", mfa.RoadPhone, nil))
	c, err := p.FinishRegistration(anna, "Phone", s.startRegistration(e).registrationJSON())
	wantCode(t, err, "")
	if !c.Discoverable {
		t.Error("not discoverable, though the client did not say so")
	}
	device := mfa.Device{ID: "d1", PrincipalID: anna.ID, Name: "Phone", Passkey: &c}
	others := []mfa.Device{deviceOf(anna, newSoft(t, algES256)), device}
	e = p.challenge(p.BeginAuthentication(anna, "one", mfa.RoadPhone, others))
	m := s.startAssertion(e)
	m.inner["userHandle"] = encode(anna.UserHandle)
	a, err := p.FinishAuthentication(anna, "one", others, m.assertionJSON())
	wantCode(t, err, "")
	if a.DeviceID != "d1" {
		t.Errorf("%+v", a)
	}
}

func TestFinishRegistrationInsists(t *testing.T) {
	for name, row := range map[string]struct {
		algorithm int64
		bend      func(*made)
		code      mfa.Code
	}{
		"EdDSA":              {algorithm: algEdDSA},
		"RS256":              {algorithm: algRS256},
		"RS1":                {algorithm: -65535, code: mfa.CodeAlgorithmNotOffered},
		"ES384":              {algorithm: -35, code: mfa.CodeAlgorithmNotOffered},
		"PS256":              {algorithm: -37, code: mfa.CodeAlgorithmNotOffered},
		"rk true":            {algorithm: algES256, bend: credProps(map[string]any{"rk": true})},
		"rk false":           {algorithm: algES256, bend: credProps(map[string]any{"rk": false}), code: mfa.CodeNotDiscoverable},
		"no UV":              {algorithm: algES256, bend: func(m *made) { m.flags &^= flagUserVerified }, code: mfa.CodeUserVerifyMissing},
		"cross origin":       {algorithm: algES256, bend: replaceClientData(`"crossOrigin":false`, `"crossOrigin":true`), code: mfa.CodeCrossOrigin},
		"subdomain's origin": {algorithm: algES256, bend: replaceClientData("https://", "https://www."), code: mfa.CodeOriginMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newParty(t, Config{}), newSoft(t, row.algorithm)
			m := s.startRegistration(p.challenge(p.BeginRegistration(anna, "Phone", mfa.RoadPhone, nil)))
			if row.bend != nil {
				row.bend(m)
			}
			_, err := p.FinishRegistration(anna, "Phone", m.registrationJSON())
			wantCode(t, err, row.code)
		})
	}
}

func TestFinishAuthenticationChoosesTheDevice(t *testing.T) {
	p, s, other := newParty(t, Config{}), newSoft(t, algES256), newSoft(t, algES256)
	mine, second := deviceOf(anna, s), deviceOf(anna, other)
	mine.Passkey.SignCount = 9
	stale := mine
	stale.SuspectAt = p.now
	foreign := mine
	foreign.PrincipalID = bert.ID
	for name, row := range map[string]struct {
		devices []mfa.Device // at the end
		bend    func(*made)
		code    mfa.Code
		device  string
	}{
		"good":               {devices: []mfa.Device{second, mine}, device: mine.ID},
		"removed meanwhile":  {devices: []mfa.Device{second}, code: mfa.CodeCredentialUnknown},
		"suspect meanwhile":  {devices: []mfa.Device{second, stale}, code: mfa.CodeCredentialUnknown},
		"somebody else's":    {devices: []mfa.Device{second, foreign}, code: mfa.CodeCredentialUnknown},
		"counter regressed":  {devices: []mfa.Device{second, mine}, bend: func(m *made) { m.count = 9 }, code: mfa.CodeCounterRegressed, device: mine.ID},
		"forged":             {devices: []mfa.Device{mine}, bend: func(m *made) { m.inner["signature"] = "AAAA" }, code: mfa.CodeSignatureInvalid},
		"another's handle":   {devices: []mfa.Device{mine}, bend: func(m *made) { m.inner["userHandle"] = encode(bert.UserHandle) }, code: mfa.CodeUserHandleMismatch},
		"appid is not asked": {devices: []mfa.Device{mine}, bend: func(m *made) { m.rpID = "https://x"; appID(true)(m) }, code: mfa.CodeRPIDMismatch},
		"no JSON":            {devices: []mfa.Device{mine}, bend: func(m *made) { m.text = func(string) string { return "" } }, code: mfa.CodeResponseMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			m := s.startAssertion(p.challenge(p.BeginAuthentication(anna, "one", mfa.RoadPhone, []mfa.Device{mine, second})))
			m.count = 10
			if row.bend != nil {
				row.bend(m)
			}
			a, err := p.FinishAuthentication(anna, "one", row.devices, m.assertionJSON())
			wantCode(t, err, row.code)
			if a.DeviceID != row.device {
				t.Errorf("device %q, expected %q", a.DeviceID, row.device)
			}
			if row.code == mfa.CodeCounterRegressed && param(err, "device") != "Phone" {
				t.Errorf("names device %q", param(err, "device"))
			}
			if row.code == mfa.CodeCounterRegressed && !strings.Contains(mfa.AsFailure(err).Explain(), "9 after 9") {
				t.Errorf("cause %q", mfa.AsFailure(err).Explain())
			}
		})
	}
}

func TestChallengesAreSingleUseAndBound(t *testing.T) {
	s := newSoft(t, algES256)
	device := deviceOf(anna, s)
	devices := []mfa.Device{device}
	for name, row := range map[string]struct {
		try  func(p *party, e Expectation) error // after BeginRegistration(anna, "Phone")
		code mfa.Code
	}{
		"good": {func(p *party, e Expectation) error {
			return p.register(anna, "Phone", s.startRegistration(e))
		}, ""},
		"twice": {func(p *party, e Expectation) error {
			wantCode(t, p.register(anna, "Phone", s.startRegistration(e)), "")
			return p.register(anna, "Phone", s.startRegistration(e))
		}, mfa.CodeChallengeUnknown},
		"after a failure": {func(p *party, e Expectation) error {
			bent := s.startRegistration(e)
			bent.flags = flagAttested
			wantCode(t, p.register(anna, "Phone", bent), mfa.CodeUserPresenceMissing)
			return p.register(anna, "Phone", s.startRegistration(e))
		}, mfa.CodeChallengeUnknown},
		"after rubbish": {func(p *party, e Expectation) error {
			_, err := p.FinishRegistration(anna, "Phone", nil)
			wantCode(t, err, mfa.CodeResponseMalformed)
			return p.register(anna, "Phone", s.startRegistration(e))
		}, mfa.CodeChallengeUnknown},
		"another person": {func(p *party, e Expectation) error {
			return p.register(bert, "Phone", s.startRegistration(e))
		}, mfa.CodeChallengeUnknown},
		"another person who asked too": {func(p *party, e Expectation) error {
			p.challenge(p.BeginRegistration(bert, "Phone", mfa.RoadPhone, nil))
			return p.register(bert, "Phone", s.startRegistration(e))
		}, mfa.CodeChallengeMismatch},
		"another ceremony": {func(p *party, e Expectation) error {
			return p.register(anna, "Tablet", s.startRegistration(e))
		}, mfa.CodeChallengeUnknown},
		"another ceremony that was asked for": {func(p *party, e Expectation) error {
			p.challenge(p.BeginRegistration(anna, "Tablet", mfa.RoadPhone, nil))
			return p.register(anna, "Tablet", s.startRegistration(e))
		}, mfa.CodeChallengeMismatch},
		"two at once": {func(p *party, e Expectation) error {
			p.challenge(p.BeginRegistration(anna, "Tablet", mfa.RoadPhone, nil))
			return p.register(anna, "Phone", s.startRegistration(e))
		}, ""},
		"a ceremony that was begun anew": {func(p *party, e Expectation) error {
			p.challenge(p.BeginRegistration(anna, "Phone", mfa.RoadPhone, nil))
			return p.register(anna, "Phone", s.startRegistration(e))
		}, mfa.CodeChallengeMismatch},
		"for a sign-in": {func(p *party, e Expectation) error {
			_, err := p.FinishAuthentication(anna, "one", devices, s.startAssertion(e).assertionJSON())
			return err
		}, mfa.CodeChallengeUnknown},
		"for a sign-in that was asked for": {func(p *party, e Expectation) error {
			p.challenge(p.BeginAuthentication(anna, "one", mfa.RoadPhone, devices))
			_, err := p.FinishAuthentication(anna, "one", devices, s.startAssertion(e).assertionJSON())
			return err
		}, mfa.CodeChallengeMismatch},
		"sign-in's for a registration": {func(p *party, e Expectation) error {
			return p.register(anna, "Phone", s.startRegistration(p.challenge(p.BeginAuthentication(anna, "one", mfa.RoadPhone, devices))))
		}, mfa.CodeChallengeMismatch},
		"at the last moment": {func(p *party, e Expectation) error {
			p.now = p.now.Add(DefaultChallengeLife + Lateness)
			return p.register(anna, "Phone", s.startRegistration(e))
		}, ""},
		"too late": {func(p *party, e Expectation) error {
			p.now = p.now.Add(DefaultChallengeLife + Lateness + time.Nanosecond)
			return p.register(anna, "Phone", s.startRegistration(e))
		}, mfa.CodeChallengeExpired},
		"too late, then again": {func(p *party, e Expectation) error {
			p.now = p.now.Add(time.Hour)
			wantCode(t, p.register(anna, "Phone", s.startRegistration(e)), mfa.CodeChallengeExpired)
			p.now = p.now.Add(-time.Hour)
			return p.register(anna, "Phone", s.startRegistration(e))
		}, mfa.CodeChallengeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			p := newParty(t, Config{})
			wantCode(t, row.try(p, p.challenge(p.BeginRegistration(anna, "Phone", mfa.RoadPhone, nil))), row.code)
		})
	}
}

func (p *party) register(who mfa.Principal, name string, m *made) error {
	_, err := p.FinishRegistration(who, name, m.registrationJSON())
	return err
}

func TestOpenCeremoniesAreBounded(t *testing.T) {
	p, s := newParty(t, Config{MaxOpen: 2}), newSoft(t, algES256)
	first := p.challenge(p.BeginRegistration(anna, "a", mfa.RoadPhone, nil))
	p.now = p.now.Add(time.Second)
	second := p.challenge(p.BeginRegistration(anna, "b", mfa.RoadPhone, nil))
	p.now = p.now.Add(time.Second)
	third := p.challenge(p.BeginRegistration(anna, "c", mfa.RoadPhone, nil))
	wantCode(t, p.register(anna, "a", s.startRegistration(first)), mfa.CodeChallengeUnknown)
	wantCode(t, p.register(anna, "b", s.startRegistration(second)), "")
	wantCode(t, p.register(anna, "c", s.startRegistration(third)), "")

	// What has expired gives way before what has not.
	p.challenge(p.BeginRegistration(anna, "old", mfa.RoadPhone, nil))
	p.now = p.now.Add(2 * DefaultChallengeLife)
	fresh := p.challenge(p.BeginRegistration(anna, "fresh", mfa.RoadPhone, nil))
	p.challenge(p.BeginRegistration(anna, "fresher", mfa.RoadPhone, nil))
	wantCode(t, p.register(anna, "fresh", s.startRegistration(fresh)), "")
	if n := len(p.book.open); n != 1 {
		t.Errorf("%d open", n)
	}
}

func TestChallengesDiffer(t *testing.T) {
	p := newParty(t, Config{})
	seen := map[string]bool{}
	for range 100 {
		seen[string(p.challenge(p.BeginRegistration(anna, "Phone", mfa.RoadPhone, nil)).Challenge)] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d different challenges of 100", len(seen))
	}
	broken := newParty(t, Config{Rand: brokenReader{}})
	if _, err := broken.BeginRegistration(anna, "Phone", mfa.RoadPhone, nil); !mfa.IsCode(err, mfa.CodeInternal) {
		t.Errorf("without randomness: %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

func TestManyCeremoniesAtOnce(t *testing.T) {
	p := newParty(t, Config{})
	var wait sync.WaitGroup
	for i := range 16 {
		wait.Go(func() {
			s, name := newSoft(t, algES256), "Phone-"+string(rune('a'+i))
			wantCode(t, p.register(anna, name, s.startRegistration(p.challenge(p.BeginRegistration(anna, name, mfa.RoadPhone, nil)))), "")
		})
	}
	wait.Wait()
}

func TestConfig(t *testing.T) {
	for name, row := range map[string]struct {
		rpID, origin string
		code         mfa.Code
	}{
		"default":            {mfa.DefaultRPID, "https://keyferry.internal", ""},
		"sandbox":            {mfa.SandboxRPID, "https://sandbox.keyferry.internal", ""},
		"origin left out":    {mfa.DefaultRPID, "", ""},
		"subdomain":          {"example.org", "https://login.example.org", ""},
		"RP ID is lower":     {"login.example.org", "https://example.org", mfa.CodeOriginMismatch},
		"suffix, no label":   {"example.org", "https://badexample.org", mfa.CodeOriginMismatch},
		"prefix":             {"example.org", "https://example.org.evil.com", mfa.CodeOriginMismatch},
		"http":               {"example.org", "http://example.org", mfa.CodeOriginMismatch},
		"port":               {"example.org", "https://example.org:8443", mfa.CodeOriginMismatch},
		"default port":       {"example.org", "https://example.org:443", mfa.CodeOriginMismatch},
		"slash":              {"example.org", "https://example.org/", mfa.CodeOriginMismatch},
		"path":               {"example.org", "https://example.org/x.example.org", mfa.CodeOriginMismatch},
		"user":               {"example.org", "https://a@example.org", mfa.CodeOriginMismatch},
		"query":              {"example.org", "https://evil.com?.example.org", mfa.CodeOriginMismatch},
		"capitals":           {"example.org", "https://Example.org", mfa.CodeOriginMismatch},
		"dot behind":         {"example.org", "https://example.org.", mfa.CodeOriginMismatch},
		"app scheme":         {"example.org", "wails://example.org", mfa.CodeOriginMismatch},
		"no host":            {"example.org", "https://", mfa.CodeOriginMismatch},
		"RP ID localhost":    {"localhost", "https://localhost", mfa.CodeRPIDInvalid},
		"RP ID empty":        {"", "https://example.org", mfa.CodeRPIDInvalid},
		"RP ID an address":   {"127.0.0.1", "https://127.0.0.1", mfa.CodeRPIDInvalid},
		"RP ID with scheme":  {"https://example.org", "https://example.org", mfa.CodeRPIDInvalid},
		"RP ID in capitals":  {"Example.org", "https://example.org", mfa.CodeRPIDInvalid},
		"RP ID other domain": {"example.com", "https://example.org", mfa.CodeOriginMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := New(Config{RPID: row.rpID, Origin: row.origin})
			if row.code == "" && (err != nil || r.cfg.ChallengeLife != DefaultChallengeLife || r.cfg.MaxOpen != DefaultMaxOpen) {
				t.Errorf("%v", err)
			}
			if row.code != "" && !mfa.IsCode(err, row.code) {
				t.Errorf("%v, expected %s", err, row.code)
			}
		})
	}
}
