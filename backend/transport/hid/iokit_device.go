package hid

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

const (
	// ioBacklog is how many reports may wait to be read: twice the longest message of
	// CTAPHID in reports of 64 bytes. What comes on top is lost, and its message with it.
	ioBacklog = 256
	// ioClosing is how long Close waits for the system to let a device go.
	ioClosing = time.Second
)

var errGone = errors.New("hid: the device was pulled out")

// iokitDevice is an open device of macOS. Reports come by callbacks and are read from a
// queue; they are written by a call that may block, which is why each has a goroutine.
type iokitDevice struct {
	ioDevice
	handle  ioHandle
	reports chan []byte
	turn    chan struct{} // holds one token while a report is written, and for ever once closed
	over    chan struct{} // closed when the device is gone, or has been closed
	pulled  error         // why over is closed
	ended   sync.Once
	closing sync.Once
	grace   time.Duration // how long Close waits: ioClosing
	closed  chan struct{} // closed when the system has let it go
}

func openIOKit(kit ioKit, d ioDevice) (*iokitDevice, error) {
	k := &iokitDevice{ioDevice: d, reports: make(chan []byte, ioBacklog), turn: make(chan struct{}, 1), over: make(chan struct{}), closed: make(chan struct{}), grace: ioClosing}
	handle, err := kit.open(d.id, d.in, k.heard, func() { k.end(errGone) })
	if err != nil {
		return nil, d.failure(err)
	}
	k.handle = handle
	return k, nil
}

// heard keeps a report. It is called on the thread that has to take the next one, so it
// never waits.
func (k *iokitDevice) heard(report []byte) {
	if len(report) > MaxReport {
		report = report[:MaxReport+1] // wrong either way, and told so by its length
	}
	select {
	case k.reports <- slices.Clone(report):
	default:
	}
}

func (k *iokitDevice) end(why error) {
	k.ended.Do(func() {
		k.pulled = why
		close(k.over)
	})
}

func (k *iokitDevice) Sizes() (in, out int) { return k.in, k.out }

// Read gives what came before the device was pulled out, too.
func (k *iokitDevice) Read(ctx context.Context) ([]byte, error) {
	select {
	case report := <-k.reports:
		return report, nil
	default:
	}
	select {
	case report := <-k.reports:
		return report, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-k.over:
		return nil, k.pulled
	}
}

// Write hands a report to the system. One that the system does not take is left to
// itself when ctx ends, and the next one waits for it.
func (k *iokitDevice) Write(ctx context.Context, report []byte) error {
	if len(report) != k.out {
		return fmt.Errorf("hid: a report of %d bytes where %d are due", len(report), k.out)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-k.over:
		return k.pulled
	default:
	}
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-k.over:
		return k.pulled
	}
	own, written := slices.Clone(report), make(chan error, 1)
	go func() {
		defer func() { <-k.turn }()
		written <- k.handle.setReport(own)
	}()
	select {
	case err := <-written:
		return k.failure(err)
	case <-ctx.Done():
		return ctx.Err()
	case <-k.over:
		return k.pulled
	}
}

// Close lets the device go once no report is being written any more. It may be called
// twice.
func (k *iokitDevice) Close() error {
	k.end(io.ErrClosedPipe)
	k.closing.Do(func() {
		go func() {
			defer close(k.closed)
			k.turn <- struct{}{}
			k.handle.close()
		}()
	})
	timer := time.NewTimer(k.grace)
	defer timer.Stop()
	select {
	case <-k.closed:
	case <-timer.C:
	}
	return nil
}
