package keys

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport/hid"
	"github.com/keyferry/keyferry/backend/transport/nfc"
)

// The bytes of CTAPHID that tricks are made of (CTAP 2.2 section 11.2).
const (
	hidInit      = 0x80 | 0x06
	hidCBOR      = 0x80 | 0x10
	hidCancel    = 0x80 | 0x11
	hidKeepalive = 0x80 | 0x3B
	hidError     = 0x80 | 0x3F

	hidBusy    = 0x06
	hidLock    = 0x0A
	hidChannel = 0x0B
)

// mischief is what a key does that was well until then. It counts what comes and goes
// while it is armed, and plays its trick from the n-th on.
type mischief struct {
	armed atomic.Bool
	trick trick
	at    int // how many pass before the trick
	count int // how many passed

	channel   uint32 // of the newest message that went out
	command   byte
	cancelled bool // CTAPHID_CANCEL went out after the trick began

	opened, closed atomic.Int32
}

// trick is one way to be hostile. Those that are nil leave things as they are.
type trick struct {
	name string
	// read gives the report in the place of one that comes from the key; every one
	// after it as well if ever is set.
	read func(ctx context.Context, m *mischief, report []byte) ([]byte, error)
	ever bool
	// alive says that the key goes on telling that it works: it has to be told to stop.
	alive bool
	// before is what comes before a report of the key's, which comes then.
	before []byte
	// gone is for keys that vanish: before a report or message, or within it.
	gone bool
	cut  int // how many bytes of it still come; -1: none
	// lie gives the answer to a message in the place of the key's.
	lie func(answer []byte) []byte
	// codes are the failures that may come of it; a success may, too.
	codes []mfa.Code
}

var errGone = errors.New("pulled out")

// due counts one more and says whether it is the trick's turn.
func (m *mischief) due() bool {
	if !m.armed.Load() {
		return false
	}
	m.count++
	return m.count == m.at+1 || m.count > m.at && m.trick.ever
}

// wire lies between the client and the key, and sees every report.
type wire struct {
	hid.Device
	m    *mischief
	pull func()
	shut atomic.Bool
	lost bool
	late []byte // the report that has to wait
	deaf sync.Once
}

// drain takes what the key itself goes on saying, so that it does not wait for us.
func (w *wire) drain() {
	w.deaf.Do(func() {
		go func() {
			for {
				if _, err := w.Device.Read(context.Background()); err != nil {
					return // it ends with the pipe
				}
			}
		}()
	})
}

func (w *wire) Read(ctx context.Context) ([]byte, error) {
	m := w.m
	switch {
	case w.lost:
		return nil, errGone
	case w.late != nil:
		report := w.late
		w.late = nil
		return report, nil
	case m.trick.gone && m.due():
		report, err := w.Device.Read(ctx)
		w.vanish()
		if err == nil && m.trick.cut >= 0 {
			return report[:m.trick.cut], nil
		}
		return nil, errGone
	case m.trick.ever && m.trick.read != nil && m.armed.Load() && m.count >= m.at: // the key itself is not heard any more
		m.count++
		w.drain()
		return m.trick.read(ctx, m, nil)
	}
	report, err := w.Device.Read(ctx)
	switch {
	case err != nil:
	case m.trick.before != nil && m.due():
		w.late = report
		return bytes.Clone(m.trick.before), nil
	case m.trick.read != nil && m.due():
		return m.trick.read(ctx, m, report)
	}
	return report, err
}

func (w *wire) Write(ctx context.Context, report []byte) error {
	if w.lost || w.m.trick.gone && w.m.due() {
		w.vanish()
		return errGone
	}
	if report[4]&0x80 != 0 {
		if report[4] == hidCancel {
			w.m.cancelled = true
		} else {
			w.m.channel, w.m.command = binary.BigEndian.Uint32(report), report[4]
		}
	}
	return w.Device.Write(ctx, report)
}

func (w *wire) vanish() {
	if !w.lost {
		w.lost = true
		w.pull()
	}
}

func (w *wire) Close() error {
	if !w.shut.Swap(true) {
		w.m.closed.Add(1)
	}
	return w.Device.Close()
}

// report is one of the key's own making.
func report(channel uint32, command byte, total int, data ...byte) []byte {
	r := binary.BigEndian.AppendUint32(nil, channel)
	r = binary.BigEndian.AppendUint16(append(r, command), uint16(total))
	return append(append(r, data...), make([]byte, 64)...)[:64]
}

// says gives a report of the key's own, after a while.
func says(after time.Duration, command byte, data ...byte) func(context.Context, *mischief, []byte) ([]byte, error) {
	return func(ctx context.Context, m *mischief, _ []byte) ([]byte, error) {
		select {
		case <-time.After(after):
			return report(m.channel, command, len(data), data...), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// twist changes a report that comes.
func twist(change func(r []byte) []byte) func(context.Context, *mischief, []byte) ([]byte, error) {
	return func(_ context.Context, _ *mischief, r []byte) ([]byte, error) { return change(bytes.Clone(r)), nil }
}

// liar stands between the key's wire and the key.
type liar struct {
	hid.Answerer
	m *mischief
}

func (l liar) Exchange(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	answer, err := l.Answerer.Exchange(ctx, request, keepalive)
	if err == nil && l.m.trick.lie != nil && l.m.due() {
		return l.m.trick.lie(answer), nil
	}
	return answer, err
}

// card is a key on a reader, of which the reader is pulled out, or the key lifted.
type card struct {
	nfc.Card
	m    *mischief
	lost error
	shut atomic.Bool
}

func (c *card) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	if c.lost == nil && c.m.due() {
		c.lost = mfa.Fail(c.m.trick.codes[0])
	}
	if c.lost != nil {
		return nil, c.lost
	}
	return c.Card.Transmit(ctx, apdu)
}

func (c *card) Close() error {
	if !c.shut.Swap(true) {
		c.m.closed.Add(1)
	}
	return c.Card.Close()
}
