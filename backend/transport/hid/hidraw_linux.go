package hid

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// hidraw is an open node of Linux's hidraw. Its file does not block, so that the
// end of a context ends a read.
type hidraw struct {
	file    *os.File
	in, out int
	number  []byte // a report with its number before it, as the kernel wants it written
}

func newHidraw(file *os.File, in, out int) *hidraw {
	return &hidraw{file: file, in: in, out: out, number: make([]byte, 1+out)}
}

// openedDescriptor asks the kernel for the report descriptor of an open node (HIDIOCGRDESC,
// which takes no more than a byte less than there can be). It is not asked by Fd, which
// might make the file block.
func openedDescriptor(file *os.File) ([]byte, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	var d unix.HIDRawReportDescriptor
	var failed error
	err = raw.Control(func(fd uintptr) {
		if d.Size, failed = unix.IoctlGetUint32(int(fd), unix.HIDIOCGRDESCSIZE); failed != nil {
			return
		}
		d.Size = min(d.Size, maxDescriptor-1)
		failed = unix.IoctlHIDGetDesc(int(fd), &d)
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	return d.Value[:d.Size], nil
}

func (h *hidraw) Sizes() (in, out int) { return h.in, h.out }
func (h *hidraw) Close() error         { return h.file.Close() }

func (h *hidraw) Read(ctx context.Context) ([]byte, error) {
	report := make([]byte, h.in)
	n, err := until(ctx, h.file.SetReadDeadline, func() (int, error) { return h.file.Read(report) })
	return report[:n], err
}

func (h *hidraw) Write(ctx context.Context, report []byte) error {
	copy(h.number[1:], report)
	n, err := until(ctx, h.file.SetWriteDeadline, func() (int, error) { return h.file.Write(h.number) })
	if err == nil && n != len(h.number) {
		return fmt.Errorf("hid: %d bytes of a report of %d written", n, len(h.number))
	}
	return err
}

// until does what can wait, and ends it with the context by a deadline that has
// passed. The deadline is taken back before it can hit what comes next.
func until(ctx context.Context, deadline func(time.Time) error, do func() (int, error)) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	passed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		deadline(time.Unix(1, 0))
		close(passed)
	})
	n, err := do()
	if !stop() {
		<-passed
		deadline(time.Time{})
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, ctx.Err()
	}
	return max(n, 0), err
}
