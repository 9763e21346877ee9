package rp

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestProviderNames(t *testing.T) {
	for id, want := range map[string]string{
		"fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "Apple Passwords",
		"ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
		"08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
		"9ddd1817-af5a-4672-a2b9-3e3dd95000a9": "Windows Hello",
		"6028b017-b1d4-4c02-b4b3-afcdafc96bb2": "Windows Hello",
		"2fc0579f-8113-47ea-b116-bb5a8db9202a": "YubiKey 5 NFC",
		"00000000-0000-0000-0000-000000000000": "",
		"ffffffff-ffff-ffff-ffff-ffffffffffff": "",
	} {
		if got := ProviderName(parseAAGUID(t, id)); got != want {
			t.Errorf("%s: %q, expected %q", id, got, want)
		}
	}
	for id, name := range providers {
		if a := parseAAGUID(t, id); a.String() != id || a.IsZero() || strings.TrimSpace(name) != name || name == "" {
			t.Errorf("%q: %q", id, name)
		}
	}
}

func TestProvidersHoldThePublishedList(t *testing.T) {
	var file struct {
		Items []struct{ AAGUID, Name string }
	}
	vectorFile(t, "aaguids.json", &file)
	for _, item := range file.Items {
		if got := ProviderName(parseAAGUID(t, item.AAGUID)); got != item.Name {
			t.Errorf("%s: %q, expected %q", item.AAGUID, got, item.Name)
		}
	}
}

func parseAAGUID(t *testing.T, id string) mfa.AAGUID {
	t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(raw) != 16 {
		t.Fatalf("%q: %v", id, err)
	}
	return mfa.AAGUID(raw)
}
