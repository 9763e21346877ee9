package machine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// fuse is a file system that we are asked about: FUSE's own protocol (linux/fuse.h,
// version 7.31), of which a few requests are enough.
type fuse struct {
	path   string
	kernel *os.File
}

// The requests of the kernel that are answered; others are answered by ENOSYS, which it
// takes for "not needed".
const (
	opLookup, opForget, opGetattr, opReadlink = 1, 2, 3, 5
	opOpen, opRead, opWrite, opRelease        = 14, 15, 16, 18
	opInit, opInterrupt, opPoll               = 26, 36, 40
	opIoctl, opBatchForget                    = 39, 42

	requestHead = 40
	answerHead  = 16
	largest     = 1 << 17 // of a request
	rootID      = 1
)

// request is one of them: what is asked, its number, of which file, and the rest.
type request struct {
	op   uint32
	id   uint64
	file uint64
	in   []byte
}

func (r request) get32(at int) uint32 { return binary.NativeEndian.Uint32(r.in[at:]) }
func (r request) get64(at int) uint64 { return binary.NativeEndian.Uint64(r.in[at:]) }

// mountFUSE puts it over what is at path, whose kind rootMode is of.
func mountFUSE(path string, rootMode uint32) (*fuse, error) {
	// Not by os.OpenFile, which would wait for news of it by polling: before it is mounted
	// there is nothing that could tell.
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	kernel := os.NewFile(uintptr(fd), "fuse")
	options := fmt.Sprintf("fd=%d,rootmode=%o,user_id=0,group_id=0,allow_other", fd, rootMode)
	if err := unix.Mount("keyferry", path, "fuse", unix.MS_NODEV|unix.MS_NOSUID, options); err != nil {
		kernel.Close()
		return nil, fmt.Errorf("mounting %s: %w", path, err)
	}
	return &fuse{path: path, kernel: kernel}, nil
}

// serve answers what is asked by take, until the file system is taken away.
func (f *fuse) serve(take func(request)) {
	defer f.kernel.Close()
	buffer := make([]byte, largest)
	for {
		size, err := f.kernel.Read(buffer)
		switch {
		case errors.Is(err, unix.ENOENT), errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
			continue // who asked was interrupted, and asks again
		case err != nil:
			return
		case size < requestHead:
			continue
		}
		r := request{op: binary.NativeEndian.Uint32(buffer[4:]), id: binary.NativeEndian.Uint64(buffer[8:]),
			file: binary.NativeEndian.Uint64(buffer[16:]), in: buffer[requestHead:size]}
		switch r.op {
		case opInit:
			f.answer(r.id, 0, words(7, 31, 0, 0, 0, 4096, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0))
		case opForget, opBatchForget: // wants no answer
		default:
			take(r)
		}
	}
}

// attributes are those of a file: number, size, blocks; times; mode, links, owner, device,
// size of a block. size 0 of a file that is read directly ends nothing.
func attributes(number, mode uint32) []byte {
	return words(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 512, 0)
}

func words(values ...uint32) []byte {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.NativeEndian.AppendUint32(b, v)
	}
	return b
}

func (f *fuse) answer(id uint64, failed unix.Errno, data []byte) { f.send(id, -int32(failed), data) }

// send cannot fail in a way that matters: who asked may have gone.
func (f *fuse) send(id uint64, code int32, data []byte) {
	b := words(uint32(answerHead+len(data)), uint32(code), uint32(id), uint32(id>>32))
	f.kernel.Write(append(b, data...))
}

// close takes it away, at the latest when nobody has a file of it open any more.
func (f *fuse) close() error { return unix.Unmount(f.path, unix.MNT_DETACH) }
