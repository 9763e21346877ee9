package machine

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	linkName = "chip"
	linkID   = 2
)

// link is a symbolic link that leads somewhere else each time it is followed.
type link struct {
	*fuse
	to func() (string, error)
}

// mountLink puts one into a folder of its own, and gives its path.
func mountLink(folder string, to func() (string, error)) (l *link, path string, err error) {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return nil, "", err
	}
	f, err := mountFUSE(folder, unix.S_IFDIR|0o755)
	if err != nil {
		return nil, "", err
	}
	l = &link{f, to}
	go l.serve(l.take)
	return l, folder + "/" + linkName, nil
}

func (l *link) take(r request) {
	mode := map[uint64]uint32{rootID: unix.S_IFDIR | 0o755, linkID: unix.S_IFLNK | 0o777}
	switch r.op {
	case opLookup:
		if string(r.in) != linkName+"\x00" {
			l.answer(r.id, unix.ENOENT, nil)
			return
		}
		l.answer(r.id, 0, append(words(linkID, 0, 0, 0, 0, 0, 0, 0, 0, 0), attributes(linkID, mode[linkID])...))
	case opGetattr:
		l.answer(r.id, 0, append(words(0, 0, 0, 0), attributes(uint32(r.file), mode[r.file])...))
	case opReadlink:
		target, err := l.to()
		if err != nil {
			l.answer(r.id, unix.EIO, nil)
			return
		}
		l.answer(r.id, 0, []byte(target))
	default:
		l.answer(r.id, unix.ENOSYS, nil)
	}
}
