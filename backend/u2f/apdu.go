package u2f

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The longest data of each form of APDU (ISO 7816-4 section 5.1).
const (
	maxShort    = 255
	maxExtended = 65535
)

var errAPDU = errors.New("u2f: APDU")

// Command is one command APDU (ISO 7816-4 section 5.1).
type Command struct {
	CLA, INS, P1, P2 byte
	Data             []byte // at most 65,535 bytes
	// Expected is Le, the longest answer that is wanted: 0 to 65,536 bytes.
	Expected int
	// Extended writes three bytes of length where one would do, as U2F over USB
	// wants it (FIDO U2F Raw Message Formats section 3).
	Extended bool
}

// EncodeAPDU writes a command in the short form, or in the extended one when it
// is asked for or needed.
func EncodeAPDU(c Command) ([]byte, error) {
	if len(c.Data) > maxExtended || c.Expected < 0 || c.Expected > maxExtended+1 {
		return nil, fmt.Errorf("%w: %d bytes of data, %d expected", errAPDU, len(c.Data), c.Expected)
	}
	out := append(make([]byte, 0, 4+3+len(c.Data)+3), c.CLA, c.INS, c.P1, c.P2)
	extended := c.Extended || len(c.Data) > maxShort || c.Expected > maxShort+1
	if len(c.Data) > 0 {
		if extended {
			out = append(out, 0, byte(len(c.Data)>>8))
		}
		out = append(append(out, byte(len(c.Data))), c.Data...)
	}
	switch { // a length that is one too long for its field is written as zero
	case c.Expected == 0:
	case !extended:
		out = append(out, byte(c.Expected))
	case len(c.Data) == 0:
		out = append(out, 0, byte(c.Expected>>8), byte(c.Expected))
	default:
		out = append(out, byte(c.Expected>>8), byte(c.Expected))
	}
	return out, nil
}

// ParseAPDU reads a command in any of the seven forms of ISO 7816-4, to its last
// byte, and in an eighth that clients of U2F write: no data, but its extended
// length. Data is a part of b.
func ParseAPDU(b []byte) (Command, error) {
	if len(b) < 4 {
		return Command{}, fmt.Errorf("%w: %d bytes", errAPDU, len(b))
	}
	c := Command{CLA: b[0], INS: b[1], P1: b[2], P2: b[3]}
	body := b[4:]
	if len(body) == 0 {
		return c, nil
	}
	if len(body) == 1 {
		c.Expected = orAll(int(body[0]), maxShort+1)
		return c, nil
	}
	if c.Extended = body[0] == 0; !c.Extended {
		return c, c.rest(body[1:], int(body[0]), 1)
	}
	if len(body) < 3 {
		return Command{}, fmt.Errorf("%w: a length that is cut off", errAPDU)
	}
	n := int(binary.BigEndian.Uint16(body[1:]))
	if len(body) == 3 {
		c.Expected = orAll(n, maxExtended+1)
		return c, nil
	}
	return c, c.rest(body[3:], n, 2)
}

// rest takes n bytes of data, and behind them nothing or Le in a field of the
// given width.
func (c *Command) rest(b []byte, n, width int) error {
	if len(b) != n && len(b) != n+width {
		err := fmt.Errorf("%w: %d bytes where %d are announced", errAPDU, len(b), n)
		*c = Command{}
		return err
	}
	c.Data = b[:n:n]
	switch le := b[n:]; len(le) {
	case 1:
		c.Expected = orAll(int(le[0]), maxShort+1)
	case 2:
		c.Expected = orAll(int(binary.BigEndian.Uint16(le)), maxExtended+1)
	}
	return nil
}

// orAll is a length in which zero stands for the one that does not fit.
func orAll(n, all int) int {
	if n == 0 {
		return all
	}
	return n
}

// StatusWord is SW1 and SW2, the last two bytes of every answer (FIDO U2F Raw
// Message Formats section 3.3).
type StatusWord uint16

// The status words that U2F knows.
const (
	StatusOK            StatusWord = 0x9000
	StatusWrongLength   StatusWord = 0x6700
	StatusTouchNeeded   StatusWord = 0x6985 // conditions of use not satisfied; at CheckOnly: the handle is known
	StatusNotAllowed    StatusWord = 0x6986 // command not allowed: in the place of 6985, from some keys on a reader
	StatusUnknownHandle StatusWord = 0x6A80 // wrong data
	StatusUnknownINS    StatusWord = 0x6D00
	StatusUnknownCLA    StatusWord = 0x6E00
	StatusOther         StatusWord = 0x6F00
	statusWordBytes                = 2
	maxResponse                    = maxExtended + 1 + statusWordBytes
)

// Error makes a StatusWord a cause.
func (s StatusWord) Error() string { return fmt.Sprintf("u2f: status word %04x", uint16(s)) }

// EncodeResponse writes an answer.
func EncodeResponse(data []byte, s StatusWord) []byte {
	return binary.BigEndian.AppendUint16(append(make([]byte, 0, len(data)+statusWordBytes), data...), uint16(s))
}

// ParseResponse splits an answer. The data is a part of b.
func ParseResponse(b []byte) (data []byte, s StatusWord, err error) {
	n := len(b) - statusWordBytes
	if n < 0 || len(b) > maxResponse {
		return nil, 0, fmt.Errorf("%w: an answer of %d bytes", errAPDU, len(b))
	}
	return b[:n:n], StatusWord(binary.BigEndian.Uint16(b[n:])), nil
}
