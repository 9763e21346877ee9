package readiness

import (
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

var radioSteps = []step{
	{RungRadioService, []mfa.Code{mfa.CodeRadioNoService, mfa.CodeRadioUnsupported, mfa.CodeRadioFailed}},
	{RungRadioPermission, []mfa.Code{mfa.CodeRadioDenied}},
	{RungRadioAdapter, []mfa.Code{mfa.CodeRadioMissing}},
	{RungRadioPower, []mfa.Code{mfa.CodeRadioOff}},
}

// phone needs Bluetooth that listens and a tunnel server that can be reached: the phone
// is near (CTAP 2.2 section 11.5.1), and what is said goes through the internet
// (section 11.5.2).
func (a *answers) phone() Ladder {
	var c climb
	if c.steps(radioSteps, a.radio.err, a.radio.why) && a.radio.value != "" {
		c.rungs[2].Params = pairs([]string{"name", a.radio.value})
	}
	a.tunnels(&c)
	c.flight()
	a.clock(&c)
	if a.system == "windows" {
		a.windowsPhone(&c)
	}
	a.surroundings(&c)
	return c.ladder(WayPhone)
}

// tunnels: which server it is, is the phone's choice. So one that can be reached is
// enough to begin with, and one that cannot is a warning; none is a failure.
func (a *answers) tunnels(c *climb) {
	some := false
	for _, h := range a.hosts {
		some = some || h.value.connected
	}
	for i, h := range a.hosts {
		c.flight()
		host, r := a.names[i], h.value
		if h.why != "" {
			c.unknown(RungHostName, h.why, "host", host)
			c.ok(RungHostConnect, "host", host) // hidden
			continue
		}
		down := c.fail
		if some {
			down = func(id string, f *mfa.Failure, params ...string) { c.warn(id, f, params...); c.hidden = true }
		}
		gone := mfa.Fail(mfa.CodeTunnelUnreachable, "host", host)
		switch {
		case r.proxy: // it is the proxy that asks for the name
			c.add(RungHostName, Skipped, nil, "host", host, "via", "proxy")
		case r.named:
			c.ok(RungHostName, "host", host)
		default:
			down(RungHostName, gone.Because(r.err), "host", host)
		}
		switch {
		case r.proxy && r.connected:
			c.warn(RungHostConnect, nil, "host", host, "via", "proxy")
		case r.connected:
			c.ok(RungHostConnect, "host", host)
		default:
			down(RungHostConnect, gone.Because(r.err), "host", host)
		}
	}
}

// What Windows can do itself, by the version of webauthn.dll's API.
const (
	apiHybrid = 6 // it has the way to the phone
	apiHints  = 8 // it can be told which way is meant, so that Hello stays aside
)

// windowsPhone says who shows the code: Windows from version 6 on, else this app. Either
// will do, so that nothing here is needed.
func (a *answers) windowsPhone(c *climb) {
	have := strconv.Itoa(a.windows.value)
	switch {
	case a.windows.why != "":
		c.note(RungWindowsAPI, a.windows.why)
	case a.windows.err != nil:
		c.ok(RungWindowsAPI, "have", "0", "route", "own")
	case a.windows.value < apiHybrid:
		c.ok(RungWindowsAPI, "have", have, "route", "own")
	default:
		c.ok(RungWindowsAPI, "have", have, "route", "system")
		a.helloAside(c)
	}
}

// helloAside: without hints Windows shows a chooser of its own, in which Hello may stand
// first.
func (a *answers) helloAside(c *climb) {
	if a.windows.value < apiHints {
		c.warn(RungWindowsHello, nil, "have", strconv.Itoa(a.windows.value))
		return
	}
	c.ok(RungWindowsHello, "have", strconv.Itoa(a.windows.value))
}

// surroundings warns of what keeps devices away without any of them saying so.
func (a *answers) surroundings(c *climb) {
	c.flight()
	f := a.machine.value
	for _, w := range []struct{ id, kind string }{{RungPackage, f.confined()}, {RungRemote, f.Remote}, {RungVirtual, f.Virtual}} {
		if w.kind != "" {
			c.warn(w.id, nil, "kind", w.kind)
		}
	}
}
