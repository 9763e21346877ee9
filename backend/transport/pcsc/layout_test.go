package pcsc

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
)

// The offsets are those of the systems' headers: winscard.h, pcsclite.h, PCSC/pcsclite.h.
func TestLayout(t *testing.T) {
	for system, at := range map[string][6]int{ // size, current, event, length, ATR, request
		"linux":   {80, 16, 24, 32, 40, 16},
		"darwin":  {61, 16, 20, 24, 28, 8},
		"windows": {64, 16, 20, 24, 28, 8},
	} {
		t.Run(system, func(t *testing.T) {
			l := layouts[system]
			states := []readerState{{name: "A"}, {name: "B", current: 0x00050022}}
			b := l.pack(states, []uintptr{0x1122334455667788, 1})
			if len(b) != 2*at[0] || !bytes.Equal(b[:8], []byte{0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11}) {
				t.Fatalf("% X", b)
			}
			second := b[at[0]:]
			if !bytes.Equal(second[at[1]:at[1]+4], []byte{0x22, 0, 5, 0}) {
				t.Errorf("current: % X", second)
			}
			copy(second[at[2]:], []byte{0x20, 0, 6, 0})
			second[at[3]] = 5
			copy(second[at[4]:], contactlessATR)
			l.unpack(b, states)
			if states[1].event != 0x00060020 || !bytes.Equal(states[1].atr, contactlessATR) || len(states[0].atr) != 0 {
				t.Errorf("%+v", states)
			}
			second[at[3]] = 0xFF // longer than any ATR
			l.unpack(b, states)
			if len(states[1].atr) != l.atrMax {
				t.Errorf("an ATR of %d bytes", len(states[1].atr))
			}
			if r := l.request(protocolT1); len(r) != at[5] || r[0] != protocolT1 || int(r[at[5]/2]) != at[5] {
				t.Errorf("request % X", r)
			}
		})
	}
}

func TestMilliseconds(t *testing.T) {
	for d, want := range map[time.Duration]uintptr{-1: 0, 0: 0, time.Second: 1000, 1 << 62: 1<<31 - 1} {
		if got := milliseconds(d); got != want {
			t.Errorf("%v is %d", d, got)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, seed := range []string{"", "\x00", "A\x00\x00", "A 00 00\x00B\x00\x00", "A\x00B", "\x00A"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		list := names(b)
		if slices.Contains(list, "") || len(strings.Join(list, "\x00")) > len(b) {
			t.Errorf("%q from %q", list, b)
		}
	})
}
