package readiness

import (
	"cmp"
	"context"
	"os"
	"runtime"
	"strings"
	"unicode"
)

// Answer is yes, no, or nobody knows.
type Answer string

const (
	Yes        Answer = "yes"
	No         Answer = "no"
	NobodyTold Answer = "" // nobody could be asked
)

// Facts is what is known about this computer, without asking any device. Strings are
// short and printable; none holds a name of a person, of the computer or of a folder.
type Facts struct {
	System  string // as runtime.GOOS
	Name    string // "Debian GNU/Linux"
	Version string // "12"
	Kernel  string // release
	Arch    string // as runtime.GOARCH
	Session string // wayland, x11, tty; "" unknown
	Desktop string // "GNOME"
	Remote  string // how the person came from elsewhere: ssh, rdp, xrdp, x2go, remote; "" they did not
	Virtual string // kvm, qemu, vmware, virtualbox, hyper-v, parallels, xen, bhyve, wsl, container, other; "" none
	Package string // flatpak, snap, appimage, app-sandbox; "" none
	// ClockKept says whether something keeps the clock in step.
	ClockKept Answer
	// KeyRules says whether there is a rule that lets people open security keys. Linux only.
	KeyRules Answer
	// Portal is by what a service offers passkeys to all programs of this session, "" where
	// none does. Linux only; asked by whoever sets Config.Machine.
	Portal string
}

// ThisMachine tells about this computer. It reads files and settings of the system and
// never fails: what it cannot find out is empty.
func ThisMachine(context.Context) (Facts, error) {
	f := Facts{System: runtime.GOOS, Arch: runtime.GOARCH}
	f.find(os.Getenv)
	for _, s := range []*string{&f.Name, &f.Version, &f.Kernel, &f.Session, &f.Desktop} {
		*s = short(*s)
	}
	return f, nil
}

// confined is the kind of package that keeps devices away. An AppImage is only packed.
func (f Facts) confined() string {
	if f.Package == "appimage" {
		return ""
	}
	return f.Package
}

// name is how a person calls the system.
func (f Facts) name(goos string) string {
	return cmp.Or(f.Name, map[string]string{"linux": "Linux", "windows": "Windows", "darwin": "macOS"}[goos], goos)
}

func (f Facts) list() []Fact {
	kept := map[Answer]string{Yes: "synchronised", No: "unsynchronised"}[f.ClockKept]
	all := []Fact{{FactSystem, strings.TrimSpace(f.name(f.System) + " " + f.Version)}, {FactKernel, f.Kernel}, {FactArch, f.Arch},
		{FactSession, f.Session}, {FactDesktop, f.Desktop}, {FactRemote, cmp.Or(f.Remote, "no")}, {FactVirtual, cmp.Or(f.Virtual, "no")},
		{FactPackage, cmp.Or(f.Package, "no")}, {FactClock, cmp.Or(kept, "unknown")}, {FactKeyRules, string(f.KeyRules)}, {FactPortal, f.Portal}}
	known := all[:0]
	for _, fact := range all {
		if fact.Value != "" {
			known = append(known, fact)
		}
	}
	return known
}

// maxFact is the longest value, in characters.
const maxFact = 80

// short makes one line of what the system says of itself.
func short(s string) string {
	out := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.TrimSpace(s)))
	return string(out[:min(len(out), maxFact)])
}

// firstEleven is the build from which on Windows 10.0 is called 11. The registry's own
// name says 10 for both.
const firstEleven = 22000

func windowsName(build uint32) string {
	if build >= firstEleven {
		return "Windows 11"
	}
	return "Windows 10"
}
