package nfc

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

func upper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

func TestExchange(t *testing.T) {
	long := bytes.Repeat([]byte{0xAB}, 600)
	part := func(cla string, b []byte, le string) string {
		return cla + "108000" + fmt.Sprintf("%02X", len(b)) + upper(b) + le
	}
	first, second, last := part("90", long[:255], ""), part("90", long[255:510], ""), part("80", long[510:], "00")
	extended := "80108000 00 0258" + upper(long) + "0000"
	full := upper(bytes.Repeat([]byte{0xCD}, 256))
	for _, c := range []struct {
		name    string
		request []byte
		lines   []line
		want    string
		code    mfa.Code
	}{
		{"short", []byte{4}, []line{{getInfoOut, "00A0 9000"}}, "00A0", ""},
		{"a status of CTAP", []byte{4}, []line{{getInfoOut, "2E 9000"}}, "2E", ""},
		{"the answer in parts", []byte{4}, []line{{getInfoOut, full + "6100"}, {"80C0000000", full + "6102"}, {"80C0000002", "0102 9000"}}, full + full + "0102", ""},
		{"the right length told", []byte{4}, []line{{getInfoOut, "6C10"}, {"80108000010410", "00A0 9000"}}, "00A0", ""},
		{"a long request is chained", long, []line{{first, "9000"}, {second, "9000"}, {last, "00 9000"}}, "00", ""},
		{"chaining refused: extended", long, []line{{first, "6884"}, {extended, "00 9000"}}, "00", ""},
		{"chaining refused by class: extended", long, []line{{first, "6E00"}, {extended, "00 9000"}}, "00", ""},
		{"chaining refused in the middle: extended", long, []line{{first, "9000"}, {second, "6883"}, {extended, "00 9000"}}, "00", ""},
		{"both refused", long, []line{{first, "6884"}, {extended, "6700"}}, "", mfa.CodeKeyProtocol},
		{"an answer to a part", long, []line{{first, "00 9000"}}, "", mfa.CodeKeyProtocol},
		{"polled", []byte{4}, []line{{getInfoOut, "01 9100"}, {"8011000000", "02 9100"}, {"8011000000", "00A0 9000"}}, "00A0", ""},
		{"polled, in parts", []byte{4}, []line{{getInfoOut, "9100"}, {"8011000000", "00 6101"}, {"80C0000001", "A0 9000"}}, "00A0", ""},
		{"polling refused, then silent", []byte{4}, []line{{getInfoOut, "6A86"}, {"80100000010400", "00A0 9000"}}, "00A0", ""},
		{"an empty answer", []byte{4}, []line{{getInfoOut, "9000"}}, "", mfa.CodeKeyProtocol},
		{"the applet is gone", []byte{4}, []line{{getInfoOut, "6A82"}}, "", mfa.CodeKeyLost},
		{"not selected any more", []byte{4}, []line{{getInfoOut, "6985"}}, "", mfa.CodeKeyLost},
		{"not allowed before it is laid down again", []byte{4}, []line{{getInfoOut, "6986"}}, "", mfa.CodeKeyLost},
		{"not allowed in the middle", []byte{4}, []line{{getInfoOut, "02 9100"}, {"8011000000", "6986"}}, "", mfa.CodeKeyLost},
		{"a fault of the card", []byte{4}, []line{{getInfoOut, "6F00"}}, "", mfa.CodeKeyFailed},
		{"a status word of no meaning", []byte{4}, []line{{getInfoOut, "6999"}}, "", mfa.CodeKeyProtocol},
		{"one byte", []byte{4}, []line{{getInfoOut, "90"}}, "", mfa.CodeKeyProtocol},
		{"nothing", []byte{4}, []line{{getInfoOut, ""}}, "", mfa.CodeKeyProtocol},
		{"parts without bytes", []byte{4}, []line{{getInfoOut, "00 6110"}, {"80C0000010", "6110"}}, "", mfa.CodeKeyProtocol},
		{"lifted at once", []byte{4}, []line{{getInfoOut, "lift"}}, "", mfa.CodeKeyLost},
		{"lifted at a part", long, []line{{first, "9000"}, {second, "lift"}}, "", mfa.CodeKeyLost},
		{"lifted at the last part", long, []line{{first, "9000"}, {second, "9000"}, {last, "lift"}}, "", mfa.CodeKeyLost},
		{"lifted at a part of the answer", []byte{4}, []line{{getInfoOut, "00 6101"}, {"80C0000001", "lift"}}, "", mfa.CodeKeyLost},
		{"lifted at a poll", []byte{4}, []line{{getInfoOut, "01 9100"}, {"8011000000", "lift"}}, "", mfa.CodeKeyLost},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, s := opened(t, c.lines...)
			got, err := k.Exchange(t.Context(), c.request, nil)
			s.used(t)
			if c.code != "" {
				if !mfa.IsCode(err, c.code) {
					t.Fatalf("gave %v, want %s", err, c.code)
				}
				return
			}
			if err != nil || upper(got) != c.want {
				t.Errorf("gave %X, %v", got, err)
			}
		})
	}
}

func TestNothingIsSentToALostCard(t *testing.T) {
	k, s := opened(t, line{getInfoOut, "lift"})
	for range 2 {
		if _, err := k.Exchange(t.Context(), []byte{4}, nil); !mfa.IsCode(err, mfa.CodeKeyLost) {
			t.Fatalf("gave %v", err)
		}
	}
	k.Close()
	if s.seen != 2 || !s.done {
		t.Errorf("%d APDUs, closed %t; want the selection and one more", s.seen, s.done)
	}
}

func TestExtendedLengthIsRemembered(t *testing.T) {
	long := bytes.Repeat([]byte{1}, 256)
	extended := "80108000 00 0100" + upper(long) + "0000"
	k, s := opened(t, line{"90108000FF" + upper(long[:255]), "6884"}, line{extended, "00 9000"}, line{extended, "00 9000"})
	for range 2 {
		if _, err := k.Exchange(t.Context(), long, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.used(t)
}

// endless answers the selection and then always the same.
type endless struct {
	response []byte
	count    int
}

func (e *endless) Transmit(context.Context, []byte) ([]byte, error) {
	e.count++
	if e.count == 1 {
		return append([]byte(VersionFIDO2), 0x90, 0), nil
	}
	return e.response, nil
}
func (e *endless) Close() error { return nil }

func TestEndlessAnswersEnd(t *testing.T) {
	for _, c := range []struct {
		name     string
		response []byte
		code     mfa.Code
		most     int
	}{
		{"always at work", []byte{2, 0x91, 0}, mfa.CodeKeySilent, maxPolls + 2},
		{"always one byte more", []byte{0, 0x61, 1}, mfa.CodeKeyProtocol, maxParts + 4},
		{"always 256 bytes more", append(make([]byte, 256), 0x61, 0), mfa.CodeKeyProtocol, maxMessage/256 + 2},
		{"always another length", []byte{0x6C, 1}, mfa.CodeKeyProtocol, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &endless{response: c.response}
			k := opening(e)
			k.after = atOnce
			k, err := k.open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.Exchange(t.Context(), []byte{4}, nil); !mfa.IsCode(err, c.code) || e.count > c.most {
				t.Errorf("gave %v after %d APDUs", err, e.count)
			}
		})
	}
}

func TestKeepaliveIsPassedOn(t *testing.T) {
	k, _ := opened(t, line{getInfoOut, "02 9100"}, line{"8011000000", "9100"}, line{"8011000000", "77 9100"}, line{"8011000000", "00 9000"})
	var told []byte
	if _, err := k.Exchange(t.Context(), []byte{4}, func(s byte) { told = append(told, s) }); err != nil {
		t.Fatal(err)
	}
	if upper(told) != "020101" {
		t.Errorf("told %X", told)
	}
}

func TestCancel(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []line
		alive bool
	}{
		{"is obeyed", []line{{getInfoOut, "02 9100"}, {"8011110000", "2D 9000"}}, true},
		{"is obeyed later", []line{{getInfoOut, "02 9100"}, {"8011110000", "02 9100"}, {"8011110000", "2D 9000"}}, true},
		{"is not known", []line{{getInfoOut, "02 9100"}, {"8011110000", "6A86"}}, true},
		{"is never obeyed", []line{{getInfoOut, "02 9100"}, {"8011110000", "02 9100"}}, false},
		{"meets a card that goes", []line{{getInfoOut, "02 9100"}, {"8011110000", "lift"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, s := opened(t, c.lines...)
			ctx, cancel := context.WithCancel(t.Context())
			k.after = func(d time.Duration) <-chan time.Time {
				if ctx.Err() == nil && d < graceTime {
					return nil // between polls
				}
				return atOnce(d)
			}
			_, err := k.Exchange(ctx, []byte{4}, func(byte) { cancel() })
			if !errors.Is(err, context.Canceled) || (k.dead == nil) != c.alive {
				t.Errorf("gave %v, and then %v", err, k.dead)
			}
			s.used(t)
			if s.seen > 2+cancelPolls {
				t.Errorf("%d APDUs", s.seen)
			}
		})
	}
}

func TestASilentAPDUEnds(t *testing.T) {
	for _, c := range []struct {
		name   string
		passes time.Duration
		cancel bool
		want   error
	}{
		{"by its limit", apduTime, false, mfa.Fail(mfa.CodeKeySilent)},
		{"soon after a cancel", graceTime, true, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, s := opened(t, line{getInfoOut, "hang"})
			s.hung = make(chan struct{})
			k.after = func(d time.Duration) <-chan time.Time {
				passed := make(chan time.Time)
				if d == c.passes {
					go func() { <-s.hung; close(passed) }()
				}
				return passed
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.cancel {
				go func() { <-s.hung; cancel() }()
			}
			if _, err := k.Exchange(ctx, []byte{4}, nil); !errors.Is(err, c.want) {
				t.Errorf("gave %v", err)
			}
			if _, err := k.Exchange(t.Context(), []byte{4}, nil); err == nil || s.seen != 2 {
				t.Errorf("then %v after %d APDUs", err, s.seen)
			}
		})
	}
}

// slow is a card that takes its time for each APDU and is never done.
type slow struct {
	each      time.Duration
	cancelled bool
}

func (s *slow) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	switch {
	case apdu[1] == insSelect:
		return append([]byte(VersionFIDO2), 0x90, 0), nil
	case apdu[1] == insPoll && apdu[2] == p1Cancel:
		s.cancelled = true
		return []byte{ctapKeepaliveCancel, 0x90, 0}, nil
	}
	select {
	case <-time.After(s.each):
		return []byte{2, 0x91, 0}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
func (*slow) Close() error { return nil }

// A card may take its time for an APDU, but not for each of hundreds.
func TestAnExchangeEndsHoweverSlowItsParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		card := &slow{each: time.Second}
		k, err := Open(t.Context(), card)
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		began := time.Now()
		for range 2 {
			if _, err := k.Exchange(t.Context(), []byte{4}, nil); !mfa.IsCode(err, mfa.CodeKeySilent) || !card.cancelled {
				t.Errorf("%v, cancelled %t", err, card.cancelled)
			}
		}
		if took := time.Since(began); took > longest+graceTime {
			t.Errorf("it took %v", took)
		}
	})
}

func TestOneExchangeAtATime(t *testing.T) {
	k, _ := opened(t, line{getInfoOut, "02 9100"}, line{"8011000000", "00 9000"})
	_, err := k.Exchange(t.Context(), []byte{4}, func(byte) {
		if _, err := k.Exchange(t.Context(), []byte{4}, nil); !mfa.IsCode(err, mfa.CodeKeyBusy) {
			t.Errorf("the second gave %v", err)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestU2FCommands(t *testing.T) {
	for _, c := range []struct {
		name    string
		command string
		lines   []line
		want    string
	}{
		{"version", "00030000 00 0000", []line{{"0003000000", u2fv2}}, "5532465F56329000"},
		{"touch needed", "00010300 00 0002 0102 0000", []line{{"00010300020102 00", "6985"}}, "6985"},
		{"the answer in parts", "00010300 00 0001 01 0000", []line{{"000103000101 00", "AA 6101"}, {"00C0000001", "BB 9000"}}, "AABB9000"},
		{"short in, without Le", "00010300 01 01", []line{{"000103000101 00", "9000"}}, "9000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, s := opened(t, c.lines...)
			got, err := k.APDU(t.Context(), unhex(t, c.command))
			if err != nil || upper(got) != c.want {
				t.Errorf("gave %X, %v", got, err)
			}
			s.used(t)
		})
	}
	k, _ := opened(t)
	for _, bad := range []string{"", "000300", "80100000", "00030000FF01"} {
		if _, err := k.APDU(t.Context(), unhex(t, bad)); !mfa.IsCode(err, mfa.CodeInvalidInput) {
			t.Errorf("%q gave %v", bad, err)
		}
	}
}
