package readiness

import (
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Own is what is known of the authenticator that the app brings on this computer.
type Own struct {
	// Counted says that Passkeys is known: an account is open. They lie in its database,
	// so they are there, and of no use, also when the TPM is not.
	Counted  bool
	Passkeys int
	// Unguarded: the TPM counts wrong PINs, and whoever may speak to it can start the
	// count over.
	Unguarded bool
}

var tpmSteps = []step{
	{RungTPMDevice, []mfa.Code{mfa.CodeTPMMissing, mfa.CodeTPMFailed}},
	{RungTPMPermission, []mfa.Code{mfa.CodeTPMDenied}},
	{RungTPMLockout, []mfa.Code{mfa.CodeTPMLockout}},
}

// thisComputer: on Linux the app brings an authenticator over the TPM. Windows has Hello,
// which is never offered. Elsewhere the system's own passkeys are asked for.
func (a *answers) thisComputer() Ladder {
	var c climb
	switch {
	case a.system == "windows":
		c.fail(RungWindowsHello, mfa.Fail(mfa.CodeHelloRefused))
	case a.system == "linux":
		if c.steps(tpmSteps, a.computer.err, a.computer.why) && a.computer.value.Unguarded {
			c.rungs[len(c.rungs)-1].Params = pairs([]string{"kind", KindOpen})
		}
		if own := a.computer.value; own.Counted {
			c.flight()
			c.ok(RungTPMPasskeys, "count", strconv.Itoa(own.Passkeys))
		}
		if v := a.machine.value.Virtual; v != "" {
			c.flight()
			c.warn(RungVirtual, nil, "kind", v) // its TPM is as safe as its host
		}
	case a.computer.why == WhyNotBuilt:
		c.fail(RungPlatform, mfa.Fail(mfa.CodePlatformMissing, "system", a.machine.value.name(a.system)), "system", a.system)
	default:
		if c.steps([]step{{id: RungPlatform}}, a.computer.err, a.computer.why); c.rungs[0].Params == nil {
			c.rungs[0].Params = pairs([]string{"system", a.system})
		}
	}
	return c.ladder(WayComputer)
}
