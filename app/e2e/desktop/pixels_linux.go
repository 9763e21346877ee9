package desktop

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// Camera reads pixels of the display over the X11 core protocol. A picture of a
// program like import takes longer than what is to be measured.
type Camera struct {
	conn net.Conn
	root uint32
}

// The parts of the X11 protocol that are used (X Window System Protocol,
// version 11, chapters 8 and 10, appendix B).
const (
	xGetImage  = 73
	xZPixmap   = 2
	xAllPlanes = 0xffffffff
	xReply     = 1
	xSetupOK   = 1
	maxImage   = 64 << 20
)

// Camera connects to the display.
func (d *Desktop) Camera() (*Camera, error) {
	conn, err := net.Dial("unix", "/tmp/.X11-unix/X"+strings.TrimPrefix(d.display, ":"))
	if err != nil {
		return nil, err
	}
	c := &Camera{conn: conn}
	if err := c.setup(); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// Close leaves the display.
func (c *Camera) Close() error { return c.conn.Close() }

// setup says hello without authorisation and takes the first screen's root.
func (c *Camera) setup() error {
	le := binary.LittleEndian
	hello := make([]byte, 12)
	hello[0] = 'l'
	le.PutUint16(hello[2:], 11)
	if _, err := c.conn.Write(hello); err != nil {
		return err
	}
	head := make([]byte, 8)
	if _, err := io.ReadFull(c.conn, head); err != nil {
		return err
	}
	body := make([]byte, 4*int(le.Uint16(head[6:])))
	if _, err := io.ReadFull(c.conn, body); err != nil {
		return err
	}
	if head[0] != xSetupOK || len(body) < 32 {
		return errors.New("the display refuses connections")
	}
	vendor, formats := int(le.Uint16(body[16:])), int(body[21])
	root := 32 + (vendor+3)/4*4 + 8*formats
	if len(body) < root+4 {
		return errors.New("the display sent a short answer")
	}
	c.root = le.Uint32(body[root:])
	return nil
}

// Colours counts the different pixels of a part of the display, up to limit.
func (c *Camera) Colours(x, y, width, height, limit int) (int, error) {
	le := binary.LittleEndian
	ask := make([]byte, 20)
	ask[0], ask[1] = xGetImage, xZPixmap
	le.PutUint16(ask[2:], uint16(len(ask)/4))
	le.PutUint32(ask[4:], c.root)
	le.PutUint16(ask[8:], uint16(x))
	le.PutUint16(ask[10:], uint16(y))
	le.PutUint16(ask[12:], uint16(width))
	le.PutUint16(ask[14:], uint16(height))
	le.PutUint32(ask[16:], xAllPlanes)
	if _, err := c.conn.Write(ask); err != nil {
		return 0, err
	}
	head := make([]byte, 32)
	if _, err := io.ReadFull(c.conn, head); err != nil {
		return 0, err
	}
	size := 4 * int(le.Uint32(head[4:]))
	if head[0] != xReply || size > maxImage {
		return 0, fmt.Errorf("the display answered with %d, error %d", head[0], head[1])
	}
	pixels := make([]byte, size)
	if _, err := io.ReadFull(c.conn, pixels); err != nil {
		return 0, err
	}
	seen := map[uint32]bool{}
	for i := 0; i+4 <= len(pixels) && len(seen) < limit; i += 4 {
		seen[le.Uint32(pixels[i:])&0xffffff] = true
	}
	return len(seen), nil
}
