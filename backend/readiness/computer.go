package readiness

import "github.com/keyferry/keyferry/backend/mfa"

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
		c.steps(tpmSteps, a.computer.err, a.computer.why)
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
