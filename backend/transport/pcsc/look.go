package pcsc

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"unicode"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/nfc"
)

// maxReaders bounds what is looked at; pcscd knows 16, and some builds of it 64.
const maxReaders = 64

// lying names one card for as long as it lies on its reader.
type lying struct {
	reader string
	count  uint16 // of the events at the reader
	atr    string
}

func (s readerState) lying() lying {
	return lying{s.name, uint16(s.event >> 16), string(s.atr)}
}

// place names the reader and the card that lies on it: the same key laid down again is in
// another slot, and so is another one that was laid in its place.
func (s readerState) place() string { return fmt.Sprintf("%d %s", s.event>>16, s.name) }

// placed takes a place apart.
func placed(id string) (reader string, count state, ok bool) {
	digits, reader, ok := strings.Cut(id, " ")
	n, err := strconv.ParseUint(digits, 10, 16)
	return reader, state(n), ok && err == nil
}

// survey gives what every reader holds.
func survey(svc service) ([]readerState, error) {
	ctx, c := svc.establish()
	if c != codeOK {
		return nil, c.entrance(svc)
	}
	defer svc.release(ctx)
	return readers(svc, ctx)
}

// readers gives what every reader holds, within a context.
func readers(svc service, ctx handle) ([]readerState, error) {
	list, c := svc.readers(ctx)
	if c == codeNoReaders || c == codeOK && len(list) == 0 {
		return nil, nil
	}
	if c != codeOK {
		return nil, c.failure()
	}
	states := make([]readerState, 0, min(len(list), maxReaders))
	for _, name := range list[:min(len(list), maxReaders)] {
		states = append(states, readerState{name: name, current: stateUnaware})
	}
	switch c := svc.wait(ctx, 0, states); c {
	case codeOK, codeTimeout:
		return states, nil
	case codeUnknownReader, codeReaderUnavailable, codeNoReaders:
		return nil, nil // one was unplugged since: the next change tells
	default:
		return nil, c.failure()
	}
}

// contactless begins the ATR that a reader builds for a card of ISO/IEC 14443-4; the
// second byte's lower half is how many bytes the card itself gave.
func contactless(atr []byte) bool {
	return len(atr) >= 5 && atr[0] == 0x3B && atr[1]&0xF0 == 0x80 && atr[2] == 0x80 && atr[3] == 0x01 &&
		len(atr) == 5+int(atr[1]&0x0F) && !bytes.HasPrefix(atr[4:], storage)
}

// storage begins what the ATR of a plain memory card tells (PC/SC part 3 section
// 3.1.3.2.3.2).
var storage = []byte{0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06}

// candidate reports that a key may lie on the reader.
func (s readerState) candidate() bool {
	return s.event&statePresent != 0 && s.event&stateMute == 0 && contactless(s.atr)
}

// isKey finds out whether the card has the FIDO applet. A card nobody can ask now
// counts as one, unless it is gone.
func (b *bus) isKey(ctx context.Context, svc service, s readerState) bool {
	if !s.candidate() {
		return false
	}
	if s.event&stateExclusive != 0 {
		return true
	}
	b.mu.Lock()
	key, known := b.keys[s.lying()]
	b.mu.Unlock()
	if known {
		return key
	}
	busy := mfa.Fail(mfa.CodeKeyBusy)
	_, err := bounded(ctx, lookTime, busy, func(ctx context.Context) (string, error) {
		c, err := b.connect(ctx, svc, s.name, lookTime)
		if err != nil {
			return "", err
		}
		defer c.Close()
		return nfc.Select(ctx, c)
	})
	if err == nil || mfa.IsCode(err, mfa.CodeKeyCannot) {
		b.mu.Lock()
		b.keys[s.lying()] = err == nil
		b.mu.Unlock()
	}
	return err == nil || mfa.IsCode(err, mfa.CodeKeyBusy)
}

// forget drops what is known of cards that were lifted.
func (b *bus) forget(states []readerState) {
	there := map[lying]bool{}
	for _, s := range states {
		there[s.lying()] = true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	maps.DeleteFunc(b.keys, func(l lying, _ bool) bool { return !there[l] })
}

// slot describes the reader: the key itself says nothing about its name.
func slot(s readerState) transport.Slot {
	var trouble error
	if s.event&stateExclusive != 0 {
		trouble = mfa.Fail(mfa.CodeKeyBusy)
	}
	return transport.Slot{ID: s.place(), Name: readerName(s.name), Way: transport.WayNFC, Trouble: trouble}
}

const maxName = 64 // runes of a reader's name that are shown

// readerName cleans a name for people, and leaves out the two numbers that pcscd puts
// behind every name.
func readerName(name string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if n := len(name) - len(" 00 00"); n > 0 && name[n] == ' ' && name[n+3] == ' ' && isHex(name[n+1:n+3]) && isHex(name[n+4:]) {
		name = name[:n]
	}
	runes := []rune(strings.TrimSpace(name))
	return string(runes[:min(len(runes), maxName)])
}

func isHex(s string) bool { return strings.Trim(s, "0123456789ABCDEF") == "" }
