package hid

import (
	"encoding/binary"
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The commands of CTAPHID (CTAP 2.2 section 11.2.9), without the bit that marks
// an initialization packet.
const (
	cmdPing      byte = 0x01
	cmdMsg       byte = 0x03
	cmdInit      byte = 0x06
	cmdWink      byte = 0x08
	cmdCBOR      byte = 0x10
	cmdCancel    byte = 0x11
	cmdKeepalive byte = 0x3B
	cmdError     byte = 0x3F
)

// The sizes of packets and messages (CTAP 2.2 section 11.2.4).
const (
	MinReport = 8    // one byte of data in each packet
	MaxReport = 1024 // USB's longest, of a high-speed interrupt endpoint

	initBit      byte = 0x80
	initHead          = 7 // channel 4, command 1, length 2
	contHead          = 5 // channel 4, sequence 1
	sequences         = 128
	maxPayload        = 1<<16 - 1
	nonceSize         = 8
	initAnswer        = 17
	protocolVer  byte = 2
	broadcast         = 0xFFFFFFFF
	statusCancel byte = 0x2D // CTAP2_ERR_KEEPALIVE_CANCEL
)

// faultCode is what an ERROR packet says (CTAP 2.2 section 11.2.9.1.6).
type faultCode byte

const (
	faultCommand   faultCode = 0x01
	faultParameter faultCode = 0x02
	faultLength    faultCode = 0x03
	faultSequence  faultCode = 0x04
	faultTimeout   faultCode = 0x05
	faultBusy      faultCode = 0x06
	faultLock      faultCode = 0x0A
	faultChannel   faultCode = 0x0B
	faultOther     faultCode = 0x7F
)

func (f faultCode) Error() string { return fmt.Sprintf("hid: the device says error 0x%02x", byte(f)) }

// MaxMessage is the longest message that reports of a size can carry, in bytes:
// 7609 with 64.
func MaxMessage(report int) int {
	return min(report-initHead+sequences*(report-contHead), maxPayload)
}

// packet is one report, taken apart.
type packet struct {
	channel uint32
	initial bool
	command byte // of an initialization packet
	seq     byte // of a continuation packet
	total   int  // of an initialization packet: the length of the whole message
	data    []byte
}

// parsePacket takes a report apart. The data is a part of the report, and goes to
// the report's end: how much of it counts is known to the message only.
func parsePacket(report []byte) (packet, bool) {
	if len(report) < MinReport || len(report) > MaxReport {
		return packet{}, false
	}
	p := packet{channel: binary.BigEndian.Uint32(report)}
	if report[4]&initBit == 0 {
		p.seq, p.data = report[4], report[contHead:]
		return p, true
	}
	p.initial, p.command = true, report[4]&^initBit
	p.total, p.data = int(binary.BigEndian.Uint16(report[5:])), report[initHead:]
	return p, true
}

// writeMessage cuts a message into reports and hands each to write. report is
// where they are built, and gives their size. The message must not be longer
// than MaxMessage.
func writeMessage(report []byte, channel uint32, command byte, message []byte, write func([]byte) error) error {
	binary.BigEndian.PutUint32(report, channel)
	report[4] = command | initBit
	binary.BigEndian.PutUint16(report[5:], uint16(len(message)))
	n := copy(report[initHead:], message)
	clear(report[initHead+n:]) // a short report would stall a peer that waits for whole ones
	if err := write(report); err != nil {
		return err
	}
	for seq := byte(0); n < len(message); seq++ {
		report[4] = seq
		m := copy(report[contHead:], message[n:])
		clear(report[contHead+m:])
		n += m
		if err := write(report); err != nil {
			return err
		}
	}
	return nil
}

// message puts one message together from its packets.
type message struct {
	command byte
	total   int
	data    []byte
	next    byte // the sequence number that must come
}

// begin takes an initialization packet; false says that the message would be
// longer than reports of this size can carry.
func begin(p packet, report int) (message, bool) {
	if p.total > MaxMessage(report) {
		return message{}, false
	}
	m := message{command: p.command, total: p.total}
	if p.total > 0 {
		m.data = append(make([]byte, 0, p.total), p.data[:min(p.total, len(p.data))]...)
	}
	return m, true
}

// add takes a continuation packet; false says that it is not the next one.
func (m *message) add(p packet) bool {
	if m.done() || p.initial || p.seq != m.next {
		return false
	}
	m.next++
	m.data = append(m.data, p.data[:min(m.total-len(m.data), len(p.data))]...)
	return true
}

func (m *message) done() bool { return len(m.data) == m.total }

// broken is a device that does not keep to the protocol. what is one of: report,
// channel, command, length, sequence, version, refused.
func broken(what string, cause error) *mfa.Failure {
	return mfa.Fail(mfa.CodeKeyProtocol, "what", what).Because(cause)
}
