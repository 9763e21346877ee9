package readiness_test

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/readiness"
	"github.com/keyferry/keyferry/backend/transport"
)

func TestLadders(t *testing.T) {
	const hosts, clock = " host-name host-connect host-name host-connect", " clock"
	const radioGood = " radio-service radio-permission radio-adapter radio-power"
	type config = readiness.Config
	facts := func(f readiness.Facts) func(*config) { return func(c *config) { c.Machine = machine(f) } }
	kept := readiness.Facts{ClockKept: readiness.Yes}
	on := func(system string, more ...func(*config)) func(*config) {
		return func(c *config) {
			c.System = system
			for _, m := range more {
				m(c)
			}
		}
	}
	dll := func(version int, err error) func(*config) {
		return func(c *config) { c.Windows = windows(version, err) }
	}
	for _, c := range []struct {
		name   string
		way    readiness.Way
		change func(*config)
		want   string
	}{
		{"phone, all stands", readiness.WayPhone, nil, "ready:" + radioGood + hosts + clock},
		{"no service", readiness.WayPhone, func(c *config) { c.Radio = radio{err: fail(mfa.CodeRadioNoService)} },
			"not-ready: radio-service=failed(bluetooth-service-missing) radio-permission=skipped radio-adapter=skipped radio-power=skipped" + hosts + clock},
		{"not allowed", readiness.WayPhone, func(c *config) { c.Radio = radio{err: fail(mfa.CodeRadioDenied)} },
			"not-ready: radio-service radio-permission=failed(bluetooth-denied) radio-adapter=skipped radio-power=skipped" + hosts + clock},
		{"no adapter", readiness.WayPhone, func(c *config) { c.Radio = radio{err: fail(mfa.CodeRadioMissing)} },
			"not-ready: radio-service radio-permission radio-adapter=failed(bluetooth-missing) radio-power=skipped" + hosts + clock},
		{"switched off", readiness.WayPhone, func(c *config) { c.Radio = radio{err: fail(mfa.CodeRadioOff)} },
			"not-ready: radio-service radio-permission radio-adapter radio-power=failed(bluetooth-off)" + hosts + clock},
		{"what nobody foresaw", readiness.WayPhone, func(c *config) { c.Radio = radio{err: fail(mfa.CodeStorageDenied)} },
			"not-ready: radio-service=failed(storage-denied) radio-permission=skipped radio-adapter=skipped radio-power=skipped" + hosts + clock},
		{"no radio in this build", readiness.WayPhone, func(c *config) { c.Radio = nil },
			"unsure: radio-service=unknown[why not-built] radio-permission=skipped radio-adapter=skipped radio-power=skipped" + hosts + clock},
		{"one tunnel server has no name", readiness.WayPhone, func(c *config) { c.Network = network{nameless: map[string]bool{apple: true}} },
			"ready:" + radioGood + " host-name host-connect host-name=warning(tunnel-unreachable) host-connect=skipped" + clock},
		{"none has", readiness.WayPhone, func(c *config) { c.Network = network{nameless: map[string]bool{apple: true, google: true}} },
			"not-ready:" + radioGood + " host-name=failed(tunnel-unreachable) host-connect=skipped host-name=failed(tunnel-unreachable) host-connect=skipped" + clock},
		{"a firewall", readiness.WayPhone, func(c *config) {
			c.Network = network{unreached: map[string]bool{apple + ":443": true, google + ":443": true}}
		}, "not-ready:" + radioGood + " host-name host-connect=failed(tunnel-unreachable) host-name host-connect=failed(tunnel-unreachable)" + clock},
		{"a proxy", readiness.WayPhone, func(c *config) {
			c.Network = network{proxy: "proxy:3128", nameless: map[string]bool{apple: true, google: true}}
		},
			"ready:" + radioGood + " host-name=skipped[via proxy] host-connect=warning[via proxy] host-name=skipped[via proxy] host-connect=warning[via proxy]" + clock},
		{"a proxy that is away", readiness.WayPhone, func(c *config) {
			c.Network = network{proxy: "proxy:3128", unreached: map[string]bool{"proxy:3128": true}}
		}, "not-ready:" + radioGood + " host-name=skipped[via proxy] host-connect=failed(tunnel-unreachable) host-name=skipped[via proxy] host-connect=failed(tunnel-unreachable)" + clock},
		{"from elsewhere, in a package", readiness.WayPhone, facts(readiness.Facts{ClockKept: readiness.Yes, Remote: "ssh", Virtual: "kvm", Package: "flatpak"}),
			"ready:" + radioGood + hosts + clock + " package=warning[kind flatpak] remote=warning[kind ssh] virtual=warning[kind kvm]"},
		{"an AppImage hides nothing", readiness.WayPhone, facts(readiness.Facts{ClockKept: readiness.Yes, Package: "appimage"}), "ready:" + radioGood + hosts + clock},
		{"old Windows", readiness.WayPhone, on("windows", facts(kept), dll(4, nil)), "ready:" + radioGood + hosts + clock + " windows-api[have 4][route own]"},
		{"the first Windows that brings the phone", readiness.WayPhone, on("windows", facts(kept), dll(6, nil)), "ready:" + radioGood + hosts + clock + " windows-api[have 6][route system] windows-hello=warning[have 6]"},
		{"Windows before hints", readiness.WayPhone, on("windows", facts(kept), dll(7, nil)), "ready:" + radioGood + hosts + clock + " windows-api[have 7][route system] windows-hello=warning[have 7]"},
		{"Windows with hints", readiness.WayPhone, on("windows", facts(kept), dll(9, nil)), "ready:" + radioGood + hosts + clock + " windows-api[have 9][route system] windows-hello[have 9]"},
		{"Windows without the library", readiness.WayPhone, on("windows", facts(kept), dll(0, fail(mfa.CodePlatformMissing))), "ready:" + radioGood + hosts + clock + " windows-api[have 0][route own]"},
		{"Windows, not built", readiness.WayPhone, on("windows", facts(kept)), "ready:" + radioGood + hosts + clock + " windows-api=unknown[why not-built]"},

		{"key, one is there", readiness.WayKey, nil, "ready: usb-access usb-keys[count 1] usb-permission[count 1][denied 0]"},
		{"none, with a rule", readiness.WayKey, func(c *config) { c.USB = bus{} }, "ready: usb-access usb-keys=warning[count 0] usb-permission[count 0]"},
		{"none, without a rule", readiness.WayKey, func(c *config) {
			c.USB, c.Machine = bus{}, machine(readiness.Facts{KeyRules: readiness.No})
		}, "ready: usb-access usb-keys=warning[count 0] usb-permission=warning[why no-rule]"},
		{"none, nobody knows the rules", readiness.WayKey, func(c *config) { c.USB, c.Machine = bus{}, machine(readiness.Facts{}) },
			"ready: usb-access usb-keys=warning[count 0] usb-permission=skipped"},
		{"no permission", readiness.WayKey, func(c *config) { c.USB = bus{slots: []transport.Slot{denied}} },
			"not-ready: usb-access usb-keys[count 1] usb-permission=failed(key-permission)[count 1][denied 1]"},
		{"one of two", readiness.WayKey, func(c *config) { c.USB = bus{slots: []transport.Slot{denied, {}}} },
			"ready: usb-access usb-keys[count 2] usb-permission=warning(key-permission)[count 2][denied 1]"},
		{"no way to keys", readiness.WayKey, func(c *config) { c.USB = bus{err: fail(mfa.CodeKeyUnsupported, "system", "plan9")} }, "not-ready: usb-access=failed(key-unsupported)"},
		{"keys not built", readiness.WayKey, func(c *config) { c.USB = nil }, "unsure: usb-access=unknown[why not-built]"},
		{"keys far away", readiness.WayKey, facts(readiness.Facts{Remote: "xrdp"}), "ready: usb-access usb-keys[count 1] usb-permission[count 1][denied 0] remote=warning[kind xrdp]"},
		{"keys of Windows", readiness.WayKey, on("windows", dll(8, nil)), "ready: windows-api[have 8][route system] windows-hello[have 8]"},
		{"keys of old Windows", readiness.WayKey, on("windows", dll(1, nil)), "ready: windows-api[have 1][route system] windows-hello=warning[have 1]"},
		{"no library", readiness.WayKey, on("windows", dll(0, fail(mfa.CodePlatformMissing))), "not-ready: windows-api=failed(platform-missing)"},

		{"nfc, a card is there", readiness.WayNFC, nil, "ready: card-service card-permission card-reader card-present[count 1]"},
		{"nobody counts the readers", readiness.WayNFC, func(c *config) { c.Cards = bus{} }, "unsure: card-service card-permission card-reader=unknown[why not-built]"},
		{"a bus without a reader", readiness.WayNFC, func(c *config) { c.Cards = readers{} }, "not-ready: card-service card-permission card-reader=failed(reader-missing)"},
		{"it fails to count", readiness.WayNFC, func(c *config) { c.Cards = readers{err: fail(mfa.CodeReaderDenied)} },
			"not-ready: card-service card-permission=failed(reader-denied) card-reader=skipped"},
		{"no card", readiness.WayNFC, func(c *config) { c.Cards = readers{count: 1} }, "ready: card-service card-permission card-reader card-present=warning[count 0]"},
		{"a card that is no key", readiness.WayNFC, func(c *config) {
			c.Cards = readers{bus: bus{slots: []transport.Slot{{Trouble: fail(mfa.CodeKeyProtocol)}}}, count: 1}
		},
			"ready: card-service card-permission card-reader card-present=warning[count 0]"},
		{"no service for readers", readiness.WayNFC, func(c *config) { c.Cards = bus{err: fail(mfa.CodeReaderNoService)} },
			"not-ready: card-service=failed(reader-service-missing) card-permission=skipped card-reader=skipped"},
		{"readers not allowed", readiness.WayNFC, func(c *config) { c.Cards = bus{err: fail(mfa.CodeReaderDenied)} },
			"not-ready: card-service card-permission=failed(reader-denied) card-reader=skipped"},
		{"no reader", readiness.WayNFC, func(c *config) { c.Cards = bus{err: fail(mfa.CodeReaderMissing)} },
			"not-ready: card-service card-permission card-reader=failed(reader-missing)"},
		{"readers of Windows", readiness.WayNFC, on("windows", dll(8, nil)), "unsure: windows-api[have 8][route system] windows-hello[have 8] card-reader=unknown[why system]"},
		{"no library for readers", readiness.WayNFC, on("windows", dll(0, fail(mfa.CodePlatformMissing))), "not-ready: windows-api=failed(platform-missing)"},

		{"computer, a TPM", readiness.WayComputer, nil, "ready: tpm-device tpm-permission tpm-lockout"},
		{"no TPM", readiness.WayComputer, func(c *config) { c.Computer = owns(readiness.Own{}, fail(mfa.CodeTPMMissing)) }, "not-ready: tpm-device=failed(tpm-missing) tpm-permission=skipped tpm-lockout=skipped"},
		{"TPM not allowed", readiness.WayComputer, func(c *config) { c.Computer = owns(readiness.Own{}, fail(mfa.CodeTPMDenied, "node", "/dev/tpmrm0")) },
			"not-ready: tpm-device tpm-permission=failed(tpm-denied) tpm-lockout=skipped"},
		{"TPM locked", readiness.WayComputer, func(c *config) { c.Computer = owns(readiness.Own{}, fail(mfa.CodeTPMLockout, "seconds", "60")) },
			"not-ready: tpm-device tpm-permission tpm-lockout=failed(tpm-lockout)"},
		{"TPM of a virtual machine", readiness.WayComputer, facts(readiness.Facts{Virtual: "kvm"}), "ready: tpm-device tpm-permission tpm-lockout virtual=warning[kind kvm]"},
		{"TPM whose count anybody can start over", readiness.WayComputer, func(c *config) { c.Computer = owns(readiness.Own{Unguarded: true}, nil) },
			"ready: tpm-device tpm-permission tpm-lockout[kind open]"},
		{"passkeys in it", readiness.WayComputer, func(c *config) { c.Computer = owns(readiness.Own{Counted: true, Passkeys: 2}, nil) },
			"ready: tpm-device tpm-permission tpm-lockout tpm-passkeys[count 2]"},
		{"passkeys of a TPM that is gone", readiness.WayComputer, func(c *config) {
			c.Computer = owns(readiness.Own{Counted: true, Passkeys: 2, Unguarded: true}, fail(mfa.CodeTPMMissing))
		}, "not-ready: tpm-device=failed(tpm-missing) tpm-permission=skipped tpm-lockout=skipped tpm-passkeys[count 2]"},
		{"TPM not built", readiness.WayComputer, func(c *config) { c.Computer = nil }, "unsure: tpm-device=unknown[why not-built] tpm-permission=skipped tpm-lockout=skipped"},
		{"Windows Hello", readiness.WayComputer, on("windows", dll(9, nil)), "not-ready: windows-hello=failed(windows-hello)"},
		{"macOS, not built", readiness.WayComputer, on("darwin", func(c *config) { c.Computer = nil }), "not-ready: platform=failed(platform-missing)"},
		{"macOS", readiness.WayComputer, on("darwin"), "ready: platform"},
		{"macOS, not signed", readiness.WayComputer, on("darwin", func(c *config) { c.Computer = owns(readiness.Own{}, fail(mfa.CodePlatformMissing)) }), "not-ready: platform=failed(platform-missing)"},

		{"codes", readiness.WayCode, nil, "ready: clock vault"},
		{"no account", readiness.WayCode, func(c *config) { c.Vault = nil }, "ready: clock"},
		{"locked", readiness.WayCode, func(c *config) { c.Vault = fails(fail(mfa.CodeVaultLocked)) }, "not-ready: clock vault=failed(vault-locked)"},
		{"nobody keeps the clock", readiness.WayCode, facts(readiness.Facts{ClockKept: readiness.No}), "ready: clock=warning[why unsynchronised] vault"},
		{"nobody knows who keeps it", readiness.WayCode, facts(readiness.Facts{}), "ready: clock=unknown[why system] vault"},
		{"the clock is wrong", readiness.WayCode, func(c *config) { c.Clock = func() time.Time { return now.Add(-time.Hour) } }, "not-ready: clock=failed[least 2026-05-04T09:59:00Z] vault"},
		{"the clock is a little behind", readiness.WayCode, func(c *config) { c.Clock = func() time.Time { return now.Add(-150 * time.Second) } }, "ready: clock vault"},
		{"the clock is wrong for a phone, too", readiness.WayPhone, func(c *config) { c.Clock = func() time.Time { return now.Add(-time.Hour) } },
			"not-ready:" + radioGood + hosts + " clock=failed[least 2026-05-04T09:59:00Z]"},
	} {
		bubble(t, c.name, func(t *testing.T) {
			config := world()
			if c.change != nil {
				c.change(&config)
			}
			r := readiness.New(config).Check(t.Context(), readiness.Options{Online: true, NotBefore: now.Add(-time.Minute)})
			if got := show(r.Ladder(c.way)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

var denied = transport.Slot{ID: "/dev/hidraw1", Trouble: fail(mfa.CodeKeyPermission, "node", "/dev/hidraw1", "vendor", "1050", "product", "0407")}

// A rung says which device it is about.
func TestParams(t *testing.T) {
	c := world()
	c.USB = bus{slots: []transport.Slot{denied}}
	r := readiness.New(c).Check(t.Context(), readiness.Options{Online: true})
	if got := rung(t, r.Ladder(readiness.WayPhone), readiness.RungRadioAdapter).Params["name"]; got != "hci0" {
		t.Errorf("adapter %q", got)
	}
	if got := rung(t, r.Ladder(readiness.WayPhone), readiness.RungHostName).Params["host"]; got != google {
		t.Errorf("host %q", got)
	}
	if got := rung(t, r.Ladder(readiness.WayKey), readiness.RungUSBPermission).Failure.Params["vendor"]; got != "1050" {
		t.Errorf("vendor %q", got)
	}
}

// The order of the ladders is that of Ways, and every rung is in the list of those that
// have words.
func TestEveryRungIsListed(t *testing.T) {
	listed := map[string]bool{}
	for _, id := range readiness.Rungs() {
		listed[id] = true
	}
	for _, system := range []string{"linux", "windows", "darwin", "freebsd"} {
		c := world()
		c.System, c.Windows = system, windows(7, nil)
		c.Machine = machine(readiness.Facts{Remote: "ssh", Virtual: "kvm", Package: "snap"})
		r := readiness.New(c).Check(t.Context(), readiness.Options{})
		for i, l := range r.Ladders {
			if l.Way != readiness.Ways()[i] {
				t.Errorf("%s: ladder %d is %s", system, i, l.Way)
			}
			for _, rung := range l.Rungs {
				if !listed[rung.ID] {
					t.Errorf("%s: %s is not listed", system, rung.ID)
				}
			}
		}
	}
}
