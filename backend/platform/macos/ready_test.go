package macos

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestSignatureCovers(t *testing.T) {
	const id = "example.org"
	for name, test := range map[string]struct {
		is       signature
		any, has bool
	}{
		"its domain":               {signature{domains: []string{"webcredentials:example.org"}}, true, true},
		"in other letters":         {signature{domains: []string{"webcredentials:Example.ORG"}}, true, true},
		"while developing":         {signature{domains: []string{"webcredentials:example.org?mode=developer"}}, true, true},
		"a domain above":           {signature{domains: []string{"webcredentials:*.org"}}, true, true},
		"every domain below":       {signature{domains: []string{"webcredentials:*.example.org"}}, true, false},
		"a browser":                {signature{browser: true}, true, true},
		"another domain":           {signature{domains: []string{"webcredentials:example.com"}}, true, false},
		"a domain that ends so":    {signature{domains: []string{"webcredentials:*.ample.org"}}, true, false},
		"another service":          {signature{domains: []string{"applinks:example.org"}}, false, false},
		"no service":               {signature{domains: []string{"example.org"}}, false, false},
		"no domain":                {signature{domains: []string{"webcredentials:", "webcredentials:?mode=developer", ""}}, false, false},
		"a wildcard for nothing":   {signature{domains: []string{"webcredentials:*."}}, true, false},
		"not signed":               {signature{}, false, false},
		"behind too many of them":  {signature{domains: append(slices.Repeat([]string{"applinks:a.example"}, maxDomains), "webcredentials:example.org")}, false, false},
		"a domain below is not it": {signature{domains: []string{"webcredentials:login.example.org"}}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			if test.is.any() != test.any || test.is.covers(id) != test.has {
				t.Errorf("any %v, covers %v", test.is.any(), test.is.covers(id))
			}
		})
	}
}

func TestMajorVersion(t *testing.T) {
	for text, want := range map[string]int{"15.1.1": 15, "13": 13, "26.0": 26, "10.15.7": 10, "10.16": 11, "10.16.1": 11} {
		if got, err := majorOf(text); err != nil || got != want {
			t.Errorf("%q = %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", ".", "x.1", "-1", "99999999999"} {
		if n, err := majorOf(text); !mfa.IsCode(err, mfa.CodePlatformFailed) {
			t.Errorf("%q = %d, %v", text, n, err)
		}
	}
}

func TestNewEnough(t *testing.T) {
	for have, want := range map[int]mfa.Code{12: mfa.CodePlatformTooOld, Oldest: "", 26: ""} {
		if err := newEnough(have); want == "" && err != nil || want != "" && !mfa.IsCode(err, want) {
			t.Errorf("%d: %v", have, err)
		}
	}
}

// Builds without the tag, and other systems, say why.
func TestNotBuilt(t *testing.T) {
	if runtime.GOOS == "darwin" {
		t.Skip("on macOS it depends on how the test was built and signed")
	}
	_, err := New(nil)
	for name, err := range map[string]error{"New": err, "Available": Available(t.Context())} {
		if !mfa.IsCode(err, mfa.CodePlatformMissing) || !strings.Contains(fmt.Sprint(mfa.AsFailure(err).Params), whyNotBuilt) {
			t.Errorf("%s = %v", name, err)
		}
	}
	if _, err := Version(); !mfa.IsCode(err, mfa.CodePlatformMissing) {
		t.Errorf("Version = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Available(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Available = %v", err)
	}
}

func FuzzSignature(f *testing.F) {
	f.Add("webcredentials:*.example.org?mode=developer", "example.org")
	f.Add("webcredentials:*.", "a")
	f.Fuzz(func(t *testing.T, domain, rpID string) {
		s := signature{domains: []string{domain}}
		if s.covers(rpID) && !s.any() {
			t.Errorf("%q covers %q without any", domain, rpID)
		}
	})
}

func FuzzChallenge(f *testing.F) {
	f.Add([]byte(`{"type":"webauthn.get","challenge":"AAAA","origin":"https://example.org"}`))
	f.Add([]byte(`{"challenge":"_-"}`))
	f.Fuzz(func(t *testing.T, json []byte) {
		if c, err := challengeOf(json); err == nil && (len(c) == 0 || len(c) > maxChallenge) {
			t.Errorf("%d bytes", len(c))
		}
	})
}
