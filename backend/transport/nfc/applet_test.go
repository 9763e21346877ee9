package nfc

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport/channeltest"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// key is the software authenticator, whose U2F is not asked here.
type key struct{ *virtualauth.Authenticator }

func (key) APDU(_ context.Context, apdu []byte) ([]byte, error) { return u2fEcho(apdu) }

// u2fEcho answers a command with itself.
func u2fEcho(apdu []byte) ([]byte, error) { return statusOK.append(bytes.Clone(apdu)), nil }

func TestChannelContract(t *testing.T) {
	for _, version := range []string{VersionFIDO2, VersionU2F} {
		t.Run(version, func(t *testing.T) {
			channeltest.Run(t, func(t *testing.T, person channeltest.Person) ctap2.Channel {
				a := virtualauth.New(virtualauth.Config{Consent: func(ctx context.Context, _ virtualauth.Prompt) (virtualauth.Decision, error) {
					yes := person(ctx)
					return virtualauth.Decision{Approve: yes, Verified: yes}, nil
				}})
				k, err := Open(t.Context(), NewApplet(key{a}, version))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { k.Close(); a.Close() })
				return k
			})
		})
	}
}

// answerer answers with functions.
type answerer struct {
	exchange func(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error)
}

func (a answerer) Exchange(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	return a.exchange(ctx, request, keepalive)
}
func (answerer) APDU(_ context.Context, apdu []byte) ([]byte, error) { return u2fEcho(apdu) }

// echo answers a message with success and the message.
var echo = answerer{func(_ context.Context, request []byte, _ func(byte)) ([]byte, error) {
	return append([]byte{0}, request...), nil
}}

func TestApplet(t *testing.T) {
	full := bytes.Repeat([]byte{0xAB}, 255)
	for _, c := range []struct {
		name  string
		lines []line
	}{
		{"another applet is not ours", []line{{"00A40400 03 A00000 00", "6A82"}, {"80100000 01 04 00", "6985"}}},
		{"nothing before the selection", []line{{"80100000 01 04 00", "6985"}, {"0003000000", "6985"}}},
		{"nothing after letting go", []line{{selectFIDO, u2fv2}, {"80120100", "9000"}, {"80100000 01 04 00", "6985"}}},
		{"a message", []line{{selectFIDO, u2fv2}, {"80100000 01 04 00", "0004 9000"}}},
		{"P1 of no meaning", []line{{selectFIDO, u2fv2}, {"80100100 01 04 00", "6A86"}}},
		{"a poll for nothing", []line{{selectFIDO, u2fv2}, {"8011000000", "6985"}}},
		{"a cancel of nothing", []line{{selectFIDO, u2fv2}, {"8011110000", "6985"}}},
		{"an instruction of no meaning", []line{{selectFIDO, u2fv2}, {"8055000000", "6D00"}}},
		{"a class of no meaning", []line{{selectFIDO, u2fv2}, {"4010000000", "6E00"}}},
		{"no APDU", []line{{selectFIDO, u2fv2}, {"8010", "6700"}, {"80100000 05 04", "6700"}}},
		{"parts", []line{{selectFIDO, u2fv2}, {"90100000 02 0102", "9000"}, {"80100000 01 03 00", "00010203 9000"}}},
		{"parts that do not fit", []line{{selectFIDO, u2fv2}, {"90100000 02 0102", "9000"}, {"80108000 01 03 00", "6883"}, {"80100000 01 04 00", "0004 9000"}}},
		{"parts of an answer", []line{{selectFIDO, u2fv2}, {"90100000 FF" + upper(full), "9000"}, {"80100000 02 0102 00", "00" + upper(full) + "6102"},
			{"80C0000002", "0102 9000"}, {"80C0000002", "6985"}}},
		{"extended", []line{{selectFIDO, u2fv2}, {"80100000 00 0100 AB" + upper(full) + "0000", "00AB" + upper(full) + "9000"}}},
		{"U2F reaches the answerer extended", []line{{selectFIDO, u2fv2}, {"00010300 01 77 00", "0001030000000177 0000 9000"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := NewApplet(echo, VersionU2F)
			a.after = func(time.Duration) <-chan time.Time { return nil }
			defer a.Close()
			for _, l := range c.lines {
				got, err := a.Transmit(t.Context(), unhex(t, l.command))
				if err != nil || !bytes.Equal(got, unhex(t, l.response)) {
					t.Errorf("%s gave % X, %v; want %s", l.command, got, err, l.response)
				}
			}
		})
	}
}

func TestAppletWithoutU2F(t *testing.T) {
	a := NewApplet(echo, VersionFIDO2)
	for _, l := range []line{{selectFIDO, fido2}, {"0003000000", "6E00"}} {
		if got, _ := a.Transmit(t.Context(), unhex(t, l.command)); !bytes.Equal(got, unhex(t, l.response)) {
			t.Errorf("%s gave % X", l.command, got)
		}
	}
}

func TestAppletTellsThatItWorks(t *testing.T) {
	proceed := make(chan struct{})
	a := NewApplet(answerer{func(ctx context.Context, _ []byte, keepalive func(byte)) ([]byte, error) {
		keepalive(2)
		select {
		case <-proceed:
			return []byte{0}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}, VersionFIDO2)
	late := make(chan time.Time)
	a.after = func(time.Duration) <-chan time.Time { return late }
	play := func(command, response string) {
		t.Helper()
		if got, err := a.Transmit(t.Context(), unhex(t, command)); err != nil || !bytes.Equal(got, unhex(t, response)) {
			t.Fatalf("%s gave % X, %v; want %s", command, got, err, response)
		}
	}
	play(selectFIDO, fido2)
	play("80108000010100", "02 9100")
	go func() { late <- time.Time{} }()
	play("8011000000", "02 9100") // nothing new for a while
	close(proceed)
	play("8011000000", "00 9000")
	play("8011000000", "6985")

	proceed = make(chan struct{})
	play("80108000010100", "02 9100")
	play("8011110000", "2D 9000")

	play("80108000010100", "02 9100")
	a.Close()
	if _, err := a.Transmit(t.Context(), unhex(t, selectFIDO)); !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("a lifted card gave %v", err)
	}
}

func TestClosingTheCardEndsAnExchange(t *testing.T) {
	asked := make(chan struct{})
	a := NewApplet(answerer{func(ctx context.Context, _ []byte, _ func(byte)) ([]byte, error) {
		close(asked)
		<-ctx.Done()
		return nil, ctx.Err()
	}}, VersionFIDO2)
	a.after = func(time.Duration) <-chan time.Time { return nil }
	k, err := Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	go func() { <-asked; k.Close() }()
	if _, err := k.Exchange(t.Context(), []byte{1}, nil); !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("gave %v", err)
	}
	if _, err := k.Exchange(t.Context(), []byte{1}, nil); !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("and then %v", err)
	}
}

func TestAppletStopsWithTheAPDU(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := NewApplet(answerer{func(ctx context.Context, _ []byte, _ func(byte)) ([]byte, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}}, VersionFIDO2)
	a.after = func(time.Duration) <-chan time.Time { return nil }
	if _, err := a.Transmit(ctx, unhex(t, selectFIDO)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Transmit(ctx, unhex(t, "80100000010100")); !errors.Is(err, context.Canceled) {
		t.Errorf("gave %v", err)
	}
}

// FuzzApplet plays bytes as APDUs, each behind its length: every one is answered.
func FuzzApplet(f *testing.F) {
	f.Add(append([]byte{14}, append(unhex(f, selectFIDO), unhex(f, "07 80108000010400 05 8011000000 04 80120100")...)...))
	f.Add(append([]byte{14}, append(unhex(f, selectFIDO), unhex(f, "07 90100000020102 06 801000000103 05 80C0000000")...)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		a := NewApplet(echo, VersionU2F)
		defer a.Close()
		for range 64 {
			if len(b) == 0 {
				return
			}
			n := min(int(b[0]), len(b)-1)
			got, err := a.Transmit(t.Context(), b[1:1+n])
			if err != nil || len(got) < 2 {
				t.Fatalf("% X gave % X, %v", b[1:1+n], got, err)
			}
			b = b[1+n:]
		}
	})
}
