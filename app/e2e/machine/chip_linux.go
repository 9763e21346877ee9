package machine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
)

const (
	headSize   = 10 // of commands and answers: tag, size, code
	maxMessage = 4096
	startTime  = 30 * time.Second
)

// Chip puts a security chip in that was never used.
func (m *Machine) Chip(ctx context.Context) error {
	tpm, err := m.swtpm(ctx)
	if err != nil {
		return err
	}
	t, err := openTerminal()
	if err != nil {
		return err
	}
	m.ended = append(m.ended, func() { t.Close() })
	if err := t.node(m)(m.path("dev", "tpmrm0")); err != nil {
		return err
	}
	t.letGo()
	go carry(t, tpm)
	return nil
}

// swtpm starts it and connects.
func (m *Machine) swtpm(ctx context.Context) (net.Conn, error) {
	state, socket := m.path("chip"), m.path("chip", "s")
	if err := os.Mkdir(state, 0o700); err != nil {
		return nil, err
	}
	cmd := exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+state, "--server", "type=unixio,path="+socket,
		"--flags", "not-need-init,startup-clear", "--terminate")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	m.ended = append(m.ended, func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			m.ended = append(m.ended, func() { conn.Close() })
			return conn, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("swtpm does not listen: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// carry hands commands to the chip and answers back, and forgets what a program has loaded
// as soon as it closes the node: the kernel's resource manager does the same.
func carry(node *terminal, tpm net.Conn) {
	dirty := false
	for {
		command, err := message(node)
		switch {
		case errors.Is(err, syscall.EIO): // nobody has it open
			if dirty {
				forget(tpm)
			}
			dirty = false
			time.Sleep(2 * time.Millisecond) // nothing tells when somebody opens it
			continue
		case err != nil:
			return
		}
		dirty = true
		answer, err := exchange(tpm, command)
		if err != nil {
			return
		}
		if _, err := node.Write(answer); err != nil && !errors.Is(err, syscall.EIO) {
			return
		}
	}
}

func exchange(tpm net.Conn, command []byte) ([]byte, error) {
	if _, err := tpm.Write(command); err != nil {
		return nil, err
	}
	return message(tpm)
}

// message reads a command or an answer: its length stands in its head.
func message(r io.Reader) ([]byte, error) {
	head := make([]byte, headSize)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[2:])
	if size < headSize || size > maxMessage {
		return nil, fmt.Errorf("a message of %d bytes", size)
	}
	body := make([]byte, size-headSize)
	_, err := io.ReadFull(r, body)
	return append(head, body...), err
}

// forget flushes objects and sessions. What is not there is flushed without harm.
func forget(tpm net.Conn) {
	chip := transport.FromReadWriter(tpm)
	for _, first := range []uint32{0x80000000, 0x02000000, 0x03000000} { // transient objects, sessions, policies
		answer, err := tpm2.GetCapability{Capability: tpm2.TPMCapHandles, Property: first, PropertyCount: 64}.Execute(chip)
		if err != nil {
			continue
		}
		handles, err := answer.CapabilityData.Data.Handles()
		if err != nil {
			continue
		}
		for _, h := range handles.Handle {
			tpm2.FlushContext{FlushHandle: h}.Execute(chip)
		}
	}
}
