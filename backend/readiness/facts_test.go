package readiness

import (
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

func TestLinuxFacts(t *testing.T) {
	files := func(pairs ...string) fstest.MapFS {
		m := fstest.MapFS{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
		}
		return m
	}
	const debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n"
	for _, c := range []struct {
		name    string
		root    fstest.MapFS
		env     map[string]string
		program string
		kernel  string
		want    Facts
	}{
		{name: "nothing", root: files()},
		{name: "a desktop", root: files("etc/os-release", debian, "sys/class/dmi/id/sys_vendor", "LENOVO\n", "sys/class/dmi/id/product_name", "21CB\n",
			"proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme\n", "usr/lib/udev/rules.d/60-fido-id.rules", ""),
			env: map[string]string{"XDG_SESSION_TYPE": "wayland", "XDG_CURRENT_DESKTOP": "ubuntu:GNOME"}, kernel: "6.1.0-18-amd64",
			want: Facts{Name: "Debian GNU/Linux", Version: "12", Kernel: "6.1.0-18-amd64", Session: "wayland", Desktop: "ubuntu, GNOME", KeyRules: Yes}},
		{name: "no rule", root: files("lib/udev/rules.d/50-udev-default.rules", "", "etc/udev/rules.d/fido.txt", ""), want: Facts{KeyRules: No}},
		{name: "our rule", root: files("etc/udev/rules.d/70-keyferry.rules", ""), want: Facts{KeyRules: Yes}},
		{name: "KVM", root: files("sys/class/dmi/id/sys_vendor", "QEMU\n", "sys/class/dmi/id/product_name", "Standard PC (Q35 + ICH9, 2009)\n"), want: Facts{Virtual: "qemu"}},
		{name: "Hyper-V", root: files("sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n", "sys/class/dmi/id/product_name", "Virtual Machine\n"), want: Facts{Virtual: "hyper-v"}},
		{name: "a Surface is none", root: files("sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n", "sys/class/dmi/id/product_name", "Surface Pro 9\n")},
		{name: "an unknown hypervisor", root: files("proc/cpuinfo", "flags\t\t: fpu hypervisor lahf_lm\n"), want: Facts{Virtual: "other"}},
		{name: "a flag that only sounds like it", root: files("proc/cpuinfo", "flags\t\t: fpu nohypervisor2\n")},
		{name: "Xen", root: files("sys/hypervisor/type", "xen\n"), want: Facts{Virtual: "xen"}},
		{name: "WSL", root: files(), kernel: "5.15.90.1-microsoft-standard-WSL2", want: Facts{Kernel: "5.15.90.1-microsoft-standard-WSL2", Virtual: "wsl"}},
		{name: "Docker", root: files(".dockerenv", ""), want: Facts{Virtual: "container"}},
		{name: "ssh", root: files(), env: map[string]string{"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, want: Facts{Remote: "ssh"}},
		{name: "xrdp", root: files(), env: map[string]string{"XRDP_SESSION": "1"}, want: Facts{Remote: "xrdp"}},
		{name: "X2Go", root: files(), env: map[string]string{"X2GO_SESSION": "a"}, want: Facts{Remote: "x2go"}},
		{name: "logind says so", root: files("run/systemd/sessions/c1", "UID=1000\nREMOTE=1\n"), env: map[string]string{"XDG_SESSION_ID": "c1"}, want: Facts{Remote: "remote"}},
		{name: "logind does not", root: files("run/systemd/sessions/c1", "UID=1000\nREMOTE=0\n"), env: map[string]string{"XDG_SESSION_ID": "c1"}},
		{name: "a session ID that is a path", root: files("run/systemd/users/1", "REMOTE=1\n"), env: map[string]string{"XDG_SESSION_ID": "../users/1"}},
		{name: "Flatpak", root: files(".flatpak-info", "", "etc/os-release", "NAME=\"Freedesktop SDK\"\nVERSION_ID=23.08\n", "run/host/os-release", debian,
			"usr/lib/udev/rules.d/x.rules", ""), want: Facts{Name: "Debian GNU/Linux", Version: "12", Package: "flatpak"}},
		{name: "Snap", root: files(), env: map[string]string{"SNAP": "/snap/keyferry/3"}, program: "/snap/keyferry/3/bin/keyferry", want: Facts{Package: "snap"}},
		{name: "started from another's Snap", root: files(), env: map[string]string{"SNAP": "/snap/code/3"}, program: "/usr/bin/keyferry"},
		{name: "AppImage", root: files(), env: map[string]string{"APPIMAGE": "/x/K.AppImage", "APPDIR": "/tmp/.mount_K"}, program: "/tmp/.mount_K/usr/bin/keyferry", want: Facts{Package: "appimage"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got Facts
			linux{root: c.root, getenv: func(k string) string { return c.env[k] }, program: c.program, kernel: c.kernel}.find(&got)
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestVirtual(t *testing.T) {
	for _, c := range []struct{ maker, product, want string }{
		{"VMware, Inc.", "VMware Virtual Platform", "vmware"},
		{"innotek GmbH", "VirtualBox", "virtualbox"},
		{"Parallels International GmbH.", "Parallels Virtual Platform", "parallels"},
		{"Red Hat", "KVM", "kvm"},
		{"Amazon EC2", "t3.micro", "kvm"},
		{"Google", "Google Compute Engine", "kvm"},
		{"Xen", "HVM domU", "xen"},
		{"Microsoft Corporation", "Virtual Machine", "hyper-v"},
		{"Microsoft Corporation", "Surface Laptop 5", ""},
		{"Apple", "VirtualMac2,1", "apple"},
		{"Apple", "Mac14,2", ""},
		{"Dell Inc.", "Latitude 7440", ""},
		{"", "", ""},
	} {
		if got := virtual(c.maker, c.product); got != c.want {
			t.Errorf("%s, %s: %q", c.maker, c.product, got)
		}
	}
}

func TestWindowsName(t *testing.T) {
	for build, want := range map[uint32]string{19045: "Windows 10", 21999: "Windows 10", 22000: "Windows 11", 26100: "Windows 11"} {
		if got := windowsName(build); got != want {
			t.Errorf("%d: %s", build, got)
		}
	}
}

// What a file of the system says is cut and cleaned before anybody sees it.
func TestFactsAreShort(t *testing.T) {
	got := short(" a\x1b[2Jb\n" + strings.Repeat("ä", 500))
	if !strings.HasPrefix(got, "a[2Jbä") || utf8.RuneCountInString(got) != maxFact {
		t.Errorf("%q", got)
	}
	root := fstest.MapFS{"etc/os-release": &fstest.MapFile{Data: []byte(strings.Repeat("x", maxText) + "\nNAME=late\n")}}
	var f Facts
	if (linux{root: root, getenv: func(string) string { return "" }}).find(&f); f.Name != "" {
		t.Errorf("read beyond the bound: %q", f.Name)
	}
}

func TestListedFacts(t *testing.T) {
	list := Facts{System: "linux", Arch: "amd64", Package: "snap", ClockKept: No, KeyRules: Yes}.list()
	got := map[string]string{}
	for _, f := range list {
		got[f.Name] = f.Value
	}
	for name, want := range map[string]string{FactSystem: "Linux", FactArch: "amd64", FactPackage: "snap", FactVirtual: "no", FactRemote: "no", FactClock: "unsynchronised", FactKeyRules: "yes"} {
		if got[name] != want {
			t.Errorf("%s is %q", name, got[name])
		}
	}
	if _, there := got[FactKernel]; there {
		t.Error("a fact without a value is listed")
	}
}

// The proxy of the environment is an address that can be connected to.
func TestProxyAddress(t *testing.T) {
	if got := (systemNetwork{}).Proxy("localhost"); got != "" { // never by a proxy
		t.Errorf("%q", got)
	}
}
