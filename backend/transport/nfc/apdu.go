package nfc

import (
	"encoding/binary"
	"errors"
)

// The commands (CTAP 2.2 section 11.3.7, ISO/IEC 7816-4 section 11).
const (
	claISO   = 0x00
	claCTAP  = 0x80
	claChain = 0x10 // bit of CLA: another part follows

	insSelect      = 0xA4
	insGetResponse = 0xC0
	insU2FRegister = 0x01
	insU2FAuth     = 0x02
	insU2FVersion  = 0x03
	insMessage     = 0x10 // NFCCTAP_MSG
	insPoll        = 0x11 // NFCCTAP_GETRESPONSE
	insControl     = 0x12 // NFCCTAP_CONTROL

	p1SelectByName = 0x04
	p1MayPoll      = 0x80 // of NFCCTAP_MSG: the platform knows NFCCTAP_GETRESPONSE
	p1Cancel       = 0x11 // of NFCCTAP_GETRESPONSE
	p1End          = 0x01 // of NFCCTAP_CONTROL: lets the applet go
)

// aid names the FIDO applet (CTAP 2.2 section 11.3.3).
var aid = []byte{0xA0, 0x00, 0x00, 0x06, 0x47, 0x2F, 0x00, 0x01}

const (
	shortData  = 255     // bytes of data that a short APDU holds
	shortWant  = 256     // bytes of answer that a short APDU can ask for
	maxData    = 1 << 16 // of an extended APDU, less one
	maxCommand = 7 + maxData + 2
)

// command is one command APDU (ISO/IEC 7816-4 section 5.1).
type command struct {
	cla, ins, p1, p2 byte
	data             []byte // up to 65535 bytes
	want             int    // Ne: how many bytes of answer there may be, 0 to 65536
	extended         bool   // how it was written
}

var errAPDU = errors.New("nfc: not an APDU")

// parseCommand reads a command APDU, short or extended. data is part of b.
func parseCommand(b []byte) (command, error) {
	if len(b) < 4 || len(b) > maxCommand {
		return command{}, errAPDU
	}
	c := command{cla: b[0], ins: b[1], p1: b[2], p2: b[3]}
	body := b[4:]
	switch {
	case len(body) == 0:
		return c, nil
	case len(body) == 1:
		c.want = wanted(int(body[0]), shortWant)
		return c, nil
	case body[0] == 0 && len(body) >= 3:
		c.extended = true
		return c.body(body[3:], int(binary.BigEndian.Uint16(body[1:])), 2)
	}
	return c.body(body[1:], int(body[0]), 1)
}

// body reads data and Le behind a length of Lc, where Le has size bytes. An
// extended length without anything behind it was Le itself.
func (c command) body(rest []byte, length, size int) (command, error) {
	if c.extended && len(rest) == 0 {
		c.want = wanted(length, maxData)
		return c, nil
	}
	if length == 0 || len(rest) < length {
		return command{}, errAPDU
	}
	var le []byte
	c.data, le = rest[:length:length], rest[length:]
	switch {
	case len(le) == 0:
	case len(le) == 1 && size == 1:
		c.want = wanted(int(le[0]), shortWant)
	case len(le) == 2 && size == 2:
		c.want = wanted(int(binary.BigEndian.Uint16(le)), maxData)
	default:
		return command{}, errAPDU
	}
	return c, nil
}

// wanted gives Ne, as an Le of zero asks for the most.
func wanted(le, most int) int {
	if le == 0 {
		return most
	}
	return le
}

// encode writes the APDU short or extended, as c.extended says. A short one must
// have no more than shortData bytes of data and want no more than shortWant.
func (c command) encode() []byte {
	b := make([]byte, 0, 9+len(c.data))
	b = append(b, c.cla, c.ins, c.p1, c.p2)
	if !c.extended {
		if len(c.data) > 0 {
			b = append(append(b, byte(len(c.data))), c.data...)
		}
		if c.want > 0 {
			b = append(b, byte(c.want)) // 256 is written as 0
		}
		return b
	}
	if len(c.data) > 0 || c.want > 0 {
		b = append(b, 0)
	}
	if len(c.data) > 0 {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(c.data))), c.data...)
	}
	if c.want > 0 {
		b = binary.BigEndian.AppendUint16(b, uint16(c.want)) // 65536 is written as 0
	}
	return b
}

// parseResponse splits a response APDU into data and status word.
func parseResponse(b []byte) ([]byte, status, error) {
	if len(b) < 2 || len(b) > maxData+2 {
		return nil, 0, errAPDU
	}
	n := len(b) - 2
	return b[:n:n], status(binary.BigEndian.Uint16(b[n:])), nil
}
