package nfc

import (
	"bytes"
	"testing"
)

func TestCommandForms(t *testing.T) {
	for _, c := range []struct {
		name, apdu string
		data, want int
		extended   bool
		bad        bool
	}{
		{"case 1", "00030000", 0, 0, false, false},
		{"case 2 short", "0003000006", 0, 6, false, false},
		{"case 2 short, all", "0003000000", 0, 256, false, false},
		{"case 3 short", "00A40400020102", 2, 0, false, false},
		{"case 4 short", "00A4040002010200", 2, 256, false, false},
		{"case 2 extended", "00030000000100", 0, 256, true, false},
		{"case 2 extended, all", "00030000000000", 0, 65536, true, false},
		{"case 3 extended", "00A404000000020102", 2, 0, true, false},
		{"case 4 extended", "00A4040000000201020000", 2, 65536, true, false},
		{"empty", "", 0, 0, false, true},
		{"half a header", "00A404", 0, 0, false, true},
		{"less data than told", "00A404000301", 0, 0, false, true},
		{"more data than told", "00A4040001010203", 0, 0, false, true},
		{"extended, less than told", "00A40400000003 01", 0, 0, true, true},
		{"extended with a short Le", "00A40400000001 01 00", 0, 0, true, true},
		{"a length of zero with data", "00A40400 00 0000 01", 0, 0, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := unhex(t, c.apdu)
			cmd, err := parseCommand(b)
			if (err != nil) != c.bad {
				t.Fatalf("gave %v", err)
			}
			if c.bad {
				return
			}
			if len(cmd.data) != c.data || cmd.want != c.want || cmd.extended != c.extended {
				t.Errorf("gave %+v", cmd)
			}
			if again := cmd.encode(); !bytes.Equal(again, b) {
				t.Errorf("written again: % X", again)
			}
		})
	}
}

func FuzzCommand(f *testing.F) {
	for _, seed := range []string{"", "00030000", "0003000000", selectFIDO, "00030000000000", "00A4040000000201020000", "80108000FF"} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		cmd, err := parseCommand(b)
		if err == nil && !bytes.Equal(cmd.encode(), b) {
			t.Errorf("% X is read as %+v and written as % X", b, cmd, cmd.encode())
		}
	})
}

// FuzzResponses plays bytes as what a card answers, each response behind its length.
func FuzzResponses(f *testing.F) {
	f.Add(unhex(f, "08 5532465F56329000 04 00A09000"))
	f.Add(unhex(f, "0A 4649444F5F325F309000 03 029100 05 00A0A16102 03 FF9000"))
	f.Add(unhex(f, "02 6C10 02 6100 02 6A82 01 90"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k := opening(&babble{rest: b})
		k.after = atOnce
		k, err := k.open(t.Context())
		if err != nil {
			return
		}
		for range 3 {
			got, err := k.Exchange(t.Context(), make([]byte, 300), nil)
			if (err == nil) != (len(got) > 0) || len(got) > maxMessage+maxData {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		}
		_, _ = k.APDU(t.Context(), unhex(t, "00030000000000"))
		k.Close()
	})
}
