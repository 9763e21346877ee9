package hid

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// watching follows a bus, and gives the names of the nodes after each change.
func (m *machine) watching(again time.Duration) (changes <-chan string) {
	m.bus.again = again
	ctx, stop := context.WithCancel(m.t.Context())
	out, ended := make(chan string, 16), make(chan error, 1)
	go func() {
		ended <- m.bus.Watch(ctx, func() {
			var is []string
			for _, s := range m.list() {
				name, _, _ := strings.Cut(s.ID, " ")
				if s.Trouble != nil {
					name += "!"
				}
				is = append(is, name)
			}
			out <- strings.Join(is, " ")
		})
	}()
	m.t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			m.t.Errorf("watched until %v", err)
		}
		select {
		case c := <-out:
			m.t.Errorf("another change: %q", c)
		default:
		}
	})
	return out
}

func want(t *testing.T, changes <-chan string, is string) {
	t.Helper()
	guard := time.NewTimer(20 * time.Second)
	defer guard.Stop()
	select {
	case got := <-changes:
		if got != is {
			t.Errorf("%q, want %q", got, is)
		}
	case <-guard.C:
		t.Fatalf("nothing changed, want %q", is)
	}
}

func TestWatch(t *testing.T) {
	m := newMachine(t)
	m.plug("hidraw0", "0003:1050:0407.0001", yubico, fidoDescriptor(64, 64))
	changes := m.watching(time.Hour)
	want(t, changes, "hidraw0")
	m.deny("hidraw1", true)
	m.plug("hidraw1", "0003:1050:0407.0002", yubico, fidoDescriptor(64, 64))
	want(t, changes, "hidraw0 hidraw1!")
	m.plug("hidraw2", "0003:046D:C31C.0003", "HID_NAME=Keyboard\n", fromHex(keyboardDescriptor)) // nobody hears of it
	m.deny("hidraw1", false)                                                                     // udev has let the person in
	if err := os.Chmod(filepath.Join(m.bus.dev, "hidraw1"), 0o660); err != nil {
		t.Fatal(err)
	}
	want(t, changes, "hidraw0 hidraw1")
	m.pull("hidraw0")
	want(t, changes, "hidraw1")
	m.write(filepath.Join(m.bus.dev, "null"), nil)
	m.pull("hidraw1")
	want(t, changes, "")
}

// A key that was pulled out and put back between two looks is another one: what was
// known of it, such as that it may be reset, holds no longer.
func TestWatchSeesAReplug(t *testing.T) {
	m := newMachine(t)
	m.plug("hidraw0", "0003:1050:0407.0001", yubico, fidoDescriptor(64, 64))
	changes := m.watching(time.Hour)
	want(t, changes, "hidraw0")
	device := filepath.Join(m.bus.class, "..", "devices", "0003:1050:0407.000")
	if err := os.Rename(device+"1", device+"2"); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(m.bus.class, "link")
	if err := os.Symlink(device+"2", link); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link, filepath.Join(m.bus.class, "hidraw0", "device")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(m.bus.dev, "hidraw0"), 0o640); err != nil {
		t.Fatal(err)
	}
	want(t, changes, "hidraw0")
}

// Where nobody can be told of changes, looking now and then finds them.
func TestWatchWithoutHints(t *testing.T) {
	m := newMachine(t)
	dev := m.bus.dev
	m.bus.dev = filepath.Join(dev, "..", "elsewhere") // nothing to be watched here
	changes := m.watching(time.Millisecond)
	want(t, changes, "")
	if err := os.Rename(dev, m.bus.dev); err != nil {
		t.Fatal(err)
	}
	m.plug("hidraw5", "0003:1050:0407.0001", yubico, fidoDescriptor(64, 64))
	want(t, changes, "hidraw5")
}

func TestWatchThatCannot(t *testing.T) {
	m := newMachine(t)
	if err := os.Remove(m.bus.class); err != nil {
		t.Fatal(err)
	}
	m.write(m.bus.class, nil)
	if err := m.bus.Watch(t.Context(), func() { t.Error("changed") }); !mfa.IsCode(err, mfa.CodeKeyFailed) {
		t.Error(err)
	}
}
