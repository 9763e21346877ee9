package hid

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
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
