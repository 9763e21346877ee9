package mfa_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The bytes are chosen so that they would show as text, as hex, as Go syntax, as
// a list of numbers and as base64.
const hidden = "Zq7x"

func leaks(text string) bool {
	for _, form := range []string{hidden, fmt.Sprintf("%x", hidden), fmt.Sprintf("%X", hidden), "90 113 55 120", "90,113,55,120", "0x5a", "WnE3eA"} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

func TestSecretNeverPrints(t *testing.T) {
	s := mfa.NewSecret([]byte(hidden))
	type holder struct {
		Name   string
		Secret *mfa.Secret
	}
	phone := mfa.LinkedPhone{Name: "phone", Secret: s, ContactID: []byte(hidden)}
	hash := mfa.PasswordHash{Salt: []byte(hidden), Hash: []byte(hidden)}
	for name, v := range map[string]any{"alone": s, "by value": *s, "a hash": hash, "in a principal": mfa.Principal{Password: hash}, "in a struct": holder{"x", s}, "in a pointer": &holder{"x", s}, "in a slice": []*mfa.Secret{s},
		"in a map": map[string]*mfa.Secret{"k": s}, "in a linked phone": phone, "in a pointer to one": &phone} {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
				if text := fmt.Sprintf(verb, v); leaks(text) {
					t.Errorf("%s shows it", verb)
				}
			}
			text, err := json.Marshal(v)
			if err != nil || leaks(string(text)) {
				t.Errorf("JSON shows it, or %v", err)
			}
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
			if leaks(log.String()) {
				t.Error("the log shows it")
			}
		})
	}
	if !leaks(fmt.Sprint(s.Bytes())) || !leaks(string(s.Bytes())) {
		t.Error("this test could not fail")
	}
}

func TestSecretTakesOver(t *testing.T) {
	src := []byte("secret")
	s := mfa.NewSecret(src)
	if !bytes.Equal(src, make([]byte, 6)) {
		t.Error("the source was not wiped")
	}
	if string(s.Bytes()) != "secret" || s.Len() != 6 {
		t.Error("the bytes are not there")
	}
	lent := s.Bytes()
	for range 2 {
		s.Wipe()
	}
	if !bytes.Equal(lent, make([]byte, 6)) || s.Len() != 0 || s.Bytes() != nil {
		t.Error("Wipe left something")
	}
}

func TestSecretEqual(t *testing.T) {
	make := func(s string) *mfa.Secret { return mfa.NewSecret([]byte(s)) }
	wiped := make("a")
	wiped.Wipe()
	rows := []struct {
		name string
		a, b *mfa.Secret
		same bool
	}{
		{"same", make("abc"), make("abc"), true},
		{"other", make("abc"), make("abd"), false},
		{"longer", make("abc"), make("abcd"), false},
		{"empty", make(""), make(""), false},
		{"wiped", wiped, wiped, false},
		{"nil", nil, nil, false},
		{"something and nil", make("a"), nil, false},
	}
	for _, row := range rows {
		if row.a.Equal(row.b) != row.same {
			t.Error(row.name)
		}
	}
	var none *mfa.Secret
	none.Wipe()
	if none.Len() != 0 || none.String() == "" {
		t.Error("nil does not behave")
	}
}

func TestProgressKeepsTheCodeOutOfLogs(t *testing.T) {
	var log bytes.Buffer
	p := mfa.Progress{Stage: mfa.StageShowQR, QR: "FIDO:/0123456789", Radio: "hci0"}
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "p", p)
	if strings.Contains(log.String(), "0123456789") || !strings.Contains(log.String(), "show-qr") {
		t.Error(log.String())
	}
	mfa.Report(nil).To(p) // a nil Report is allowed
	var got []mfa.Progress
	mfa.Report(func(p mfa.Progress) { got = append(got, p) }).To(p)
	if len(got) != 1 || got[0] != p {
		t.Errorf("%d reports", len(got))
	}
}
