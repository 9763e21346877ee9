package readiness

import (
	"strconv"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// smRemoteSession asks GetSystemMetrics whether this session is a remote one.
const smRemoteSession = 0x1000

func (f *Facts) find(getenv func(string) string) {
	v := windows.RtlGetVersion()
	f.Name, f.Version = windowsName(v.BuildNumber), registryText(`SOFTWARE\Microsoft\Windows NT\CurrentVersion`, "DisplayVersion")
	f.Kernel = "10.0." + strconv.FormatUint(uint64(v.BuildNumber), 10)
	if v.MajorVersion != 10 {
		f.Kernel = strconv.FormatUint(uint64(v.MajorVersion), 10) + "." + strconv.FormatUint(uint64(v.MinorVersion), 10) + "." + strconv.FormatUint(uint64(v.BuildNumber), 10)
	}
	switch {
	case remoteSession():
		f.Remote = "rdp"
	case getenv("SSH_CONNECTION") != "":
		f.Remote = "ssh"
	}
	const bios = `HARDWARE\DESCRIPTION\System\BIOS`
	f.Virtual = virtual(registryText(bios, "SystemManufacturer"), registryText(bios, "SystemProductName"))
}

func remoteSession() bool {
	metrics := windows.NewLazySystemDLL("user32.dll").NewProc("GetSystemMetrics")
	if metrics.Find() != nil {
		return false
	}
	r, _, _ := metrics.Call(smRemoteSession)
	return r != 0
}

func registryText(path, name string) string {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer k.Close()
	text, _, _ := k.GetStringValue(name)
	return text
}
