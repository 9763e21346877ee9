package simkey

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sync"

	"github.com/keyferry/keyferry/backend/transport/hid"
)

const (
	reportSize = 64 // as with nearly every key
	queue      = 64 // reports that wait for a host: as many as Linux keeps of a hidraw node
)

// port is the key's end of the wire. Several programs may hold the other end: as
// with a hidraw node, each reads all that the key writes, and the channels of
// CTAPHID tell whose it is. A hid.Pipe has only two ends.
type port struct {
	in   chan []byte // from all hosts
	gone chan struct{}

	mu    sync.Mutex
	hosts []*host
	still bool
}

// host is one program's end.
type host struct {
	port *port
	out  chan []byte
	let  chan struct{} // closed when the program let go
	once sync.Once
}

var _, _ hid.Device = (*port)(nil), (*host)(nil)

func newPort() *port { return &port{in: make(chan []byte), gone: make(chan struct{})} }

// open gives another host's end.
func (p *port) open() hid.Device {
	h := &host{port: p, out: make(chan []byte, queue), let: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hosts = append(p.hosts, h)
	return h
}

func (p *port) Read(ctx context.Context) ([]byte, error) {
	select {
	case report := <-p.in:
		return report, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.gone:
		return nil, io.EOF
	}
}

// Write sends a report to every host. One that does not read loses reports once
// its queue is full, as the kernel has it: it must not stop the others.
func (p *port) Write(ctx context.Context, report []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.still {
		return io.ErrClosedPipe
	}
	for _, h := range p.hosts {
		select {
		case h.out <- bytes.Clone(report):
		default:
		}
	}
	return ctx.Err()
}

func (p *port) Sizes() (in, out int) { return reportSize, reportSize }

// Close pulls the key out of every host.
func (p *port) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.still {
		p.still = true
		close(p.gone)
	}
	return nil
}

func (h *host) Read(ctx context.Context) ([]byte, error) {
	select {
	case report := <-h.out: // also after the end: it was sent before
		return report, nil
	default:
	}
	select {
	case report := <-h.out:
		return report, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-h.let:
		return nil, io.EOF
	case <-h.port.gone:
		return nil, io.EOF
	}
}

func (h *host) Write(ctx context.Context, report []byte) error {
	select {
	case <-h.let:
		return io.ErrClosedPipe
	case <-h.port.gone:
		return io.ErrClosedPipe
	default:
	}
	select {
	case h.port.in <- bytes.Clone(report):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-h.let:
		return io.ErrClosedPipe
	case <-h.port.gone:
		return io.ErrClosedPipe
	}
}

func (h *host) Sizes() (in, out int) { return reportSize, reportSize }

func (h *host) Close() error {
	h.once.Do(func() {
		close(h.let)
		h.port.mu.Lock()
		defer h.port.mu.Unlock()
		h.port.hosts = slices.DeleteFunc(h.port.hosts, func(o *host) bool { return o == h })
	})
	return nil
}
