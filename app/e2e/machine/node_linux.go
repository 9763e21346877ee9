package machine

import (
	"bytes"
	"context"
	"io"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	backlog = 64 // reports that wait for a program, as with hidraw

	openPlain  = 1 | 4 | 16 // direct, not seekable, a stream
	notifyPoll = 1
)

// node is a file that behaves as a node of hidraw: each program that has it open reads all
// that the key says, from the moment it opened it.
type node struct {
	*fuse
	told chan []byte // what programs write, number and all
	end  chan struct{}

	mu    sync.Mutex
	opens map[uint64]*opening
	last  uint64
}

// opening is one program's.
type opening struct {
	queue [][]byte
	reads []uint64 // that wait
	poll  uint64   // whom to tell that there is something to read
	asked bool     // once
}

// mountNode makes the file.
func mountNode(path string) (*node, error) {
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		return nil, err
	}
	f, err := mountFUSE(path, unix.S_IFREG|0o666)
	if err != nil {
		return nil, err
	}
	n := &node{fuse: f, told: make(chan []byte, backlog), end: make(chan struct{}), opens: map[uint64]*opening{}}
	go n.serve(func(r request) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.take(r)
	})
	return n, nil
}

// Close takes the file away.
func (n *node) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.end:
		return nil
	default:
		close(n.end)
		return n.close()
	}
}

// take answers a request.
func (n *node) take(r request) {
	switch r.op {
	case opGetattr:
		n.answer(r.id, 0, append(words(0, 0, 0, 0), attributes(rootID, unix.S_IFREG|0o666)...))
	case opOpen:
		n.last++
		n.opens[n.last] = &opening{}
		n.answer(r.id, 0, words(uint32(n.last), uint32(n.last>>32), openPlain, 0))
	case opRelease:
		delete(n.opens, r.get64(0))
		n.answer(r.id, 0, nil)
	case opRead:
		n.read(r, n.opens[r.get64(0)])
	case opWrite:
		n.answer(r.id, 0, words(r.get32(16), 0))
		select {
		case n.told <- bytes.Clone(r.in[40:]):
		default: // nobody reads: a key that hangs
		}
	case opPoll:
		events := uint32(unix.POLLOUT)
		if o := n.opens[r.get64(0)]; o != nil {
			o.poll, o.asked = r.get64(8), r.get32(16)&1 != 0
			if len(o.queue) > 0 {
				events |= unix.POLLIN
			}
		}
		n.answer(r.id, 0, words(events, 0))
	case opInterrupt:
		for _, o := range n.opens {
			if i := slices.Index(o.reads, r.get64(0)); i >= 0 {
				o.reads = slices.Delete(o.reads, i, i+1)
				n.answer(r.get64(0), unix.EINTR, nil)
			}
		}
	case opIoctl:
		n.describe(r)
	default:
		n.answer(r.id, unix.ENOSYS, nil)
	}
}

// describe answers what a program asks of an open node: its report descriptor, and how long
// that is. The answer has a head of its own: the call's result, and three words for
// what is not asked here.
func (n *node) describe(r request) {
	size, head := words(uint32(len(descriptor))), words(0, 0, 0, 0)
	switch r.get32(12) {
	case unix.HIDIOCGRDESCSIZE:
		n.answer(r.id, 0, append(head, size...))
	case unix.HIDIOCGRDESC:
		n.answer(r.id, 0, slices.Concat(head, size, descriptor, make([]byte, unix.HID_MAX_DESCRIPTOR_SIZE-len(descriptor))))
	default:
		n.answer(r.id, unix.ENOTTY, nil)
	}
}

func (n *node) read(r request, o *opening) {
	switch flags := r.get32(32); {
	case o == nil:
		n.answer(r.id, unix.EBADF, nil)
	case len(o.queue) > 0:
		n.answer(r.id, 0, o.queue[0][:min(len(o.queue[0]), int(r.get32(16)))])
		o.queue = o.queue[1:]
	case flags&unix.O_NONBLOCK != 0:
		n.answer(r.id, unix.EAGAIN, nil)
	default:
		o.reads = append(o.reads, r.id)
	}
}

// Read gives what a program wrote, without the number before it: the key's side.
func (n *node) Read(ctx context.Context) ([]byte, error) {
	select {
	case report := <-n.told:
		return report[min(1, len(report)):], nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-n.end:
		return nil, io.EOF
	}
}

// Write tells a report to all that have the file open.
func (n *node) Write(_ context.Context, report []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, o := range n.opens {
		switch {
		case len(o.reads) > 0:
			n.answer(o.reads[0], 0, report)
			o.reads = o.reads[1:]
			continue
		case len(o.queue) < backlog:
			o.queue = append(o.queue, bytes.Clone(report))
		}
		if o.asked {
			o.asked = false
			n.send(0, notifyPoll, words(uint32(o.poll), uint32(o.poll>>32)))
		}
	}
	return nil
}

func (n *node) Sizes() (in, out int) { return reportSize, reportSize }
