package hybrid

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

func TestQRTransaction(t *testing.T) {
	for _, row := range []struct {
		name string
		set  func(*lab)
	}{
		{"plain", func(*lab) {}},
		{"legacy UUID", func(l *lab) { l.phone.LegacyUUID = true }},
		{"suffix", func(l *lab) { l.phone.Suffix = []byte{0xa1, 0x01, 0x18, 0x82} }},
		{"unreadable suffix", func(l *lab) { l.phone.Suffix = []byte{0xff, 0x00} }},
		{"hashed server", func(l *lab) { l.phone.ServerID = 511 }},
		{"phone hangs up after one answer", func(l *lab) { l.phone.OneRequest = true }},
		{"phone with features ctap and dc", func(l *lab) { l.phone.Features = []string{FeatureCTAP, FeatureDC, "new"} }},
		{"grease", func(l *lab) { l.client.Grease = true }},
		{"linking offered, phone does not link", func(l *lab) { l.client.OfferLinking = true }},
		{"randomness given", func(l *lab) { l.client.Rand, l.phone.Rand = randomReader(), randomReader() }},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			row.set(l)
			answer, err := l.transact()
			l.wantAnswer(answer, err)
			wantCode(t, <-l.ended, "")
			want := []mfa.Stage{mfa.StageNeedsBluetooth, mfa.StageShowQR, mfa.StagePhoneSeen, mfa.StageConnecting}
			if got := l.reported(); !slices.Equal(got, want) {
				t.Errorf("stages %v, want %v", got, want)
			}
		})
	}
	t.Run("the radio has stopped", func(t *testing.T) {
		l := newLab(t)
		l.air.stopping = func() { // slower than the rest of the transaction
			for l.relay.counts[toClient].Load() < update+1 {
				runtime.Gosched()
			}
		}
		s, err := l.connect()
		if err != nil {
			t.Fatal(err)
		}
		if n := l.air.scans.Load(); n != 0 {
			t.Errorf("%d scans go on", n)
		}
		s.Close()
		<-l.ended
	})
}

func TestProgressSaysWhatTheScreenNeeds(t *testing.T) {
	l := newLab(t)
	now := time.Unix(1_800_000_000, 0)
	l.client.Clock = func() time.Time { return now }
	answer, err := l.transact()
	l.wantAnswer(answer, err)
	code, err := ParseURI(l.stages[1].QR)
	if err != nil {
		t.Fatal(err)
	}
	if code.Timestamp != now.Unix() || code.Request != MakeCredential || code.KnownDomains != 2 || code.Key6 != nil || code.StateAssisted {
		t.Errorf("code is %d %q %d %v %v", code.Timestamp, code.Request, code.KnownDomains, code.Key6, code.StateAssisted)
	}
	if len(l.stages[1].QR) != 174 {
		t.Errorf("code has %d characters, want 174", len(l.stages[1].QR))
	}
	if got := l.stages[1].Until; !got.Equal(now.Add(120 * time.Second)) {
		t.Errorf("code runs until %v", got)
	}
	for _, p := range l.stages[1:] {
		if p.Radio != "test radio" {
			t.Errorf("%s: radio %q", p.Stage, p.Radio)
		}
	}
	if l.stages[2].Signal != -40 {
		t.Errorf("signal %d", l.stages[2].Signal)
	}
}

func TestEachCodeIsNew(t *testing.T) {
	l := newLab(t)
	first, _, err := l.client.newCode(GetAssertion)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := l.client.newCode(GetAssertion)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first.Point, second.Point) || first.Secret.Equal(second.Secret) {
		t.Error("key or secret used twice")
	}
	first.Wipe()
	if first.Secret.Len() != 0 || first.CBOR != nil {
		t.Error("secret is still there after Wipe")
	}
}

func TestLongAnswer(t *testing.T) {
	l := newLab(t)
	long := append([]byte{statusOK}, bytes.Repeat([]byte{7}, 100_000)...)
	l.phone.Handle = func(context.Context, []byte) ([]byte, error) { return long, nil }
	answer, err := l.transact()
	if err != nil || !bytes.Equal(answer, long) {
		t.Fatalf("%d bytes, %v", len(answer), err)
	}
}

func TestSessionAnswersLocally(t *testing.T) {
	l := newLab(t)
	var asked [][]byte
	l.phone.Handle = func(_ context.Context, request []byte) ([]byte, error) {
		asked = append(asked, request)
		return testAnswer, nil
	}
	s, err := l.connect()
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Exchange(t.Context(), []byte{commandGetInfo}, nil)
	if err != nil || !bytes.Equal(info, append([]byte{0}, testGetInfo...)) || !bytes.Equal(s.GetInfo(), testGetInfo) {
		t.Errorf("getInfo %x, %v", info, err)
	}
	// clientPIN, authenticatorSelection, credential management
	for _, command := range []byte{0x06, 0x0b, 0x0a} {
		if got, err := s.Exchange(t.Context(), []byte{command}, nil); err != nil || !bytes.Equal(got, []byte{statusInvalidCommand}) {
			t.Errorf("command %#x: %x, %v", command, got, err)
		}
	}
	if got, want := s.Transports(), []string{"hybrid", "internal", "usb"}; !slices.Equal(got, want) {
		t.Errorf("transports %v", got)
	}
	_, err = s.Exchange(t.Context(), nil, nil)
	wantCode(t, err, mfa.CodeInternal)

	var keepalives []byte
	l.wantAnswer(s.Exchange(t.Context(), testRequest, func(status byte) { keepalives = append(keepalives, status) }))
	if !bytes.Equal(keepalives, []byte{keepaliveUPNeeded}) {
		t.Errorf("keepalives %x", keepalives)
	}
	l.wantAnswer(s.Exchange(t.Context(), testRequest, nil)) // this phone takes more than one
	s.Close()
	wantCode(t, <-l.ended, "")
	if len(asked) != 2 || !bytes.Equal(asked[0], testRequest) {
		t.Errorf("the phone saw %x", asked)
	}
	_, err = s.Exchange(t.Context(), testRequest, nil)
	wantCode(t, err, mfa.CodeCancelled)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestPhoneAnswersOnceAndHangsUp(t *testing.T) {
	l := newLab(t)
	l.phone.OneRequest = true
	s, err := l.connect()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l.wantAnswer(s.Exchange(t.Context(), testRequest, nil))
	wantCode(t, <-l.ended, "")
	_, err = s.Exchange(t.Context(), testRequest, nil)
	wantCode(t, err, mfa.CodePhoneHungUp)
}

func TestUnusablePhones(t *testing.T) {
	for _, row := range []struct {
		name string
		set  func(*Phone)
		code mfa.Code
	}{
		{"revision 0", func(p *Phone) { p.Faults.Revision0 = true }, mfa.CodePhoneTooOld},
		{"digital credentials only", func(p *Phone) { p.GetInfo, p.Features = nil, []string{FeatureDC} }, mfa.CodePhoneNoPasskeys},
		{"ctap without getInfo", func(p *Phone) { p.GetInfo = nil }, mfa.CodePhoneProtocol},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			row.set(l.phone)
			_, err := l.connect()
			wantCode(t, err, row.code)
			<-l.ended
		})
	}
}

// link runs a QR transaction in which the phone gives its link.
func (l *lab) link() mfa.LinkedPhone {
	l.Helper()
	link, err := NewPhoneLink(nil, []byte("contact of a test"), "Test phone")
	if err != nil {
		l.Fatal(err)
	}
	l.client.OfferLinking, l.phone.Link = true, link
	l.wantAnswer(l.transact())
	wantCode(l, <-l.ended, "")
	if err := l.client.WaitIdle(l.Context()); err != nil {
		l.Fatal(err)
	}
	select {
	case p := <-l.links:
		return p
	default:
		l.Fatal("no link came")
		return mfa.LinkedPhone{}
	}
}

func TestLinkIsTaken(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run(map[bool]string{false: "before the answer", true: "after the shutdown"}[late], func(t *testing.T) {
			l := newLab(t)
			l.phone.LinkLate, l.phone.ServerID = late, 300
			p := l.link()
			want := l.phone.Link
			if p.Name != "Test phone" || !bytes.Equal(p.ContactID, want.ContactID) || !bytes.Equal(p.LinkID, want.LinkID) ||
				!bytes.Equal(p.Secret.Bytes(), want.Secret) || !bytes.Equal(p.PublicKey, want.Identity.PublicKey().Bytes()) || p.TunnelServer != 300 {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func TestLinkIsNotTaken(t *testing.T) {
	for _, row := range []struct {
		name   string
		offer  bool
		faults Faults
	}{
		{"not offered", false, Faults{}},
		{"not offered, sent all the same", false, Faults{PushyLink: true}},
		{"signed over another handshake", true, Faults{BadLink: true}},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			l.client.OfferLinking, l.phone.Faults = row.offer, row.faults
			link, err := NewPhoneLink(nil, []byte{1}, "Test phone")
			if err != nil {
				t.Fatal(err)
			}
			l.phone.Link = link
			l.wantAnswer(l.transact())
			wantCode(t, <-l.ended, "")
			if err := l.client.WaitIdle(t.Context()); err != nil {
				t.Error(err)
			}
			if len(l.links) != 0 {
				t.Error("link was taken")
			}
		})
	}
}

func TestUpdateTimerEndsTheBackground(t *testing.T) {
	l := newLab(t)
	l.client.OfferLinking, l.client.Timers.Update = true, time.Millisecond
	silent := make(chan struct{})
	l.relay.tamper = func(d direction, n int, m []byte) [][]byte {
		if d == toPhone && n == 2 { // the shutdown: the phone would close
			close(silent)
			return nil
		}
		return [][]byte{m}
	}
	l.wantAnswer(l.transact())
	<-silent
	if err := l.client.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-l.ended, "")
}

func TestLinkedTransaction(t *testing.T) {
	for _, row := range []struct {
		name   string
		signal []byte
		server uint16 // in the advert
		faults Faults
		code   mfa.Code
	}{
		{"plain", nil, 0, Faults{}, ""},
		{"with a signal", []byte{0}, 0, Faults{}, ""},
		{"with a bad signal", []byte{1}, 0, Faults{}, mfa.CodeTunnelProtocol},
		{"random bytes for a server ID", nil, 17, Faults{}, ""},
		{"with a link that nobody can check", nil, 0, Faults{PushyLink: true}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			linked := l.link()
			l.stages, l.relay.signal, l.phone.ServerID = nil, row.signal, row.server
			l.phone.Faults = row.faults
			calls := l.awaitCalls()
			go func() {
				call := <-calls
				if call.Request != GetAssertion || !bytes.Equal(call.LinkID, l.phone.Link.LinkID) {
					t.Errorf("call is %+v", call)
				}
				l.ended <- l.phone.AnswerLinked(t.Context(), LinkedCall{l.phone.Link, call.ClientNonce, call.Request, call.TunnelID})
			}()
			s, err := l.client.ConnectLinked(t.Context(), linked, GetAssertion, l.report)
			wantCode(t, err, row.code)
			if err != nil {
				<-l.ended
				return
			}
			l.wantAnswer(s.Exchange(t.Context(), testRequest, nil))
			s.Close()
			wantCode(t, <-l.ended, "")
			want := []mfa.Stage{mfa.StageNeedsBluetooth, mfa.StageRingPhone, mfa.StagePhoneSeen, mfa.StageConnecting}
			if got := l.reported(); !slices.Equal(got, want) {
				t.Errorf("stages %v, want %v", got, want)
			}
			if len(l.links) != 0 {
				t.Error("a link was taken outside of a QR transaction")
			}
		})
	}
}

// awaitCalls registers the phone at the relay.
func (l *lab) awaitCalls() <-chan *Call {
	calls, waiting := make(chan *Call, 4), make(chan struct{})
	ctx, stop := context.WithCancel(l.phoneCtx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := l.phone.AwaitCalls(ctx, l.phone.Link.ContactID, func() { close(waiting) }, func(c *Call) { calls <- c })
		if !mfa.IsCode(err, mfa.CodeCancelled) {
			l.Errorf("waiting for calls ended: %v", err)
		}
	}()
	<-waiting
	// The relay has answered the upgrade; the entry follows.
	for there := false; !there; {
		l.relay.mu.Lock()
		_, there = l.relay.phones[contactPath(l.phone.Link.ContactID)]
		l.relay.mu.Unlock()
	}
	l.Cleanup(func() { stop(); <-done })
	return calls
}

func contactPath(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

func TestLinkedTransactionFails(t *testing.T) {
	status := func(code int) func(*lab) {
		return func(l *lab) {
			l.relay.answer = func(w http.ResponseWriter, r *http.Request) bool {
				w.WriteHeader(code)
				return true
			}
		}
	}
	for _, row := range []struct {
		name string
		set  func(*lab)
		code mfa.Code
	}{
		{"410", status(http.StatusGone), mfa.CodeLinkGone},
		{"404", status(http.StatusNotFound), mfa.CodeTunnelRefused},
		{"phone rings, is not near", func(l *lab) {
			l.awaitCalls()
			l.client.Timers.LinkedAdvert = 20 * time.Millisecond
		}, mfa.CodePhoneNotNear},
		{"phone rings and advertises something else", func(l *lab) {
			calls := l.awaitCalls()
			l.client.Timers.LinkedAdvert = 20 * time.Millisecond
			l.phone.Faults.WrongEID = true
			ctx, stop := context.WithCancel(l.Context())
			done := make(chan struct{})
			l.Cleanup(func() { stop(); <-done })
			go func() {
				defer close(done)
				call := <-calls
				l.phone.AnswerLinked(ctx, LinkedCall{l.phone.Link, call.ClientNonce, call.Request, call.TunnelID})
			}()
		}, mfa.CodePhoneNotNear},
		{"the phone lost its key", func(l *lab) {
			calls := l.awaitCalls()
			changed := *l.phone.Link
			changed.Identity, _ = newKey(randomReader())
			go func() {
				call := <-calls
				wantCode(l.T, l.phone.AnswerLinked(l.Context(), LinkedCall{&changed, call.ClientNonce, call.Request, call.TunnelID}), mfa.CodeHandshakeFailed)
			}()
		}, mfa.CodeTunnelLost},
		{"the relay closes before an advert", func(l *lab) {
			l.relay.answer = func(w http.ResponseWriter, r *http.Request) bool {
				if e := l.relay.accept(w, r); e != nil {
					e.conn.CloseNow()
					l.relay.open.Done()
				}
				return true
			}
		}, mfa.CodeTunnelLost},
		{"radio breaks", func(l *lab) {
			l.awaitCalls()
			l.air.scan, l.air.broken = mfa.Fail(mfa.CodeRadioOff), make(chan struct{})
			close(l.air.broken)
		}, mfa.CodeRadioOff},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			linked := l.link()
			row.set(l)
			_, err := l.client.ConnectLinked(t.Context(), linked, GetAssertion, l.report)
			wantCode(t, err, row.code)
		})
	}
	t.Run("a call without a link", func(t *testing.T) {
		l := newLab(t)
		wantCode(t, l.phone.AnswerLinked(t.Context(), LinkedCall{}), mfa.CodeLinkGone)
		link, err := NewPhoneLink(nil, []byte{1}, "")
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, l.phone.AnswerLinked(t.Context(), LinkedCall{Link: link}), mfa.CodeComputerProtocol)
	})
	t.Run("damaged record", func(t *testing.T) {
		l := newLab(t)
		_, err := l.client.ConnectLinked(t.Context(), mfa.LinkedPhone{}, GetAssertion, nil)
		wantCode(t, err, mfa.CodeLinkGone)
	})
}

func TestLinkedAdvertWithRandomServerID(t *testing.T) {
	key := Derive(make([]byte, 32), make([]byte, 16), PurposeEIDKey, eidKeySize)
	eid, _ := NewEID(make([]byte, 10), make([]byte, 3), 17)
	data, err := EncryptEID(key, eid)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := DecryptEID(key, data, true); !ok {
		t.Error("ignored in a linked transaction")
	}
	if _, _, ok := DecryptEID(key, data, false); ok {
		t.Error("taken in a QR transaction")
	}
}

var (
	_ transport.Scanner    = (*air)(nil)
	_ transport.Advertiser = (*air)(nil)
)
