package readiness

import "golang.org/x/sys/unix"

func (f *Facts) find(getenv func(string) string) {
	f.Name = "macOS"
	f.Version, _ = unix.Sysctl("kern.osproductversion")
	f.Kernel, _ = unix.Sysctl("kern.osrelease")
	model, _ := unix.Sysctl("hw.model")
	f.Virtual = virtual("Apple", model)
	if guest, err := unix.SysctlUint32("kern.hv_vmm_present"); err == nil && guest != 0 && f.Virtual == "" {
		f.Virtual = "other"
	}
	if getenv("SSH_CONNECTION") != "" {
		f.Remote = "ssh"
	}
	if getenv("APP_SANDBOX_CONTAINER_ID") != "" {
		f.Package = "app-sandbox"
	}
}
