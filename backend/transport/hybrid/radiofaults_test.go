package hybrid

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

func TestFaultsOnTheRadio(t *testing.T) {
	foreign := transport.Advert{Service: transport.ServiceFIDO, Data: bytes.Repeat([]byte{0x5a}, 20)}
	for _, row := range []struct {
		name    string
		distort func(transport.Advert) []transport.Advert
		heard   bool
	}{
		{"drop", func(transport.Advert) []transport.Advert { return nil }, false},
		{"repeat", func(a transport.Advert) []transport.Advert { return []transport.Advert{a, a, a} }, true},
		{"flip a bit of the ciphertext", func(a transport.Advert) []transport.Advert {
			a.Data[3] ^= 1
			return []transport.Advert{a}
		}, false},
		{"flip a bit of the tag", func(a transport.Advert) []transport.Advert {
			a.Data[19] ^= 1
			return []transport.Advert{a}
		}, false},
		{"shorten", func(a transport.Advert) []transport.Advert {
			a.Data = a.Data[:19]
			return []transport.Advert{a}
		}, false},
		{"foreign adverts first", func(a transport.Advert) []transport.Advert {
			return []transport.Advert{foreign, {Data: nil}, foreign, a}
		}, true},
		{"a broken copy, then the good one", func(a transport.Advert) []transport.Advert {
			broken := slices.Clone(a.Data)
			broken[0] ^= 0x80
			return []transport.Advert{{Service: a.Service, Data: broken}, a}
		}, true},
		{"junk behind", func(a transport.Advert) []transport.Advert {
			a.Data = append(a.Data, 0xff, 0xff, 0xff)
			return []transport.Advert{a}
		}, true},
	} {
		run := func(kind string, connect func(*lab) (*Session, error), unheard mfa.Code) {
			t.Run(row.name+", "+kind, func(t *testing.T) {
				l := newLab(t)
				l.air.distort = row.distort
				if !row.heard {
					l.client.Timers.Code, l.client.Timers.LinkedAdvert = short, short
				}
				answer, err := l.transactBy(connect)
				if row.heard {
					l.wantAnswer(answer, err)
				} else {
					wantCode(t, err, unheard)
				}
				l.clientFirst()
			})
		}
		run("by code", (*lab).connect, mfa.CodeCodeExpired)
		run("linked", (*lab).connectLinked, mfa.CodePhoneNotNear)
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

	t.Run("advert of an earlier call", func(t *testing.T) {
		l := newLab(t)
		l.client.Timers.LinkedAdvert = short
		l.air.distort = func(a transport.Advert) []transport.Advert {
			otherNonce := make([]byte, clientNonceSize)
			data, err := EncryptEID(Derive(l.phone.Link.Secret, otherNonce, PurposeEIDKey, eidKeySize), EID{})
			if err != nil {
				t.Error(err)
			}
			a.Data = data
			return []transport.Advert{a}
		}
		_, err := l.transactBy((*lab).connectLinked)
		wantCode(t, err, mfa.CodePhoneNotNear)
		l.clientFirst()
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
