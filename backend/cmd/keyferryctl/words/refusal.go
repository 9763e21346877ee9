package words

import (
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// composed are words that are put together from what a failure carries. Each gives ""
// where it carries nothing, and then english has the words.
var composed = map[mfa.Code]func(p map[string]string) string{
	mfa.CodeAccessDenied:    accessDenied,
	mfa.CodeNotAdmitted:     notAdmitted,
	mfa.CodeModelRefused:    modelRefused,
	mfa.CodePolicyMalformed: malformedAt,
}

// stayed is said of each failure that came after the touch: the authenticator has made
// a passkey that nothing here knows of. It lists it by relying party and user.
func stayed(p map[string]string) string {
	of := ""
	if p["rp"] != "" && p["user"] != "" {
		of = " for {user} at {rp}"
	}
	return " The passkey that was just made" + of + " stayed behind on the device and opens nothing. Delete it there: on a phone in its list of passkeys " +
		"(settings, passwords), on a security key with: keyferryctl keys delete."
}

func accessDenied(p map[string]string) string {
	switch p["decision"] {
	case "explicitDeny":
		return "{operation} is denied by statement {statement} of policy {policy}."
	case "implicitDeny":
		return "No policy of yours allows {operation}."
	case "unreadable":
		return "Policy {policy} cannot be read. Until it is corrected it denies everything to those who have it."
	}
	if p["operation"] != "" && p["needs"] == "" {
		return "{operation} is not allowed here, whatever policies say."
	}
	return ""
}

// notAdmitted says what was needed, what the device brought, out of which report, and
// how many models would pass.
func notAdmitted(p map[string]string) string {
	if p["step"] == "" {
		return ""
	}
	var b strings.Builder
	switch {
	case p["step"] == string(mfa.StepCreate):
		b.WriteString("The policies let no passkey and no security key be added")
	case p["needs"] != "":
		b.WriteString("It needs {needs}; this device " + brought(p))
	default:
		b.WriteString("The policies do not take this device, which " + brought(p))
	}
	switch {
	case p["decision"] == "explicitDeny":
		b.WriteString(". Statement {statement} of policy {policy} denies it.")
	case p["step"] == string(mfa.StepCreate):
		b.WriteString(": no statement allows it.")
	default:
		b.WriteString(".")
	}
	switch n := p["admitted"]; n {
	case "":
	case "0":
		b.WriteString(" No model in your metadata would pass.")
	case "1":
		b.WriteString(" One model in your metadata would pass.")
	default:
		b.WriteString(" {admitted} models in your metadata would pass.")
	}
	return b.String()
}

// brought is what a device proved, or why it proved nothing.
func brought(p map[string]string) string {
	var levels []string
	for _, l := range []struct{ name, level string }{{"FIDO", p["fido"]}, {"FIPS-140-2", p["fips2"]}, {"FIPS-140-3", p["fips3"]}} {
		if l.level != "" {
			levels = append(levels, l.name+" "+l.level)
		}
	}
	if p["unproven"] != "" {
		return "proved nothing: " + Unproven(mfa.Unproven(p["unproven"]))
	}
	out := "has no certificate"
	if len(levels) > 0 {
		out = "brought " + strings.Join(levels, " and ")
	}
	switch {
	case p["blob"] != "" && p["blob"] != "0" && p["reported"] != "":
		out += " (BLOB {blob}, report of {reported})"
	case p["blob"] != "" && p["blob"] != "0":
		out += " (BLOB {blob})"
	}
	return out
}

func modelRefused(p map[string]string) string {
	if p["date"] == "" && p["status"] != "" {
		return "FIDO reports {status} for {model} (BLOB {blob}). Use another device."
	}
	return ""
}

func malformedAt(p map[string]string) string {
	if _, known := malformed[p["what"]]; !known {
		return ""
	}
	return "Line {line}, column {column}: " + Finding("malformed", p)
}

// Unproven says why nothing is proven of a device's model.
func Unproven(u mfa.Unproven) string { return unproven[u] }

var unproven = map[mfa.Unproven]string{
	mfa.UnprovenNotJudged:   "it was registered by a version that did not look",
	mfa.UnprovenMetadata:    "no FIDO metadata was imported",
	mfa.UnprovenAttestation: "it gave no attestation, as phones do",
	mfa.UnprovenSelf:        "it only vouches for itself",
	mfa.UnprovenModel:       "it does not say which model it is",
	mfa.UnprovenEntry:       "the metadata does not know its model",
	mfa.UnprovenRoot:        "its certificates do not lead to a root of its model",
	mfa.UnprovenNoRoots:     "the metadata names no root that can be read for its model",
}

// Hello says what the verdict about Windows Hello is, and what it rests on.
func Hello(h mfa.Hello) string {
	if proof, ok := proofs[h]; ok {
		return proof
	}
	return "not judged"
}

var proofs = map[mfa.Hello]string{
	{State: mfa.HelloYes, Proof: "aaguid"}:        "it is Windows Hello: it says so by its AAGUID",
	{State: mfa.HelloYes, Proof: "format-tpm"}:    "it is Windows Hello: a TPM attested it",
	{State: mfa.HelloYes, Proof: "transports"}:    "it is Windows Hello: it can be reached from inside this computer alone",
	{State: mfa.HelloNo, Proof: "hybrid"}:         "not Windows Hello: it is on a phone",
	{State: mfa.HelloNo, Proof: "usb"}:            "not Windows Hello: it is on a security key",
	{State: mfa.HelloNo, Proof: "nfc"}:            "not Windows Hello: it is on a security key or a card",
	{State: mfa.HelloNo, Proof: "attested"}:       "not Windows Hello: another model is proven",
	{State: mfa.HelloNo, Proof: "transports"}:     "not Windows Hello: it can be reached from outside",
	{State: mfa.HelloNo, Proof: "system"}:         "not Windows Hello: that computer has none",
	{State: mfa.HelloUnproven, Proof: "file"}:     "unproven: a file can say what it likes",
	{State: mfa.HelloUnproven, Proof: "platform"}: "unproven: the system's dialog did not say what it used",
}
