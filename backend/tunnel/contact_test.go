package tunnel

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/keyferry/keyferry/backend/ctapcbor"
)

const somePayload = "a301480102030405060708025000112233445566778899aabbccddeeff03626761"

// answer reads a ring and gives the path the phone has to open.
func answer(t *testing.T, message []byte, wantPayload string) string {
	t.Helper()
	var got map[int][]byte
	if err := ctapcbor.Unmarshal(message, &got); err != nil {
		t.Fatalf("the ring %x is not canonical CBOR: %v", message, err)
	}
	if len(got) != 2 || hex.EncodeToString(got[1]) != wantPayload || len(got[2]) != 16 {
		t.Fatalf("the ring is %x", message)
	}
	return fmt.Sprintf("/cable/new/%X", got[2])
}

func TestRinging(t *testing.T) {
	l := newLab(t, Config{})
	l.refused("/cable/contact/YWJj", payload(somePayload), 404)
	waiting := l.open("/cable/phone/YWJj", nil)
	l.refused("/cable/phone/YWJj", nil, 409)

	client := l.open("/cable/contact/YWJj", payload(somePayload))
	if h := client.resp.Header.Values(headerSignal); len(h) != 0 {
		t.Errorf("a signal nobody asked for: %q", h)
	}
	path := answer(t, waiting.receive(), somePayload)
	client.send([]byte("message 1, before the phone has come"))
	phone := l.open(path, nil)
	phone.routing()
	phone.expect("message 1, before the phone has come")
	phone.send([]byte("message 2"))
	client.expect("message 2")
	l.refused(path, nil, 409)
	go phone.conn.Close(websocket.StatusNormalClosure, "")
	client.closedWith(websocket.StatusGoingAway)

	// The phone waits on, and each ring is for another tunnel.
	l.open("/cable/contact/YWJj", payload(somePayload))
	if again := answer(t, waiting.receive(), somePayload); again == path {
		t.Error("two rings for one tunnel")
	}
}

func TestSignalWhenThePhoneHasCome(t *testing.T) {
	l := newLab(t, Config{Messages: 1})
	waiting := l.open("/cable/phone/YWJj", nil)
	client := l.open("/cable/contact/YWJj", map[string]string{headerPayload: somePayload, headerSignal: "true"})
	if got := client.resp.Header.Get(headerSignal); got != "true" {
		t.Errorf("the signal header came back as %q", got)
	}
	phone := l.open(answer(t, waiting.receive(), somePayload), nil)
	phone.send([]byte("message 2"))
	client.expect("\x00") // before anything of the phone, and on nobody's account
	client.expect("message 2")
}

// A client in a linked tunnel is not to be joined by another client.
func TestLinkedTunnelTakesNoOtherClient(t *testing.T) {
	l := newLab(t, Config{})
	routing := l.open("/cable/new/"+someTunnel, nil).routing()
	waiting := l.open("/cable/phone/YWJj", nil)
	l.open("/cable/contact/YWJj", payload(somePayload))
	id := answer(t, waiting.receive(), somePayload)[len("/cable/new/"):]
	l.refused("/cable/connect/"+routing+"/"+id, nil, 404)
}

func TestRingsOfOnePhoneAreBounded(t *testing.T) {
	l := newLab(t, Config{Rings: 2})
	waiting := l.open("/cable/phone/YWJj", nil)
	first := l.open("/cable/contact/YWJj", payload(somePayload))
	waiting.receive() // two rings at a time could come in either order
	l.open("/cable/contact/YWJj", payload(somePayload))
	l.refused("/cable/contact/YWJj", payload(somePayload), 429)
	path := answer(t, waiting.receive(), somePayload)

	first.conn.Close(websocket.StatusNormalClosure, "") // gave up
	l.relay.waitFor(t, func() bool { return len(l.relay.pairs) == 1 })
	l.open("/cable/contact/YWJj", payload(somePayload))
	l.refused("/cable/contact/YWJj", payload(somePayload), 429)
	l.open(path, nil) // answered
	l.open("/cable/contact/YWJj", payload(somePayload))
}

func TestPhoneGoesWhileItIsRung(t *testing.T) {
	l := newLab(t, Config{})
	waiting := l.open("/cable/phone/YWJj", nil)
	client := l.open("/cable/contact/YWJj", payload(somePayload))
	waiting.conn.CloseNow()
	l.relay.waitFor(t, func() bool { return len(l.relay.phones) == 0 })
	l.relay.expire() // the client waits no longer than any other
	client.closedWith(websocket.StatusGoingAway)
	l.refused("/cable/contact/YWJj", payload(somePayload), 404)
	l.open("/cable/phone/YWJj", nil)
}

func TestForgottenContacts(t *testing.T) {
	t.Run("by the phone", func(t *testing.T) {
		l := newLab(t, Config{})
		waiting := l.open("/cable/phone/YWJj", nil)
		if err := waiting.conn.Write(t.Context(), websocket.MessageText, []byte("forget")); err != nil {
			t.Fatal(err)
		}
		waiting.closedWith(websocket.StatusNormalClosure)
		l.refused("/cable/contact/YWJj", payload(somePayload), 410)
		l.relay.waitFor(t, func() bool { return len(l.relay.phones) == 0 })
		l.refused("/cable/phone/YWJj", nil, 410)
	})
	t.Run("by the program", func(t *testing.T) {
		l := newLab(t, Config{})
		waiting := l.open("/cable/phone/YWJj", nil)
		done := make(chan struct{})
		go func() { l.relay.Forget("YWJj"); close(done) }()
		waiting.closedWith(websocket.StatusNormalClosure)
		<-done
		l.refused("/cable/contact/YWJj", payload(somePayload), 410)
		l.relay.Forget("never seen")
		l.relay.Forget("YWJr")
		l.refused("/cable/contact/YWJr", payload(somePayload), 410)
	})
	t.Run("the list is bounded", func(t *testing.T) {
		l := newLab(t, Config{Phones: 2})
		for _, id := range []string{"YWJj", "YWJk", "YWJk", "YWJl"} {
			l.relay.Forget(id)
		}
		l.refused("/cable/contact/YWJj", payload(somePayload), 404)
		l.refused("/cable/contact/YWJk", payload(somePayload), 410)
		l.refused("/cable/contact/YWJl", payload(somePayload), 410)
		if n := len(l.relay.dead.set); n != 2 {
			t.Errorf("%d contacts are remembered", n)
		}
	})
}

func TestPhoneThatSaysOddThings(t *testing.T) {
	for name, say := range map[string]func(*socket) error{
		"a text": func(s *socket) error { return s.conn.Write(t.Context(), websocket.MessageText, []byte("forgot")) },
		"binary": func(s *socket) error { return s.conn.Write(t.Context(), websocket.MessageBinary, []byte("forget")) },
		"a lot": func(s *socket) error {
			return s.conn.Write(t.Context(), websocket.MessageText, bytes.Repeat([]byte("forget"), 1000))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Config{})
			waiting := l.open("/cable/phone/YWJj", nil)
			if err := say(waiting); err != nil {
				t.Fatal(err)
			}
			waiting.closedWith(websocket.StatusUnsupportedData)
			l.relay.waitFor(t, func() bool { return len(l.relay.phones) == 0 })
			l.refused("/cable/contact/YWJj", payload(somePayload), 404)
		})
	}
}

// A phone without a network says nothing; only an unanswered ping tells.
func TestSilentPhoneIsDropped(t *testing.T) {
	l := newLab(t, Config{PingInterval: 10 * time.Millisecond, WriteTimeout: 50 * time.Millisecond, CloseGrace: 50 * time.Millisecond})
	l.request(ask{path: "/cable/phone/YWJj"}) // upgraded, and nobody reads
	l.relay.waitFor(t, func() bool { return len(l.relay.phones) == 1 || len(l.relay.sockets) == 0 })
	l.relay.waitFor(t, func() bool { return len(l.relay.phones) == 0 })
}

func TestPingedPhoneStays(t *testing.T) {
	l := newLab(t, Config{PingInterval: time.Millisecond})
	pings := make(chan struct{}, 1)
	conn, _, err := websocket.Dial(t.Context(), "ws://"+l.host+"/cable/phone/YWJj", &websocket.DialOptions{
		Subprotocols: []string{Subprotocol},
		OnPingReceived: func(_ context.Context, _ []byte) bool {
			select {
			case pings <- struct{}{}:
			default:
			}
			return true
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	waiting := &socket{t: t, conn: conn}
	defer conn.CloseNow()
	rung := make(chan []byte, 1)
	go func() { rung <- waiting.receive() }()
	for range 3 {
		<-pings
	}
	l.open("/cable/contact/YWJj", payload(somePayload))
	answer(t, <-rung, somePayload)
}
