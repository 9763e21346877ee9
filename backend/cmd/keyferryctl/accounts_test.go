package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestAnAccountIsNamed(t *testing.T) {
	found := []mfa.FoundAccount{{Name: "ann"}, {Name: "bob", Mark: "0a0b0c0d"}, {Name: "bob", Mark: "0e0f0102"}, {Mark: "03040506"}}
	for name, c := range map[string]struct {
		name string
		want int
		code mfa.Code
	}{
		"by name":             {"Ann", 0, ""},
		"by the digits":       {"0E0F0102", 2, ""},
		"without a name":      {"03040506", 3, ""},
		"nobody":              {"carol", 0, mfa.CodeNotFound},
		"the beginning of it": {"an", 0, mfa.CodeNotFound},
		"two of the name":     {"bob", 0, mfa.CodeAccountNeeded},
	} {
		t.Run(name, func(t *testing.T) {
			a := accountFlag{name: c.name}
			var said bytes.Buffer
			got, err := a.choosing(&terminal{out: &said})(t.Context(), mfa.AccountsAsk{Accounts: found})
			if got != c.want || (err == nil) != (c.code == "") || err != nil && !mfa.IsCode(err, c.code) {
				t.Errorf("%d, %v", got, err)
			}
			if listed := strings.Contains(said.String(), "3  bob, 0e0f0102\n"); listed != (c.code == mfa.CodeAccountNeeded) {
				t.Errorf("said %s", &said)
			}
			if !a.is(mfa.Principal{Kind: mfa.User, Name: "robert"}) {
				t.Error("who was chosen is held against a name that may be older")
			}
		})
	}
	one := accountFlag{name: "bob"}
	if one.is(mfa.Principal{Kind: mfa.User, Name: "carol"}) || !one.is(mfa.Principal{Kind: mfa.User, Name: "Bob"}) {
		t.Error("who was not asked for signs in")
	}
}
