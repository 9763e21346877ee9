package words_test

import (
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
)

// A refusal is told as a difference: what was needed, and what was brought.
func TestRefusals(t *testing.T) {
	const stayed = " The passkey that was just made stayed behind on the device and opens nothing. Delete it there: on a phone in its list of passkeys (settings, passwords), on a security key with: keyferryctl keys delete."
	for _, c := range []struct {
		name    string
		failure *mfa.Failure
		want    string
	}{
		{"too low", mfa.Fail(mfa.CodeNotAdmitted, "step", "Activate", "decision", "implicitDeny", "needs", "FIPS-140-2 L2", "fido", "L1", "blob", "122", "reported", "2023-05-01", "admitted", "14"),
			"It needs FIPS-140-2 L2; this device brought FIDO L1 (BLOB 122, report of 2023-05-01). 14 models in your metadata would pass."},
		{"a passkey stays", mfa.Fail(mfa.CodeNotAdmitted, "step", "Activate", "decision", "implicitDeny", "needs", "FIDO L2, L2plus", "unproven", "no-attestation", "blob", "122", "admitted", "1", "left", "yes"),
			"It needs FIDO L2, L2plus; this device proved nothing: it gave no attestation, as phones do. One model in your metadata would pass." + stayed},
		{"no certificate", mfa.Fail(mfa.CodeNotAdmitted, "step", "Activate", "decision", "explicitDeny", "policy", "Guard", "statement", "3", "needs", "", "blob", "7", "admitted", "0"),
			"The policies do not take this device, which has no certificate (BLOB 7). Statement 3 of policy Guard denies it. No model in your metadata would pass."},
		{"two levels, no metadata", mfa.Fail(mfa.CodeNotAdmitted, "step", "Activate", "decision", "implicitDeny", "needs", "FIPS-140-3 L2", "fido", "L1", "fips2", "L2", "blob", "0"),
			"It needs FIPS-140-3 L2; this device brought FIDO L1 and FIPS-140-2 L2."},
		{"before the touch", mfa.Fail(mfa.CodeNotAdmitted, "step", "Create", "decision", "implicitDeny", "needs", "FIDO L2", "admitted", "0"),
			"The policies let no passkey and no security key be added: no statement allows it. No model in your metadata would pass."},
		{"denied before the touch", mfa.Fail(mfa.CodeNotAdmitted, "step", "Create", "decision", "explicitDeny", "policy", "Guard", "statement", "NoKeys"),
			"The policies let no passkey and no security key be added. Statement NoKeys of policy Guard denies it."},
		{"reported", mfa.Fail(mfa.CodeModelRefused, "model", "Key One", "status", "REVOKED", "date", "", "blob", "9"), "FIDO reports REVOKED for Key One (BLOB 9). Use another device."},
		{"reported, and it stays", mfa.Fail(mfa.CodeModelRefused, "model", "Key One", "status", "REVOKED", "date", "2025-01-01", "blob", "9", "left", "yes"),
			"FIDO reports REVOKED for Key One since 2025-01-01 (BLOB 9). Use another device." + stayed},
		{"Windows Hello", mfa.Fail(mfa.CodeHelloRefused, "proof", "format-tpm", "left", "yes"),
			"This passkey was attested by a TPM, as those in Windows Hello, which are not accepted. Use a phone or a security key." + stayed},
		{"which one stays", mfa.Fail(mfa.CodeModelRefused, "model", "Key One", "status", "REVOKED", "date", "", "blob", "9", "left", "yes", "rp", "keyferry.internal", "user", "alice"),
			"FIDO reports REVOKED for Key One (BLOB 9). Use another device." + strings.Replace(stayed, "made", "made for alice at keyferry.internal", 1)},
		{"denied", mfa.Fail(mfa.CodeAccessDenied, "operation", "iam:ListUsers", "decision", "explicitDeny", "policy", "Guard", "statement", "2"), "iam:ListUsers is denied by statement 2 of policy Guard."},
		{"not allowed", mfa.Fail(mfa.CodeAccessDenied, "operation", "iam:ListUsers", "decision", "implicitDeny"), "No policy of yours allows iam:ListUsers."},
		{"whatever policies say", mfa.Fail(mfa.CodeAccessDenied, "operation", "iam:DeleteUser"), "iam:DeleteUser is not allowed here, whatever policies say."},
		{"unreadable", mfa.Fail(mfa.CodeAccessDenied, "operation", "iam:ListUsers", "decision", "unreadable", "policy", "Old"), "Policy Old cannot be read. Until it is corrected it denies everything to those who have it."},
		{"malformed", mfa.Fail(mfa.CodePolicyMalformed, "what", "effect", "where", "/Statement/0/Effect", "line", "3", "column", "12", "wanted", "Allow"),
			"Line 3, column 12: The Effect is Allow or Deny, in exactly this spelling."},
		{"near", mfa.Fail(mfa.CodePolicyMalformed, "what", "unknown-operator", "line", "3", "column", "12", "wanted", "StringEquals"), "Line 3, column 12: There is no such operator. Is StringEquals meant?"},
		{"what would steer a terminal", mfa.Fail(mfa.CodeModelRefused, "model", "Key\x1b[2J", "status", "REVOKED", "date", "", "blob", "9"), "FIDO reports REVOKED for Key\uFFFD[2J (BLOB 9). Use another device."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := words.Of(c.failure); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
