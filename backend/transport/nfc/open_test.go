package nfc

import (
	"context"
	"errors"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

func TestOpen(t *testing.T) {
	for _, c := range []struct {
		name         string
		lines        []line
		ctap2, ctap1 bool
		code         mfa.Code
	}{
		{"CTAP2 only", []line{{selectFIDO, fido2}}, true, false, ""},
		{"a later version", []line{{selectFIDO, "4649444F5F325F31 9000"}}, true, false, ""},
		{"both", []line{{selectFIDO, u2fv2}, {getInfoOut, "00A0 9000"}}, true, true, ""},
		{"both, without polling", []line{{selectFIDO, u2fv2}, {getInfoOut, "6A86"}, {"80100000010400", "00A0 9000"}}, true, true, ""},
		{"U2F only, by class", []line{{selectFIDO, u2fv2}, {getInfoOut, "6E00"}}, false, true, ""},
		{"U2F only, by instruction", []line{{selectFIDO, u2fv2}, {getInfoOut, "6D00"}}, false, true, ""},
		{"U2F only, by a status of CTAP", []line{{selectFIDO, u2fv2}, {getInfoOut, "01 9000"}}, false, true, ""},
		{"the answer in parts", []line{{selectFIDO, "553246 6103"}, {"00C0000003", "5F5632 9000"}, {getInfoOut, "6D00"}}, false, true, ""},
		{"the right length told", []line{{selectFIDO, "6C06"}, {"00A4040008A0000006472F000106", u2fv2}, {getInfoOut, "6D00"}}, false, true, ""},
		{"a bank card", []line{{selectFIDO, "6A82"}}, false, false, mfa.CodeKeyCannot},
		{"a key that is restricted", []line{{selectFIDO, "6985"}}, false, false, mfa.CodeKeyCannot},
		{"another version", []line{{selectFIDO, "5532465F5633 9000"}}, false, false, mfa.CodeKeyProtocol},
		{"no version", []line{{selectFIDO, "9000"}}, false, false, mfa.CodeKeyProtocol},
		{"half a status word", []line{{selectFIDO, "90"}}, false, false, mfa.CodeKeyProtocol},
		{"lifted at the selection", []line{{selectFIDO, "lift"}}, false, false, mfa.CodeKeyLost},
		{"lifted at getInfo", []line{{selectFIDO, u2fv2}, {getInfoOut, "lift"}}, false, false, mfa.CodeKeyLost},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &script{t: t, lines: c.lines}
			k, err := Open(t.Context(), s)
			s.used(t)
			if c.code != "" {
				if !mfa.IsCode(err, c.code) || !s.done {
					t.Fatalf("gave %v, closed %t; want %s and a closed card", err, s.done, c.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if two, one := k.Speaks(); two != c.ctap2 || one != c.ctap1 {
				t.Errorf("speaks %t %t, want %t %t", two, one, c.ctap2, c.ctap1)
			}
			if k.Way() != transport.WayNFC || k.Wink(t.Context()) != nil {
				t.Error("way or wink")
			}
		})
	}
}

func TestOpenStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &script{t: t, lines: []line{{selectFIDO, "hang"}}, hung: make(chan struct{})}
	go func() { <-s.hung; cancel() }()
	if _, err := Open(ctx, s); !errors.Is(err, context.Canceled) || !s.done {
		t.Errorf("gave %v, closed %t", err, s.done)
	}
}

func TestSelect(t *testing.T) {
	s := &script{t: t, lines: []line{{selectFIDO, u2fv2}}}
	if v, err := Select(t.Context(), s); v != VersionU2F || err != nil || s.done {
		t.Errorf("gave %q, %v, closed %t", v, err, s.done)
	}
}

func TestCloseLetsGoOnce(t *testing.T) {
	c, s := opened(t, line{"80120100", "9000"})
	c.Close()
	c.Close()
	if s.seen != 2 || !s.done {
		t.Errorf("%d APDUs, closed %t", s.seen, s.done)
	}
	if _, err := c.Exchange(t.Context(), []byte{4}, nil); !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("after Close: %v", err)
	}
}
