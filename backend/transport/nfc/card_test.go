package nfc

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// line is one APDU that is expected, and the answer to it. An answer of "lift" is a
// card that is taken away, and "hang" one that never answers.
type line struct{ command, response string }

// script is a card that follows lines. Once they are used up, it repeats the last.
type script struct {
	t     testing.TB
	mu    sync.Mutex
	lines []line
	seen  int
	done  bool
	hung  chan struct{}
}

func (s *script) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	s.mu.Lock()
	l := s.lines[min(s.seen, len(s.lines)-1)]
	s.seen++
	s.mu.Unlock()
	if want := unhex(s.t, l.command); !bytes.Equal(apdu, want) {
		s.t.Errorf("APDU %d is % X, want % X", s.seen, apdu, want)
	}
	switch l.response {
	case "lift":
		return nil, mfa.Fail(mfa.CodeKeyLost)
	case "hang":
		if s.hung != nil {
			close(s.hung)
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return unhex(s.t, l.response), nil
}

func (s *script) Close() error { s.done = true; return nil }

// used fails the test unless each line was played.
func (s *script) used(t testing.TB) {
	t.Helper()
	if s.seen < len(s.lines) {
		t.Errorf("only %d of %d APDUs came", s.seen, len(s.lines))
	}
}

const (
	selectFIDO = "00A4040008A0000006472F000100"
	getInfoOut = "80108000010400"
	fido2      = "4649444F5F325F30 9000"
	u2fv2      = "5532465F5632 9000"
)

// at once passes all waits but those for an APDU.
func atOnce(d time.Duration) <-chan time.Time {
	c := make(chan time.Time, 1)
	if d < graceTime {
		c <- time.Time{}
	}
	return c
}

// opened gives a channel to a script, whose first line is the selection.
func opened(t testing.TB, lines ...line) (*Channel, *script) {
	t.Helper()
	s := &script{t: t, lines: slices.Concat([]line{{selectFIDO, fido2}}, lines)}
	c := opening(s)
	c.after = atOnce
	c, err := c.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

// babble answers with the bytes it was given, and then with 6F00.
type babble struct{ rest []byte }

func (b *babble) Transmit(context.Context, []byte) ([]byte, error) {
	if len(b.rest) == 0 {
		return []byte{0x6F, 0}, nil
	}
	n := min(int(b.rest[0]), len(b.rest)-1)
	response := b.rest[1 : 1+n]
	b.rest = b.rest[1+n:]
	return response, nil
}

func (b *babble) Close() error { return nil }
