package hid

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// pipeDepth is how many reports wait in a Pipe: as many as Linux keeps of a hidraw node.
const pipeDepth = 64

// Pipe is a device in memory: what is written at one end is read at the other.
// size is that of the reports both ways, MinReport to MaxReport. Closing either
// end unplugs both: what was written before can still be read.
func Pipe(size int) (host Device, device Device) {
	if size < MinReport || size > MaxReport {
		panic(fmt.Sprintf("hid: a pipe for reports of %d bytes", size))
	}
	out, in := make(chan []byte, pipeDepth), make(chan []byte, pipeDepth)
	plug := &plug{gone: make(chan struct{})}
	return &pipeEnd{plug, in, out, size}, &pipeEnd{plug, out, in, size}
}

type plug struct {
	once sync.Once
	gone chan struct{}
}

type pipeEnd struct {
	*plug
	read  <-chan []byte
	write chan<- []byte
	size  int
}

func (p *pipeEnd) Read(ctx context.Context) ([]byte, error) {
	select {
	case report := <-p.read:
		return report, nil
	default:
	}
	select {
	case report := <-p.read:
		return report, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.gone:
		return nil, io.EOF
	}
}

func (p *pipeEnd) Write(ctx context.Context, report []byte) error {
	if len(report) != p.size {
		return fmt.Errorf("hid: a report of %d bytes where %d are due", len(report), p.size)
	}
	select {
	case <-p.gone:
		return io.ErrClosedPipe
	default:
	}
	own := append(make([]byte, 0, p.size), report...)
	select { // the way that costs least, and is nearly always free
	case p.write <- own:
		return nil
	default:
	}
	select {
	case p.write <- own:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.gone:
		return io.ErrClosedPipe
	}
}

func (p *pipeEnd) Sizes() (in, out int) { return p.size, p.size }

func (p *pipeEnd) Close() error {
	p.once.Do(func() { close(p.gone) })
	return nil
}
