package hybrid

import (
	"context"
	"runtime"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

func TestFaultsOfThePhone(t *testing.T) {
	for _, row := range []struct {
		name   string
		set    func(*lab)
		code   mfa.Code // by code
		linked mfa.Code
	}{
		{"drops before connect", func(l *lab) {
			l.phone.Faults.Drop = DropBeforeConnect
			l.air.distort = func(a transport.Advert) []transport.Advert {
				for l.relay.someoneWaits() { // until the relay knows
					runtime.Gosched()
				}
				return []transport.Advert{a}
			}
		}, mfa.CodeTunnelRefused, mfa.CodeTunnelLost},
		{"drops at handshake", func(l *lab) { l.phone.Faults.Drop = DropAtHandshake }, mfa.CodeTunnelLost, mfa.CodeTunnelLost},
		{"drops after handshake", func(l *lab) { l.phone.Faults.Drop = DropAfterHandshake }, mfa.CodeTunnelLost, mfa.CodeTunnelLost},
		{"drops after connect", func(l *lab) { l.phone.Faults.Drop = DropAfterConnect }, mfa.CodePhoneHungUp, mfa.CodePhoneHungUp},
		{"drops after request", func(l *lab) { l.phone.Faults.Drop = DropAfterRequest }, mfa.CodePhoneHungUp, mfa.CodePhoneHungUp},
		{"hangs up instead of an answer", func(l *lab) {
			l.phone.Handle = func(context.Context, []byte) ([]byte, error) { return nil, ErrHangUp }
		}, mfa.CodePhoneHungUp, mfa.CodePhoneHungUp},
		{"empty answer", func(l *lab) {
			l.phone.Handle = func(context.Context, []byte) ([]byte, error) { return nil, nil }
		}, mfa.CodePhoneProtocol, mfa.CodePhoneProtocol},
		{"wrong EID", func(l *lab) {
			l.phone.Faults.WrongEID, l.client.Timers.Code, l.client.Timers.LinkedAdvert = true, short, short
		}, mfa.CodeCodeExpired, mfa.CodePhoneNotNear},
		{"names a server that nobody has", func(l *lab) {
			l.phone.ServerID, l.client.Timers.Code = 17, short
		}, mfa.CodeCodeExpired, ""},
	} {
		run := func(kind string, code mfa.Code, connect func(*lab) (*Session, error)) {
			t.Run(row.name+", "+kind, func(t *testing.T) {
				l := newLab(t)
				row.set(l)
				_, err := l.transactBy(connect)
				wantCode(t, err, code)
				l.clientFirst()
			})
		}
		run("by code", row.code, (*lab).connect)
		run("linked", row.linked, (*lab).connectLinked)
	}
}
