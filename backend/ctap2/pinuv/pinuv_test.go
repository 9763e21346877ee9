package pinuv

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// stream is randomness that is the same in every run.
func stream(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func server(t testing.TB) (*Server, *clock) {
	t.Helper()
	c := &clock{now: time.Unix(1_800_000_000, 0)}
	s, err := NewServer(stream(1), c.Now)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// both gives the two ends of one key agreement.
func both(t testing.TB, s *Server, protocol uint64) (platform, authenticator *Shared) {
	t.Helper()
	platform, own, err := Agree(protocol, s.KeyAgreement(), stream(2))
	if err != nil {
		t.Fatal(err)
	}
	authenticator, err = s.Decapsulate(protocol, own)
	if err != nil {
		t.Fatal(err)
	}
	return platform, authenticator
}

func TestBothRolesAgree(t *testing.T) {
	for _, protocol := range []uint64{One, Two} {
		t.Run(fmt.Sprint(protocol), func(t *testing.T) {
			s, _ := server(t)
			p, a := both(t, s, protocol)
			if !p.Equal(a) || p.Protocol() != protocol {
				t.Fatal("the two ends have different secrets")
			}
			plain := []byte(strings.Repeat("0123456789abcdef", 4))
			text, err := p.Encrypt(plain)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := a.Decrypt(text); err != nil || !bytes.Equal(back, plain) || bytes.Contains(text, plain[:16]) {
				t.Errorf("%q, %v", back, err)
			}
			if extra := len(text) - len(plain); extra != map[uint64]int{One: 0, Two: 16}[protocol] {
				t.Errorf("%d bytes besides the ciphertext", extra)
			}
			again, _ := p.Encrypt(plain)
			if same := bytes.Equal(again, text); same != (protocol == One) {
				t.Errorf("encrypted twice, the same: %v", same)
			}
			param := p.Authenticate(text)
			if len(param) != map[uint64]int{One: 16, Two: 32}[protocol] || !a.Verify(text, param) {
				t.Errorf("parameter %x", param)
			}
			for name, bad := range map[string][]byte{"empty": {}, "nil": nil, "short": param[:len(param)-1], "long": append(bytes.Clone(param), 0), "changed": append([]byte{param[0] ^ 1}, param[1:]...)} {
				if a.Verify(text, bad) {
					t.Errorf("%s parameter was taken", name)
				}
			}
			if err := s.Regenerate(); err != nil {
				t.Fatal(err)
			}
			if q, _ := both(t, s, protocol); q.Equal(p) {
				t.Error("a new key agreement key gives the same secret")
			}
		})
	}
}

// The protocols are not mixed up: what one makes is nothing for the other.
func TestProtocolsDiffer(t *testing.T) {
	s, _ := server(t)
	one, _ := both(t, s, One)
	two, _ := both(t, s, Two)
	if one.Equal(two) || one.Verify([]byte("m"), two.Authenticate([]byte("m"))) || two.Verify([]byte("m"), one.Authenticate([]byte("m"))) {
		t.Error("one secret for both")
	}
}

func TestWhatIsRefused(t *testing.T) {
	s, _ := server(t)
	good := s.KeyAgreement()
	off := good
	off.Y[31] ^= 1
	for _, c := range []struct {
		name     string
		protocol uint64
		peer     Point
		want     error
	}{
		{"protocol 0", 0, good, ErrProtocol},
		{"protocol 3", 3, good, ErrProtocol},
		{"off the curve", One, off, ErrPoint},
		{"off the curve, protocol 2", Two, off, ErrPoint},
		{"zeros", Two, Point{}, ErrPoint},
	} {
		if _, _, err := Agree(c.protocol, c.peer, stream(1)); !errors.Is(err, c.want) {
			t.Errorf("platform, %s: %v", c.name, err)
		}
		if _, err := s.Decapsulate(c.protocol, c.peer); !errors.Is(err, c.want) {
			t.Errorf("authenticator, %s: %v", c.name, err)
		}
	}
	for _, protocol := range []uint64{One, Two} {
		p, _ := both(t, s, protocol)
		for _, n := range []int{1, 15, 17, 33} {
			if _, err := p.Encrypt(make([]byte, n)); !errors.Is(err, ErrCiphertext) {
				t.Errorf("encrypting %d bytes: %v", n, err)
			}
			if _, err := p.Decrypt(make([]byte, n)); !errors.Is(err, ErrCiphertext) {
				t.Errorf("decrypting %d bytes: %v", n, err)
			}
		}
		p.Wipe()
		p.Wipe()
		if _, err := p.Encrypt(make([]byte, 16)); err == nil {
			t.Error("a wiped secret encrypts")
		}
		if _, err := p.Decrypt(make([]byte, 32)); err == nil {
			t.Error("a wiped secret decrypts")
		}
		if p.Verify([]byte("m"), Authenticate(protocol, nil, []byte("m"))) {
			t.Error("a wiped secret verifies with the empty key")
		}
	}
	for _, c := range []struct {
		protocol uint64
		n        int
	}{{One, 64}, {Two, 32}, {One, 0}, {3, 32}} {
		if _, err := Restore(c.protocol, make([]byte, c.n), nil); err == nil {
			t.Errorf("protocol %d took a secret of %d bytes", c.protocol, c.n)
		}
	}
	(*Shared)(nil).Wipe()
	for name, r := range map[string]io.Reader{"dry": bytes.NewReader(nil), "zeros": bytes.NewReader(make([]byte, 4096)), "too large": bytes.NewReader(bytes.Repeat([]byte{0xff}, 4096))} {
		if _, _, err := Agree(One, good, r); err == nil {
			t.Errorf("a key out of randomness that is %s", name)
		}
	}
	if two, _ := both(t, s, Two); two != nil {
		two.rand = bytes.NewReader(nil)
		if _, err := two.Encrypt(make([]byte, 16)); err == nil {
			t.Error("encrypted without an initialisation vector")
		}
	}
}

func TestNothingSecretIsPrinted(t *testing.T) {
	s, _ := server(t)
	p, _ := both(t, s, Two)
	for _, text := range []string{fmt.Sprint(p), fmt.Sprintf("%+v %#v %x", p, p, *p), p.LogValue().String(), slog.AnyValue(p).Resolve().String()} {
		if strings.Contains(text, hex.EncodeToString(p.aesKey)) || strings.Contains(text, fmt.Sprint(p.hmacKey)) || !strings.Contains(text, "[secret]") {
			t.Errorf("printed as %s", text)
		}
	}
}

func TestNormalise(t *testing.T) {
	for _, c := range []struct {
		name, pin   string
		least, most int
		want        string // "" = refused with code
		code        mfa.Code
	}{
		{"four", "1234", 0, 0, "1234", ""},
		{"four, nothing said above", "1234", 4, 63, "1234", ""},
		{"three", "123", 0, 63, "", mfa.CodePINLength},
		{"three, and less is never enough", "123", 1, 63, "", mfa.CodePINLength},
		{"empty", "", 0, 63, "", mfa.CodePINLength},
		{"five where six are wanted", "12345", 6, 63, "", mfa.CodePINLength},
		{"six", "123456", 6, 63, "123456", ""},
		{"63 bytes", strings.Repeat("a", 63), 4, 63, strings.Repeat("a", 63), ""},
		{"64 bytes", strings.Repeat("a", 64), 4, 63, "", mfa.CodePINLength},
		{"more than are wanted", "123456789", 4, 8, "", mfa.CodePINLength},
		{"four of four bytes", "😀😀😀😀", 4, 63, "😀😀😀😀", ""},
		{"sixteen of four bytes", strings.Repeat("😀", 16), 4, 63, "", mfa.CodePINLength},
		{"fifteen of four bytes", strings.Repeat("😀", 15), 4, 63, strings.Repeat("😀", 15), ""},
		{"composed", "\u00e9t\u00e9s", 4, 63, "\u00e9t\u00e9s", ""},
		{"decomposed is composed", "e\u0301te\u0301s", 4, 63, "\u00e9t\u00e9s", ""},
		{"four code points typed, three when composed", "e\u0301ab", 4, 63, "", mfa.CodePINLength},
		{"Hangul", "\u1112\u1161\u11ab\uae00\uae00\uae00", 4, 63, "\ud55c\uae00\uae00\uae00", ""},
		{"compatibility forms stay", "\uff11\uff12\uff13\uff14", 4, 63, "\uff11\uff12\uff13\uff14", ""},
		{"spaces stay", " 12 ", 4, 63, " 12 ", ""},
		{"not UTF-8", "123\xff5", 4, 63, "", mfa.CodeInvalidInput},
		{"zero at the end", "12345\x00", 4, 63, "", mfa.CodeInvalidInput},
		{"zero within", "12\x00345", 4, 63, "", mfa.CodeInvalidInput},
		{"endless", strings.Repeat("9", 5000), 4, 63, "", mfa.CodePINLength},
		{"grows when composed", strings.Repeat("\u0958", 5), 4, 63, strings.Repeat("\u0915\u093c", 5), ""},
	} {
		typed := mfa.NewSecret([]byte(c.pin))
		got, err := Normalise(typed, c.least, c.most)
		switch {
		case c.code != "":
			if !mfa.IsCode(err, c.code) || strings.Contains(fmt.Sprint(mfa.AsFailure(err).Params), "123") {
				t.Errorf("%s: %v", c.name, err)
			}
		case err != nil || string(got.Bytes()) != c.want:
			t.Errorf("%s: %x, %v", c.name, got.Bytes(), err)
		}
		if string(typed.Bytes()) != c.pin {
			t.Errorf("%s: the caller's PIN was changed", c.name)
		}
	}
	_, err := Normalise(mfa.NewSecret([]byte("12345")), 6, 99)
	if p := mfa.AsFailure(err).Params; p["min"] != "6" || p["max"] != "63" {
		t.Errorf("params %v", p)
	}
}

func TestPadAndUnpad(t *testing.T) {
	for _, pin := range []string{"1234", strings.Repeat("x", 63), "été😀"} {
		padded := Pad(mfa.NewSecret([]byte(pin)))
		if got, ok := Unpad(padded[:]); !ok || string(got.Bytes()) != pin {
			t.Errorf("%q came back as %q", pin, got.Bytes())
		}
	}
	for name, bad := range map[string][]byte{"nothing": nil, "63": make([]byte, 63), "65": make([]byte, 65), "no zero": bytes.Repeat([]byte{'1'}, 64)} {
		if _, ok := Unpad(bad); ok {
			t.Errorf("%s was taken for a PIN", name)
		}
	}
	want := sha256.Sum256([]byte("1234"))
	if got := PINHash([]byte("1234")); !bytes.Equal(got[:], want[:16]) {
		t.Errorf("hash %x", got)
	}
}

func TestTokens(t *testing.T) {
	message := []byte("client data hash")
	const mc, ga, cm, lbw = PermissionMakeCredential, PermissionGetAssertion, PermissionCredentialManagement, PermissionLargeBlobWrite
	issue := func(t *testing.T, s *Server, protocol uint64, p Permission, rpID string) []byte {
		t.Helper()
		platform, own := both(t, s, protocol)
		text, err := s.Issue(own, p, rpID)
		if err != nil {
			t.Fatal(err)
		}
		token, err := platform.Decrypt(text)
		if err != nil || len(token) != 32 {
			t.Fatalf("token of %d bytes, %v", len(token), err)
		}
		return token
	}
	for _, c := range []struct {
		name   string
		with   Permission
		rpID   string
		before func(*Server, *clock, func(Permission, string) bool)
		need   Permission
		forRP  string
		want   bool
	}{
		{"as bound", mc, "a", nil, mc, "a", true},
		{"another permission", mc, "a", nil, ga, "a", false},
		{"one of two", ga, "a", nil, mc | ga, "a", true},
		{"another relying party", mc, "a", nil, mc, "b", false},
		{"bound by its first use", ga, "", nil, ga, "b", true},
		{"bound by its first use, then another", ga, "", func(_ *Server, _ *clock, use func(Permission, string) bool) { use(ga, "a") }, ga, "b", false},
		{"management binds nothing", cm, "", func(_ *Server, _ *clock, use func(Permission, string) bool) { use(cm, "a") }, cm, "b", true},
		{"all of them, with a token for one", cm, "a", nil, cm, "", false},
		{"spent", mc | ga, "a", func(s *Server, _ *clock, _ func(Permission, string) bool) { s.Spend() }, mc, "a", false},
		{"spent but for large blobs", mc | lbw, "a", func(s *Server, _ *clock, _ func(Permission, string) bool) { s.Spend() }, lbw, "a", true},
		{"revoked", mc, "a", func(s *Server, _ *clock, _ func(Permission, string) bool) { s.Revoke() }, mc, "a", false},
		{"just in time", mc, "a", func(_ *Server, c *clock, _ func(Permission, string) bool) { c.now = c.now.Add(InitialUse) }, mc, "a", true},
		{"never used", mc, "a", func(_ *Server, c *clock, _ func(Permission, string) bool) { c.now = c.now.Add(InitialUse + 1) }, mc, "a", false},
		{"used, and later again", mc, "a", func(_ *Server, c *clock, use func(Permission, string) bool) { use(mc, "a"); c.now = c.now.Add(MaxUse) }, mc, "a", true},
		{"too old", mc, "a", func(_ *Server, c *clock, use func(Permission, string) bool) {
			use(mc, "a")
			c.now = c.now.Add(MaxUse + 1)
		}, mc, "a", false},
		{"from the future", mc, "a", func(_ *Server, c *clock, _ func(Permission, string) bool) { c.now = c.now.Add(-time.Second) }, mc, "a", false},
	} {
		for _, protocol := range []uint64{One, Two} {
			s, clk := server(t)
			token := issue(t, s, protocol, c.with, c.rpID)
			param := Authenticate(protocol, token, message)
			if c.before != nil {
				c.before(s, clk, func(p Permission, rp string) bool { return s.Use(protocol, p, rp, message, param) })
			}
			if got := s.Use(protocol, c.need, c.forRP, message, param); got != c.want {
				t.Errorf("%s, protocol %d: %v", c.name, protocol, got)
			}
		}
	}
	s, _ := server(t)
	old := issue(t, s, Two, mc, "")
	if s.Use(One, mc, "a", message, Authenticate(One, old, message)) {
		t.Error("a token of protocol two was taken in protocol one")
	}
	if s.Use(Two, mc, "a", message, make([]byte, 32)) {
		t.Error("a made-up parameter was taken")
	}
	issue(t, s, Two, mc, "")
	if s.Knows(Two, message, Authenticate(Two, old, message)) {
		t.Error("the token before is still good")
	}
	fresh, _ := server(t)
	for _, protocol := range []uint64{One, Two} {
		if fresh.Knows(protocol, message, Authenticate(protocol, make([]byte, 32), message)) {
			t.Error("without a token, the one of zeros is good")
		}
	}
}

func FuzzDecapsulate(f *testing.F) {
	s, _ := server(f)
	good := s.KeyAgreement()
	f.Add(good.X[:], good.Y[:], []byte("0123456789abcdef"))
	f.Add(make([]byte, 32), make([]byte, 32), []byte{})
	f.Fuzz(func(t *testing.T, x, y, text []byte) {
		var p Point
		copy(p.X[:], x)
		copy(p.Y[:], y)
		for _, protocol := range []uint64{One, Two} {
			shared, err := s.Decapsulate(protocol, p)
			if err != nil {
				if !errors.Is(err, ErrPoint) {
					t.Fatal(err)
				}
				continue
			}
			plain, err := shared.Decrypt(text)
			if err != nil {
				continue
			}
			if again, err := shared.Encrypt(plain); err != nil || len(again) != len(text) {
				t.Fatalf("%d bytes decrypt, and encrypt as %d: %v", len(text), len(again), err)
			}
		}
	})
}

func FuzzNormalise(f *testing.F) {
	f.Add([]byte("1234"))
	f.Add([]byte("e\u0301te\u0301s"))
	f.Fuzz(func(t *testing.T, typed []byte) {
		once, err := Normalise(mfa.NewSecret(bytes.Clone(typed)), 4, 63)
		if err != nil {
			return
		}
		twice, err := Normalise(once, 4, 63)
		if err != nil || !twice.Equal(once) || once.Len() > MaxPIN {
			t.Fatalf("%x became %x and then %x, %v", typed, once.Bytes(), twice.Bytes(), err)
		}
		padded := Pad(once)
		if back, ok := Unpad(padded[:]); !ok || !back.Equal(once) {
			t.Fatalf("%x came back as %x", once.Bytes(), back.Bytes())
		}
	})
}
