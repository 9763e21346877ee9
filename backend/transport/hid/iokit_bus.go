package hid

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// ioKit is what is asked of macOS. The real one is in iokit_darwin.go. Its errors are
// ioReturn, or anything for which there is no better word than key-failed.
type ioKit interface {
	// devices lists what has a collection of FIDO, in any order.
	devices() ([]ioDevice, error)
	// open opens a device for this program and others. heard gets each report that
	// comes, in order and in memory that is the system's; gone is called when the device
	// is pulled out. Both are called on one thread, and not any more once close has
	// returned.
	open(id uint64, in int, heard func(report []byte), gone func()) (ioHandle, error)
	// watch calls changed after devices came or went, until stop has returned.
	watch(changed func()) (stop func(), err error)
}

// ioHandle is a device that is open.
type ioHandle interface {
	setReport(report []byte) error // may block; one at a time, and none after close
	close()
}

// ioDevice is what the system knows of a device. All but the first two comes from it.
type ioDevice struct {
	id              uint64 // in the registry
	location        uint32
	vendor, product uint16
	maker, name     string
	in, out         int // sizes of the longest reports in bytes, without a number
}

const maxDevices = 256

// iokitBus finds keys with the HID manager of macOS. It opens no device to list it, and
// lets others use the ones it opens, as CTAPHID has channels for that.
type iokitBus struct {
	kit   ioKit
	host  Host
	again time.Duration // how often Watch looks by itself
}

// List gives the keys in the order in which they were plugged in.
func (b *iokitBus) List(ctx context.Context) ([]transport.Slot, error) {
	devices, err := b.find(ctx)
	if err != nil {
		return nil, err
	}
	slots := make([]transport.Slot, len(devices))
	for i, d := range devices {
		slots[i] = transport.Slot{ID: d.slot(), Name: d.called(), Way: transport.WayUSB, Vendor: d.vendor, Product: d.product}
	}
	return slots, nil
}

func (b *iokitBus) find(ctx context.Context) ([]ioDevice, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	devices, err := b.kit.devices()
	if err != nil {
		return nil, ioDevice{}.failure(err)
	}
	devices = slices.DeleteFunc(devices, func(d ioDevice) bool { return !d.usable() })
	slices.SortFunc(devices, func(a, b ioDevice) int { return cmp.Compare(a.id, b.id) })
	devices = slices.CompactFunc(devices, func(a, b ioDevice) bool { return a.id == b.id })
	return devices[:min(len(devices), maxDevices)], nil
}

// usable says whether the reports can be those of CTAPHID.
func (d ioDevice) usable() bool {
	return d.id != 0 && d.in >= MinReport && d.in <= MaxReport && d.out >= MinReport && d.out <= MaxReport
}

// Watch looks whenever the HID manager says that a device came or went, and now and then
// besides, since the registry may still list a device when its end is told.
func (b *iokitBus) Watch(ctx context.Context, changed func()) error {
	hints := make(chan struct{}, 1)
	stop, err := b.kit.watch(func() {
		select {
		case hints <- struct{}{}:
		default: // one hint is as good as two
		}
	})
	if err != nil {
		return ioDevice{}.failure(err)
	}
	defer stop()
	before, err := b.find(ctx)
	if err != nil {
		return err
	}
	ticks := time.NewTicker(cmp.Or(b.again, 2*time.Second))
	defer ticks.Stop()
	changed()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-hints:
		case <-ticks.C:
		}
		now, err := b.find(ctx)
		if err != nil {
			return err
		}
		if !slices.EqualFunc(before, now, func(a, b ioDevice) bool { return a.id == b.id }) {
			before = now
			changed()
		}
	}
}

// Open opens the key in a slot. macOS does not tell beforehand whether it will let us.
func (b *iokitBus) Open(ctx context.Context, slotID string) (transport.Key, error) {
	devices, err := b.find(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(devices, func(d ioDevice) bool { return d.slot() == slotID })
	if i < 0 {
		return nil, mfa.Fail(mfa.CodeKeyLost)
	}
	device, err := openIOKit(b.kit, devices[i])
	if err != nil {
		return nil, err
	}
	c, err := b.host.Open(ctx, device)
	if err != nil {
		return nil, err
	}
	return c, nil
}
