package machine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Machine is a computer and what is in it.
type Machine struct {
	folder string
	keys   int // how many nodes of keys there have ever been
	ended  []func()
}

// New makes one without any device. Close ends it.
func New() (*Machine, error) {
	folder, err := os.MkdirTemp("", "machine")
	if err != nil {
		return nil, err
	}
	m := &Machine{folder: folder}
	m.ended = append(m.ended, func() { os.RemoveAll(folder) })
	for _, sub := range []string{"dev", "hidraw", "devices", "real"} {
		if err := os.Mkdir(m.path(sub), 0o755); err != nil {
			m.Close()
			return nil, err
		}
	}
	if err := m.others(); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *Machine) path(parts ...string) string {
	return filepath.Join(append([]string{m.folder}, parts...)...)
}

// others puts what is no authenticator where it always is.
func (m *Machine) others() error {
	real, err := os.ReadDir("/dev")
	if err != nil {
		return err
	}
	for _, e := range real {
		name := e.Name()
		if isAuthenticator, _ := filepath.Match("hidraw*", name); isAuthenticator {
			continue
		}
		if isChip, _ := filepath.Match("tpm*", name); isChip {
			continue
		}
		if err := os.Symlink(m.path("real", name), m.path("dev", name)); err != nil {
			return err
		}
	}
	return nil
}

// script puts the folders of the first argument over the system's, for whoever runs in this
// namespace, and becomes the rest of the arguments.
const script = `set -e
mount --rbind /dev "$1/real"
mount --rbind "$1/dev" /dev
mount --bind "$1/hidraw" /sys/class/hidraw
shift
exec "$@"`

// Command gives the program and the arguments that start a program on this computer. It
// stays the process that is started. Root is told of permissions there as anybody is. It
// sees the keys that are plugged in by then.
func (m *Machine) Command(program string, args ...string) (string, []string) {
	all := []string{"--mount", "--", "sh", "-c", script, "machine", m.folder,
		"setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search", program}
	return "unshare", append(all, args...)
}

// Try says whether programs can be started on it: where namespaces are forbidden they
// cannot.
func (m *Machine) Try() error {
	name, args := m.Command("true")
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("no computer of our own here: %w: %s", err, out)
	}
	return nil
}

// plug gives a device its place among those that hidraw lists, and its node.
func (m *Machine) plug(name string, node func(path string) error) error {
	m.keys++
	n := m.keys
	entry := fmt.Sprintf("hidraw%d", 20+n)
	device := m.path("devices", fmt.Sprintf("0003:1209:%04X.%04X", n, n))
	err := errors.Join(os.MkdirAll(device, 0o755), os.WriteFile(filepath.Join(device, "report_descriptor"), descriptor, 0o444),
		os.WriteFile(filepath.Join(device, "uevent"), fmt.Appendf(nil, "HID_ID=0003:00001209:%08X\nHID_NAME=%s\n", n, name), 0o444),
		os.MkdirAll(m.path("hidraw", entry), 0o755))
	if err != nil {
		return err
	}
	return errors.Join(node(m.path("dev", entry)), os.Symlink(device, m.path("hidraw", entry, "device")))
}

// descriptor is that of every security key: reports of 64 bytes both ways (CTAP 2.2
// section 11.2.8.2).
var descriptor = []byte{0x06, 0xd0, 0xf1, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x20, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x81, 0x02,
	0x09, 0x21, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02, 0xc0}

// Forbidden plugs a key in that this person may not open.
func (m *Machine) Forbidden(name string) error {
	return m.plug(name, func(path string) error { return os.WriteFile(path, nil, 0) })
}

// Close takes everything away, the last first.
func (m *Machine) Close() {
	for len(m.ended) > 0 {
		last := len(m.ended) - 1
		m.ended[last]()
		m.ended = m.ended[:last]
	}
}
