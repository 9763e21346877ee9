package hid

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

const (
	maxNodes  = 256
	maxUevent = 4096
)

// hidrawBus finds keys among the nodes of hidraw. It asks no daemon: what the
// kernel says stands in two small files per device.
type hidrawBus struct {
	class  string // where the kernel lists the nodes
	dev    string // where the nodes are
	access func(node string) error
	open   func(node string) (*os.File, error)
	// describe asks an open node for its report descriptor.
	describe func(*os.File) ([]byte, error)
	again    time.Duration // how often Watch looks by itself
	host     Host
}

// System is the USB ports of this system: Linux's hidraw.
func System() transport.KeyBus {
	return &hidrawBus{
		class: "/sys/class/hidraw", dev: "/dev", again: 2 * time.Second, host: Host{Rand: rand.Reader},
		access: func(node string) error { return unix.Access(node, unix.R_OK|unix.W_OK) },
		open: func(node string) (*os.File, error) {
			return os.OpenFile(node, os.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		},
		describe: openedDescriptor,
	}
}

// found is a key that is there.
type found struct {
	transport.Slot
	node    string
	number  int
	in, out int
}

// List gives the keys in the order in which the kernel numbers them. No hidraw
// at all is an empty list: a kernel loads it when the first device comes.
func (b *hidrawBus) List(ctx context.Context) ([]transport.Slot, error) {
	keys, err := b.find(ctx)
	if err != nil {
		return nil, err
	}
	slots := make([]transport.Slot, len(keys))
	for i, k := range keys {
		slots[i] = k.Slot
	}
	return slots, nil
}

func (b *hidrawBus) find(ctx context.Context) ([]found, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(b.class)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, mfa.Fail(mfa.CodeKeyFailed).Because(err)
	}
	var keys []found
	for _, e := range entries[:min(len(entries), maxNodes)] {
		if k, ok := b.look(e.Name()); ok {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b found) int { return cmp.Compare(a.number, b.number) })
	return keys, nil
}

// look says whether a node is a key. Whatever cannot be read is none: it has just
// been pulled out, or is no business of ours.
func (b *hidrawBus) look(name string) (k found, ok bool) {
	digits, ok := strings.CutPrefix(name, "hidraw")
	number, err := strconv.ParseUint(digits, 10, 16)
	if !ok || err != nil {
		return k, false
	}
	device := filepath.Join(b.class, name, "device")
	descriptor, err := readBounded(filepath.Join(device, "report_descriptor"), maxDescriptor)
	if err != nil {
		return k, false
	}
	if k.in, k.out, err = fidoReports(descriptor); err != nil {
		return k, false
	}
	instance, err := filepath.EvalSymlinks(device)
	if err != nil {
		return k, false
	}
	uevent, err := readBounded(filepath.Join(device, "uevent"), maxUevent)
	if err != nil {
		return k, false
	}
	k.node, k.number = filepath.Join(b.dev, name), int(number)
	k.Way = transport.WayUSB
	k.Name, k.Serial, k.Vendor, k.Product = identity(uevent)
	// The kernel numbers every device that comes anew, so a key that was pulled out
	// and put back is in another slot, even when it gets the same node.
	k.ID = name + " " + filepath.Base(instance)
	switch err := b.access(k.node); {
	case errors.Is(err, fs.ErrPermission):
		k.Trouble = k.denied(err)
	case err != nil: // the node goes before its entry does
		return k, false
	}
	return k, true
}

// denied names the node and the key, for whoever repairs it: see UdevRule.
func (k found) denied(cause error) error {
	return mfa.Fail(mfa.CodeKeyPermission, "node", k.node, "vendor", fmt.Sprintf("%04x", k.Vendor), "product", fmt.Sprintf("%04x", k.Product)).Because(cause)
}

// identity reads the kernel's lines about a device. A line that comes twice was
// smuggled in by a name with a line break: the first one counts.
func identity(uevent []byte) (name, serial string, vendor, product uint16) {
	seen := map[string]string{}
	for line := range bytes.Lines(uevent) {
		key, value, ok := strings.Cut(strings.TrimRight(string(line), "\n"), "=")
		if _, again := seen[key]; ok && !again {
			seen[key] = value
		}
	}
	if parts := strings.Split(seen["HID_ID"], ":"); len(parts) == 3 { // bus:vendor:product
		vendor, product = hex16(parts[1]), hex16(parts[2])
	}
	return printable(seen["HID_NAME"]), printable(seen["HID_UNIQ"]), vendor, product
}

func hex16(s string) uint16 {
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil || n > 0xFFFF {
		return 0
	}
	return uint16(n)
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// Open opens the key in a slot.
func (b *hidrawBus) Open(ctx context.Context, slotID string) (transport.Key, error) {
	keys, err := b.find(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(keys, func(k found) bool { return k.ID == slotID })
	if i < 0 {
		return nil, mfa.Fail(mfa.CodeKeyLost)
	}
	k := keys[i]
	file, err := b.open(k.node)
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrPermission):
		return nil, k.denied(err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return nil, mfa.Fail(mfa.CodeKeyLost).Because(err)
	case errors.Is(err, unix.EBUSY):
		return nil, mfa.Fail(mfa.CodeKeyBusy).Because(err)
	default:
		return nil, mfa.Fail(mfa.CodeKeyFailed).Because(err)
	}
	if err := b.stillIs(k, file); err != nil {
		_ = file.Close()
		return nil, mfa.Fail(mfa.CodeKeyLost).Because(err)
	}
	c, err := b.host.Open(ctx, newHidraw(file, k.in, k.out))
	if err != nil {
		return nil, err
	}
	return c, nil
}

var errOther = errors.New("hid: another device has come to the node")

// stillIs finds out whether what was opened is the key that was listed: its node may have
// become another device's in between.
func (b *hidrawBus) stillIs(k found, file *os.File) error {
	descriptor, err := b.describe(file)
	if err != nil {
		return err
	}
	in, out, err := fidoReports(descriptor)
	if err != nil {
		return err
	}
	if now, ok := b.look(filepath.Base(k.node)); !ok || now.ID != k.ID || in != k.in || out != k.out {
		return errOther
	}
	return nil
}
