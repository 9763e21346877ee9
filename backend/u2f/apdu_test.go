package u2f

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// bytesOf reads hex with a run written as "00*300".
func bytesOf(t *testing.T, text string) []byte {
	t.Helper()
	var out []byte
	for word := range strings.FieldsSeq(text) {
		unit, times, repeated := strings.Cut(word, "*")
		b, err := hex.DecodeString(unit)
		if err != nil {
			t.Fatal(err)
		}
		n := 1
		if repeated {
			n = 0
			for _, digit := range times {
				n = n*10 + int(digit-'0')
			}
		}
		out = append(out, bytes.Repeat(b, n)...)
	}
	return out
}

func TestAPDU(t *testing.T) {
	data := func(n int) []byte { return bytes.Repeat([]byte{0xdd}, n) }
	for _, c := range []struct {
		name string
		wire string
		is   Command
	}{
		{"case 1", "00030000", Command{INS: 3}},
		{"case 2, short", "00030000 10", Command{INS: 3, Expected: 16}},
		{"case 2, short, all", "00030000 00", Command{INS: 3, Expected: 256}},
		{"case 2, extended", "00030000 00 0102", Command{INS: 3, Expected: 258, Extended: true}},
		{"case 2, extended, all", "00030000 00 0000", Command{INS: 3, Expected: 65536, Extended: true}},
		{"case 3, short", "80010203 02 dddd", Command{CLA: 0x80, INS: 1, P1: 2, P2: 3, Data: data(2)}},
		{"case 3, short, longest", "00010000 ff dd*255", Command{INS: 1, Data: data(255)}},
		{"case 3, extended", "00010000 000002 dddd", Command{INS: 1, Data: data(2), Extended: true}},
		{"case 3, extended because it is long", "00010000 000100 dd*256", Command{INS: 1, Data: data(256), Extended: true}},
		{"case 4, short", "00020700 01 dd 00", Command{INS: 2, P1: 7, Data: data(1), Expected: 256}},
		{"case 4, extended", "00020700 000001 dd 0000", Command{INS: 2, P1: 7, Data: data(1), Expected: 65536, Extended: true}},
		{"case 4, extended, longest", "00020700 00ffff dd*65535 0001", Command{INS: 2, P1: 7, Data: data(65535), Expected: 1, Extended: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wire := bytesOf(t, c.wire)
			got, err := ParseAPDU(wire)
			if err != nil {
				t.Fatal(err)
			}
			if got.CLA != c.is.CLA || got.INS != c.is.INS || got.P1 != c.is.P1 || got.P2 != c.is.P2 || !bytes.Equal(got.Data, c.is.Data) ||
				got.Expected != c.is.Expected || got.Extended != c.is.Extended {
				t.Errorf("read as %+v", got)
			}
			if again, err := EncodeAPDU(c.is); err != nil || !bytes.Equal(again, wire) {
				t.Errorf("written as % x (%v)", again, err)
			}
		})
	}
}

// TestAPDUOfClients: this is how python-fido2 asks for the version.
func TestAPDUOfClients(t *testing.T) {
	c, err := ParseAPDU(bytesOf(t, "00030000 000000 0000"))
	if err != nil || c.INS != INSVersion || len(c.Data) != 0 || c.Expected != 65536 || !c.Extended {
		t.Errorf("read as %+v (%v)", c, err)
	}
}

func TestAPDUThatIsNone(t *testing.T) {
	for name, wire := range map[string]string{
		"nothing":                           "",
		"three bytes":                       "000300",
		"data cut off":                      "00010000 03 dddd",
		"data and two bytes":                "00010000 01 dd 0000",
		"extended length cut off":           "00010000 00 01",
		"extended without data, but a byte": "00010000 000000 dd",
		"extended without data, but three":  "00010000 000000 dddddd",
		"extended data cut off":             "00010000 000003 dddd",
		"extended with half an Le":          "00010000 000001 dd 00",
	} {
		t.Run(name, func(t *testing.T) {
			if c, err := ParseAPDU(bytesOf(t, wire)); err == nil {
				t.Errorf("read as %+v", c)
			}
		})
	}
	for name, c := range map[string]Command{
		"too much data":     {Data: make([]byte, 65536)},
		"too much expected": {Expected: 65537},
		"less than nothing": {Expected: -1},
	} {
		if _, err := EncodeAPDU(c); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}

func TestResponse(t *testing.T) {
	data, status, err := ParseResponse(EncodeResponse([]byte{1, 2}, StatusTouchNeeded))
	if err != nil || status != StatusTouchNeeded || !bytes.Equal(data, []byte{1, 2}) {
		t.Errorf("% x, %v, %v", data, status, err)
	}
	for _, n := range []int{0, 1, maxResponse + 1} {
		if _, _, err := ParseResponse(make([]byte, n)); err == nil {
			t.Errorf("%d bytes were read", n)
		}
	}
}

func FuzzAPDU(f *testing.F) {
	for _, seed := range []string{"00030000", "0003000000", "00030000000102", "000100000002dddd", "00020700000001dd0000", "0001000003dddd"} {
		b, _ := hex.DecodeString(seed)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseAPDU(b)
		if err != nil {
			return
		}
		again, err := EncodeAPDU(c)
		lengthOfNothing := c.Extended && len(c.Data) == 0 && len(b) == 9 // which is not written
		if err != nil || !bytes.Equal(again, b) && !lengthOfNothing {
			t.Errorf("% x is read as %+v, which is written as % x (%v)", b, c, again, err)
		}
		DecodeRegisterRequest(c)
		DecodeAuthenticateRequest(c)
	})
}
