package totp_test

import (
	"bytes"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

func TestNewSeed(t *testing.T) {
	source := bytes.Repeat([]byte{7}, totp.SeedSize)
	seed, err := totp.NewSeed(bytes.NewReader(source))
	if err != nil || !bytes.Equal(seed.Bytes(), source) {
		t.Fatalf("%v", err)
	}
	if text := totp.Base32(seed); text.Len() != 64 {
		t.Errorf("%d characters", text.Len())
	}
	if _, err := totp.NewSeed(bytes.NewReader(source[1:])); !mfa.IsCode(err, mfa.CodeInternal) {
		t.Errorf("too little randomness: %v", err)
	}
}

func TestParseBase32(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{ // want "" for refused
		{"RFC 4648", "MZXW6YTBOI", "foobar"},
		{"with padding", "MZXW6YTBOI======", "foobar"},
		{"lower case", "mzxw6ytboi", "foobar"},
		{"in groups", "mzxw 6ytb-oi", "foobar"},
		{"blanks around", " MZXW6YTBOI\t", "foobar"},
		{"groups and padding", "MZXW 6YTB OI== ====", "foobar"},
		{"one byte", "ME", "a"},
		{"odd last bits", "MF", "a"},
		{"nothing", "", ""},
		{"blanks only", "  ", ""},
		{"padding only", "========", ""},
		{"one character", "M", ""},
		{"three characters", "MZX", ""},
		{"six characters", "MZXW6Y", ""},
		{"padding too short", "MZXW6YTBOI=", ""},
		{"padding too long", "MZXW6YTBOI==============", ""},
		{"padding inside", "MZ==XW6Y", ""},
		{"zero for O", "MZXW6YTB0I", ""},
		{"one for I", "MZXW6YTBO1", ""},
		{"underscore", "SOME_SECRET", ""},
		{"line break", "MZXW\n6YTB", ""},
		{"not ASCII", "MZXW6YT\u00c4", ""},
		{"256 bytes", strings.Repeat("A", 410), strings.Repeat("\x00", 256)},
		{"257 bytes", strings.Repeat("A", 412), ""},
		{"blanks without end", strings.Repeat(" ", 5000) + "ME", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := []byte(c.text)
			seed, err := totp.ParseBase32(text)
			if c.want == "" {
				if !mfa.IsCode(err, mfa.CodeSeedInvalid) || seed != nil {
					t.Errorf("%v, want seed-invalid", err)
				}
			} else if err != nil || string(seed.Bytes()) != c.want {
				t.Errorf("%v", err)
			}
			if string(text) != c.text {
				t.Error("the text was changed")
			}
		})
	}
}

func FuzzParseBase32(f *testing.F) {
	for _, s := range []string{"MZXW6YTBOI======", "mzxw 6ytb-oi", "M", "=", "\x00", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		seed, err := totp.ParseBase32(text)
		if err != nil {
			return
		}
		again, err := totp.ParseBase32(totp.Base32(seed).Bytes())
		if err != nil || !again.Equal(seed) {
			t.Errorf("%v: the seed does not come back", err)
		}
		if want := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed.Bytes()); want != string(totp.Base32(seed).Bytes()) {
			t.Error("not the base32 of the standard library")
		}
	})
}

// The secret of a failure would end in a log.
func TestNoSeedInFailures(t *testing.T) {
	const canary = "CANARYCANARY1"
	_, err := totp.ParseURI([]byte("otpauth://totp/A:b?secret=" + canary))
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(fmt.Sprintf("%v %+v", e, mfa.AsFailure(e)), canary) {
			t.Errorf("%v", e)
		}
	}
	seed := seedOf(20)
	k := totp.Key{Type: totp.TOTP, Seed: seed, Params: totp.Default}
	if text := fmt.Sprintf("%v %+v %s", k, k, k.URI()); strings.Contains(text, "1234567890") || strings.Contains(text, "GEZD") {
		t.Error(text)
	}
}
