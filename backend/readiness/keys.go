package readiness

import (
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// keys needs a system that lets programs talk to security keys. That none is plugged in
// is no failure: one is asked for when it is needed.
func (a *answers) keys() Ladder {
	var c climb
	if a.system == "windows" {
		a.windowsKeys(&c)
	} else if c.steps([]step{{id: RungUSBAccess}}, a.usb.err, a.usb.why) {
		a.plugged(&c)
	}
	a.surroundings(&c)
	return c.ladder(WayKey)
}

// windowsKeys: since Windows 10 1903 only Windows itself may talk to keys.
func (a *answers) windowsKeys(c *climb) {
	if !c.steps([]step{{id: RungWindowsAPI}}, a.windows.err, a.windows.why) {
		return
	}
	c.rungs[len(c.rungs)-1].Params = pairs([]string{"have", strconv.Itoa(a.windows.value), "route", "system"})
	a.helloAside(c)
}

func (a *answers) plugged(c *climb) {
	count := strconv.Itoa(len(a.usb.value))
	if len(a.usb.value) == 0 {
		c.warn(RungUSBKeys, nil, "count", count)
		switch a.machine.value.KeyRules {
		case Yes:
			c.ok(RungUSBPermission, "count", count)
		case No:
			c.warn(RungUSBPermission, nil, "why", WhyNoRule)
		default:
			c.add(RungUSBPermission, Skipped, nil)
		}
		return
	}
	c.ok(RungUSBKeys, "count", count)
	var trouble *mfa.Failure
	denied := 0
	for _, s := range a.usb.value {
		if s.Trouble != nil {
			denied++
			trouble = failure(s.Trouble)
		}
	}
	params := []string{"count", count, "denied", strconv.Itoa(denied)}
	switch denied {
	case 0:
		c.ok(RungUSBPermission, params...)
	case len(a.usb.value):
		c.fail(RungUSBPermission, trouble, params...)
	default:
		c.warn(RungUSBPermission, trouble, params...)
	}
}
