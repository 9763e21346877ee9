package hybrid

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// testGetInfo is what the test phone says it can do.
var testGetInfo = ctapcbor.MustMarshal(map[int]any{
	1: []string{"FIDO_2_0"}, 3: make([]byte, 16), 4: map[string]bool{"rk": true, "uv": true}, 9: []string{"cable", "hybrid", "internal", "usb"},
})

var (
	testRequest = append([]byte{commandMakeCredential}, ctapcbor.MustMarshal(map[int]any{1: make([]byte, 32)})...)
	testAnswer  = append([]byte{statusOK}, ctapcbor.MustMarshal(map[int]any{1: "none"})...)
)

// lab is a client, a phone, a relay and the air between them.
type lab struct {
	*testing.T
	air    *air
	relay  *relay
	client *Client
	phone  *Phone

	mu     sync.Mutex
	stages []mfa.Progress
	codes  chan string // what is shown
	ended  chan error  // how the phone's transaction ended
	links  chan mfa.LinkedPhone

	desktop, handset *sockets        // of the client and of the phone
	phoneCtx         context.Context // of the phone's transactions
	stopPhone        context.CancelFunc
}

// newLab makes one. At its end nothing of it may be left: client and phone have
// closed their sockets before the relay ends the rest, and no goroutine runs.
func newLab(t *testing.T) *lab {
	t.Helper()
	t.Cleanup(func() { noGoroutineLeft(t) })
	l := &lab{
		T: t, air: newAir(), relay: newRelay(t), desktop: newSockets("client"), handset: newSockets("phone"),
		codes: make(chan string, 4), ended: make(chan error, 4), links: make(chan mfa.LinkedPhone, 4),
	}
	l.phoneCtx, l.stopPhone = context.WithCancel(t.Context())
	l.client = &Client{Scanner: l.air, DomainURL: l.relay.url, HTTP: l.desktop.http(), Linked: func(p mfa.LinkedPhone) { l.links <- p }}
	l.phone = &Phone{
		Advertiser: l.air, DomainURL: l.relay.url, HTTP: l.handset.http(), GetInfo: testGetInfo,
		Handle: func(context.Context, []byte) ([]byte, error) { return testAnswer, nil },
	}
	t.Cleanup(func() {
		l.client.Close()
		l.desktop.wantClosed(t)
		l.handset.wantClosed(t)
	})
	return l
}

func (l *lab) report(p mfa.Progress) {
	l.mu.Lock()
	l.stages = append(l.stages, p)
	l.mu.Unlock()
	if p.Stage == mfa.StageShowQR {
		l.codes <- p.QR
	}
}

func (l *lab) reported() []mfa.Stage {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []mfa.Stage
	for _, p := range l.stages {
		names = append(names, p.Stage)
	}
	return names
}

// scanCode lets the phone answer the next code that is shown.
func (l *lab) scanCode() {
	go func() {
		code, err := ParseURI(<-l.codes)
		if err == nil {
			err = l.phone.Answer(l.phoneCtx, code)
		}
		l.ended <- err
	}()
}

// connect runs a QR transaction up to the session.
func (l *lab) connect() (*Session, error) {
	l.scanCode()
	return l.client.Connect(l.Context(), MakeCredential, l.report)
}

// connectLinked runs a state-assisted transaction up to the session, with a link
// that both sides have from the start.
func (l *lab) connectLinked() (*Session, error) {
	link, err := NewPhoneLink(nil, []byte("contact of a test"), "Test phone")
	if err != nil {
		l.Fatal(err)
	}
	l.phone.Link = link
	calls := l.awaitCalls()
	go func() {
		select {
		case call := <-calls:
			l.ended <- l.phone.AnswerLinked(l.phoneCtx, LinkedCall{link, call.ClientNonce, call.Request, call.TunnelID})
		case <-l.phoneCtx.Done():
			l.ended <- l.phoneCtx.Err()
		}
	}()
	return l.client.ConnectLinked(l.Context(), mfa.LinkedPhone{
		ContactID: link.ContactID, LinkID: link.LinkID, Secret: mfa.NewSecret(bytes.Clone(link.Secret)), PublicKey: link.Identity.PublicKey().Bytes(),
	}, MakeCredential, l.report)
}

// transact runs a whole QR transaction.
func (l *lab) transact() ([]byte, error) { return l.transactBy((*lab).connect) }

// transactBy runs a whole transaction of either kind.
func (l *lab) transactBy(connect func(*lab) (*Session, error)) ([]byte, error) {
	s, err := connect(l)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Exchange(l.Context(), testRequest, nil)
}

// clientFirst has the client's sockets close while the phone and the relay are
// still there, whose end would close them too; then the phone stops.
func (l *lab) clientFirst() {
	l.Helper()
	if err := l.client.WaitIdle(l.Context()); err != nil {
		l.Error(err)
	}
	l.desktop.wantClosed(l)
	l.stopPhone()
	<-l.ended
	l.handset.wantClosed(l)
}

// wantAnswer checks a success.
func (l *lab) wantAnswer(answer []byte, err error) {
	l.Helper()
	if err != nil {
		l.Fatalf("failed: %v: %v", err, mfa.AsFailure(err).Explain())
	}
	if !bytes.Equal(answer, testAnswer) {
		l.Fatalf("answer %x, want %x", answer, testAnswer)
	}
}

// wantCode checks a failure; "" is none.
func wantCode(t testing.TB, err error, code mfa.Code) {
	t.Helper()
	if err == nil {
		if code != "" {
			t.Fatalf("no failure, want %q", code)
		}
		return
	}
	var f *mfa.Failure
	if !errors.As(err, &f) || f.Code != code {
		t.Fatalf("got %v (%s), want %q", err, mfa.AsFailure(err).LogValue(), code)
	}
}

// noGoroutineLeft waits for the goroutines that the package started to end, and
// fails when one does not.
func noGoroutineLeft(t testing.TB) {
	t.Helper()
	buffer := make([]byte, 1<<20)
	for until := time.Now().Add(time.Minute); ; runtime.Gosched() {
		all := strings.Split(string(buffer[:runtime.Stack(buffer, true)]), "\n\n")
		left := slices.DeleteFunc(all, func(g string) bool {
			return !strings.Contains(g, "created by github.com/keyferry/keyferry/backend/transport/hybrid") &&
				!strings.Contains(g, "created by github.com/coder/websocket")
		})
		if len(left) == 0 {
			return
		}
		if time.Now().After(until) {
			t.Errorf("%d goroutines left:\n%s", len(left), strings.Join(left, "\n\n"))
			return
		}
	}
}

// randomReader hides that it is crypto/rand, for the tests that pass Rand.
func randomReader() io.Reader { return rand.Reader }

// quiet is for servers whose complaints are expected.
var quiet = log.New(io.Discard, "", 0)
