//go:build linux

package pcsc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/keyferry/keyferry/backend/transport/nfc"
)

const driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"

// port is where the driver waits for a card; its second slot, which stays empty, takes
// the next one.
const port = 35963

// virtualReader is a reader of vsmartcard's driver under a pcscd of the test's own.
// The driver listens on all interfaces, and loses its mind where it is told to connect
// itself and there is no card. So pcscd lives in a network of its own, which has
// nothing but loopback, and cards connect from within.
type virtualReader struct {
	pid int
	lay func() *nfc.Applet

	mu     sync.Mutex
	conn   net.Conn // the card that lies there
	pullAt int      // lift it at this APDU, counted down; 0: never
	talks  sync.WaitGroup
}

// socketName is where pcscd is reached. Its library reads it once per process.
var socketName = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "keyferry-pcscd-")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "pcscd.comm")
	return name, os.Setenv("PCSCLITE_CSOCK_NAME", name)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if name := os.Getenv("PCSCLITE_CSOCK_NAME"); strings.Contains(name, "keyferry-pcscd-") {
		os.RemoveAll(filepath.Dir(name))
	}
	os.Exit(code)
}

// startReader runs pcscd with one virtual reader until the test ends.
func startReader(t *testing.T, lay func() *nfc.Applet) *virtualReader {
	t.Helper()
	daemon, err := exec.LookPath("pcscd")
	if err != nil {
		daemon = "/usr/sbin/pcscd"
	}
	for _, file := range []string{daemon, driver} {
		if _, err := os.Stat(file); err != nil {
			t.Skipf("%s is missing (build/setup.sh peers): readers are tested with fakes only", file)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("pcscd wants to be root: readers are tested with fakes only")
	}
	if anotherRuns() {
		t.Skip("another pcscd runs, whose files ours would take away: readers are tested with fakes only")
	}
	name, err := socketName()
	if err != nil {
		t.Fatal(err)
	}
	conf := t.TempDir()
	text := fmt.Sprintf("FRIENDLYNAME \"Keyferry Virtual PICC\"\nDEVICENAME /dev/null:0x%X\nLIBPATH %s\nCHANNELID 0x%X\n", port, driver, port)
	if err := os.WriteFile(filepath.Join(conf, "vpcd"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Remove(name)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	listener.SetUnlinkOnClose(false)
	file, err := listener.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// As systemd does, the socket is handed over. pcscd's own path is never touched.
	cmd := exec.Command("/bin/sh", "-c", `export LISTEN_PID=$$; exec "$0" --foreground --config "$1"`, daemon, conf)
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1")
	cmd.ExtraFiles = []*os.File{file}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if testing.Verbose() {
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	}
	// pcscd dies with the thread that started it, which therefore stays.
	started, over := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		started <- cmd.Start()
		<-over
	}()
	t.Cleanup(func() { close(over) })
	if err := <-started; errors.Is(err, syscall.EPERM) {
		t.Skip("no network of its own can be made here: readers are tested with fakes only")
	} else if err != nil {
		t.Fatal(err)
	}
	r := &virtualReader{pid: cmd.Process.Pid, lay: lay}
	t.Cleanup(func() {
		r.lift()
		r.talks.Wait()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		os.Remove(name)
	})
	return r
}

// anotherRuns reports that a pcscd is there whose process number is on file.
func anotherRuns() bool {
	pid, err := os.ReadFile("/run/pcscd/pcscd.pid")
	if err != nil {
		return false
	}
	name, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(strings.Trim(string(pid), "\x00")), "comm"))
	return err == nil && strings.TrimSpace(string(name)) == "pcscd"
}

// dial connects to the driver from within its network.
func (r *virtualReader) dial() (conn net.Conn, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread goes with the goroutine
		var ns, control int
		if ns, err = unix.Open(fmt.Sprintf("/proc/%d/ns/net", r.pid), unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			return
		}
		defer unix.Close(ns)
		if err = unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
			return
		}
		if control, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return
		}
		defer unix.Close(control)
		var lo *unix.Ifreq
		if lo, err = unix.NewIfreq("lo"); err != nil {
			return
		}
		lo.SetUint16(unix.IFF_UP)
		if err = unix.IoctlIfreq(control, unix.SIOCSIFFLAGS, lo); err != nil {
			return
		}
		var fd int
		if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return
		}
		file := os.NewFile(uintptr(fd), "card")
		defer file.Close()
		if err = unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err == nil {
			conn, err = net.FileConn(file)
		}
	}()
	<-done
	return conn, err
}

// put lays a card on the reader. The driver may not be there yet.
func (r *virtualReader) put(t *testing.T, atr []byte) {
	t.Helper()
	conn, err := r.dial()
	for deadline := time.Now().Add(patience); errors.Is(err, syscall.ECONNREFUSED) && time.Now().Before(deadline); {
		runtime.Gosched()
		conn, err = r.dial()
	}
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.conn, r.pullAt = conn, 0
	r.mu.Unlock()
	r.talks.Go(func() { r.talk(conn, atr) })
}

// lift takes the card off.
func (r *virtualReader) lift() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn != nil {
		r.conn.Close()
		r.conn = nil
	}
}

// pull lifts the card when it gets its n-th APDU from now on, n from 1.
func (r *virtualReader) pull(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pullAt = n
}

// stop ends the service, under whoever uses it.
func (r *virtualReader) stop(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(r.pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// stays counts an APDU and reports that the card is still there.
func (r *virtualReader) stays() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pullAt--
	return r.pullAt != 0
}

// talk speaks the driver's frames: two bytes of length, and as many of message. A
// message of one byte is the driver's own: off, on, reset, and 4 to ask for the ATR.
func (r *virtualReader) talk(conn net.Conn, atr []byte) {
	defer conn.Close()
	card := r.lay()
	defer func() { card.Close() }()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		message := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, message); err != nil {
			return
		}
		var response []byte
		switch {
		case len(message) == 1 && message[0] == 4:
			response = atr
		case len(message) == 1:
			card.Close()
			card = r.lay()
			continue
		default:
			var err error
			if !r.stays() {
				return
			}
			if response, err = card.Transmit(context.Background(), message); err != nil {
				return
			}
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(response))), response...)); err != nil {
			return
		}
	}
}

// keyATR is what a reader says of a YubiKey, and cardATR of a card with contacts.
var (
	keyATR  = []byte{0x3B, 0x8D, 0x80, 0x01, 0x80, 0x73, 0xC0, 0x21, 0xC0, 0x57, 0x59, 0x75, 0x62, 0x69, 0x4B, 0x65, 0x79, 0xF9}
	cardATR = []byte{0x3B, 0xFD, 0x13, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x15, 0x80, 0x73, 0xC0, 0x21, 0xC0, 0x57, 0x59, 0x75, 0x62, 0x69, 0x4B, 0x65, 0x79, 0x40}
)
