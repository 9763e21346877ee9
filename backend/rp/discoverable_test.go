package rp

import (
	"bytes"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestDiscoverableOptions(t *testing.T) {
	p := newParty(t, Config{})
	text, err := p.BeginDiscoverable("one", mfa.RoadPhone)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"allowCredentials":[]`, `"userVerification":"required"`, `"rpId":"keyferry.internal"`, `"hints":["hybrid"]`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}

// Who signs in is said by the user handle, and believed when the signature holds under
// a key of theirs.
func TestFinishDiscoverable(t *testing.T) {
	p, s := newParty(t, Config{}), newSoft(t, algES256)
	annas, berts := deviceOf(anna, s), deviceOf(bert, newSoft(t, algES256))
	annas.Passkey.SignCount, annas.Passkey.UserVerified = 9, true
	unverified := annas // a key without a PIN, when it was added
	unverified.Passkey = &mfa.Credential{}
	*unverified.Passkey = *annas.Passkey
	unverified.Passkey.UserVerified = false
	stored := annas
	owner := func(handle []byte) (mfa.Principal, []mfa.Device, error) {
		switch {
		case bytes.Equal(handle, anna.UserHandle):
			return anna, []mfa.Device{stored}, nil
		case bytes.Equal(handle, bert.UserHandle):
			return bert, []mfa.Device{berts}, nil
		}
		return mfa.Principal{}, nil, refuse(mfa.CodeCredentialUnknown, "nobody has the handle")
	}
	for name, row := range map[string]struct {
		begin  func() ([]byte, error) // nil: BeginDiscoverable
		bend   func(*made)
		stored *mfa.Device // nil: annas
		code   mfa.Code
		device string
	}{
		"good":                           {device: annas.ID},
		"no handle":                      {bend: func(m *made) { delete(m.inner, "userHandle") }, code: mfa.CodeUserHandleMismatch},
		"an empty handle":                {bend: func(m *made) { m.inner["userHandle"] = "" }, code: mfa.CodeUserHandleMismatch},
		"another's handle":               {bend: func(m *made) { m.inner["userHandle"] = encode(bert.UserHandle) }, code: mfa.CodeCredentialUnknown},
		"an unknown handle":              {bend: func(m *made) { m.inner["userHandle"] = encode([]byte("nobody")) }, code: mfa.CodeCredentialUnknown},
		"not verified":                   {bend: func(m *made) { m.flags = flagUserPresent }, code: mfa.CodeUserVerifyMissing},
		"forged":                         {bend: func(m *made) { m.inner["signature"] = "AAAA" }, code: mfa.CodeSignatureInvalid},
		"counter regressed":              {bend: func(m *made) { m.count = 9 }, code: mfa.CodeCounterRegressed, device: annas.ID},
		"not verified when it was added": {stored: &unverified, code: mfa.CodeNotAlone},
		"not verified when it was added, and counter regressed": {stored: &unverified, bend: func(m *made) { m.count = 9 }, code: mfa.CodeCounterRegressed, device: annas.ID},
		"a sign-in of somebody named": {begin: func() ([]byte, error) { return p.BeginAuthentication(anna, "one", mfa.RoadPhone, []mfa.Device{annas}) },
			code: mfa.CodeChallengeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			begin := func() ([]byte, error) { return p.BeginDiscoverable("one", mfa.RoadPhone) }
			if row.begin != nil {
				begin = row.begin
			}
			stored = annas
			if row.stored != nil {
				stored = *row.stored
			}
			m := s.startAssertion(p.challenge(begin()))
			m.count = 10
			m.inner["userHandle"] = encode(anna.UserHandle)
			if row.bend != nil {
				row.bend(m)
			}
			who, a, err := p.FinishDiscoverable("one", m.assertionJSON(), owner)
			wantCode(t, err, row.code)
			if a.DeviceID != row.device || row.device != "" && who.ID != anna.ID {
				t.Errorf("device %q of %q, expected %q", a.DeviceID, who.ID, row.device)
			}
			_, _, err = p.FinishDiscoverable("one", m.assertionJSON(), owner)
			wantCode(t, err, mfa.CodeChallengeUnknown)
		})
	}
	t.Run("its challenge serves nobody by name", func(t *testing.T) {
		p := newParty(t, Config{})
		m := s.startAssertion(p.challenge(p.BeginDiscoverable("one", mfa.RoadPhone)))
		m.count = 10
		_, err := p.FinishAuthentication(anna, "one", []mfa.Device{annas}, m.assertionJSON())
		wantCode(t, err, mfa.CodeChallengeUnknown)
	})
	t.Run("asked anew", func(t *testing.T) {
		m := s.startAssertion(p.challenge(p.BeginDiscoverable("one", mfa.RoadPhone)))
		p.challenge(p.BeginDiscoverable("one", mfa.RoadPhone))
		m.count, m.inner["userHandle"] = 10, encode(anna.UserHandle)
		_, _, err := p.FinishDiscoverable("one", m.assertionJSON(), owner)
		wantCode(t, err, mfa.CodeChallengeMismatch)
	})
}
