package hybrid

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/keyferry/keyferry/backend/mfa"
)

var testDialer = dialer{timeout: 10 * time.Second, peer: mfa.CodePhoneProtocol}

// upgradeServer answers every request with h and waits at the end for its sockets.
func upgradeServer(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	t.Cleanup(func() { noGoroutineLeft(t) })
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

func TestUpgradeRefused(t *testing.T) {
	for _, row := range []struct {
		name    string
		handler http.HandlerFunc
		contact bool
		code    mfa.Code
		status  string
	}{
		{"404", http.NotFound, false, mfa.CodeTunnelRefused, "404"},
		{"418", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) }, false, mfa.CodeTunnelRefused, "418"},
		{"410 in a QR transaction", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, false, mfa.CodeTunnelRefused, "410"},
		{"410 on contact", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, true, mfa.CodeLinkGone, ""},
		{"200", func(http.ResponseWriter, *http.Request) {}, false, mfa.CodeTunnelRefused, "200"},
		{"no subprotocol", func(w http.ResponseWriter, r *http.Request) {
			if c, err := websocket.Accept(w, r, nil); err == nil {
				c.CloseNow()
			}
		}, false, mfa.CodeTunnelProtocol, ""},
		{"other subprotocol", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Sec-WebSocket-Protocol", "chat")
			if c, err := websocket.Accept(w, r, nil); err == nil {
				c.CloseNow()
			}
		}, false, mfa.CodeTunnelProtocol, ""},
		{"subprotocol in capitals", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Sec-WebSocket-Protocol", "FIDO.CABLE")
			if c, err := websocket.Accept(w, r, nil); err == nil {
				c.CloseNow()
			}
		}, false, mfa.CodeTunnelProtocol, ""},
		{"no WebSocket at all", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "other")
			w.WriteHeader(http.StatusSwitchingProtocols)
		}, false, mfa.CodeTunnelProtocol, ""},
		{"redirect to another scheme", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "ftp://127.0.0.1/")
			w.WriteHeader(http.StatusFound)
		}, false, mfa.CodeTunnelProtocol, ""},
		{"redirect without TLS away from loopback", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://192.0.2.1/")
			w.WriteHeader(http.StatusFound)
		}, false, mfa.CodeTunnelProtocol, ""},
		{"redirect for ever", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
		}, false, mfa.CodeTunnelProtocol, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			base := upgradeServer(t, row.handler)
			counted, d := newSockets("client"), testDialer
			d.http = counted.http()
			_, err := d.dial(t.Context(), base+"/cable/connect/000000/SECRET", nil, row.contact)
			wantCode(t, err, row.code)
			counted.wantUsed(t)
			counted.wantClosed(t)
			f := mfa.AsFailure(err)
			if f.Params["status"] != row.status || row.code != mfa.CodeLinkGone && f.Params["host"] != strings.TrimPrefix(base, "ws://") {
				t.Errorf("params %v", f.Params)
			}
			if strings.Contains(f.Explain(), "SECRET") {
				t.Errorf("the cause holds the address: %s", f.Explain())
			}
		})
	}
}

func TestUpgradeRequest(t *testing.T) {
	var redirects int
	seen := make(chan *http.Request, 1)
	base := upgradeServer(t, func(w http.ResponseWriter, r *http.Request) {
		if redirects < maxRedirects {
			redirects++
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
			return
		}
		seen <- r
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
		if err == nil {
			c.CloseNow()
		}
	})
	c, err := testDialer.dial(t.Context(), base+"/cable/new/00", http.Header{headerClientPayload: {"a0"}}, false)
	if err != nil {
		t.Fatal(err, mfa.AsFailure(err).Explain())
	}
	c.cut()
	r := <-seen
	for name, want := range map[string]string{
		"Origin": "wss://" + strings.TrimPrefix(base, "ws://"), "Sec-Websocket-Protocol": subprotocol,
		"X-Cable-Client-Payload": "a0", "Cookie": "", "Sec-Websocket-Extensions": "",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// network is a transport that fails as a network fails.
type network struct {
	tries int
	err   error
	then  http.RoundTripper
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	n.tries++
	if n.then != nil && n.tries > 1 {
		return n.then.RoundTrip(r)
	}
	return nil, n.err
}

func TestNetworkErrors(t *testing.T) {
	t.Run("two tries, no more", func(t *testing.T) {
		n := &network{err: &net.OpError{Op: "dial", Err: errors.New("no route")}}
		d := testDialer
		d.http = &http.Client{Transport: n}
		_, err := d.dial(t.Context(), "wss://cable.example/cable/connect/00/SECRET", nil, false)
		wantCode(t, err, mfa.CodeTunnelUnreachable)
		if n.tries != 2 {
			t.Errorf("%d tries", n.tries)
		}
		if got := mfa.AsFailure(err).Explain(); strings.Contains(got, "SECRET") {
			t.Errorf("the cause holds the address: %s", got)
		}
	})
	t.Run("the second try works", func(t *testing.T) {
		l := newLab(t)
		l.client.HTTP = &http.Client{Transport: &network{err: io.ErrUnexpectedEOF, then: defaultHTTP.Transport}}
		answer, err := l.transact()
		l.wantAnswer(answer, err)
		<-l.ended
	})
	t.Run("a server that does not answer", func(t *testing.T) {
		stay := make(chan struct{})
		base := upgradeServer(t, func(http.ResponseWriter, *http.Request) { <-stay })
		t.Cleanup(func() { close(stay) })
		d := testDialer
		d.timeout = 10 * time.Millisecond
		_, err := d.dial(t.Context(), base+"/", nil, false)
		wantCode(t, err, mfa.CodeTunnelUnreachable)
	})
	t.Run("an untrusted certificate is tried once", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = quiet
		tries := 0
		server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				tries++
			}
		}
		server.StartTLS()
		_, err := testDialer.dial(t.Context(), "wss"+strings.TrimPrefix(server.URL, "https"), nil, false)
		server.Close()
		wantCode(t, err, mfa.CodeTunnelUntrusted)
		if tries != 1 {
			t.Errorf("%d tries", tries)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := testDialer.dial(ctx, "wss://cable.example/", nil, false)
		wantCode(t, err, mfa.CodeCancelled)
	})
}

func TestTLS(t *testing.T) {
	l := newLab(t)
	server := httptest.NewTLSServer(l.relay)
	t.Cleanup(server.Close)
	url := func(uint16) (string, error) { return "wss" + strings.TrimPrefix(server.URL, "https"), nil }
	l.client.DomainURL, l.phone.DomainURL = url, url
	l.client.HTTP, l.phone.HTTP = server.Client(), server.Client()
	answer, err := l.transact()
	l.wantAnswer(answer, err)
	wantCode(t, <-l.ended, "")
}

func TestPlainOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{"ws://192.0.2.1/", "ws://cable.ua5v.com/", "http://127.0.0.1/", "https://cable.ua5v.com/", "::", "wss:///x"} {
		_, err := testDialer.dial(t.Context(), address, nil, false)
		wantCode(t, err, mfa.CodeInternal)
	}
}

func TestRoutingIDHeader(t *testing.T) {
	for _, row := range []struct {
		name   string
		values []string
	}{
		{"missing", []string{}}, {"doubled", []string{"00A1B2", "00A1B2"}}, {"short", []string{"00A1"}},
		{"long", []string{"00A1B200"}}, {"no hex", []string{"00A1XY"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			l.relay.routing = row.values
			wantCode(t, l.phone.Answer(t.Context(), l.code()), mfa.CodeTunnelProtocol)
		})
	}
}

// TestRelayMisbehaves is about what a relay may do to an open tunnel.
func TestRelayMisbehaves(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(context.Context, *websocket.Conn)
		code mfa.Code
	}{
		{"text message", func(ctx context.Context, c *websocket.Conn) { c.Write(ctx, websocket.MessageText, []byte("x")) }, mfa.CodeTunnelProtocol},
		{"message over 1 MiB", func(ctx context.Context, c *websocket.Conn) {
			c.Write(ctx, websocket.MessageBinary, make([]byte, MaxMessage+1))
		}, mfa.CodePhoneProtocol},
		{"going away", func(_ context.Context, c *websocket.Conn) { c.Close(websocket.StatusGoingAway, "") }, mfa.CodeTunnelLost},
		{"internal error", func(_ context.Context, c *websocket.Conn) { c.Close(websocket.StatusInternalError, "") }, mfa.CodeTunnelLost},
		{"breaks off", func(_ context.Context, c *websocket.Conn) { c.CloseNow() }, mfa.CodeTunnelLost},
	} {
		t.Run(row.name, func(t *testing.T) {
			done := make(chan struct{})
			base := upgradeServer(t, func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
				if err != nil {
					return
				}
				row.do(context.Background(), c)
				<-c.CloseRead(context.Background()).Done()
				c.CloseNow()
			})
			c, err := testDialer.dial(t.Context(), base+"/", nil, false)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.receive(t.Context(), time.Minute, mfa.CodePhoneSilent)
			wantCode(t, err, row.code)
			c.cut()
			wantCode(t, c.send(t.Context(), []byte{1}), row.code)
			<-done
		})
	}
	t.Run("more bytes than a transaction has", func(t *testing.T) {
		base := upgradeServer(t, func(w http.ResponseWriter, r *http.Request) {
			c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
			if err != nil {
				return
			}
			for range maxReceived/MaxMessage + 1 {
				c.Write(context.Background(), websocket.MessageBinary, make([]byte, MaxMessage))
			}
			c.Close(websocket.StatusNormalClosure, "")
		})
		c, err := testDialer.dial(t.Context(), base+"/", nil, false)
		for n := 0; err == nil; n++ {
			if n > maxReceived/MaxMessage {
				t.Fatal("all were taken")
			}
			_, err = c.receive(t.Context(), time.Minute, mfa.CodePhoneSilent)
		}
		wantCode(t, err, mfa.CodePhoneProtocol)
	})
	// In the time of a bubble, which passes only while all wait: the library alone waits 5 s.
	t.Run("does not answer a good-bye", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			here, there := net.Pipe()
			d := testDialer
			d.http = &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return here, nil }}}
			go func() {
				q, err := http.ReadRequest(bufio.NewReader(there))
				if err != nil {
					t.Error(err)
					return
				}
				key := sha1.Sum([]byte(q.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455 section 1.3
				fmt.Fprintf(there, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: %s\r\nSec-WebSocket-Accept: %s\r\n\r\n",
					subprotocol, base64.StdEncoding.EncodeToString(key[:]))
				io.Copy(io.Discard, there) // and never a word
			}()
			c, err := d.dial(t.Context(), "ws://127.0.0.1/", nil, false)
			if err != nil {
				t.Fatal(err, mfa.AsFailure(err).Explain())
			}
			synctest.Wait() // it reads
			begun, closed := time.Now(), make(chan struct{})
			go func() { c.close(); close(closed) }()
			synctest.Wait() // it has said good-bye
			c.cut()
			<-closed
			if took := time.Since(begun); took > 0 {
				t.Errorf("took %v", took)
			}
			there.Close()
		})
	})
	t.Run("ours are bounded too", func(t *testing.T) {
		c := &tunnel{sent: MaxMessages}
		wantCode(t, c.send(t.Context(), nil), mfa.CodeInternal)
	})
}

// TestRoundTrips counts what the client sends after the socket is open.
func TestRoundTrips(t *testing.T) {
	l := newLab(t)
	s, err := l.connect()
	if err != nil {
		t.Fatal(err)
	}
	l.wantAnswer(s.Exchange(t.Context(), testRequest, nil))
	if n := l.relay.counts[toPhone].Load(); n != 2 {
		t.Errorf("%d messages before the first answer, want 2", n)
	}
	if n := l.relay.taken.Load(); n != 2 {
		t.Errorf("%d upgrades, want one of each side", n)
	}
	s.Close()
	<-l.ended
}

func TestTunnelUnknown(t *testing.T) {
	l := newLab(t)
	l.client.DomainURL = func(uint16) (string, error) { return "", mfa.Fail(mfa.CodeTunnelUnknown, "id", "400") }
	l.phone.ServerID = 400
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		code, err := ParseURI(<-l.codes)
		if err == nil {
			err = l.phone.Answer(ctx, code)
		}
		l.ended <- err
	}()
	_, err := l.client.Connect(t.Context(), GetAssertion, l.report)
	wantCode(t, err, mfa.CodeTunnelUnknown)
	stop()
	wantCode(t, <-l.ended, mfa.CodeCancelled)
	if _, err := PublicDomainURL(100); !mfa.IsCode(err, mfa.CodeTunnelUnknown) {
		t.Error(err)
	}
	if url, err := PublicDomainURL(0); err != nil || url != "wss://cable.ua5v.com" {
		t.Error(url, err)
	}
}

func TestCallsAcrossSockets(t *testing.T) {
	l := newLab(t)
	link, err := NewPhoneLink(nil, []byte("c"), "x")
	if err != nil {
		t.Fatal(err)
	}
	payload := ClientPayload(link.LinkID, make([]byte, clientNonceSize), MakeCredential)
	call := EncodeCall(payload, bytes.Repeat([]byte{3}, tunnelIDSize))
	sockets := 0
	l.relay.answer = func(w http.ResponseWriter, r *http.Request) bool {
		sockets++
		e := l.relay.accept(w, r)
		if e == nil {
			return true
		}
		defer l.relay.open.Done()
		defer e.conn.CloseNow()
		if sockets == 1 { // a bad one, then more than one transaction may have
			e.conn.Write(r.Context(), websocket.MessageBinary, []byte{0xff})
			for range MaxMessages + 1 {
				e.conn.Write(r.Context(), websocket.MessageBinary, call)
			}
		} else {
			e.conn.Close(websocket.StatusNormalClosure, "")
		}
		for range e.in {
		}
		return true
	}
	rung := 0
	err = l.phone.AwaitCalls(t.Context(), link.ContactID, nil, func(c *Call) {
		rung++
		if c.Request != MakeCredential || !bytes.Equal(c.LinkID, link.LinkID) {
			t.Errorf("call %+v", c)
		}
	})
	wantCode(t, err, mfa.CodeTunnelLost)
	if sockets != 2 || rung != MaxMessages-1 {
		t.Errorf("%d sockets, %d calls", sockets, rung)
	}
}
