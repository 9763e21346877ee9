package hybrid

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"github.com/keyferry/keyferry/backend/mfa"
)

// defaultHTTP opens one connection per request, which becomes the WebSocket.
// A proxy of the environment is used as browsers use it: it sees TLS.
var defaultHTTP = &http.Client{Transport: &http.Transport{
	Proxy:               http.ProxyFromEnvironment,
	DialContext:         (&net.Dialer{}).DialContext,
	TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
	TLSHandshakeTimeout: 10 * time.Second,
	DisableKeepAlives:   true,
}}

// dialer opens tunnels.
type dialer struct {
	http    *http.Client // nil = defaultHTTP
	timeout time.Duration
	peer    mfa.Code // phone-protocol or computer-protocol: what the other end's nonsense is called
}

var (
	errRedirect    = errors.New("hybrid: redirect is not followed")
	errSubprotocol = errors.New("hybrid: no subprotocol " + subprotocol)
	errPlain       = errors.New("hybrid: a tunnel without TLS is for loopback only")
)

// tunnel is one open WebSocket and the goroutine that reads it. The goroutine
// never waits for anybody: what may arrive is bounded and fits the channel, so
// pings are answered and the end is seen at once, whatever the owner does.
type tunnel struct {
	conn   *websocket.Conn
	host   string
	header http.Header // of the answer; unauthenticated
	peer   mfa.Code    // see dialer

	in    chan []byte   // binary messages in order; closed at the end
	ended chan struct{} // closed after err is set
	err   error         // why there will be no more
	sent  int

	stop context.CancelFunc
}

// dial opens one tunnel URL. It fails with mfa tunnel-unreachable,
// tunnel-untrusted, tunnel-refused, tunnel-protocol, or link-gone when contact
// is set and the server says 410.
func (d dialer) dial(ctx context.Context, target string, header http.Header, contact bool) (*tunnel, error) {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return nil, mfa.Fail(mfa.CodeInternal).Because(errors.New("hybrid: tunnel address cannot be read"))
	}
	plain := u.Scheme == "ws"
	if plain && !isLoopback(u.Hostname()) || !plain && u.Scheme != "wss" {
		return nil, mfa.Fail(mfa.CodeInternal).Because(errPlain)
	}
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Origin", "wss://"+u.Host)

	client := *defaultHTTP
	if d.http != nil {
		client = *d.http
	}
	client.Timeout, client.Jar = 0, nil
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		// The WebSocket library has turned wss into https and ws into http.
		secure := next.URL.Scheme == "https" || plain && next.URL.Scheme == "http" && isLoopback(next.URL.Hostname())
		if len(via) > maxRedirects || !secure {
			return errRedirect
		}
		return nil
	}
	options := &websocket.DialOptions{HTTPClient: &client, HTTPHeader: header, Subprotocols: []string{subprotocol}}

	for try := 1; ; try++ {
		conn, response, err := d.try(ctx, target, options)
		if err == nil {
			return d.newTunnel(conn, u.Host, response.Header), nil
		}
		if ctx.Err() != nil {
			return nil, mfa.AsFailure(ctx.Err())
		}
		failure := dialFailure(err, response, u.Host, contact)
		if failure.Code != mfa.CodeTunnelUnreachable || try == upgradeTries {
			return nil, failure
		}
	}
}

func (d dialer) try(ctx context.Context, target string, options *websocket.DialOptions) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	conn, response, err := websocket.Dial(ctx, target, options)
	if err == nil && conn.Subprotocol() != subprotocol {
		conn.CloseNow()
		return nil, response, errSubprotocol
	}
	return conn, response, err
}

// dialFailure finds the code. A cause must not hold the address: tunnel and
// contact IDs stand in it, and url.Error prints it.
func dialFailure(err error, response *http.Response, host string, contact bool) *mfa.Failure {
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	var (
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		name        x509.HostnameError
	)
	switch {
	case errors.Is(err, errRedirect):
		return mfa.Fail(mfa.CodeTunnelProtocol, "host", host).Because(errRedirect)
	case response == nil && (errors.As(err, &certificate) || errors.As(err, &authority) || errors.As(err, &name)):
		return mfa.Fail(mfa.CodeTunnelUntrusted, "host", host).Because(err)
	case response == nil:
		return mfa.Fail(mfa.CodeTunnelUnreachable, "host", host).Because(err)
	case contact && response.StatusCode == http.StatusGone:
		return mfa.Fail(mfa.CodeLinkGone)
	case response.StatusCode != http.StatusSwitchingProtocols:
		return mfa.Fail(mfa.CodeTunnelRefused, "host", host, "status", strconv.Itoa(response.StatusCode))
	default:
		return mfa.Fail(mfa.CodeTunnelProtocol, "host", host).Because(err)
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (d dialer) newTunnel(conn *websocket.Conn, host string, header http.Header) *tunnel {
	conn.SetReadLimit(MaxMessage)
	ctx, stop := context.WithCancel(context.Background())
	t := &tunnel{
		conn: conn, host: host, header: header, peer: d.peer, stop: stop,
		in: make(chan []byte, MaxMessages), ended: make(chan struct{}),
	}
	go t.read(ctx)
	return t
}

var (
	errTooMuch = errors.New("hybrid: more messages than one transaction has")
	errText    = errors.New("hybrid: text message in a tunnel")
)

func (t *tunnel) read(ctx context.Context) {
	defer close(t.in)
	defer close(t.ended)
	for count, size := 0, 0; ; count++ {
		kind, message, err := t.conn.Read(ctx)
		size += len(message)
		switch {
		case err != nil:
		case kind != websocket.MessageBinary:
			err = errText
		case count >= MaxMessages || size > maxReceived:
			err = errTooMuch
		}
		if err != nil {
			t.err = err
			t.conn.CloseNow()
			return
		}
		t.in <- message
	}
}

// receive waits for one message. It fails with the context's failure, with
// silent when the time is up, and as lost says when the tunnel ends.
func (t *tunnel) receive(ctx context.Context, within time.Duration, silent mfa.Code) ([]byte, error) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case message, ok := <-t.in:
		if !ok {
			return nil, t.lost()
		}
		return message, nil
	case <-timer.C:
		return nil, mfa.Fail(silent)
	case <-ctx.Done():
		return nil, mfa.AsFailure(ctx.Err())
	}
}

// send writes one message.
func (t *tunnel) send(ctx context.Context, message []byte) error {
	if t.sent++; t.sent > MaxMessages {
		return mfa.Fail(mfa.CodeInternal).Because(errTooMuch)
	}
	writing, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	if err := t.conn.Write(writing, websocket.MessageBinary, message); err != nil {
		if ctx.Err() != nil {
			return mfa.AsFailure(ctx.Err())
		}
		// The reason of the end is what the reader saw, if it saw one.
		t.cut()
		return t.lost()
	}
	return nil
}

// lost is the failure of a tunnel that ended unasked. It may be called after
// ended is closed only.
func (t *tunnel) lost() *mfa.Failure {
	switch {
	case errors.Is(t.err, errText):
		return mfa.Fail(mfa.CodeTunnelProtocol, "host", t.host).Because(t.err)
	case errors.Is(t.err, errTooMuch), errors.Is(t.err, websocket.ErrMessageTooBig):
		return mfa.Fail(t.peer).Because(t.err)
	default:
		return mfa.Fail(mfa.CodeTunnelLost).Because(t.err)
	}
}

// hungUp reports that the other side closed in good order. A relay says "going
// away" for it.
func (t *tunnel) hungUp() bool {
	switch websocket.CloseStatus(t.err) {
	case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
		return true
	}
	return false
}

// close says good-bye to the relay. It can take seconds when the relay does not
// answer; cut ends that.
func (t *tunnel) close() {
	t.conn.Close(websocket.StatusNormalClosure, "")
	t.cut()
}

// cut ends the tunnel at once.
func (t *tunnel) cut() {
	t.stop()
	t.conn.CloseNow()
	<-t.ended
}

// routingID reads the answer to /cable/new: exactly one header of six hex digits.
func (t *tunnel) routingID() ([]byte, error) {
	values := t.header.Values(headerRoutingID)
	if len(values) == 1 {
		if id, err := hex.DecodeString(values[0]); err == nil && len(id) == routingIDSize {
			return id, nil
		}
	}
	return nil, mfa.Fail(mfa.CodeTunnelProtocol, "host", t.host).
		Because(fmt.Errorf("hybrid: %d routing IDs, or not of six hex digits", len(values)))
}
