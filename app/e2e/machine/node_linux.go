package machine

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// node is a file that behaves as a node of hidraw: each program that has it open reads all
// that the key says, from the moment it opened it. It is a file system of one file, told
// to the kernel in FUSE's own protocol (linux/fuse.h, version 7.31), as no other file can
// be polled and be another one for each who opens it.
type node struct {
	path   string
	kernel *os.File
	told   chan []byte // what programs write, number and all
	end    chan struct{}

	mu    sync.Mutex
	opens map[uint64]*opening
	last  uint64
}

// opening is one program's.
type opening struct {
	queue [][]byte
	asks  []uint64 // reads that wait
	watch uint64   // whom to tell that there is something to read
	asked bool     // once
}

// The requests of the kernel that are answered; others are answered by ENOSYS, which it
// takes for "not needed".
const (
	opForget, opGetattr, opOpen, opRead, opWrite = 2, 3, 14, 15, 16
	opRelease, opInit, opInterrupt, opPoll       = 18, 26, 36, 40
	opBatchForget                                = 42

	requestHead = 40
	answerHead  = 16
	largest     = 1 << 17 // of a request
	backlog     = 64      // reports that wait for a program, as with hidraw

	openPlain  = 1 | 4 | 16 // direct, not seekable, a stream
	notifyPoll = 1
)

// mountNode makes the file.
func mountNode(path string) (*node, error) {
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		return nil, err
	}
	kernel, err := os.OpenFile("/dev/fuse", os.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	options := fmt.Sprintf("fd=%d,rootmode=100666,user_id=0,group_id=0,allow_other", kernel.Fd())
	if err := unix.Mount("key", path, "fuse", unix.MS_NODEV|unix.MS_NOSUID, options); err != nil {
		kernel.Close()
		return nil, fmt.Errorf("mounting a key's node: %w", err)
	}
	n := &node{path: path, kernel: kernel, told: make(chan []byte, backlog), end: make(chan struct{}), opens: map[uint64]*opening{}}
	go n.serve()
	return n, nil
}

// Close takes the file away: whoever has it open reads that the device is gone.
func (n *node) Close() error {
	err := unix.Unmount(n.path, unix.MNT_DETACH)
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.end:
		return nil
	default:
		close(n.end)
	}
	n.kernel.Close()
	return err
}

func (n *node) serve() {
	buffer := make([]byte, largest)
	for {
		size, err := n.kernel.Read(buffer)
		if err != nil {
			return
		}
		if size < requestHead {
			continue
		}
		n.mu.Lock()
		n.take(binary.NativeEndian.Uint32(buffer[4:]), binary.NativeEndian.Uint64(buffer[8:]), buffer[requestHead:size])
		n.mu.Unlock()
	}
}

// take answers a request.
func (n *node) take(op uint32, id uint64, in []byte) {
	get32 := func(at int) uint32 { return binary.NativeEndian.Uint32(in[at:]) }
	get64 := func(at int) uint64 { return binary.NativeEndian.Uint64(in[at:]) }
	switch op {
	case opInit:
		n.answer(id, 0, words(7, 31, 0, 0, 0, 4096, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0))
	case opGetattr:
		// valid for how long, attributes: ino, size, blocks; times; mode, links, uid, gid, device, block size
		n.answer(id, 0, words(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, unix.S_IFREG|0o666, 1, 0, 0, 0, 512, 0))
	case opOpen:
		n.last++
		n.opens[n.last] = &opening{}
		n.answer(id, 0, words(uint32(n.last), uint32(n.last>>32), openPlain, 0))
	case opRelease:
		delete(n.opens, get64(0))
		n.answer(id, 0, nil)
	case opRead:
		o := n.opens[get64(0)]
		switch flags := get32(32); {
		case o == nil:
			n.answer(id, unix.EBADF, nil)
		case len(o.queue) > 0:
			n.answer(id, 0, o.queue[0][:min(len(o.queue[0]), int(get32(16)))])
			o.queue = o.queue[1:]
		case flags&unix.O_NONBLOCK != 0:
			n.answer(id, unix.EAGAIN, nil)
		default:
			o.asks = append(o.asks, id)
		}
	case opWrite:
		size := get32(16)
		data := bytes.Clone(in[40:])
		n.answer(id, 0, words(size, 0))
		select {
		case n.told <- data:
		default: // nobody reads: a key that hangs
		}
	case opPoll:
		o := n.opens[get64(0)]
		events := uint32(unix.POLLOUT)
		if o != nil {
			o.watch, o.asked = get64(8), get32(16)&1 != 0
			if len(o.queue) > 0 {
				events |= unix.POLLIN
			}
		}
		n.answer(id, 0, words(events, 0))
	case opInterrupt:
		for _, o := range n.opens {
			for i, ask := range o.asks {
				if ask == get64(0) {
					o.asks = append(o.asks[:i:i], o.asks[i+1:]...)
					n.answer(ask, unix.EINTR, nil)
					break
				}
			}
		}
	case opForget, opBatchForget:
	default:
		n.answer(id, unix.ENOSYS, nil)
	}
}

func words(values ...uint32) []byte {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.NativeEndian.AppendUint32(b, v)
	}
	return b
}

func (n *node) answer(id uint64, failed unix.Errno, data []byte) { n.send(id, -int32(failed), data) }

// send cannot fail in a way that matters: who asked may have gone.
func (n *node) send(id uint64, code int32, data []byte) {
	b := words(uint32(answerHead+len(data)), uint32(code), uint32(id), uint32(id>>32))
	n.kernel.Write(append(b, data...))
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
		case len(o.asks) > 0:
			n.answer(o.asks[0], 0, report)
			o.asks = o.asks[1:]
			continue
		case len(o.queue) < backlog:
			o.queue = append(o.queue, bytes.Clone(report))
		}
		if o.asked {
			o.asked = false
			n.send(0, notifyPoll, words(uint32(o.watch), uint32(o.watch>>32)))
		}
	}
	return nil
}

func (n *node) Sizes() (in, out int) { return reportSize, reportSize }
