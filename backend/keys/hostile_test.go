package keys

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/hid"
	"github.com/keyferry/keyferry/backend/transport/nfc"
)

// bench is a key with a PIN, behind whatever mischief there is, and the
// service that has to cope with it.
type bench struct {
	*Service
	d     *drawer
	stick *stick
	m     *mischief
	id    string
	some  []byte // a passkey on it
}

// touched is a person who is quick, as often as they are asked.
func (s *stick) touched(times int) {
	for range times {
		s.touch <- struct{}{}
	}
}

func newBench(t *testing.T, m *mischief, way string) *bench {
	b := &bench{d: &drawer{t: t, way: way}, m: m, id: "0:a"}
	c := modern()
	c.PINProtocols = []uint64{2}
	b.stick = withPIN(t, newStick("a", c), "2580")
	b.d.wire = func(d hid.Device) hid.Device {
		m.opened.Add(1)
		return &wire{Device: d, m: m, pull: func() { b.d.pull(b.stick) }}
	}
	b.d.behind = func(a hid.Answerer) hid.Answerer { return liar{a, m} }
	b.d.put(b.stick)
	var bus transport.KeyBus = b.d
	if way == transport.WayNFC {
		bus = tap{b.d, b}
	}
	b.Service = New(Config{Buses: []transport.KeyBus{bus}})
	return b
}

// tap is a reader on which the key lies.
type tap struct {
	*drawer
	b *bench
}

func (y tap) Open(ctx context.Context, id string) (transport.Key, error) {
	y.b.m.opened.Add(1)
	k, err := nfc.Open(ctx, &card{Card: nfc.NewApplet(y.b.stick, nfc.VersionFIDO2), m: y.b.m})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// useCase is one thing that people do with a key.
type useCase struct {
	name    string
	limit   time.Duration // nothing takes longer, whatever the key does
	prepare func(t *testing.T, b *bench) error
	run     func(t *testing.T, b *bench) error
	codes   []mfa.Code // failures that any trick may end in here
}

// unlocked has two passkeys on the key, and gives it its PIN.
func (b *bench) unlocked(t *testing.T) error {
	discoverable(t, b.stick, "one.example", "two.example")
	for len(b.stick.asked) > 0 {
		<-b.stick.asked
	}
	if err := unlock(t, b.Service, b.id); err != nil {
		return err
	}
	all, err := b.Passkeys(t.Context(), b.id)
	if err == nil {
		b.some = all[0].ID
	}
	return err
}

const registration = `{"rp":{"id":"three.example","name":"three"},"user":{"id":"dQ","name":"alice","displayName":"Alice"},"challenge":"AAAAAAAAAAAAAAAAAAAAAA",
"pubKeyCredParams":[{"type":"public-key","alg":-7}],"timeout":60000,"authenticatorSelection":{"userVerification":"required"}}`

var useCases = []useCase{
	{name: "list", limit: meetLimit + patience, run: func(t *testing.T, b *bench) error {
		list, err := b.List(t.Context())
		if err == nil && len(list) > 0 && list[0].Trouble != nil {
			return list[0].Trouble
		}
		return err
	}},
	{name: "wink", limit: askLimit, run: func(t *testing.T, b *bench) error { return b.Wink(t.Context(), b.id) }},
	{name: "set PIN", limit: askLimit, run: func(t *testing.T, b *bench) error {
		old, fresh := secret("2580"), secret("2580")
		defer old.Wipe()
		defer fresh.Wipe()
		_, err := b.SetPIN(t.Context(), b.id, old, fresh)
		return err
	}},
	{name: "unlock", limit: askLimit, run: func(t *testing.T, b *bench) error { return unlock(t, b.Service, b.id) }},
	{name: "passkeys", limit: listLimit, prepare: func(t *testing.T, b *bench) error { return b.unlocked(t) },
		run: func(t *testing.T, b *bench) error {
			_, err := b.Passkeys(t.Context(), b.id)
			return err
		}, codes: listing},
	{name: "delete", limit: listLimit, prepare: func(t *testing.T, b *bench) error { return b.unlocked(t) },
		run: func(t *testing.T, b *bench) error { return b.DeletePasskey(t.Context(), b.id, b.some) }, codes: listing},
	{name: "reset", limit: meetLimit + touchLimit, run: func(t *testing.T, b *bench) error {
		b.stick.touched(4)
		return b.Reset(t.Context(), b.id, func(r ResetStage) {
			switch r {
			case ResetUnplug:
				b.d.pull(b.stick)
			case ResetInsert:
				b.d.put(b.stick)
			}
		})
	}},
	{name: "ceremony", limit: 2 * time.Minute, run: func(t *testing.T, b *bench) error {
		b.stick.touched(4)
		open := func(ctx context.Context, w authenticator.Want) (authenticator.Authenticator, error) {
			return b.Service.Open(ctx, w, nil)
		}
		pin := func(context.Context, mfa.PINAsk) (*mfa.Secret, error) { return secret("2580"), nil }
		_, err := authenticator.Client{Open: open, PIN: pin}.Create(t.Context(), []byte(registration), "https://three.example")
		return err
	}, codes: ceremony},
}

var (
	// A key that forgot its channel forgot where in the list it was, and may want its PIN.
	listing = []mfa.Code{mfa.CodePINNeeded, mfa.CodeAuthenticatorStatus}
	// A ceremony waits for another key, or for this one to be well again; a token that was
	// used up in an answer that never came is refused.
	ceremony = []mfa.Code{mfa.CodeTimedOut, mfa.CodeAuthenticatorTimeout, mfa.CodeUVFailed}

	lost    = []mfa.Code{mfa.CodeKeyLost}
	torn    = []mfa.Code{mfa.CodeKeyProtocol, mfa.CodeKeyLost}
	silent  = []mfa.Code{mfa.CodeKeySilent}
	broken  = []mfa.Code{mfa.CodeKeyProtocol}
	unclear = []mfa.Code{mfa.CodeKeyProtocol, mfa.CodeKeySilent}
	endless = []mfa.Code{mfa.CodeKeySilent, mfa.CodeKeyProtocol} // the latter in the middle of a message
	engaged = []mfa.Code{mfa.CodeKeyBusy, mfa.CodeKeySilent}
)

// tricks are those of the wire.
var tricks = []trick{
	{name: "vanishes before", gone: true, cut: -1, codes: lost},
	{name: "vanishes with nothing", gone: true, cut: 0, codes: torn},
	{name: "vanishes in the channel", gone: true, cut: 3, codes: torn},
	{name: "vanishes in the head", gone: true, cut: 6, codes: torn},
	{name: "vanishes at the last byte", gone: true, cut: 63, codes: torn},
	{name: "another channel", codes: []mfa.Code{mfa.CodeKeySilent, mfa.CodeKeyProtocol}, read: twist(func(r []byte) []byte { r[3] ^= 0x40; return r })},
	{name: "another sequence", codes: unclear, read: twist(func(r []byte) []byte {
		if r[4]&0x80 == 0 {
			r[4] = (r[4] + 1) & 0x7F
		} else {
			r[4] = 9
		}
		return r
	})},
	{name: "another command", codes: unclear, read: twist(func(r []byte) []byte { r[4] ^= 0x02; return r })},
	{name: "a length without end", codes: unclear, read: twist(func(r []byte) []byte {
		if r[4]&0x80 != 0 {
			r[5], r[6] = 0xFF, 0xFF
		}
		return r
	})},
	{name: "a length of nothing", codes: unclear, read: twist(func(r []byte) []byte {
		if r[4]&0x80 != 0 {
			r[5], r[6] = 0, 0
		}
		return r
	})},
	{name: "a longer report", codes: broken, read: twist(func(r []byte) []byte { return append(r, 0) })},
	{name: "version 1", codes: broken, read: twist(func(r []byte) []byte {
		if r[4] == hidInit {
			r[19] = 1
		}
		return r
	})},
	{name: "works for ever", ever: true, alive: true, codes: endless, read: says(time.Second, hidKeepalive, 1)},
	{name: "waits for ever", ever: true, alive: true, codes: endless, read: says(50*time.Millisecond, hidKeepalive, 2)},
	{name: "talks to others for ever", ever: true, codes: silent, read: func(ctx context.Context, m *mischief, r []byte) ([]byte, error) {
		r, err := says(500*time.Millisecond, hidKeepalive, 1)(ctx, m, r)
		if err == nil {
			r[0] ^= 0x55
		}
		return r, err
	}},
	{name: "busy with another for ever", ever: true, codes: engaged[:1], read: says(100*time.Millisecond, hidError, hidBusy)},
	{name: "busy with another at the end of its time", ever: true, codes: []mfa.Code{mfa.CodeKeySilent, mfa.CodeKeyBusy}, read: says(2900*time.Millisecond, hidError, hidBusy)},
	{name: "busy with another once", read: says(100*time.Millisecond, hidError, hidBusy), codes: broken}, // within a message only
	{name: "locked by another", ever: true, codes: engaged, read: says(10*time.Millisecond, hidError, hidLock)},
	{name: "reset by another", read: says(0, hidError, hidChannel)}, // a new channel is taken, and nobody notices
	{name: "another allocates", before: report(0xFFFFFFFF, hidInit, 17, append(bytes.Repeat([]byte{7}, 8), 0, 0, 0, 99, 2, 1, 1, 1, 4)...)},
	{name: "another is answered", before: report(0x00000063, hidCBOR, 300, bytes.Repeat([]byte{7}, 57)...)},
	{name: "another's keep-alive", before: report(0x00000063, hidKeepalive, 1, 2)},
}

// lies are those of the message.
var lies = []trick{
	{name: "no bytes", lie: func([]byte) []byte { return nil }},
	{name: "a bomb of arrays", lie: func([]byte) []byte { return append([]byte{0}, bytes.Repeat([]byte{0x81}, 7000)...) }},
	{name: "a bomb of maps", lie: func([]byte) []byte { return append([]byte{0}, bytes.Repeat([]byte{0xA1, 0x01}, 3500)...) }},
	{name: "a bomb of tags", lie: func([]byte) []byte { return append([]byte{0}, bytes.Repeat([]byte{0xC1}, 7000)...) }},
	{name: "an array of all there is", lie: func([]byte) []byte { return []byte{0, 0x9B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF} }},
	{name: "bytes of all there is", lie: func([]byte) []byte {
		return []byte{0, 0xA1, 0x01, 0x5B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
	}},
	{name: "a map without end", lie: func([]byte) []byte { return append([]byte{0}, bytes.Repeat([]byte{0xBF}, 500)...) }},
	{name: "the same twice", lie: func([]byte) []byte { return []byte{0, 0xA2, 1, 1, 1, 1} }},
	{name: "half of it", lie: func(a []byte) []byte { return a[:(len(a)+1)/2] }},
	{name: "something behind", lie: func(a []byte) []byte { return append(bytes.Clone(a), 0) }},
	{name: "as long as it gets", lie: func(a []byte) []byte { return append(bytes.Clone(a), make([]byte, 7609-len(a))...) }},
	{name: "status 06", lie: func([]byte) []byte { return []byte{0x06} }},
	{name: "status 30", lie: func([]byte) []byte { return []byte{0x30} }},
	{name: "status 33", lie: func([]byte) []byte { return []byte{0x33} }},
	{name: "status 36", lie: func([]byte) []byte { return []byte{0x36} }},
	{name: "status F1", lie: func([]byte) []byte { return []byte{0xF1, 1, 2, 3} }},
}

// readers are what happens to a key on one.
var readers = []trick{
	{name: "the reader is pulled out", codes: []mfa.Code{mfa.CodeReaderMissing}},
	{name: "the key is lifted", codes: lost},
}

// play runs a use case with a key that turns hostile after so many reports, messages or
// APDUs, and looks at what is left behind: no goroutine (or synctest fails), no open
// device, no key that cannot be used any more. It gives how many there were, and what
// came of it.
func play(t *testing.T, u useCase, k trick, at int, way string) (count int, code mfa.Code) {
	synctest.Test(t, func(t *testing.T) {
		m := &mischief{trick: k, at: at}
		b := newBench(t, m, way)
		if u.prepare != nil {
			if err := u.prepare(t, b); err != nil {
				t.Fatal(err)
			}
		}
		m.armed.Store(true)
		began := time.Now()
		err := u.run(t, b)
		const grace = 3 * time.Second // for telling the key to stop
		if took := time.Since(began); took > u.limit+grace {
			t.Errorf("it took %v", took)
		}
		m.armed.Store(false)
		count = m.count
		if err != nil {
			f := mfa.AsFailure(err)
			code = f.Code
			if code == mfa.CodeInternal || code == mfa.CodeCancelled || f.Next() == mfa.ActionNone {
				t.Errorf("%s, and then %q (%s)", code, f.Next(), f.Explain())
			}
		}
		if code == mfa.CodeKeySilent && k.alive && m.command == hidCBOR && !m.cancelled {
			t.Error("nobody told the key to stop")
		}
		for len(b.stick.touch) > 0 {
			<-b.stick.touch
		}
		b.Service.Close()
		synctest.Wait() // until the key knows that nobody wants anything any more
		b.d.mu.Lock()
		there := len(b.d.in) > 0
		b.d.mu.Unlock()
		if !there {
			b.d.put(b.stick)
		}
		if list, err := b.List(t.Context()); err != nil || len(list) != 1 || list[0].Trouble != nil {
			t.Errorf("afterwards: %+v, %v", list, err)
		}
		b.Service.Close()
		if m.opened.Load() != m.closed.Load() {
			t.Errorf("opened %d times, closed %d times", m.opened.Load(), m.closed.Load())
		}
	})
	return count, code
}

// Whatever a key does, and wherever in what people do with it: the right failure comes of
// it, with something to do next, in a bounded time, and nothing is left open.
func TestHostileKeys(t *testing.T) {
	for way, tricks := range map[string][]trick{transport.WayUSB: slices.Concat(tricks, lies), transport.WayNFC: readers} {
		for _, k := range tricks {
			came, played := map[mfa.Code]int{}, 0
			for _, u := range useCases {
				t.Run(way+", "+k.name+", "+u.name, func(t *testing.T) {
					hostile(t, u, k, way, came)
					played++
				})
			}
			for _, code := range k.codes {
				if came[code] == 0 && played == len(useCases) {
					t.Errorf("%s: %s never came: %v", k.name, code, came)
				}
			}
		}
	}
}

// hostile plays a trick at each place of a use case in turn.
func hostile(t *testing.T, u useCase, k trick, way string, came map[mfa.Code]int) {
	for at := 0; ; at++ {
		count, code := play(t, u, k, at, way)
		came[code]++
		if code != "" && k.lie == nil && !slices.Contains(k.codes, code) && !slices.Contains(u.codes, code) {
			t.Errorf("%s", code)
		}
		if t.Failed() {
			t.Fatalf("when it turned hostile after %d", at)
		}
		if count <= at { // it never came so far
			return
		}
	}
}

// A PIN is wrong to the last try: each time it is said how many are left, before the last
// as well, and then what remains to be done.
func TestAPINIsWrongToTheLastTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := withPIN(t, newStick("a", modern()), "2580")
		s, d := serviceOver(t, stick)
		wrong := func() error {
			pin := secret("0000")
			defer pin.Wipe()
			return s.Unlock(t.Context(), "0:a", pin)
		}
		tries := 0
		for left := only(t, s).Left; left > 0; {
			err := wrong()
			switch f := mfa.AsFailure(err); {
			case f == nil:
				t.Fatal("it was taken")
			case f.Code == mfa.CodePINWrong:
				tries++
				left--
				if f.Params["left"] != strconv.Itoa(left) || f.Next() != mfa.ActionChange {
					t.Errorf("try %d: %v, then %s", tries, f.Params, f.Next())
				}
			case f.Code == mfa.CodePINLocked: // the third in a row was taken all the same
				tries++
				left--
				if f.Next() != mfa.ActionReplugKey {
					t.Errorf("locked, then %s", f.Next())
				}
				if k := only(t, s); !k.Replug || k.Left != left {
					t.Errorf("locked: %d left, replug %t", k.Left, k.Replug)
				}
				wantCode(t, unlock(t, s, "0:a"), mfa.CodePINLocked) // the right one is not looked at
				d.pull(stick)
				d.put(stick)
				only(t, s)
			case f.Code == mfa.CodePINBlocked:
				tries++
				left = 0
				if f.Next() != mfa.ActionResetKey {
					t.Errorf("blocked, then %s", f.Next())
				}
			default:
				t.Fatal(err)
			}
			if k := only(t, s); k.Left != left {
				t.Errorf("after try %d the list says %d, want %d", tries, k.Left, left)
			}
		}
		if tries != 8 {
			t.Errorf("%d tries", tries)
		}
		wantCode(t, unlock(t, s, "0:a"), mfa.CodePINBlocked)
	})
}
