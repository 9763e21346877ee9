package tpmtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Emulator is a software TPM (swtpm) over a socket of its own. It serves one
// connection at a time, so all that open it share one.
type Emulator struct {
	tb     testing.TB
	folder string // its state, which survives a restart
	socket string
	run    *exec.Cmd

	mu   sync.Mutex
	conn net.Conn
}

// New starts a TPM that was never used.
func New(tb testing.TB) *Emulator {
	tb.Helper()
	if _, err := exec.LookPath("swtpm"); err != nil {
		tb.Skip("no swtpm here: build/setup.sh peers installs it")
	}
	folder, err := os.MkdirTemp("", "tpm") // a socket's path must be short
	if err != nil {
		tb.Fatal(err)
	}
	e := &Emulator{tb: tb, folder: folder, socket: filepath.Join(folder, "s")}
	tb.Cleanup(func() {
		e.Stop()
		os.RemoveAll(folder)
	})
	e.start()
	return e
}

func (e *Emulator) start() {
	e.tb.Helper()
	os.Remove(e.socket)
	e.run = exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+e.folder, "--server", "type=unixio,path="+e.socket,
		"--flags", "not-need-init,startup-clear", "--terminate", // with the connection, so with the test too
		"--log", "file="+filepath.Join(e.folder, "log"))
	if err := e.run.Start(); err != nil {
		e.tb.Skip("swtpm does not start here: ", err)
	}
	for range 3000 { // a busy machine takes its time
		conn, err := net.Dial("unix", e.socket)
		if err == nil {
			e.conn = conn
			return
		}
		time.Sleep(10 * time.Millisecond) // until it listens
	}
	log, _ := os.ReadFile(filepath.Join(e.folder, "log"))
	e.tb.Fatalf("swtpm does not listen: %s", log)
}

// Stop takes the TPM away: Open is tpm-missing from now on.
func (e *Emulator) Stop() {
	if e.run != nil {
		if e.conn != nil {
			e.conn.Close()
		}
		e.run.Process.Kill()
		e.run.Wait()
		e.run = nil
	}
}

// Restart is a power cycle. An orderly one: without Shutdown the TPM counts it as a
// guess, since it could hide one.
func (e *Emulator) Restart() {
	e.tb.Helper()
	e.Do(func(t transport.TPM) error {
		_, err := tpm2.Shutdown{ShutdownType: tpm2.TPMSUClear}.Execute(t)
		return err
	})
	e.Stop()
	e.start()
}

// Open is a tpm.Device. What it opens shares the one connection, and with it what is
// loaded: it is the bare TPM, without the kernel's resource manager.
func (e *Emulator) Open() (transport.TPMCloser, error) {
	if e.run == nil {
		return nil, mfa.Fail(mfa.CodeTPMMissing)
	}
	return socket{e}, nil
}

type socket struct{ *Emulator }

// Send implements transport.TPM.
func (s socket) Send(command []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn.SetDeadline(time.Now().Add(30 * time.Second))
	return transport.FromReadWriter(s.conn).Send(command)
}

func (s socket) Close() error { return nil }

// Do runs a command of the test's own.
func (e *Emulator) Do(what func(transport.TPM) error) {
	e.tb.Helper()
	device, err := e.Open()
	if err == nil {
		err = errors.Join(what(device), device.Close())
	}
	if err != nil {
		e.tb.Fatal(err)
	}
}

// Clear is what the firmware's "clear TPM" does.
func (e *Emulator) Clear() {
	e.tb.Helper()
	e.Do(func(t transport.TPM) error {
		_, err := tpm2.Clear{AuthHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHLockout, Auth: tpm2.PasswordAuth(nil)}}.Execute(t)
		return err
	})
}

// Guards sets the protection against guessing: tries, and seconds until one is
// forgiven (TPM2_DictionaryAttackParameters).
func (e *Emulator) Guards(tries, seconds uint32) {
	e.tb.Helper()
	e.lockoutCommand(tpm2.TPMCCDictionaryAttackParameters, tries, seconds, 1000)
}

// Forgives is what the owner, or time, does (TPM2_DictionaryAttackLockReset).
func (e *Emulator) Forgives() {
	e.tb.Helper()
	e.lockoutCommand(tpm2.TPMCCDictionaryAttackLockReset)
}

// lockoutCommand sends a command under the lock-out's authorization, which is empty.
func (e *Emulator) lockoutCommand(code tpm2.TPMCC, parameters ...uint32) {
	e.tb.Helper()
	command := []byte{0x80, 0x02}
	for _, n := range []uint32{uint32(27 + 4*len(parameters)), uint32(code), uint32(tpm2.TPMRHLockout), 9, uint32(tpm2.TPMRSPW)} {
		command = binary.BigEndian.AppendUint32(command, n)
	}
	command = append(command, 0, 0, 0, 0, 0) // no nonce, no attributes, no password
	for _, n := range parameters {
		command = binary.BigEndian.AppendUint32(command, n)
	}
	e.Do(func(t transport.TPM) error {
		response, err := t.Send(command)
		if err == nil && (len(response) < 10 || binary.BigEndian.Uint32(response[6:]) != 0) {
			err = fmt.Errorf("response %x", response)
		}
		return err
	})
}

// Holds lists the objects and sessions that are loaded.
func (e *Emulator) Holds() (handles []tpm2.TPMHandle) {
	e.tb.Helper()
	e.Do(func(t transport.TPM) error {
		for _, first := range []uint32{0x80000000, 0x02000000, 0x03000000} {
			answer, err := tpm2.GetCapability{Capability: tpm2.TPMCapHandles, Property: first, PropertyCount: 64}.Execute(t)
			if err != nil {
				return err
			}
			list, err := answer.CapabilityData.Data.Handles()
			if err != nil {
				return err
			}
			for _, h := range list.Handle {
				if uint32(h)>>24 == first>>24 {
					handles = append(handles, h)
				}
			}
		}
		return nil
	})
	return handles
}
