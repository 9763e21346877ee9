package hid

import (
	"bytes"
	"context"
	"encoding/binary"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/keyferry/keyferry/backend/mfa"
)

// raw is one end of a pipe in the hands of a test. When the other end is gone the
// goroutine that uses it ends.
type raw struct {
	Device
	size int
}

// packet reads one.
func (r raw) packet() packet {
	report, err := r.Read(context.Background())
	if err != nil {
		runtime.Goexit()
	}
	p, ok := parsePacket(report)
	if !ok {
		panic("a report that is no packet")
	}
	return p
}

// message reads one, and cares for nothing but its first packet and its length.
func (r raw) message() (channel uint32, command byte, data []byte) {
	first := r.packet()
	if !first.initial {
		panic("a message without a beginning")
	}
	m, ok := begin(first, r.size)
	if !ok {
		panic("a message that is too long")
	}
	for !m.done() {
		if !m.add(r.packet()) {
			panic("a packet out of sequence")
		}
	}
	return first.channel, m.command, m.data
}

func (r raw) say(channel uint32, command byte, data ...byte) {
	if writeMessage(make([]byte, r.size), channel, command, data, r.put) != nil {
		runtime.Goexit()
	}
}

func (r raw) put(report []byte) error { return r.Write(context.Background(), report) }

// first is the first packet of a message, with any length in its head.
func (r raw) first(channel uint32, command byte, total int, data ...byte) {
	report := make([]byte, r.size)
	binary.BigEndian.PutUint32(report, channel)
	report[4] = command | initBit
	binary.BigEndian.PutUint16(report[5:], uint16(total))
	copy(report[initHead:], data)
	if r.put(report) != nil {
		runtime.Goexit()
	}
}

// next is a packet that continues a message.
func (r raw) next(channel uint32, seq byte, data ...byte) {
	report := make([]byte, r.size)
	binary.BigEndian.PutUint32(report, channel)
	report[4] = seq
	copy(report[contHead:], data)
	if r.put(report) != nil {
		runtime.Goexit()
	}
}

const testChannel = 0x00a1b2c3

// allocated is the answer to INIT.
func allocated(nonce []byte, channel uint32, can Capability) []byte {
	b := binary.BigEndian.AppendUint32(bytes.Clone(nonce), channel)
	return append(b, protocolVer, 1, 2, 3, byte(can))
}

// init answers an INIT that has been read.
func (r raw) init(channel uint32, nonce []byte) {
	r.say(channel, cmdInit, allocated(nonce, testChannel, CanCBOR|CanWink)...)
}

// behave answers INIT, and sends everything else back, for ever.
func (r raw) behave() {
	for {
		channel, command, data := r.message()
		switch command {
		case cmdInit:
			r.init(channel, data)
		case cmdCancel:
		default:
			r.say(channel, command, data...)
		}
	}
}

// plugged runs a test with a channel to a device of which the test says what it
// does once the channel is open. It has its own time, and fails when a goroutine
// is left over.
func plugged(t *testing.T, h Host, device func(raw), test func(t *testing.T, c *Channel)) {
	synctest.Test(t, func(t *testing.T) {
		host, far := Pipe(64)
		r := raw{far, 64}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			r.init(r.answerTo(cmdInit))
			device(r)
		}()
		defer func() { <-ended }()
		c, err := h.Open(t.Context(), host)
		if err != nil {
			t.Fatal(err, mfa.AsFailure(err).Explain())
		}
		defer c.Close()
		test(t, c)
	})
}

// answerTo reads a message that must be of a command.
func (r raw) answerTo(command byte) (channel uint32, data []byte) {
	channel, got, data := r.message()
	if got != command {
		panic("another command")
	}
	return channel, data
}

func wantFailure(t *testing.T, err error, code mfa.Code, what string) {
	t.Helper()
	f := mfa.AsFailure(err)
	if f == nil || f.Code != code || f.Params["what"] != what {
		t.Errorf("got %v (%+v), want %s %s", err, f, code, what)
	}
}
