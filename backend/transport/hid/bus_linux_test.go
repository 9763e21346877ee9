package hid

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// machine is a made tree of the kernel's files, with software keys behind the nodes.
type machine struct {
	t   *testing.T
	bus *hidrawBus

	mu     sync.Mutex
	denied map[string]bool
	refuse error                  // what opening a node says
	other  func() ([]byte, error) // what the opened node says of itself; nil: what is listed
}

func newMachine(t *testing.T) *machine {
	m := &machine{t: t, denied: map[string]bool{}}
	root := t.TempDir()
	m.bus = &hidrawBus{class: filepath.Join(root, "class"), dev: filepath.Join(root, "dev"), again: time.Hour, access: m.access, open: m.open, describe: m.describe}
	for _, dir := range []string{m.bus.class, m.bus.dev} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m *machine) write(path string, data []byte) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		m.t.Fatal(err)
	}
}

const yubico = "DRIVER=hid-generic\nHID_ID=0003:00001050:00000407\nHID_NAME=Yubico YubiKey OTP+FIDO+CCID\nHID_PHYS=usb-0000:00:14.0-1/input1\nHID_UNIQ=\n"

// plug makes the files of a device, the node last, as the kernel does.
func (m *machine) plug(node, instance, uevent string, descriptor []byte) {
	m.t.Helper()
	device := filepath.Join(m.bus.class, "..", "devices", instance)
	m.write(filepath.Join(device, "report_descriptor"), descriptor)
	m.write(filepath.Join(device, "uevent"), []byte(uevent))
	if err := os.Mkdir(filepath.Join(m.bus.class, node), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Symlink(device, filepath.Join(m.bus.class, node, "device")); err != nil {
		m.t.Fatal(err)
	}
	m.write(filepath.Join(m.bus.dev, node), nil)
}

// pull takes the node away first, as the kernel does.
func (m *machine) pull(node string) {
	m.t.Helper()
	for _, path := range []string{filepath.Join(m.bus.dev, node), filepath.Join(m.bus.class, node)} {
		if err := os.RemoveAll(path); err != nil {
			m.t.Fatal(err)
		}
	}
}

func (m *machine) access(node string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.denied[filepath.Base(node)] {
		return &fs.PathError{Op: "access", Path: node, Err: unix.EACCES}
	}
	_, err := os.Stat(node)
	return err
}

func (m *machine) deny(node string, on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.denied[node] = on
}

// open gives one end of a socket that keeps reports apart, as a node does. At the
// other end a software key takes reports with their number before them.
func (m *machine) open(node string) (*os.File, error) {
	if m.refuse != nil {
		return nil, &fs.PathError{Op: "open", Path: node, Err: m.refuse}
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	far := &kernel{newHidraw(os.NewFile(uintptr(pair[1]), "kernel"), 64, 64), m.t}
	ended := make(chan struct{})
	key := virtualauth.New(virtualauth.Config{Consent: func(ctx context.Context, _ virtualauth.Prompt) (virtualauth.Decision, error) {
		<-ctx.Done()
		return virtualauth.Decision{}, ctx.Err()
	}})
	go func() { defer close(ended); Serve(context.Background(), far, key, CanCBOR|NoMSG) }()
	m.t.Cleanup(func() { far.Close(); <-ended; key.Close() })
	return os.NewFile(uintptr(pair[0]), node), nil
}

// describe is what the kernel says of the node that was opened.
func (m *machine) describe(file *os.File) ([]byte, error) {
	if m.other != nil {
		return m.other()
	}
	return os.ReadFile(filepath.Join(m.bus.class, filepath.Base(file.Name()), "device", "report_descriptor"))
}

// kernel is the far end of a node: it reads reports with a number of zero, and
// writes them without.
type kernel struct {
	*hidraw
	t *testing.T
}

func (k *kernel) Read(ctx context.Context) ([]byte, error) {
	report := make([]byte, 66)
	n, err := until(ctx, k.file.SetReadDeadline, func() (int, error) { return k.file.Read(report) })
	if err != nil {
		return nil, err
	}
	if n != 65 || report[0] != 0 {
		k.t.Errorf("written: %d bytes, number %d", n, report[0])
	}
	return report[1:n], nil
}

func (k *kernel) Write(ctx context.Context, report []byte) error {
	_, err := k.file.Write(report)
	return err
}

func (m *machine) list() []transport.Slot {
	m.t.Helper()
	slots, err := m.bus.List(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	return slots
}

func TestList(t *testing.T) {
	m := newMachine(t)
	if len(m.list()) != 0 {
		t.Error("keys where none are")
	}
	key := fidoDescriptor(64, 64)
	m.plug("hidraw10", "0003:1050:0407.000A", yubico, key)
	m.plug("hidraw9", "0003:096E:0858.0009", "HID_ID=0003:0000096E:00000858\nHID_NAME=Feitian\x1b[31m \t  ePass\u202e\xff\nHID_UNIQ=FT\x1b08\nHID_NAME=smuggled\nHID_UNIQ=smuggled\nHID_ID=0003:00000001:00000002\n", key)
	m.plug("hidraw2", "0003:046D:C31C.0002", "HID_ID=0003:0000046D:0000C31C\nHID_NAME=Logitech Keyboard\n", fromHex(keyboardDescriptor))
	m.plug("hidraw3", "0003:0001:0001.0003", "HID_ID=nonsense\nHID_NAME="+strings.Repeat("é", 3000)+"\n", key)
	m.plug("hidraw4", "0003:0001:0001.0004", "HID_ID=0003:00000001:FFFFFFFF1\n", key[:5])
	m.plug("hidraw5", "0003:0001:0001.000C", "HID_ID=0003:00010050:0000FFFF\n", key)
	m.plug("hidrawX", "0003:0001:0001.0005", yubico, key)
	m.plug("hidraw70000", "0003:0001:0001.0006", yubico, key)
	m.plug("mouse0", "0003:0001:0001.0007", yubico, key)
	m.plug("hidraw11", "0003:0001:0001.000B", yubico, key)
	if err := os.Remove(filepath.Join(m.bus.dev, "hidraw11")); err != nil { // it is being pulled out
		t.Fatal(err)
	}
	m.deny("hidraw10", true)

	slots := m.list()
	want := []transport.Slot{
		{ID: "hidraw3 0003:0001:0001.0003", Name: strings.Repeat("é", 64), Way: "usb"},
		{ID: "hidraw5 0003:0001:0001.000C", Way: "usb", Product: 0xffff},
		{ID: "hidraw9 0003:096E:0858.0009", Name: "Feitian[31m ePass", Way: "usb", Vendor: 0x096e, Product: 0x0858, Serial: "FT08"},
		{ID: "hidraw10 0003:1050:0407.000A", Name: "Yubico YubiKey OTP+FIDO+CCID", Way: "usb", Vendor: 0x1050, Product: 0x0407},
	}
	if len(slots) != len(want) {
		t.Fatalf("%d keys: %+v", len(slots), slots)
	}
	for i, s := range slots {
		trouble := s.Trouble
		s.Trouble = nil
		if s != want[i] {
			t.Errorf("%+v, want %+v", s, want[i])
		}
		if denied := i == 3; (trouble != nil) != denied {
			t.Errorf("%s: trouble %v", s.ID, trouble)
		}
	}
	f := mfa.AsFailure(slots[3].Trouble)
	if f.Code != mfa.CodeKeyPermission || f.Params["node"] != filepath.Join(m.bus.dev, "hidraw10") || f.Params["vendor"] != "1050" || f.Params["product"] != "0407" {
		t.Errorf("trouble %s %v", f.Code, f.Params)
	}
}

func TestListWithoutHidraw(t *testing.T) {
	m := newMachine(t)
	if err := os.Remove(m.bus.class); err != nil {
		t.Fatal(err)
	}
	if slots := m.list(); len(slots) != 0 {
		t.Errorf("%+v", slots)
	}
	m.write(m.bus.class, []byte("not a folder"))
	if _, err := m.bus.List(t.Context()); !mfa.IsCode(err, mfa.CodeKeyFailed) {
		t.Errorf("a class that is no folder: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.bus.List(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: %v", err)
	}
}

func TestOpenANode(t *testing.T) {
	m := newMachine(t)
	m.plug("hidraw0", "0003:1050:0407.0001", yubico, fidoDescriptor(64, 64))
	id := m.list()[0].ID
	key, err := m.bus.Open(t.Context(), id)
	if err != nil {
		t.Fatal(err, mfa.AsFailure(err).Explain())
	}
	response, err := key.Exchange(t.Context(), []byte{4}, nil)
	if err != nil || response[0] != 0 || len(response) < 50 {
		t.Errorf("% x, %v", response, err)
	}
	if response, err := key.Exchange(t.Context(), []byte{0x3f}, nil); err != nil || response[0] != 1 {
		t.Errorf("% x, %v", response, err)
	}

	// Closing it ends a read that waits.
	ended := make(chan error)
	go func() {
		_, err := key.(*Channel).device.Read(t.Context())
		ended <- err
	}()
	key.Close()
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed node gives %v", err)
	}
	_, err = key.Exchange(t.Context(), []byte{4}, nil)
	wantFailure(t, err, mfa.CodeKeyLost, "")

	m.pull("hidraw0")
	m.plug("hidraw0", "0003:1050:0407.0002", yubico, fidoDescriptor(64, 64))
	if again := m.list()[0].ID; again == id {
		t.Error("a key that was put back is in the same slot")
	}
	for _, id := range []string{id, "", "hidraw0", "../../etc/passwd"} {
		if _, err := m.bus.Open(t.Context(), id); !mfa.IsCode(err, mfa.CodeKeyLost) {
			t.Errorf("slot %q: %v", id, err)
		}
	}
	for refusal, code := range map[error]mfa.Code{
		unix.EACCES: mfa.CodeKeyPermission, unix.EPERM: mfa.CodeKeyPermission, unix.ENOENT: mfa.CodeKeyLost, unix.ENODEV: mfa.CodeKeyLost,
		unix.ENXIO: mfa.CodeKeyLost, unix.EBUSY: mfa.CodeKeyBusy, unix.EIO: mfa.CodeKeyFailed,
	} {
		m.refuse = refusal
		if _, err := m.bus.Open(t.Context(), m.list()[0].ID); !mfa.IsCode(err, code) {
			t.Errorf("%v: %v", refusal, err)
		}
	}
}

// What is behind a node may have changed since it was listed.
func TestOpenANodeThatIsAnother(t *testing.T) {
	for name, other := range map[string]func(m *machine) ([]byte, error){
		"a keyboard":       func(*machine) ([]byte, error) { return fromHex(keyboardDescriptor), nil },
		"of other reports": func(*machine) ([]byte, error) { return fidoDescriptor(32, 64), nil },
		"no hidraw":        func(*machine) ([]byte, error) { return nil, unix.ENOTTY },
		"pulled out":       func(*machine) ([]byte, error) { return nil, unix.ENODEV },
		"an equal key": func(m *machine) ([]byte, error) {
			m.pull("hidraw0")
			m.plug("hidraw0", "0003:1050:0407.0002", yubico, fidoDescriptor(64, 64))
			return fidoDescriptor(64, 64), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.plug("hidraw0", "0003:1050:0407.0001", yubico, fidoDescriptor(64, 64))
			m.other = func() ([]byte, error) { return other(m) }
			if _, err := m.bus.Open(t.Context(), m.list()[0].ID); !mfa.IsCode(err, mfa.CodeKeyLost) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A file that is no node has no descriptor, and that is no crash.
func TestDescriptorOfAFile(t *testing.T) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if b, err := openedDescriptor(file); !errors.Is(err, unix.ENOTTY) {
		t.Errorf("% x, %v", b, err)
	}
}

// The end of a context ends a read of a node, and nothing of it stays: what comes
// afterwards is read.
func TestNodeReadEndsWithItsContext(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	near, far := newHidraw(os.NewFile(uintptr(pair[0]), "node"), 64, 64), os.NewFile(uintptr(pair[1]), "kernel")
	defer near.Close()
	defer far.Close()
	for i := range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		n, err := until(ctx, near.file.SetReadDeadline, func() (int, error) {
			cancel() // while it is on its way into the read
			return near.file.Read(make([]byte, 64))
		})
		if n != 0 || !errors.Is(err, context.Canceled) {
			t.Fatalf("%d bytes, %v", n, err)
		}
		if _, err := near.Read(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if _, err := far.Write(counting(64)); err != nil {
			t.Fatal(err)
		}
		if report, err := near.Read(t.Context()); err != nil || !slices.Equal(report, counting(64)) {
			t.Fatalf("%d: %d bytes, %v", i, len(report), err)
		}
	}
	// What came all the same is not lost.
	ctx, cancel := context.WithCancel(t.Context())
	n, err := until(ctx, near.file.SetReadDeadline, func() (int, error) { cancel(); return 7, nil })
	if n != 7 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	// A node that takes no more reports holds nobody up either.
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	for ctx.Err() == nil {
		if _, err = unix.SendmsgN(pair[0], make([]byte, 65), nil, nil, unix.MSG_DONTWAIT); errors.Is(err, unix.EAGAIN) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := until(ctx, near.file.SetWriteDeadline, func() (int, error) {
		cancel()
		return near.file.Write(make([]byte, 65))
	}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	far.Close()
	if err := near.Write(t.Context(), make([]byte, 64)); err == nil {
		t.Error("written to nobody")
	}
}

func TestConcernsNode(t *testing.T) {
	event := func(mask uint32, name string) []byte {
		b := binary.NativeEndian.AppendUint32(make([]byte, 4), mask)
		b = binary.NativeEndian.AppendUint32(append(b, 0, 0, 0, 0), 16)
		return append(b, append([]byte(name), make([]byte, 16-len(name))...)...)
	}
	tty, node := event(unix.IN_CREATE, "tty1"), event(unix.IN_ATTRIB, "hidraw3")
	for name, c := range map[string]struct {
		events []byte
		is     bool
	}{
		"nothing":          {nil, false},
		"another node":     {tty, false},
		"one of hidraw":    {node, true},
		"the second one":   {slices.Concat(tty, node), true},
		"some were missed": {event(unix.IN_Q_OVERFLOW, ""), true},
		"cut off":          {tty[:len(tty)-1], true},
		"half a head":      {tty[:8], false},
	} {
		if concernsNode(c.events) != c.is {
			t.Errorf("%s: %t", name, !c.is)
		}
	}
}

// TestSystem asks the real machine: whatever it has, that is no failure.
func TestSystem(t *testing.T) {
	slots, err := System().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range slots {
		if s.ID == "" || s.Way != transport.WayUSB {
			t.Errorf("%+v", s)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	if err := System().Watch(ctx, stop); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// FuzzIdentity: whatever a device calls itself, its name can be shown in one line.
func FuzzIdentity(f *testing.F) {
	f.Add([]byte(yubico))
	f.Add([]byte("HID_ID=0003:00001050\nHID_NAME=\x00\xff\u2028\n\n=\n"))
	f.Fuzz(func(t *testing.T, uevent []byte) {
		name, serial, _, _ := identity(uevent)
		for _, own := range []string{name, serial} {
			if len([]rune(own)) > 64 || strings.ContainsFunc(own, func(r rune) bool { return !unicode.IsPrint(r) }) || own != strings.TrimSpace(own) {
				t.Errorf("named %q", own)
			}
		}
	})
}
