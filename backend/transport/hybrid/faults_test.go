package hybrid

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// The messages of a QR transaction, in order, by direction.
const (
	message1, request, shutdown              = 0, 1, 2    // to the phone
	message2, postHandshake, update, ctapAns = 0, 1, 2, 3 // to the client
)

// fault is what the network does to the n-th message of one direction.
type fault func(l *lab, n int) func(i int, m []byte) [][]byte

func drop(_ *lab, n int) func(int, []byte) [][]byte {
	return func(i int, m []byte) [][]byte {
		if i == n {
			return nil
		}
		return [][]byte{m}
	}
}

func repeat(_ *lab, n int) func(int, []byte) [][]byte {
	return func(i int, m []byte) [][]byte {
		if i == n {
			return [][]byte{m, m}
		}
		return [][]byte{m}
	}
}

// flip changes one bit in the middle.
func flip(_ *lab, n int) func(int, []byte) [][]byte {
	return func(i int, m []byte) [][]byte {
		if i == n {
			m = slices.Clone(m)
			m[len(m)/2] ^= 4
		}
		return [][]byte{m}
	}
}

// shorten takes the last byte.
func shorten(_ *lab, n int) func(int, []byte) [][]byte {
	return func(i int, m []byte) [][]byte {
		if i == n {
			m = m[:len(m)-1]
		}
		return [][]byte{m}
	}
}

// swap lets the next message overtake.
func swap(_ *lab, n int) func(int, []byte) [][]byte {
	var held []byte
	return func(i int, m []byte) [][]byte {
		switch i {
		case n:
			held = m
			return nil
		case n + 1:
			return [][]byte{m, held}
		}
		return [][]byte{m}
	}
}

// delay holds the message, and what is behind it, until the client has failed.
func delay(l *lab, n int) func(int, []byte) [][]byte {
	return func(i int, m []byte) [][]byte {
		if i == n {
			<-l.relay.heldBack
		}
		return [][]byte{m}
	}
}

// Ends of the phone that depend on which of two things comes first.
const (
	anything      mfa.Code = "anything"
	answeredOrNot mfa.Code = "nil or computer-hung-up"
)

func TestFaultsOnTheRelay(t *testing.T) {
	short := 30 * time.Millisecond
	handshake := func(l *lab) { l.client.Timers.Handshake = short }
	post := func(l *lab) { l.client.Timers.PostHandshake = short }
	answer := func(l *lab) { l.client.Timers.Answer = short }
	none := func(*lab) {}

	for _, row := range []struct {
		what      fault
		name      string
		d         direction
		n         int
		set       func(*lab)
		code      mfa.Code // of the client
		phoneCode mfa.Code
	}{
		{drop, "drop message 1", toPhone, message1, handshake, mfa.CodePhoneSilent, mfa.CodeTunnelLost},
		{drop, "drop message 2", toClient, message2, none, mfa.CodeHandshakeFailed, mfa.CodeComputerHungUp},
		{drop, "drop post-handshake", toClient, postHandshake, none, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{drop, "drop request", toPhone, request, answer, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{drop, "drop update", toClient, update, none, mfa.CodePhoneProtocol, answeredOrNot},
		{drop, "drop answer", toClient, ctapAns, answer, mfa.CodePhoneSilent, answeredOrNot},
		{drop, "drop shutdown", toPhone, shutdown, none, "", ""},

		{delay, "delay message 1", toPhone, message1, handshake, mfa.CodePhoneSilent, anything},
		{delay, "delay message 2", toClient, message2, handshake, mfa.CodePhoneSilent, anything},
		{delay, "delay post-handshake", toClient, postHandshake, post, mfa.CodePhoneSilent, anything},
		{delay, "delay request", toPhone, request, answer, mfa.CodePhoneSilent, anything},
		{delay, "delay answer", toClient, ctapAns, answer, mfa.CodePhoneSilent, anything},

		{repeat, "repeat message 1", toPhone, message1, none, mfa.CodePhoneHungUp, mfa.CodeComputerProtocol},
		{repeat, "repeat message 2", toClient, message2, none, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{repeat, "repeat post-handshake", toClient, postHandshake, none, mfa.CodePhoneProtocol, answeredOrNot},
		{repeat, "repeat request", toPhone, request, none, "", mfa.CodeComputerProtocol},
		{repeat, "repeat answer", toClient, ctapAns, none, "", ""},

		{swap, "swap message 2 and post-handshake", toClient, message2, none, mfa.CodeHandshakeFailed, mfa.CodeComputerHungUp},
		{swap, "swap post-handshake and update", toClient, postHandshake, none, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{swap, "swap update and answer", toClient, update, none, mfa.CodePhoneProtocol, answeredOrNot},

		{flip, "flip a bit of message 1", toPhone, message1, none, mfa.CodeTunnelLost, mfa.CodeHandshakeFailed},
		{flip, "flip a bit of message 2", toClient, message2, none, mfa.CodeHandshakeFailed, mfa.CodeComputerHungUp},
		{flip, "flip a bit of post-handshake", toClient, postHandshake, none, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{flip, "flip a bit of the request", toPhone, request, none, mfa.CodePhoneHungUp, mfa.CodeComputerProtocol},
		{flip, "flip a bit of the update", toClient, update, none, mfa.CodePhoneProtocol, answeredOrNot},
		{flip, "flip a bit of the answer", toClient, ctapAns, none, mfa.CodePhoneProtocol, answeredOrNot},

		{shorten, "shorten message 1", toPhone, message1, none, mfa.CodeTunnelLost, mfa.CodeHandshakeFailed},
		{shorten, "shorten message 2", toClient, message2, none, mfa.CodeHandshakeFailed, mfa.CodeComputerHungUp},
		{shorten, "shorten the answer", toClient, ctapAns, none, mfa.CodePhoneProtocol, answeredOrNot},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			row.set(l)
			tamper := row.what(l, row.n)
			l.relay.tamper = func(d direction, i int, m []byte) [][]byte {
				if d != row.d {
					return [][]byte{m}
				}
				return tamper(i, m)
			}
			answer, err := l.transact()
			wantCode(t, err, row.code)
			if err == nil {
				l.wantAnswer(answer, nil)
			}
			l.relay.release()
			phoneErr := <-l.ended
			if row.phoneCode == anything || row.phoneCode == answeredOrNot && phoneErr == nil {
				return
			}
			if row.phoneCode == answeredOrNot {
				row.phoneCode = mfa.CodeComputerHungUp
			}
			wantCode(t, phoneErr, row.phoneCode)
		})
	}
}

func TestFaultsOfThePhone(t *testing.T) {
	for _, row := range []struct {
		name string
		set  func(*lab)
		code mfa.Code
	}{
		{"drops before connect", func(l *lab) {
			l.phone.Faults.Drop = DropBeforeConnect
			l.air.distort = func(a transport.Advert) []transport.Advert {
				for l.relay.someoneWaits() { // until the relay knows
					runtime.Gosched()
				}
				return []transport.Advert{a}
			}
		}, mfa.CodeTunnelRefused},
		{"drops at handshake", func(l *lab) { l.phone.Faults.Drop = DropAtHandshake }, mfa.CodeTunnelLost},
		{"drops after handshake", func(l *lab) { l.phone.Faults.Drop = DropAfterHandshake }, mfa.CodeTunnelLost},
		{"drops after connect", func(l *lab) { l.phone.Faults.Drop = DropAfterConnect }, mfa.CodePhoneHungUp},
		{"drops after request", func(l *lab) { l.phone.Faults.Drop = DropAfterRequest }, mfa.CodePhoneHungUp},
		{"hangs up instead of an answer", func(l *lab) {
			l.phone.Handle = func(context.Context, []byte) ([]byte, error) { return nil, ErrHangUp }
		}, mfa.CodePhoneHungUp},
		{"empty answer", func(l *lab) {
			l.phone.Handle = func(context.Context, []byte) ([]byte, error) { return nil, nil }
		}, mfa.CodePhoneProtocol},
		{"wrong EID", func(l *lab) {
			l.phone.Faults.WrongEID, l.client.Timers.Code = true, 30*time.Millisecond
		}, mfa.CodeCodeExpired},
		{"names a server that nobody has", func(l *lab) {
			l.phone.ServerID, l.client.Timers.Code = 17, 30*time.Millisecond
		}, mfa.CodeCodeExpired},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			row.set(l)
			ctx, stop := context.WithCancel(t.Context())
			go func() {
				code, err := ParseURI(<-l.codes)
				if err == nil {
					err = l.phone.Answer(ctx, code)
				}
				l.ended <- err
			}()
			s, err := l.client.Connect(t.Context(), MakeCredential, l.report)
			if err == nil {
				_, err = s.Exchange(t.Context(), testRequest, nil)
				s.Close()
			}
			wantCode(t, err, row.code)
			stop()
			<-l.ended
		})
	}
}

func TestFaultsOnTheRadio(t *testing.T) {
	foreign := transport.Advert{Service: transport.ServiceFIDO, Data: bytes.Repeat([]byte{0x5a}, 20)}
	for _, row := range []struct {
		name    string
		distort func(transport.Advert) []transport.Advert
		code    mfa.Code
	}{
		{"drop", func(transport.Advert) []transport.Advert { return nil }, mfa.CodeCodeExpired},
		{"repeat", func(a transport.Advert) []transport.Advert { return []transport.Advert{a, a, a} }, ""},
		{"flip a bit of the ciphertext", func(a transport.Advert) []transport.Advert {
			a.Data[3] ^= 1
			return []transport.Advert{a}
		}, mfa.CodeCodeExpired},
		{"flip a bit of the tag", func(a transport.Advert) []transport.Advert {
			a.Data[19] ^= 1
			return []transport.Advert{a}
		}, mfa.CodeCodeExpired},
		{"shorten", func(a transport.Advert) []transport.Advert {
			a.Data = a.Data[:19]
			return []transport.Advert{a}
		}, mfa.CodeCodeExpired},
		{"foreign adverts first", func(a transport.Advert) []transport.Advert {
			return []transport.Advert{foreign, {Data: nil}, foreign, a}
		}, ""},
		{"a broken copy, then the good one", func(a transport.Advert) []transport.Advert {
			broken := slices.Clone(a.Data)
			broken[0] ^= 0x80
			return []transport.Advert{{Service: a.Service, Data: broken}, a}
		}, ""},
		{"junk behind", func(a transport.Advert) []transport.Advert {
			a.Data = append(a.Data, 0xff, 0xff, 0xff)
			return []transport.Advert{a}
		}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			l.air.distort = row.distort
			if row.code != "" {
				l.client.Timers.Code = 20 * time.Millisecond
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			go func() {
				code, err := ParseURI(<-l.codes)
				if err == nil {
					err = l.phone.Answer(ctx, code)
				}
				l.ended <- err
			}()
			s, err := l.client.Connect(t.Context(), MakeCredential, l.report)
			wantCode(t, err, row.code)
			if err == nil {
				l.wantAnswer(s.Exchange(t.Context(), testRequest, nil))
				s.Close()
			}
			stop()
			<-l.ended
		})
	}

	t.Run("delay", func(t *testing.T) {
		l := newLab(t)
		deaf := 3
		l.air.distort = func(a transport.Advert) []transport.Advert {
			if deaf--; deaf >= 0 {
				l.air.change(func() {}) // the next repeat
				return nil
			}
			return []transport.Advert{a}
		}
		answer, err := l.transact()
		l.wantAnswer(answer, err)
		wantCode(t, <-l.ended, "")
	})
}

func TestBadRadio(t *testing.T) {
	broken := errors.New("D-Bus went away")
	for _, row := range []struct {
		name string
		set  func(*air)
		code mfa.Code
	}{
		{"no adapter", func(a *air) { a.probe = mfa.Fail(mfa.CodeRadioMissing) }, mfa.CodeRadioMissing},
		{"probe fails otherwise", func(a *air) { a.probe = broken }, mfa.CodeRadioFailed},
		{"scan does not start", func(a *air) { a.scan = mfa.Fail(mfa.CodeRadioDenied) }, mfa.CodeRadioDenied},
		{"scan breaks", func(a *air) { a.scan, a.broken = broken, make(chan struct{}); close(a.broken) }, mfa.CodeRadioFailed},
		{"scan ends by itself", func(a *air) { a.broken = make(chan struct{}); close(a.broken) }, mfa.CodeRadioFailed},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			row.set(l.air)
			_, err := l.client.Connect(t.Context(), GetAssertion, nil)
			wantCode(t, err, row.code)
			if l.relay.taken.Load() != 0 {
				t.Error("went to the tunnel without a radio")
			}
		})
	}
	t.Run("phone cannot advertise", func(t *testing.T) {
		l := newLab(t)
		l.air.advertise = mfa.Fail(mfa.CodeRadioOff)
		wantCode(t, l.phone.Answer(t.Context(), l.code()), mfa.CodeRadioOff)
	})
	t.Run("phone stops advertising", func(t *testing.T) {
		l := newLab(t)
		l.phone.Advertiser = advertiser(func(context.Context, transport.Advert) error { return nil })
		wantCode(t, l.phone.Answer(t.Context(), l.code()), mfa.CodeRadioFailed)
	})
	t.Run("nobody comes to the phone", func(t *testing.T) {
		l := newLab(t)
		l.phone.Timers.ClientConnect = 10 * time.Millisecond
		wantCode(t, l.phone.Answer(t.Context(), l.code()), mfa.CodeComputerSilent)
	})
}

type advertiser func(context.Context, transport.Advert) error

func (f advertiser) Advertise(ctx context.Context, a transport.Advert) error { return f(ctx, a) }

// code makes a code that nobody shows.
func (l *lab) code() *QRCode {
	q, _, err := l.client.newCode(GetAssertion)
	if err != nil {
		l.Fatal(err)
	}
	return q
}
