package hybrid

import (
	"context"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The messages of a transaction, in order, by direction. A linked transaction
// has no update, unless the phone is pushy, and no late one.
const (
	message1, request, shutdown                          = 0, 1, 2       // to the phone
	message2, postHandshake, update, ctapAns, lateUpdate = 0, 1, 2, 3, 4 // to the client
	linkedAns                                            = 2             // to the client, linked
)

// answeredOrNot is the end of a phone that may see the client go before or after
// its answer is out.
const answeredOrNot mfa.Code = "nil or computer-hung-up"

// Conditions of a row. Whoever waits for what never comes gets little time.
const short = 30 * time.Millisecond

func none(*lab)             {}
func shortHandshake(l *lab) { l.client.Timers.Handshake = short }
func shortPost(l *lab)      { l.client.Timers.PostHandshake = short }
func shortAnswer(l *lab)    { l.client.Timers.Answer = short }
func shortUpdates(l *lab)   { l.client.Timers.Update = short }
func pushy(l *lab)          { l.client.OfferLinking, l.phone.Faults.PushyLink = true, true }
func releasing(l *lab)      { l.phone.Handle = handler(func(context.Context) { l.relay.release() }) }
func givesLink(l *lab)      { l.givesLink(false) }
func lateWithLink(l *lab)   { l.givesLink(true) }

// undecided is a phone whose person does nothing: what it ends with is the
// client's doing alone. A client that should fail and does not waits a minute.
func undecided(l *lab) {
	l.phone.Handle = handler(func(ctx context.Context) { <-ctx.Done() })
	if l.client.Timers.Answer == 0 {
		l.client.Timers.Answer = time.Minute
	}
}

func handler(before func(context.Context)) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, _ []byte) ([]byte, error) {
		before(ctx)
		return testAnswer, ctx.Err()
	}
}

// both is several conditions.
func both(conditions ...func(*lab)) func(*lab) {
	return func(l *lab) {
		for _, set := range conditions {
			set(l)
		}
	}
}

func (l *lab) givesLink(late bool) {
	link, err := NewPhoneLink(nil, []byte("contact of a test"), "Test phone")
	if err != nil {
		l.Fatal(err)
	}
	l.client.OfferLinking, l.phone.Link, l.phone.LinkLate = true, link, late
}

// relayFault is one row: what the network does, and how both sides end.
type relayFault struct {
	what      fault
	name      string
	d         direction
	n         int
	set       func(*lab)
	code      mfa.Code // of the client
	phoneCode mfa.Code
}

// run holds the row to its ends, and the client to having taken so many links
// and to having closed its socket while the network still holds things back.
func (f relayFault) run(t *testing.T, connect func(*lab) (*Session, error), links int) {
	t.Run(f.name, func(t *testing.T) {
		l := newLab(t)
		f.set(l)
		tamper := f.what(l, f.n)
		l.relay.tamper = func(d direction, i int, m []byte) [][]byte {
			if d != f.d {
				return [][]byte{m}
			}
			return tamper(i, m)
		}
		answer, err := l.transactBy(connect)
		wantCode(t, err, f.code)
		if err == nil {
			l.wantAnswer(answer, nil)
		}
		if err := l.client.WaitIdle(t.Context()); err != nil {
			t.Error(err)
		}
		l.desktop.wantClosed(t)
		l.relay.release()
		phoneErr := <-l.ended
		switch {
		case f.phoneCode != answeredOrNot:
			wantCode(t, phoneErr, f.phoneCode)
		case phoneErr != nil:
			wantCode(t, phoneErr, mfa.CodeComputerHungUp)
		}
		if len(l.links) != links {
			t.Errorf("%d links taken, want %d", len(l.links), links)
		}
		for _, s := range []*sockets{l.desktop, l.handset, l.relay.ends} {
			s.wantUsed(t)
		}
	})
}

func TestFaultsOnTheRelay(t *testing.T) {
	for _, row := range []relayFault{
		{drop, "drop message 1", toPhone, message1, shortHandshake, mfa.CodePhoneSilent, mfa.CodeTunnelLost},
		{drop, "drop message 2", toClient, message2, none, mfa.CodeHandshakeFailed, mfa.CodeComputerHungUp},
		{drop, "drop post-handshake", toClient, postHandshake, none, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{drop, "drop request", toPhone, request, shortAnswer, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{drop, "drop update", toClient, update, none, mfa.CodePhoneProtocol, answeredOrNot},
		{drop, "drop answer", toClient, ctapAns, shortAnswer, mfa.CodePhoneSilent, answeredOrNot},
		{drop, "drop shutdown", toPhone, shutdown, none, "", ""},

		{delay, "delay message 1", toPhone, message1, shortHandshake, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{delay, "delay message 2", toClient, message2, shortHandshake, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{delay, "delay post-handshake", toClient, postHandshake, shortPost, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{delay, "delay request", toPhone, request, both(shortAnswer, undecided), mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{delay, "delay update", toClient, update, both(shortAnswer, undecided), mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{delay, "delay update until the request", toClient, update, releasing, "", ""},
		{delay, "delay answer", toClient, ctapAns, shortAnswer, mfa.CodePhoneSilent, answeredOrNot},
		{delay, "delay shutdown", toPhone, shutdown, none, "", ""},

		{repeat, "repeat message 1", toPhone, message1, none, mfa.CodePhoneHungUp, mfa.CodeComputerProtocol},
		{repeat, "repeat message 2", toClient, message2, none, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{repeat, "repeat post-handshake", toClient, postHandshake, undecided, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{repeat, "repeat request", toPhone, request, none, "", mfa.CodeComputerProtocol},
		{repeat, "repeat update", toClient, update, undecided, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{repeat, "repeat answer", toClient, ctapAns, none, "", ""},
		{repeat, "repeat shutdown", toPhone, shutdown, none, "", ""},

		{swap, "swap message 2 and post-handshake", toClient, message2, none, mfa.CodeHandshakeFailed, mfa.CodeComputerHungUp},
		{swap, "swap post-handshake and update", toClient, postHandshake, none, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{swap, "swap update and answer", toClient, update, none, mfa.CodePhoneProtocol, answeredOrNot},
		{swap, "swap request and shutdown", toPhone, request, shortAnswer, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},

		{flip, "flip a bit of message 1", toPhone, message1, none, mfa.CodeTunnelLost, mfa.CodeHandshakeFailed},
		{flip, "flip a bit of message 2", toClient, message2, none, mfa.CodeHandshakeFailed, mfa.CodeComputerHungUp},
		{flip, "flip a bit of post-handshake", toClient, postHandshake, none, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{flip, "flip a bit of the request", toPhone, request, none, mfa.CodePhoneHungUp, mfa.CodeComputerProtocol},
		{flip, "flip a bit of the update", toClient, update, undecided, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{flip, "flip a bit of the answer", toClient, ctapAns, none, mfa.CodePhoneProtocol, answeredOrNot},
		{flip, "flip a bit of the shutdown", toPhone, shutdown, none, "", mfa.CodeComputerProtocol},

		{shorten, "shorten message 1", toPhone, message1, none, mfa.CodeTunnelLost, mfa.CodeHandshakeFailed},
		{shorten, "shorten message 2", toClient, message2, none, mfa.CodeHandshakeFailed, mfa.CodeComputerHungUp},
		{shorten, "shorten the answer", toClient, ctapAns, none, mfa.CodePhoneProtocol, answeredOrNot},
		{shorten, "shorten the shutdown", toPhone, shutdown, none, "", mfa.CodeComputerProtocol},
	} {
		row.run(t, (*lab).connect, 0)
	}
}

// TestFaultsOnLinks is about updates that carry a link, and the shutdown that
// makes some phones send one: a link is taken once or not at all, and a link that
// is lost costs no answer.
func TestFaultsOnLinks(t *testing.T) {
	for _, row := range []struct {
		relayFault
		links int
	}{
		{relayFault{drop, "drop update", toClient, update, givesLink, mfa.CodePhoneProtocol, answeredOrNot}, 0},
		{relayFault{delay, "delay update", toClient, update, both(givesLink, shortAnswer, undecided), mfa.CodePhoneSilent, mfa.CodeComputerHungUp}, 0},
		{relayFault{delay, "delay update until the request", toClient, update, both(givesLink, releasing), "", ""}, 1},
		{relayFault{repeat, "repeat update", toClient, update, both(givesLink, undecided), mfa.CodePhoneProtocol, mfa.CodeComputerHungUp}, 1},
		{relayFault{flip, "flip a bit of the update", toClient, update, both(givesLink, undecided), mfa.CodePhoneProtocol, mfa.CodeComputerHungUp}, 0},

		{relayFault{drop, "drop late update", toClient, lateUpdate, lateWithLink, "", ""}, 0},
		{relayFault{delay, "delay late update", toClient, lateUpdate, both(lateWithLink, shortUpdates), "", ""}, 0},
		{relayFault{repeat, "repeat late update", toClient, lateUpdate, lateWithLink, "", ""}, 1},
		{relayFault{flip, "flip a bit of the late update", toClient, lateUpdate, lateWithLink, "", ""}, 0},

		{relayFault{drop, "drop shutdown", toPhone, shutdown, both(lateWithLink, shortUpdates), "", ""}, 0},
		{relayFault{delay, "delay shutdown", toPhone, shutdown, both(lateWithLink, shortUpdates), "", ""}, 0},
		{relayFault{repeat, "repeat shutdown", toPhone, shutdown, lateWithLink, "", ""}, 1},
		{relayFault{flip, "flip a bit of the shutdown", toPhone, shutdown, lateWithLink, "", mfa.CodeComputerProtocol}, 0},
	} {
		row.run(t, (*lab).connect, row.links)
	}
}
