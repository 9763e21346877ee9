package hello

import (
	"fmt"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	formatTPM         = "tpm"
	transportInternal = "internal"
)

// Judge gives the verdict with its proof. The order is that of strength: what
// Windows Hello says of itself holds on every path and against every other proof;
// then the path that we walked ourselves; then a model that is proven; then what
// the operating system told.
func Judge(e Evidence) mfa.Hello {
	switch {
	case IsModel(e.AAGUID):
		return yes(ProofAAGUID)
	case slices.Contains(e.Formats, formatTPM):
		return yes(ProofTPM)
	}
	switch e.Path {
	case PathHybrid:
		return no(ProofHybrid)
	case PathUSB:
		return no(ProofUSB)
	case PathNFC:
		return no(ProofNFC)
	}
	switch {
	case e.Proven:
		return no(ProofAttested)
	case e.Path == PathPlatform:
		return judgePlatform(e)
	}
	return mfa.Hello{State: mfa.HelloUnproven, Proof: NoProofFile}
}

// judgePlatform is for what the system's own dialog made. On Windows that dialog
// reaches phones and keys as well as Hello, and says by which it went.
func judgePlatform(e Evidence) mfa.Hello {
	switch {
	case e.System != "" && e.System != systemWindows:
		return no(ProofSystem)
	case e.System == systemWindows && onlyInternal(e.Transports):
		return yes(ProofTransports)
	case e.System == systemWindows && isElsewhere(e.Transports):
		return no(ProofTransports)
	}
	return mfa.Hello{State: mfa.HelloUnproven, Proof: NoProofPlatform}
}

func onlyInternal(transports []string) bool {
	return len(transports) > 0 && !slices.ContainsFunc(transports, func(t string) bool { return t != transportInternal })
}

// isElsewhere reports a phone, which is internal to itself and reached by hybrid, or
// an authenticator that is reached from outside and not internal. Names that nobody
// knows yet say nothing.
func isElsewhere(transports []string) bool {
	if slices.Contains(transports, "hybrid") {
		return true
	}
	outside := func(t string) bool { return slices.Contains([]string{"usb", "nfc", "ble", "smart-card"}, t) }
	return slices.ContainsFunc(transports, outside) && !slices.Contains(transports, transportInternal)
}

// Check refuses a credential by its verdict. ruleOut also refuses what is not
// proven to be something else, unjudged included. windows-hello (params: proof),
// windows-hello-unproven (params: proof).
func Check(h mfa.Hello, ruleOut bool) error {
	switch {
	case h.State == mfa.HelloYes:
		return refuse(mfa.CodeHelloRefused, h)
	case h.State != mfa.HelloNo && ruleOut:
		return refuse(mfa.CodeHelloUnproven, h)
	}
	return nil
}

func refuse(code mfa.Code, h mfa.Hello) error {
	return mfa.Fail(code, "proof", h.Proof).Because(fmt.Errorf("hello: verdict %q by %q", h.State, h.Proof))
}

func yes(proof string) mfa.Hello { return mfa.Hello{State: mfa.HelloYes, Proof: proof} }
func no(proof string) mfa.Hello  { return mfa.Hello{State: mfa.HelloNo, Proof: proof} }
