package hello

import (
	"fmt"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

var (
	hardware = aaguids[0]
	zero     mfa.AAGUID
	other    = mfa.AAGUID{0xd3, 0x45, 0x26, 0x68, 0x01, 0xfd, 0x4c, 0x12, 0x92, 0x6c, 0x83, 0xa4, 0x20, 0x48, 0x53, 0xaa} // Microsoft Password Manager
)

func TestJudge(t *testing.T) {
	internal, phone := []string{"internal"}, []string{"internal", "hybrid"}
	for name, row := range map[string]struct {
		e     Evidence
		state mfa.HelloState
		proof string
	}{
		"hardware":                           {Evidence{AAGUID: hardware, Path: PathPlatform, System: "windows"}, mfa.HelloYes, ProofAAGUID},
		"virtualisation-based":               {Evidence{AAGUID: aaguids[1], Path: PathFile}, mfa.HelloYes, ProofAAGUID},
		"software":                           {Evidence{AAGUID: aaguids[2]}, mfa.HelloYes, ProofAAGUID},
		"by hybrid, it says":                 {Evidence{AAGUID: hardware, Path: PathHybrid}, mfa.HelloYes, ProofAAGUID},
		"by USB, it says, and another model": {Evidence{AAGUID: hardware, Path: PathUSB, Proven: true}, mfa.HelloYes, ProofAAGUID},
		"on another system, it says":         {Evidence{AAGUID: hardware, Path: PathPlatform, System: "linux"}, mfa.HelloYes, ProofAAGUID},
		"TPM":                                {Evidence{Formats: []string{"tpm"}, Path: PathFile}, mfa.HelloYes, ProofTPM},
		"TPM among others":                   {Evidence{Formats: []string{"packed", "tpm"}, Path: PathFile}, mfa.HelloYes, ProofTPM},
		"TPM by USB":                         {Evidence{Formats: []string{"tpm"}, Path: PathUSB}, mfa.HelloYes, ProofTPM},
		"TPM and another model":              {Evidence{Formats: []string{"tpm"}, Path: PathFile, Proven: true}, mfa.HelloYes, ProofTPM},
		"AAGUID before TPM":                  {Evidence{AAGUID: hardware, Formats: []string{"tpm"}}, mfa.HelloYes, ProofAAGUID},

		"phone without attestation":        {Evidence{AAGUID: zero, Formats: []string{"none"}, Transports: phone, Path: PathHybrid}, mfa.HelloNo, ProofHybrid},
		"phone that calls itself internal": {Evidence{AAGUID: zero, Transports: internal, Path: PathHybrid, System: "windows"}, mfa.HelloNo, ProofHybrid},
		"security key":                     {Evidence{AAGUID: zero, Transports: []string{"usb"}, Path: PathUSB}, mfa.HelloNo, ProofUSB},
		"security key that says internal":  {Evidence{Transports: internal, Path: PathUSB, System: "windows"}, mfa.HelloNo, ProofUSB},
		"card":                             {Evidence{Path: PathNFC}, mfa.HelloNo, ProofNFC},
		"path before model":                {Evidence{Path: PathUSB, Proven: true}, mfa.HelloNo, ProofUSB},
		"file with a proven model":         {Evidence{AAGUID: other, Path: PathFile, Proven: true}, mfa.HelloNo, ProofAttested},
		"dialog with a proven model":       {Evidence{AAGUID: other, Path: PathPlatform, System: "windows", Transports: internal, Proven: true}, mfa.HelloNo, ProofAttested},
		"Touch ID":                         {Evidence{Path: PathPlatform, System: "darwin", Transports: internal}, mfa.HelloNo, ProofSystem},
		"Linux":                            {Evidence{Path: PathPlatform, System: "linux"}, mfa.HelloNo, ProofSystem},

		"Windows' dialog, internal":          {Evidence{Path: PathPlatform, System: "windows", Transports: internal}, mfa.HelloYes, ProofTransports},
		"the same, with another's AAGUID":    {Evidence{AAGUID: other, Path: PathPlatform, System: "windows", Transports: internal}, mfa.HelloYes, ProofTransports},
		"Windows' dialog, internal twice":    {Evidence{Path: PathPlatform, System: "windows", Transports: []string{"internal", "internal"}}, mfa.HelloYes, ProofTransports},
		"Windows' dialog, phone":             {Evidence{Path: PathPlatform, System: "windows", Transports: phone}, mfa.HelloNo, ProofTransports},
		"Windows' dialog, hybrid":            {Evidence{Path: PathPlatform, System: "windows", Transports: []string{"hybrid"}}, mfa.HelloNo, ProofTransports},
		"Windows' dialog, key":               {Evidence{Path: PathPlatform, System: "windows", Transports: []string{"nfc", "usb"}}, mfa.HelloNo, ProofTransports},
		"Windows' dialog, key and internal":  {Evidence{Path: PathPlatform, System: "windows", Transports: []string{"usb", "internal"}}, mfa.HelloUnproven, NoProofPlatform},
		"Windows' dialog, unheard-of":        {Evidence{Path: PathPlatform, System: "windows", Transports: []string{"telepathy"}}, mfa.HelloUnproven, NoProofPlatform},
		"Windows' dialog, internal and that": {Evidence{Path: PathPlatform, System: "windows", Transports: []string{"internal", "telepathy"}}, mfa.HelloUnproven, NoProofPlatform},
		"Windows' dialog, nothing said":      {Evidence{Path: PathPlatform, System: "windows"}, mfa.HelloUnproven, NoProofPlatform},
		"a dialog of an unknown system":      {Evidence{Path: PathPlatform, Transports: internal}, mfa.HelloUnproven, NoProofPlatform},
		"file, internal":                     {Evidence{Path: PathFile, System: "windows", Transports: internal}, mfa.HelloUnproven, NoProofFile},
		"file that says hybrid":              {Evidence{Path: PathFile, Transports: phone}, mfa.HelloUnproven, NoProofFile},
		"file with another's AAGUID":         {Evidence{AAGUID: other, Path: PathFile}, mfa.HelloUnproven, NoProofFile},
		"nothing known":                      {Evidence{}, mfa.HelloUnproven, NoProofFile},
		"a path nobody knows":                {Evidence{Path: "x", System: "linux"}, mfa.HelloUnproven, NoProofFile},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Judge(row.e); got != (mfa.Hello{State: row.state, Proof: row.proof}) {
				t.Errorf("%+v: %+v", row.e, got)
			}
		})
	}
}

// Every combination obeys the rules that must hold for all of them.
func TestEveryCombination(t *testing.T) {
	aaguidsOf := append([]mfa.AAGUID{zero, other}, aaguids[:]...)
	formats := [][]string{nil, {"none"}, {"packed"}, {"tpm"}, {"packed", "tpm"}, {"fido-u2f"}}
	transports := [][]string{nil, {"internal"}, {"internal", "hybrid"}, {"hybrid"}, {"usb"}, {"internal", "usb"}, {"x"}}
	paths := []Path{"", PathHybrid, PathUSB, PathNFC, PathPlatform, PathFile}
	count := 0
	for _, a := range aaguidsOf {
		for _, f := range formats {
			for _, tr := range transports {
				for _, p := range paths {
					for _, system := range []string{"", "windows", "linux", "darwin"} {
						for _, proven := range []bool{false, true} {
							e := Evidence{a, f, tr, p, system, proven}
							if why := broken(e, Judge(e)); why != "" {
								t.Errorf("%+v: %+v: %s", e, Judge(e), why)
							}
							count++
						}
					}
				}
			}
		}
	}
	t.Logf("%d combinations", count)
}

func broken(e Evidence, h mfa.Hello) string {
	own := IsModel(e.AAGUID) || slices.Contains(e.Formats, "tpm")
	direct := e.Path == PathHybrid || e.Path == PathUSB || e.Path == PathNFC
	onlyInternal := len(e.Transports) == 1 && e.Transports[0] == "internal"
	windowsDialog := e.Path == PathPlatform && e.System == "windows"
	switch {
	case h.Proof == "":
		return "a verdict without a proof"
	case own && h.State != mfa.HelloYes:
		return "it says itself that it is Hello"
	case !own && direct && h.State != mfa.HelloNo:
		return "a phone or key that we spoke to"
	case !own && !direct && e.Proven && h.State != mfa.HelloNo:
		return "another model is proven"
	case !own && !e.Proven && windowsDialog && onlyInternal && h.State != mfa.HelloYes:
		return "made by Windows, and internal alone"
	case h.State == mfa.HelloYes && !own && !windowsDialog:
		return "yes without its proof"
	case h.State == mfa.HelloNo && !direct && !e.Proven && e.Path != PathPlatform:
		return "no without its proof"
	}
	return ""
}

func TestCheck(t *testing.T) {
	for _, row := range []struct {
		h       mfa.Hello
		ruleOut bool
		code    mfa.Code
	}{
		{yes(ProofTPM), false, mfa.CodeHelloRefused},
		{yes(ProofTPM), true, mfa.CodeHelloRefused},
		{no(ProofUSB), false, ""},
		{no(ProofUSB), true, ""},
		{mfa.Hello{State: mfa.HelloUnproven, Proof: NoProofFile}, false, ""},
		{mfa.Hello{State: mfa.HelloUnproven, Proof: NoProofFile}, true, mfa.CodeHelloUnproven},
		{mfa.Hello{}, false, ""},
		{mfa.Hello{}, true, mfa.CodeHelloUnproven},
		{mfa.Hello{State: "maybe"}, true, mfa.CodeHelloUnproven},
	} {
		t.Run(fmt.Sprint(row.h, row.ruleOut), func(t *testing.T) {
			err := Check(row.h, row.ruleOut)
			switch {
			case row.code == "" && err != nil, row.code != "" && !mfa.IsCode(err, row.code):
				t.Errorf("%v, expected %q", err, row.code)
			case err != nil && (mfa.AsFailure(err).Params["proof"] != row.h.Proof || mfa.AsFailure(err).Explain() == ""):
				t.Errorf("%v without its proof or cause", err)
			}
		})
	}
}

func TestModels(t *testing.T) {
	for text, want := range map[string]bool{
		"08987058-cadc-4b81-b6e1-30de50dcbe96": true,
		"9ddd1817-af5a-4672-a2b9-3e3dd95000a9": true,
		"6028b017-b1d4-4c02-b4b3-afcdafc96bb2": true,
		"d3452668-01fd-4c12-926c-83a4204853aa": false,
		"00000000-0000-0000-0000-000000000000": false,
	} {
		found := slices.ContainsFunc(aaguids[:], func(a mfa.AAGUID) bool { return a.String() == text })
		if found != want || IsModel(zero) || IsModel(other) {
			t.Errorf("%s: %v", text, found)
		}
	}
}
