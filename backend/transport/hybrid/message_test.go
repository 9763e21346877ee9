package hybrid

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

func TestParseFrame(t *testing.T) {
	for _, row := range []struct {
		name    string
		message []byte
		kind    FrameType
		body    []byte
		ok      bool
	}{
		{"shutdown", []byte{0}, FrameShutdown, nil, true},
		{"CTAP", []byte{1, 0}, FrameCTAP, []byte{0}, true},
		{"JSON is known, so that it can be refused", []byte{3, '{'}, FrameJSON, []byte{'{'}, true},
		{"type 4", []byte{4}, 0, nil, false},
		{"type 255", []byte{255}, 0, nil, false},
		{"empty", nil, 0, nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			kind, body, err := ParseFrame(row.message)
			if (err == nil) != row.ok || kind != row.kind || !bytes.Equal(body, row.body) {
				t.Errorf("%v %x %v", kind, body, err)
			}
		})
	}
}

func TestParsePostHandshake(t *testing.T) {
	info := []byte{0xa0}
	message := func(fields map[any]any) []byte { return ctapcbor.MustMarshal(fields) }
	padded16 := func(m []byte, zeros int) []byte {
		return append(append(m, make([]byte, zeros)...), byte(zeros), byte(zeros>>8))
	}
	for _, row := range []struct {
		name     string
		message  []byte
		revision int // -1 = refused
		features string
	}{
		{"no features", message(map[any]any{1: info}), 1, "ctap"},
		{"unknown keys and features", message(map[any]any{1: info, 3: []string{"ctap", "x"}, 77: 1, "a": 2}), 1, "ctap x"},
		{"dc only", message(map[any]any{3: []string{"dc"}}), 1, "dc"},
		{"no features at all", message(map[any]any{3: []string{}}), 1, ""},
		{"dc with getInfo", message(map[any]any{1: info, 3: []string{"dc"}}), -1, ""},
		{"nothing", message(map[any]any{}), -1, ""},
		{"getInfo is text", message(map[any]any{1: "x"}), -1, ""},
		{"features are text", message(map[any]any{1: info, 3: "ctap"}), -1, ""},
		{"a feature is a number", message(map[any]any{1: info, 3: []any{"ctap", 1}}), -1, ""},
		{"link is no map", message(map[any]any{1: info, 2: 1}), -1, ""},
		{"padding is no bytes", message(map[any]any{0: 1, 1: info}), 1, "ctap"},
		{"revision 0, two-byte count", padded16(message(map[any]any{1: info}), 300), 0, "ctap"},
		{"revision 0, one-byte count", append(append(message(map[any]any{1: info}), make([]byte, 200)...), 200), 0, "ctap"},
		{"revision 0, count too large", padded16(message(map[any]any{1: info}), 300)[2:], -1, ""},
		{"doubled key", []byte{0xa2, 1, 0x41, 0xa0, 1, 0x41, 0xa0}, -1, ""},
		{"indefinite length", []byte{0xbf, 1, 0x41, 0xa0, 0xff}, -1, ""},
		{"too deep", message(map[any]any{1: info, 9: []any{[]any{[]any{[]any{1}}}}}), -1, ""},
		{"array", []byte{0x81, 1}, -1, ""},
		{"empty", nil, -1, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, err := ParsePostHandshake(row.message)
			if row.revision < 0 {
				if err == nil {
					t.Fatalf("accepted: %+v", p)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.Revision != row.revision || strings.Join(p.Features, " ") != row.features {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestParseQRFields(t *testing.T) {
	identity, err := newKey(randomReader())
	if err != nil {
		t.Fatal(err)
	}
	point := identity.PublicKey().Bytes()
	good := append([]byte{2 + point[64]&1}, point[1:33]...)
	offCurve := bytes.Clone(good)
	for {
		offCurve[32]++
		if _, err := (&QRCode{Point: offCurve}).Identity(); err != nil {
			break
		}
	}
	with := func(key, value any) map[any]any {
		return map[any]any{0: good, 1: make([]byte, 16), key: value}
	}
	for _, row := range []struct {
		name   string
		fields map[any]any
		ok     func(*QRCode) bool // nil = refused
	}{
		{"no key", map[any]any{1: make([]byte, 16)}, nil},
		{"no secret", map[any]any{0: good}, nil},
		{"uncompressed key", with(0, point), nil},
		{"key off the curve", with(0, offCurve), nil},
		{"key with another prefix", with(0, append([]byte{5}, good[1:]...)), nil},
		{"secret of 17 bytes", with(1, make([]byte, 17)), nil},
		{"secret as text", with(1, strings.Repeat("x", 16)), nil},
		{"domains as text", with(2, "2"), nil},
		{"negative domains", with(2, -1), nil},
		{"linking as null", with(4, nil), nil},
		{"linking as a number", with(4, 1), nil},
		{"hint as a number", with(5, 1), nil},
		{"hint as bytes", with(5, []byte("ga")), nil},
		{"time as text is ignored", with(3, "now"), func(q *QRCode) bool { return q.Timestamp == 0 }},
		{"unknown hint", with(5, "zz"), func(q *QRCode) bool { return q.Request == GetAssertion }},
		{"digital credentials", with(5, "dci"), func(q *QRCode) bool { return q.Request == IssueCredential }},
		{"key 6 as a boolean", with(6, true), func(q *QRCode) bool { return q.Key6 == true && len(q.Channels()) == 1 }},
		{"key 6 as channels", with(6, []int{0, 1}), func(q *QRCode) bool { return len(q.Channels()) == 2 }},
		{"key 6 as text", with(6, "x"), func(q *QRCode) bool { return q.Key6 == nil && q.Channels()[0] == 0 }},
		{"text key", with("a", 1), func(*QRCode) bool { return true }},
		{"nothing optional", with(1, make([]byte, 16)), func(q *QRCode) bool { return q.KnownDomains == -1 && !q.StateAssisted }},
	} {
		t.Run(row.name, func(t *testing.T) {
			q, err := ParseQR(ctapcbor.MustMarshal(row.fields))
			if row.ok == nil {
				wantCode(t, err, mfa.CodeCodeDamaged)
				if err == nil {
					t.Error("accepted")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !row.ok(q) {
				t.Errorf("%+v", *q)
			}
		})
	}
	if _, err := ParseURI("otpauth://totp/x"); !mfa.IsCode(err, mfa.CodeNotPhoneCode) {
		t.Error(err)
	}
	if _, err := ParseURI("FIDO:/12"); !mfa.IsCode(err, mfa.CodeCodeDamaged) {
		t.Error(err)
	}
	if _, err := ParseURI("FIDO:/" + strings.Repeat("0", maxDigits+1)); !mfa.IsCode(err, mfa.CodeCodeDamaged) {
		t.Error(err)
	}
}

func TestParseLinkFields(t *testing.T) {
	link, err := NewPhoneLink(nil, []byte("contact"), "Ada's phone")
	if err != nil {
		t.Fatal(err)
	}
	fields := func(change func(map[any]any)) []byte {
		m := map[any]any{
			1: link.ContactID, 2: link.LinkID, 3: link.Secret, 4: link.Identity.PublicKey().Bytes(), 5: link.Name, 6: make([]byte, 32), 999: true,
		}
		change(m)
		return ctapcbor.MustMarshal(m)
	}
	for _, row := range []struct {
		name   string
		change func(map[any]any)
		shown  string // "" = refused
	}{
		{"as it is", func(map[any]any) {}, "Ada's phone"},
		{"control characters in the name", func(m map[any]any) { m[5] = "A\x00\u202eda\n" }, "Ada"},
		{"long name", func(m map[any]any) { m[5] = strings.Repeat("é", 100) }, strings.Repeat("é", 64)},
		{"no contact", func(m map[any]any) { delete(m, 1) }, ""},
		{"empty contact", func(m map[any]any) { m[1] = []byte{} }, ""},
		{"endless contact", func(m map[any]any) { m[1] = make([]byte, maxContactID+1) }, ""},
		{"link ID of 9 bytes", func(m map[any]any) { m[2] = make([]byte, 9) }, ""},
		{"secret of 31 bytes", func(m map[any]any) { m[3] = make([]byte, 31) }, ""},
		{"key off the curve", func(m map[any]any) { m[4] = append([]byte{4}, make([]byte, 64)...) }, ""},
		{"no name", func(m map[any]any) { delete(m, 5) }, ""},
		{"no signature", func(m map[any]any) { delete(m, 6) }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			l, err := ParseLink(fields(row.change))
			switch {
			case row.shown == "" && err == nil:
				t.Errorf("accepted")
			case row.shown != "" && err != nil:
				t.Error(err)
			case row.shown != "" && l.Name != row.shown:
				t.Errorf("name %q", l.Name)
			}
		})
	}
}

func TestCrypterEndsAtItsLimit(t *testing.T) {
	c, err := NewCrypter(make([]byte, keySize), maxCounter-1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Seal(nil); err != nil {
		t.Error(err)
	}
	if _, err := c.Seal(nil); err == nil {
		t.Error("a used-up key seals")
	}
	if _, err := NewCrypter(make([]byte, 16), 0); err == nil {
		t.Error("a short key is taken")
	}
}

// TestUpdatesLookAlike holds the padding: a relay must not see who links.
func TestUpdatesLookAlike(t *testing.T) {
	link, err := NewPhoneLink(nil, []byte("contact"), "A phone")
	if err != nil {
		t.Fatal(err)
	}
	with, err := link.update(link.Identity.PublicKey(), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	without, err := (*PhoneLink)(nil).update(link.Identity.PublicKey(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := len(Pad(Frame(FrameUpdate, with))), len(Pad(Frame(FrameUpdate, without))); a != b {
		t.Errorf("%d and %d bytes", a, b)
	}
	if linking, err := ParseUpdate(without); err != nil || linking != nil {
		t.Errorf("%x %v", linking, err)
	}
}

// TestSecretsDoNotPrint holds the rule that nothing secret reaches a log.
func TestSecretsDoNotPrint(t *testing.T) {
	l := newLab(t)
	code := l.code()
	eid, _ := NewEID(bytes.Repeat([]byte{0xab}, 10), make([]byte, 3), 1)
	for _, verb := range []string{"%v", "%+v", "%s", "%#v"} {
		if got := fmt.Sprintf(verb, code); got != "[phone code]" {
			t.Errorf("code prints %q", got)
		}
		if got := fmt.Sprintf(verb, eid); got != "[EID]" {
			t.Errorf("EID prints %q", got)
		}
	}
}
