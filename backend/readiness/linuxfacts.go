package readiness

import (
	"io"
	"io/fs"
	"path"
	"strings"
)

// linux is where a Linux tells about itself. It is apart from the leaf that opens it, so
// that each system's tests can run everywhere.
type linux struct {
	root    fs.FS // "/"
	getenv  func(string) string
	program string // path of this program
	kernel  string
}

func (l linux) find(f *Facts) {
	f.Kernel = l.kernel
	f.Name, f.Version = l.release()
	f.Session, f.Desktop = l.getenv("XDG_SESSION_TYPE"), strings.ReplaceAll(l.getenv("XDG_CURRENT_DESKTOP"), ":", ", ")
	f.Remote, f.Virtual, f.Package = l.remote(), l.virtual(), l.packed()
	if f.Package != "flatpak" && f.Package != "snap" { // they see rules of their own
		f.KeyRules = l.keyRules()
	}
}

// release reads os-release(5). Within a Flatpak the real one is below /run/host.
func (l linux) release() (name, version string) {
	text := l.text("run/host/os-release")
	for _, file := range []string{"etc/os-release", "usr/lib/os-release"} {
		if text == "" {
			text = l.text(file)
		}
	}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "NAME":
			name = value
		case "VERSION_ID":
			version = value
		}
	}
	return name, version
}

func (l linux) remote() string {
	switch {
	case l.getenv("XRDP_SESSION") != "":
		return "xrdp"
	case l.getenv("X2GO_SESSION") != "":
		return "x2go"
	case l.getenv("SSH_CONNECTION") != "" || l.getenv("SSH_TTY") != "":
		return "ssh"
	}
	for line := range strings.Lines(l.text("run/systemd/sessions/" + l.getenv("XDG_SESSION_ID"))) { // logind's
		if strings.TrimSpace(line) == "REMOTE=1" {
			return "remote"
		}
	}
	return ""
}

func (l linux) virtual() string {
	if strings.Contains(strings.ToLower(l.kernel), "microsoft") {
		return "wsl"
	}
	if l.there(".dockerenv") || l.there("run/.containerenv") || l.there("run/systemd/container") {
		return "container"
	}
	const dmi = "sys/class/dmi/id/"
	if v := virtual(l.text(dmi+"sys_vendor"), l.text(dmi+"product_name")); v != "" {
		return v
	}
	if strings.TrimSpace(l.text("sys/hypervisor/type")) == "xen" {
		return "xen"
	}
	for line := range strings.Lines(l.text("proc/cpuinfo")) {
		key, flags, _ := strings.Cut(line, ":")
		if strings.TrimSpace(key) == "flags" {
			if strings.Contains(" "+strings.TrimSpace(flags)+" ", " hypervisor ") {
				return "other"
			}
			return ""
		}
	}
	return ""
}

// packed looks at where the program is, too: what is started from within a package has
// that package's environment.
func (l linux) packed() string {
	in := func(dir string) bool {
		return dir != "" && strings.HasPrefix(l.program, strings.TrimSuffix(dir, "/")+"/")
	}
	switch {
	case l.there(".flatpak-info"):
		return "flatpak"
	case in(l.getenv("SNAP")):
		return "snap"
	case l.getenv("APPIMAGE") != "" && in(l.getenv("APPDIR")):
		return "appimage"
	}
	return ""
}

// keyRules looks for a udev rule about security keys: systemd's fido_id, the older lists
// of makers, or our own.
func (l linux) keyRules() Answer {
	told := NobodyTold
	for _, dir := range []string{"etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"} {
		entries, err := fs.ReadDir(l.root, dir)
		if err != nil {
			continue
		}
		told = No
		for _, e := range entries {
			name := strings.ToLower(e.Name())
			if path.Ext(name) == ".rules" && (strings.Contains(name, "fido") || strings.Contains(name, "u2f") || strings.Contains(name, "keyferry")) {
				return Yes
			}
		}
	}
	return told
}

func (l linux) there(name string) bool {
	_, err := fs.Stat(l.root, name)
	return err == nil
}

// maxText is the most that is read of a file, in bytes: the flags of the first processor
// come within it.
const maxText = 16 << 10

// text is the beginning of a file, "" when it cannot be read.
func (l linux) text(name string) string {
	f, err := l.root.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	b, _ := io.ReadAll(io.LimitReader(f, maxText))
	return strings.TrimSpace(string(b))
}
