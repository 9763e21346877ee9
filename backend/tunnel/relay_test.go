package tunnel

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestAnswers(t *testing.T) {
	l := newLab(t, Config{})
	phone := l.open("/cable/new/"+someTunnel, nil)
	routing := phone.routing()
	wrongRouting := "000000"
	if routing == wrongRouting {
		wrongRouting = "000001"
	}
	const fresh = "FF112233445566778899AABBCCDDEEFF"
	for name, row := range map[string]struct {
		ask    ask
		status int
	}{
		"root":                        {ask{path: "/"}, 404},
		"empty tunnel":                {ask{path: "/cable/new/"}, 404},
		"new without tunnel":          {ask{path: "/cable/new"}, 404},
		"short tunnel":                {ask{path: "/cable/new/" + fresh[1:]}, 404},
		"long tunnel":                 {ask{path: "/cable/new/" + fresh + "0"}, 404},
		"tunnel not hex":              {ask{path: "/cable/new/" + fresh[1:] + "g"}, 404},
		"something behind":            {ask{path: "/cable/new/" + fresh + "/"}, 404},
		"other prefix":                {ask{path: "/kable/new/" + fresh}, 404},
		"other operation":             {ask{path: "/cable/old/" + fresh}, 404},
		"doubled slash":               {ask{path: "//cable/new/" + fresh}, 404},
		"connect without routing":     {ask{path: "/cable/connect/" + someTunnel}, 404},
		"connect with short routing":  {ask{path: "/cable/connect/" + routing[1:] + "/" + someTunnel}, 404},
		"connect with routing no hex": {ask{path: "/cable/connect/00000g/" + someTunnel}, 404},
		"connect to wrong routing":    {ask{path: "/cable/connect/" + wrongRouting + "/" + someTunnel}, 404},
		"connect to unknown tunnel":   {ask{path: "/cable/connect/" + routing + "/" + fresh}, 404},
		"contact without ID":          {ask{path: "/cable/contact/"}, 404},
		"contact not base64url":       {ask{path: "/cable/contact/a+b"}, 404},
		"contact padded":              {ask{path: "/cable/contact/YQ=="}, 404},
		"contact of odd length":       {ask{path: "/cable/contact/YWJjZ"}, 404},
		"contact with a newline":      {ask{path: "/cable/contact/YW%0AJj"}, 404},
		"contact too long":            {ask{path: "/cable/contact/" + strings.Repeat("A", maxContactID+4)}, 404},
		"contact unknown":             {ask{path: "/cable/contact/YWJj", header: payload("a1")}, 404},
		"phone without ID":            {ask{path: "/cable/phone/"}, 404},

		"post":              {ask{path: "/cable/new/" + fresh, method: "POST"}, 405},
		"head":              {ask{path: "/cable/new/" + fresh, method: "HEAD"}, 405},
		"post to no path":   {ask{path: "/cable/none/" + fresh, method: "POST"}, 404},
		"no upgrade":        {ask{path: "/cable/new/" + fresh, plain: true}, 426},
		"no subprotocol":    {ask{path: "/cable/new/" + fresh, subprotocol: "-"}, 400},
		"other subprotocol": {ask{path: "/cable/new/" + fresh, subprotocol: "fido.cables"}, 400},
		"old version":       {ask{path: "/cable/new/" + fresh, header: map[string]string{"Sec-Websocket-Version": "8"}}, 400},

		"origin of another host":   {ask{path: "/cable/new/" + fresh, header: origin("https://example.org")}, 403},
		"origin of another port":   {ask{path: "/cable/new/" + fresh, header: origin("wss://127.0.0.1:1")}, 403},
		"origin null":              {ask{path: "/cable/new/" + fresh, header: origin("null")}, 403},
		"origin empty":             {ask{path: "/cable/new/" + fresh, header: origin("")}, 403},
		"origin twice":             {ask{path: "/cable/new/" + fresh, header: origin("wss://" + l.host + "|wss://" + l.host)}, 403},
		"origin with another name": {ask{path: "/cable/new/" + fresh, header: origin("app://" + l.host)}, 403},
		"origin with a path":       {ask{path: "/cable/new/" + fresh, header: origin("wss://" + l.host + "/")}, 403},
		"origin with a user":       {ask{path: "/cable/new/" + fresh, header: origin("wss://me@" + l.host)}, 403},
		"http from outside": {ask{path: "/cable/new/" + fresh,
			header: map[string]string{"Host": "example.org", "Origin": "http://example.org"}}, 403},

		"tunnel taken":                    {ask{path: "/cable/new/" + someTunnel}, 409},
		"tunnel taken, in small letters":  {ask{path: "/cable/new/" + strings.ToLower(someTunnel)}, 409},
		"contact without payload":         {ask{path: "/cable/contact/YWJj"}, 400},
		"contact with payload not hex":    {ask{path: "/cable/contact/YWJj", header: payload("a1xx")}, 400},
		"contact with empty payload":      {ask{path: "/cable/contact/YWJj", header: payload("")}, 400},
		"contact with a half byte":        {ask{path: "/cable/contact/YWJj", header: payload("a10")}, 400},
		"contact with two payloads":       {ask{path: "/cable/contact/YWJj", header: payload("a1|a1")}, 400},
		"contact with too long a payload": {ask{path: "/cable/contact/YWJj", header: payload(strings.Repeat("a1", maxPayload+1))}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			resp := l.request(row.ask)
			if resp.StatusCode != row.status {
				t.Errorf("status %d, want %d", resp.StatusCode, row.status)
			}
			if row.status == 405 && resp.Header.Get("Allow") != "GET" {
				t.Errorf("Allow %q", resp.Header.Get("Allow"))
			}
		})
	}
	if n := l.relay.Tunnels(); n != 1 {
		t.Errorf("%d tunnels, want the first one only", n)
	}
	// All the wrong tries have not used it up.
	l.open("/cable/connect/"+routing+"/"+someTunnel, nil).send([]byte("hello"))
	phone.expect("hello")
}

func origin(value string) map[string]string { return map[string]string{"Origin": value} }

func payload(hex string) map[string]string { return map[string]string{headerPayload: hex} }

func TestOriginsThatFit(t *testing.T) {
	l := newLab(t, Config{})
	for i, row := range []map[string]string{
		nil,
		origin("wss://" + l.host),
		origin("https://" + l.host),
		origin("ws://" + l.host),
		origin("http://" + l.host),
		{"Host": "cable.example.org", "Origin": "wss://cable.example.org"},
		{"Host": "cable.example.org", "Origin": "https://CABLE.example.org:443"},
		{"Host": "cable.example.org:443", "Origin": "wss://cable.example.org"},
		{"Host": "[::1]:81", "Origin": "ws://[::1]:81"},
		{"Host": "localhost", "Origin": "http://localhost:80"},
	} {
		resp := l.request(ask{path: fmt.Sprintf("/cable/new/%032X", i), header: row})
		if resp.StatusCode != http.StatusSwitchingProtocols {
			t.Errorf("%v: status %d", row, resp.StatusCode)
		}
		if got := resp.Header.Get("Sec-WebSocket-Protocol"); got != Subprotocol {
			t.Errorf("%v: subprotocol %q", row, got)
		}
	}
}

func TestMessagesGoBothWaysInOrder(t *testing.T) {
	l := newLab(t, Config{})
	phone, client := l.pair()
	var both sync.WaitGroup
	for _, way := range []struct{ from, to *socket }{{phone, client}, {client, phone}} {
		both.Go(func() {
			for i := range 64 {
				way.from.send(fmt.Appendf(nil, "message %d", i))
			}
		})
		both.Go(func() {
			for i := range 64 {
				if got, want := string(way.to.receive()), fmt.Sprintf("message %d", i); got != want {
					t.Errorf("received %q, want %q", got, want)
				}
			}
		})
	}
	both.Wait()
}

func TestMessageForms(t *testing.T) {
	l := newLab(t, Config{})
	phone, client := l.pair()
	client.send(nil)
	phone.expect("")
	largest := bytes.Repeat([]byte{0xA5}, 64<<10)
	client.send(largest)
	if !bytes.Equal(phone.receive(), largest) {
		t.Error("the largest message was changed")
	}
	// In pieces: a receiver cannot tell.
	w, err := client.conn.Writer(t.Context(), websocket.MessageBinary)
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []string{"one ", "two ", "three"} {
		if _, err := w.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	phone.expect("one two three")
}

func TestPingsAreAnsweredHere(t *testing.T) {
	l := newLab(t, Config{})
	phone := l.open("/cable/new/"+someTunnel, nil)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	phone.conn.CloseRead(ctx) // a pong is read by somebody who reads
	if err := phone.conn.Ping(ctx); err != nil {
		t.Errorf("Ping = %v", err)
	}
}

func TestWhatComesBeforeTheOtherSide(t *testing.T) {
	l := newLab(t, Config{})
	phone := l.open("/cable/new/"+someTunnel, nil)
	phone.send([]byte("first"))
	phone.send([]byte("second"))
	client := l.open("/cable/connect/"+phone.routing()+"/"+strings.ToLower(someTunnel), nil)
	client.expect("first")
	client.expect("second")
	phone.send([]byte("third"))
	client.expect("third")
}

func TestTunnelIsForOneClient(t *testing.T) {
	l := newLab(t, Config{})
	phone, client := l.pair()
	l.refused("/cable/connect/"+phone.routing()+"/"+someTunnel, nil, 404)
	l.refused("/cable/new/"+someTunnel, nil, 409)
	client.send([]byte("undisturbed"))
	phone.expect("undisturbed")
}

func TestOneSideGoes(t *testing.T) {
	for name, leave := range map[string]func(*socket){
		"politely": func(s *socket) { s.conn.Close(websocket.StatusNormalClosure, "") },
		"abruptly": func(s *socket) { s.conn.CloseNow() },
	} {
		t.Run(name+": client", func(t *testing.T) {
			phone, client := newLab(t, Config{}).pair()
			go leave(client)
			phone.closedWith(websocket.StatusGoingAway)
		})
		t.Run(name+": phone", func(t *testing.T) {
			phone, client := newLab(t, Config{}).pair()
			go leave(phone)
			client.closedWith(websocket.StatusGoingAway)
		})
	}
	t.Run("the tunnel is free again", func(t *testing.T) {
		l := newLab(t, Config{})
		phone, client := l.pair()
		go phone.conn.Close(websocket.StatusNormalClosure, "")
		client.closedWith(websocket.StatusGoingAway)
		l.relay.waitFor(t, func() bool { return len(l.relay.pairs) == 0 })
		l.pair()
	})
	t.Run("before the other came", func(t *testing.T) {
		l := newLab(t, Config{})
		phone := l.open("/cable/new/"+someTunnel, nil)
		phone.conn.Close(websocket.StatusNormalClosure, "")
		l.relay.waitFor(t, func() bool { return len(l.relay.pairs) == 0 })
		l.refused("/cable/connect/"+phone.routing()+"/"+someTunnel, nil, 404)
	})
}

// waitFor polls without sleeping until the relay's own bookkeeping says so.
func (r *Relay) waitFor(t *testing.T, what func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		r.mu.Lock()
		done := what()
		r.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the relay does not get there")
		}
		runtime.Gosched()
	}
}

func TestLimitsOfOneTunnel(t *testing.T) {
	for name, row := range map[string]struct {
		cfg   Config
		over  func(*lab, *socket)
		code  websocket.StatusCode
		other websocket.StatusCode
	}{
		"text": {Config{}, func(_ *lab, s *socket) {
			_ = s.conn.Write(s.t.Context(), websocket.MessageText, []byte("hello"))
		}, websocket.StatusUnsupportedData, websocket.StatusGoingAway},
		"a message too big": {Config{MessageSize: 1000}, func(_ *lab, s *socket) {
			s.send(make([]byte, 1000))
			_ = s.conn.Write(s.t.Context(), websocket.MessageBinary, make([]byte, 1001))
		}, websocket.StatusMessageTooBig, websocket.StatusGoingAway},
		"a message far too big": {Config{}, func(_ *lab, s *socket) {
			_ = s.conn.Write(s.t.Context(), websocket.MessageBinary, make([]byte, 300<<10))
		}, websocket.StatusMessageTooBig, websocket.StatusGoingAway},
		"a message too many": {Config{Messages: 3}, func(_ *lab, s *socket) {
			for range 4 {
				s.send([]byte("x"))
			}
		}, websocket.StatusPolicyViolation, websocket.StatusGoingAway},
		"too much in one direction": {Config{DirectionSize: 1000}, func(_ *lab, s *socket) {
			s.send(make([]byte, 600))
			s.send(make([]byte, 401))
		}, websocket.StatusPolicyViolation, websocket.StatusGoingAway},
		"too much time": {Config{Life: time.Hour}, func(l *lab, _ *socket) { l.relay.expire() },
			websocket.StatusGoingAway, websocket.StatusGoingAway},
	} {
		t.Run(name+": client", func(t *testing.T) {
			l := newLab(t, row.cfg)
			phone, client := l.pair()
			row.over(l, client)
			client.closedWith(row.code)
			phone.closedWith(row.other)
		})
		t.Run(name+": phone", func(t *testing.T) {
			l := newLab(t, row.cfg)
			phone, client := l.pair()
			row.over(l, phone)
			phone.closedWith(row.code)
			client.closedWith(row.other)
		})
		t.Run(name+": alone", func(t *testing.T) {
			l := newLab(t, row.cfg)
			phone := l.open("/cable/new/"+someTunnel, nil)
			row.over(l, phone)
			phone.closedWith(row.code)
		})
	}
}

func TestLimitsAreForEachDirection(t *testing.T) {
	phone, client := newLab(t, Config{Messages: 2, DirectionSize: 20}).pair()
	for range 2 {
		client.send([]byte("0123456789"))
		phone.expect("0123456789")
		phone.send([]byte("9876543210"))
		client.expect("9876543210")
	}
}

func TestLimitsOfTheRelay(t *testing.T) {
	path := func(i int) string { return fmt.Sprintf("/cable/new/%032X", i) }
	t.Run("tunnels", func(t *testing.T) {
		l := newLab(t, Config{Tunnels: 2})
		first := l.open(path(1), nil)
		l.open(path(2), nil)
		l.refused(path(3), nil, 503)
		l.refused(path(2), nil, 409) // more to the point than 503
		first.conn.Close(websocket.StatusNormalClosure, "")
		l.relay.waitFor(t, func() bool { return len(l.relay.pairs) == 1 })
		l.open(path(3), nil)
	})
	t.Run("sockets of one address", func(t *testing.T) {
		l := newLab(t, Config{PerAddress: 3})
		phone := l.open(path(1), nil)
		second := l.open(path(2), nil)
		waiting := l.open("/cable/phone/YWJj", nil)
		l.refused(path(3), nil, 429)
		l.refused("/cable/phone/YWJk", nil, 429)
		l.refused("/cable/contact/YWJj", payload("a0"), 429)
		l.refused("/cable/connect/"+phone.routing()+fmt.Sprintf("/%032X", 1), nil, 429)
		second.conn.Close(websocket.StatusNormalClosure, "")
		l.relay.waitFor(t, func() bool { return len(l.relay.pairs) == 1 })
		l.relay.waitFor(t, func() bool {
			for _, n := range l.relay.sockets {
				return n == 2
			}
			return false
		})
		l.open("/cable/connect/"+phone.routing()+fmt.Sprintf("/%032X", 1), nil) // a refusal for lack of room uses nothing up
		waiting.conn.Close(websocket.StatusNormalClosure, "")
	})
	t.Run("phones", func(t *testing.T) {
		l := newLab(t, Config{Phones: 1})
		l.open("/cable/phone/YWJj", nil)
		l.refused("/cable/phone/YWJk", nil, 503)
	})
}

func TestSource(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.7:123":                     "192.0.2.7/32",
		"[::ffff:192.0.2.7]:9":              "192.0.2.7/32",
		"[2001:db8:1:2:3:4:5:6]:80":         "2001:db8:1:2::/64",
		"[fe80::1%eth0]:80":                 "fe80::/64",
		"@":                                 "invalid Prefix",
		"pipe":                              "invalid Prefix",
		"[2001:db8:1:2:ffff:ffff:ffff:0]:1": "2001:db8:1:2::/64",
	} {
		if got := source(&http.Request{RemoteAddr: addr}).String(); got != want {
			t.Errorf("source(%s) = %s, want %s", addr, got, want)
		}
	}
}

// A receiver that does not read must cost no more than its own tunnel.
func TestReceiverThatDoesNotRead(t *testing.T) {
	l := newLab(t, Config{WriteTimeout: 50 * time.Millisecond, CloseGrace: 50 * time.Millisecond,
		DirectionSize: 1 << 30, Messages: 1 << 20})
	phone, client := l.pair()
	message, full := make([]byte, 64<<10), make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	go func() {
		defer close(full)
		for client.conn.Write(ctx, websocket.MessageBinary, message) == nil {
		}
	}()
	l.relay.waitFor(t, func() bool { return len(l.relay.pairs) == 0 }) // it has given up, and says good-bye
	start := time.Now()
	l.relay.waitFor(t, func() bool { return len(l.relay.sockets) == 0 })
	if took := time.Since(start); took > 4*time.Second { // the WebSocket library alone waits 5 s
		t.Errorf("the sockets were gone after %v, with a grace of %v", took, l.relay.cfg.CloseGrace)
	}
	if <-full; ctx.Err() != nil {
		t.Fatal("the relay takes messages for ever")
	}
	phone.conn.CloseNow()
}

func TestCloseEndsEverything(t *testing.T) {
	l := newLab(t, Config{})
	phone, client := l.pair()
	waiting := l.open("/cable/phone/YWJj", nil)
	var all sync.WaitGroup
	for _, s := range []*socket{phone, client, waiting} {
		all.Go(func() { s.closedWith(websocket.StatusGoingAway) })
	}
	l.relay.Close()
	all.Wait()
	l.refused("/cable/new/"+someTunnel, nil, 503)
	l.relay.Close() // a second time does nothing
}

// Close must not wait for a side that never answers.
func TestCloseWithASilentSide(t *testing.T) {
	l := newLab(t, Config{CloseGrace: 50 * time.Millisecond})
	l.request(ask{path: "/cable/new/" + someTunnel}) // upgraded, and nobody reads
	l.relay.Close()
}

func TestServeReportsALostListener(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := New(Config{}).Serve(t.Context(), ln); err == nil {
		t.Error("Serve on a closed listener gave no error")
	}
}

// What goes through the relay must not be found in its log.
func TestLogKeepsSilent(t *testing.T) {
	var log lockedBuffer
	l := newLab(t, Config{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	phone, client := l.pair()
	client.send([]byte("the message"))
	phone.expect("the message")
	waiting := l.open("/cable/phone/Y29udGFjdA", nil)
	linked := l.open("/cable/contact/Y29udGFjdA", payload("a10148deadbeefdeadbeef"))
	rung := waiting.receive()
	l.refused("/cable/new/"+someTunnel, nil, 409)
	l.refused("/cable/contact/Y29udGFjdB", payload("a10148deadbeefdeadbeef"), 404)
	linked.conn.Close(websocket.StatusNormalClosure, "")
	client.conn.Close(websocket.StatusNormalClosure, "")
	phone.closedWith(websocket.StatusGoingAway)
	l.relay.Close()
	text := strings.ToLower(log.String())
	if text == "" {
		t.Error("nothing was logged at all")
	}
	for _, secret := range []string{someTunnel, "the message", "y29udgfjda", "deadbeef", fmt.Sprintf("%x", rung[len(rung)-16:]), "127.0.0.1"} {
		if strings.Contains(text, strings.ToLower(secret)) {
			t.Errorf("%q is in the log:\n%s", secret, text)
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func FuzzPath(f *testing.F) {
	f.Add("/cable/new/" + someTunnel)
	f.Add("/cable/connect/00ff00/" + someTunnel)
	f.Add("/cable/contact/YWJj")
	f.Add("/cable/phone/YWJj")
	f.Add("/cable/new//")
	f.Fuzz(func(t *testing.T, path string) {
		got, ok := parsePath(path)
		if !ok {
			return
		}
		var back string
		switch got.op {
		case opNew:
			back = fmt.Sprintf("/cable/new/%x", got.tunnel)
		case opConnect:
			back = fmt.Sprintf("/cable/connect/%x/%x", got.routing, got.tunnel)
		case opContact:
			back = "/cable/contact/" + string(got.contact)
		case opPhone:
			back = "/cable/phone/" + string(got.contact)
		}
		if !strings.EqualFold(back, path) {
			t.Errorf("%q was read as %q", path, back)
		}
	})
}
