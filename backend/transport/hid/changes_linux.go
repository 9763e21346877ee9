package hid

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Watch looks again whenever a node of hidraw comes, goes or gets other
// permissions, and now and then besides: see doc.go.
func (b *hidrawBus) Watch(ctx context.Context, changed func()) error {
	watching, stop := context.WithCancel(ctx)
	hints, ended := nodeChanges(watching, b.dev)
	defer func() { stop(); <-ended }()
	before, err := b.find(ctx)
	if err != nil {
		return err
	}
	ticks := time.NewTicker(b.again)
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
		if !slices.EqualFunc(before, now, sameKey) {
			before = now
			changed()
		}
	}
}

func sameKey(a, b found) bool {
	return a.ID == b.ID && mfa.IsCode(a.Trouble, mfa.CodeKeyPermission) == mfa.IsCode(b.Trouble, mfa.CodeKeyPermission)
}

// nodeChanges gives a hint after something happened to a node of hidraw in dir,
// until ctx ends; ended is closed when nothing of it is left. Where the system
// lets nobody watch there are no hints.
func nodeChanges(ctx context.Context, dir string) (hints <-chan struct{}, ended <-chan struct{}) {
	out, over := make(chan struct{}, 1), make(chan struct{})
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		close(over)
		return nil, over
	}
	file := os.NewFile(uintptr(fd), "inotify")
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_CREATE|unix.IN_DELETE|unix.IN_ATTRIB|unix.IN_MOVED_TO|unix.IN_MOVED_FROM); err != nil {
		file.Close()
		close(over)
		return nil, over
	}
	stop := context.AfterFunc(ctx, func() { file.Close() })
	go func() {
		defer close(over)
		defer file.Close()
		defer stop()
		events := make([]byte, 16*(unix.SizeofInotifyEvent+unix.NAME_MAX+1))
		for {
			n, err := file.Read(events)
			if err != nil {
				return
			}
			if concernsNode(events[:n]) {
				select {
				case out <- struct{}{}:
				default: // one hint is as good as two
				}
			}
		}
	}()
	return out, over
}

// concernsNode looks for a node of hidraw in a run of inotify events. Each is a
// head of 16 bytes, with the length of the name in the last four, and the name.
func concernsNode(events []byte) bool {
	for len(events) >= unix.SizeofInotifyEvent {
		mask, n := binary.NativeEndian.Uint32(events[4:]), int(binary.NativeEndian.Uint32(events[12:]))
		events = events[unix.SizeofInotifyEvent:]
		if n > len(events) {
			return true
		}
		if mask&unix.IN_Q_OVERFLOW != 0 || bytes.HasPrefix(events[:n], []byte("hidraw")) {
			return true
		}
		events = events[n:]
	}
	return false
}
