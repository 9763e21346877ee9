package mfa_test

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestAAGUID(t *testing.T) {
	a := mfa.AAGUID{0xea, 0x9b, 0x8d, 0x66, 0x4d, 0x01, 0x1d, 0x21, 0x3c, 0xe4, 0xb6, 0xb4, 0x8c, 0xb5, 0x75, 0xd4}
	if a.String() != "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4" || a.IsZero() {
		t.Error(a)
	}
	if zero := (mfa.AAGUID{}); !zero.IsZero() || zero.String() != "00000000-0000-0000-0000-000000000000" {
		t.Error(zero)
	}
}

func TestCredentialSpeaksOfItself(t *testing.T) {
	rows := []struct {
		name            string
		c               mfa.Credential
		synced, onPhone bool
	}{
		{"bound to a key", mfa.Credential{Transports: []string{"usb", "nfc"}}, false, false},
		{"may be synced, is not yet", mfa.Credential{BackupEligible: true, Transports: []string{"hybrid"}}, false, true},
		{"synced on a phone", mfa.Credential{BackupEligible: true, BackupState: true, Transports: []string{"internal", "hybrid"}}, true, true},
		{"says that it is synced and may not be", mfa.Credential{BackupState: true}, false, false},
	}
	for _, row := range rows {
		if row.c.IsSynced() != row.synced || row.c.OnPhone() != row.onPhone {
			t.Error(row.name)
		}
	}
}

func TestLabelAndSession(t *testing.T) {
	root := mfa.Principal{Kind: mfa.Root, Email: "root@example.org", Name: "ignored"}
	user := mfa.Principal{Kind: mfa.User, Name: "ann"}
	if root.Label() != "root@example.org" || user.Label() != "ann" {
		t.Error("labels")
	}
	if (mfa.Session{}).MFAPresent() || !(mfa.Session{MFAAt: time.Unix(1, 0)}).MFAPresent() {
		t.Error("MFA of a session")
	}
}
