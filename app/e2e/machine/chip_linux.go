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
	"sync"
	"syscall"
	"time"

	"github.com/google/go-tpm/tpm2"
)

const (
	headSize   = 10 // of commands and answers: tag, size, code
	maxMessage = 4096
	startTime  = 30 * time.Second
)

// chip is what stands behind the node.
type chip struct {
	tpm net.Conn

	mu    sync.Mutex // one command at a time
	users int        // programs that have the node open
}

// Chip puts a security chip in that was never used.
func (m *Machine) Chip(ctx context.Context) error {
	tpm, err := m.swtpm(ctx)
	if err != nil {
		return err
	}
	c := &chip{tpm: tpm}
	l, path, err := mountLink(m.path("link"), func() (string, error) {
		t, err := openTerminal()
		if err != nil {
			return "", err
		}
		go c.carry(t)
		return m.path("real", "pts", t.number), nil
	})
	if err != nil {
		return err
	}
	m.ended = append(m.ended, func() { l.close() })
	return os.Symlink(path, m.path("dev", "tpmrm0"))
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

// carry serves one program: it hands commands to the chip and answers back until the
// program closes the node. Where the link was followed for a look alone nobody comes.
func (c *chip) carry(node *terminal) {
	defer node.Close()
	came := false
	for nobody := time.Now().Add(startTime); came || time.Now().Before(nobody); {
		command, err := message(node)
		switch {
		case errors.Is(err, syscall.EIO) && !came:
			time.Sleep(2 * time.Millisecond) // nothing tells when somebody opens it
			continue
		case err != nil:
			if came {
				c.leaves()
			}
			return
		case !came:
			came = true
			c.comes()
		}
		answer, err := c.exchange(command)
		if err != nil {
			return
		}
		node.Write(answer) // nobody may be there any more
	}
}

func (c *chip) comes() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users++
}

// leaves forgets what programs have loaded when the last one has gone. The kernel's
// resource manager does it for each.
func (c *chip) leaves() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users--; c.users == 0 {
		c.forget()
	}
}

func (c *chip) exchange(command []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Send(command)
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

// Send implements transport.TPM, with the lock held.
func (c *chip) Send(command []byte) ([]byte, error) {
	if _, err := c.tpm.Write(command); err != nil {
		return nil, err
	}
	return message(c.tpm)
}

// forget flushes objects and sessions. What is not there is flushed without harm.
func (c *chip) forget() {
	for _, first := range []uint32{0x80000000, 0x02000000, 0x03000000} { // transient objects, sessions, policies
		answer, err := tpm2.GetCapability{Capability: tpm2.TPMCapHandles, Property: first, PropertyCount: 64}.Execute(c)
		if err != nil {
			continue
		}
		handles, err := answer.CapabilityData.Data.Handles()
		if err != nil {
			continue
		}
		for _, h := range handles.Handle {
			tpm2.FlushContext{FlushHandle: h}.Execute(c)
		}
	}
}
