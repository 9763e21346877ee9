package hid

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// worker is an Answerer whose first byte says how it works.
type worker struct {
	winked    atomic.Int32
	cancelled atomic.Int32
	working   atomic.Int32
}

const (
	workEcho     = 'e'
	workWait     = 'w' // for 330 ms, for a touch from the second on
	workForever  = 'f' // until it is cancelled
	workStubborn = 's' // for a second after it was cancelled
	workFail     = 'x'
	workTooMuch  = 'm'
)

func (w *worker) Exchange(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	if w.working.Add(1) > 1 {
		panic("two exchanges at a time")
	}
	defer w.working.Add(-1)
	switch request[0] {
	case workWait:
		keepalive(1)
		time.Sleep(150 * time.Millisecond)
		keepalive(2)
		keepalive(2)
		time.Sleep(180 * time.Millisecond)
	case workForever, workStubborn:
		keepalive(2)
		<-ctx.Done()
		w.cancelled.Add(1)
		if request[0] == workStubborn {
			time.Sleep(time.Second)
		}
		return nil, ctx.Err()
	case workFail:
		return nil, errors.New("broken")
	case workTooMuch:
		return make([]byte, 8000), nil
	}
	return bytes.Clone(request), nil
}

func (w *worker) APDU(_ context.Context, command []byte) ([]byte, error) {
	if command[0] == workFail {
		return nil, errors.New("broken")
	}
	return append(bytes.Clone(command), 0x90, 0), nil
}

func (w *worker) Wink() { w.winked.Add(1) }

// served runs a test against Serve, in its own time.
func served(t *testing.T, can Capability, test func(t *testing.T, w *worker, r raw)) {
	synctest.Test(t, func(t *testing.T) {
		host, far := Pipe(64)
		w := &worker{}
		ended := make(chan error)
		go func() { ended <- Serve(t.Context(), far, w, can) }()
		test(t, w, raw{host, 64})
		host.Close()
		if err := <-ended; !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("served until %v", err)
		}
		if w.working.Load() != 0 {
			t.Error("the Answerer still works")
		}
	})
}

// allocate gets a channel.
func (r raw) allocate(t *testing.T) uint32 {
	t.Helper()
	nonce := []byte("12345678")
	r.say(broadcast, cmdInit, nonce...)
	channel, command, data := r.message()
	if channel != broadcast || command != cmdInit || len(data) != initAnswer || !bytes.HasPrefix(data, nonce) || data[12] != 2 {
		t.Fatalf("INIT is answered with %02x % x on %08x", command, data, channel)
	}
	return binary.BigEndian.Uint32(data[8:])
}

func (r raw) want(t *testing.T, channel uint32, command byte, data ...byte) {
	t.Helper()
	c, cmd, d := r.message()
	if c != channel || cmd != command || !bytes.Equal(d, data) {
		t.Errorf("on %08x: %02x % x; want on %08x: %02x % x", c, cmd, d, channel, command, data)
	}
}

// quiet wants the device to have nothing to say.
func (r raw) quiet(t *testing.T) {
	t.Helper()
	synctest.Wait()
	select {
	case report := <-r.Device.(*pipeEnd).read:
		t.Errorf("it says % x", report[:12])
	default:
	}
}

func TestServeAnswers(t *testing.T) {
	served(t, CanCBOR|CanWink, func(t *testing.T, w *worker, r raw) {
		a, b := r.allocate(t), r.allocate(t)
		if a == b || a == 0 || b == broadcast {
			t.Fatalf("channels %08x and %08x", a, b)
		}
		for _, n := range []int{0, 57, 58, 7609} {
			r.say(a, cmdPing, counting(n)...)
			r.want(t, a, cmdPing, counting(n)...)
		}
		r.say(b, cmdCBOR, workEcho, 1)
		r.want(t, b, cmdCBOR, workEcho, 1)
		r.say(b, cmdMsg, 0, 3)
		r.want(t, b, cmdMsg, 0, 3, 0x90, 0)
		r.say(b, cmdWink)
		r.want(t, b, cmdWink)
		synctest.Wait()
		if w.winked.Load() != 1 {
			t.Errorf("winked %d times", w.winked.Load())
		}
		r.say(b, cmdCBOR, workFail)
		r.want(t, b, cmdError, byte(faultOther))
		r.say(b, cmdMsg, workFail)
		r.want(t, b, cmdError, byte(faultOther))
		r.say(b, cmdCBOR, workTooMuch)
		r.want(t, b, cmdError, byte(faultOther))
		r.say(a, cmdInit, []byte("another!")...)
		r.want(t, a, cmdInit, append(binary.BigEndian.AppendUint32([]byte("another!"), a), 2, 0, 0, 0, byte(CanCBOR|CanWink))...)
	})
}

func TestServeRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		can   Capability
		says  func(r raw, channel uint32)
		wants faultCode // 0: silence
	}{
		{"an unknown command", CanCBOR, func(r raw, c uint32) { r.say(c, 0x55) }, faultCommand},
		{"LOCK", CanCBOR, func(r raw, c uint32) { r.say(c, 0x04, 3) }, faultCommand},
		{"CBOR that it does not speak", 0, func(r raw, c uint32) { r.say(c, cmdCBOR, 4) }, faultCommand},
		{"MSG that it does not speak", CanCBOR | NoMSG, func(r raw, c uint32) { r.say(c, cmdMsg, 0, 3, 0, 0) }, faultCommand},
		{"WINK that it does not do", CanCBOR, func(r raw, c uint32) { r.say(c, cmdWink) }, faultCommand},
		{"WINK with data", CanWink, func(r raw, c uint32) { r.say(c, cmdWink, 1) }, faultLength},
		{"CBOR without a command", CanCBOR, func(r raw, c uint32) { r.say(c, cmdCBOR) }, faultLength},
		{"MSG without a command", CanCBOR, func(r raw, c uint32) { r.say(c, cmdMsg) }, faultLength},
		{"INIT with half a nonce", CanCBOR, func(r raw, c uint32) { r.say(c, cmdInit, 1, 2, 3, 4) }, faultLength},
		{"a message that is too long", CanCBOR, func(r raw, c uint32) { r.first(c, cmdPing, 7610) }, faultLength},
		{"a sequence that does not begin at zero", CanCBOR, func(r raw, c uint32) { r.first(c, cmdPing, 100); r.next(c, 1) }, faultSequence},
		{"a sequence number twice", CanCBOR, func(r raw, c uint32) { r.first(c, cmdPing, 200); r.next(c, 0); r.next(c, 0) }, faultSequence},
		{"a message within the message", CanCBOR, func(r raw, c uint32) { r.first(c, cmdPing, 100); r.say(c, cmdPing, 1) }, faultSequence},
		{"a continuation of nothing", CanCBOR, func(r raw, c uint32) { r.next(c, 0) }, 0},
		{"CANCEL of nothing", CanCBOR, func(r raw, c uint32) { r.say(c, cmdCancel) }, 0},
		{"a message that stops", CanCBOR, func(r raw, c uint32) { r.first(c, cmdPing, 100); time.Sleep(600 * time.Millisecond) }, faultTimeout},
		{"a message that stops later", CanCBOR, func(r raw, c uint32) {
			r.first(c, cmdPing, 200)
			time.Sleep(400 * time.Millisecond)
			r.next(c, 0)
			time.Sleep(600 * time.Millisecond)
		}, faultTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			served(t, c.can, func(t *testing.T, _ *worker, r raw) {
				channel := r.allocate(t)
				c.says(r, channel)
				if c.wants != 0 {
					r.want(t, channel, cmdError, byte(c.wants))
				}
				r.quiet(t)
				r.say(channel, cmdPing, 1, 2) // and it is ready for the next
				r.want(t, channel, cmdPing, 1, 2)
			})
		})
	}
}

// A message may take its time, as long as each packet comes in time.
func TestServeIsPatient(t *testing.T) {
	served(t, CanCBOR, func(t *testing.T, _ *worker, r raw) {
		channel := r.allocate(t)
		for _, report := range reports(64, channel, cmdPing, counting(400)) {
			r.put(report)
			time.Sleep(400 * time.Millisecond)
		}
		r.want(t, channel, cmdPing, counting(400)...)
	})
}

func TestServeKnowsItsChannels(t *testing.T) {
	served(t, CanCBOR, func(t *testing.T, _ *worker, r raw) {
		channel := r.allocate(t)
		for _, other := range []uint32{0, channel + 1, 0xfffffffe} {
			r.say(other, cmdPing, 1)
			r.want(t, other, cmdError, byte(faultChannel))
			r.say(other, cmdInit, []byte("12345678")...)
			r.want(t, other, cmdError, byte(faultChannel))
			r.next(other, 0)
			r.quiet(t)
		}
		r.say(broadcast, cmdPing, 1)
		r.want(t, broadcast, cmdError, byte(faultChannel))

		other := r.allocate(t) // a slow message holds up the others, but not INIT
		r.first(channel, cmdPing, 100, counting(57)...)
		r.say(other, cmdPing, 1)
		r.want(t, other, cmdError, byte(faultBusy))
		r.next(other, 0)
		r.allocate(t)
		r.next(channel, 0, counting(100)[57:]...)
		r.want(t, channel, cmdPing, counting(100)...)

		r.first(channel, cmdPing, 100) // INIT forgets what was coming in
		r.say(channel, cmdInit, []byte("12345678")...)
		if _, command, _ := r.message(); command != cmdInit {
			t.Errorf("INIT within a message is answered with %02x", command)
		}
		r.next(channel, 0)
		time.Sleep(time.Second)
		r.quiet(t)
	})
}

func TestServeKeepsAlive(t *testing.T) {
	served(t, CanCBOR, func(t *testing.T, _ *worker, r raw) {
		channel, other := r.allocate(t), r.allocate(t)
		began := time.Now()
		r.say(channel, cmdCBOR, workWait)
		at := func(ms int, command byte, data ...byte) {
			t.Helper()
			r.want(t, channel, command, data...)
			if took := time.Since(began); took != time.Duration(ms)*time.Millisecond {
				t.Errorf("after %v, want %d ms", took, ms)
			}
		}
		at(100, cmdKeepalive, 1)
		r.say(other, cmdPing, 1)
		r.want(t, other, cmdError, byte(faultBusy))
		r.say(channel, cmdPing, 1)
		r.want(t, channel, cmdError, byte(faultBusy))
		at(150, cmdKeepalive, 2)
		at(250, cmdKeepalive, 2)
		at(330, cmdCBOR, workWait)
		time.Sleep(time.Second)
		r.quiet(t)
	})
}

func TestServeCancels(t *testing.T) {
	served(t, CanCBOR, func(t *testing.T, w *worker, r raw) {
		channel, other := r.allocate(t), r.allocate(t)
		r.say(channel, cmdCBOR, workForever)
		r.want(t, channel, cmdKeepalive, 2)
		r.say(other, cmdCancel) // not theirs to cancel
		r.quiet(t)
		if w.cancelled.Load() != 0 {
			t.Error("another channel's CANCEL counted")
		}
		r.say(channel, cmdCancel)
		r.want(t, channel, cmdCBOR, statusCancel)
		time.Sleep(time.Second)
		r.quiet(t)

		r.say(channel, cmdCBOR, workForever) // INIT wants no answer any more
		r.want(t, channel, cmdKeepalive, 2)
		r.say(channel, cmdInit, []byte("12345678")...)
		if _, command, _ := r.message(); command != cmdInit {
			t.Errorf("answered with %02x", command)
		}
		r.quiet(t)
		r.say(channel, cmdCBOR, workEcho)
		r.want(t, channel, cmdCBOR, workEcho)

		r.say(channel, cmdCBOR, workStubborn)
		r.want(t, channel, cmdKeepalive, 2)
		r.say(channel, cmdInit, []byte("12345678")...)
		r.message()
		r.say(channel, cmdCBOR, workEcho)
		r.want(t, channel, cmdError, byte(faultBusy))
		time.Sleep(2 * time.Second)
		r.say(channel, cmdCBOR, workEcho)
		r.want(t, channel, cmdCBOR, workEcho)
	})
}

// A client that cancels, begins anew and asks again meets a device that is slow to
// stop: it waits.
func TestHostWaitsForASlowCancel(t *testing.T) {
	served(t, CanCBOR, func(t *testing.T, _ *worker, r raw) {
		c, err := Host{Drain: 100 * time.Millisecond}.Open(t.Context(), r.Device)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Exchange(ctx, []byte{workStubborn}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if back, err := c.Exchange(t.Context(), []byte{workEcho}, nil); err != nil || len(back) != 1 {
			t.Errorf("% x, %v %s", back, err, mfa.AsFailure(err).Explain())
		}
	})
}

// TestTwoPrograms have one key: each sees what it says to the other, and one waits
// while the other works.
func TestTwoPrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, far := Pipe(64)
		w := &worker{}
		ended := make(chan error)
		go func() { ended <- Serve(t.Context(), far, w, CanCBOR) }()
		first, second := share(host)
		a, err := Open(t.Context(), first, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Open(t.Context(), second, nil)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, err := a.Exchange(t.Context(), []byte{workWait}, nil)
			done <- err
		}()
		synctest.Wait()
		if back, err := b.Exchange(t.Context(), []byte{workEcho}, nil); err != nil || len(back) != 1 {
			t.Errorf("% x, %v", back, err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			_, err := a.Exchange(ctx, []byte{workForever}, nil)
			done <- err
		}()
		synctest.Wait()
		_, err = b.Exchange(t.Context(), []byte{workEcho}, nil)
		wantFailure(t, err, mfa.CodeKeyBusy, "")
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		host.Close()
		<-ended
		for _, s := range []*shared{first, second} {
			<-s.ended
		}
	})
}

// shared is one of two openings of a device: reads give everything that it says.
type shared struct {
	Device
	heard <-chan []byte
	ended <-chan struct{}
}

func (s *shared) Read(ctx context.Context) ([]byte, error) {
	select {
	case r, open := <-s.heard:
		if !open {
			return nil, io.EOF
		}
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func share(d Device) (a, b *shared) {
	toA, toB, ended := make(chan []byte, 512), make(chan []byte, 512), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(toA)
		defer close(toB)
		for {
			r, err := d.Read(context.Background())
			if err != nil {
				return
			}
			toA <- r
			toB <- bytes.Clone(r)
		}
	}()
	return &shared{d, toA, ended}, &shared{d, toB, ended}
}

func TestServeEnds(t *testing.T) {
	for _, work := range []byte{0, workForever, workStubborn, workWait} {
		synctest.Test(t, func(t *testing.T) {
			host, far := Pipe(64)
			r := raw{host, 64}
			w := &worker{}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- Serve(ctx, far, w, CanCBOR) }()
			channel := r.allocate(t)
			if work != 0 {
				r.say(channel, cmdCBOR, work)
			} else {
				r.first(channel, cmdPing, 100)
			}
			synctest.Wait()
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) || w.working.Load() != 0 {
				t.Errorf("%c: ended with %v, %d at work", work, err, w.working.Load())
			}
			host.Close()
		})
	}
}

// A host that does not read ends the serving with its context all the same.
func TestServeToNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, far := Pipe(64)
		r := raw{host, 64}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		ended := make(chan error)
		go func() { ended <- Serve(ctx, far, &worker{}, CanCBOR) }()
		channel := r.allocate(t)
		r.say(channel, cmdPing, counting(7609)...)
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
	})
}

// FuzzServe: whatever a host sends, the device answers in whole reports and stays
// able to serve the next.
func FuzzServe(f *testing.F) {
	f.Add(bytes.Join(reports(64, broadcast, cmdInit, []byte("12345678")), nil))
	f.Add(bytes.Join(reports(64, 1, cmdPing, counting(200)), nil))
	f.Add(bytes.Join(reports(64, 1, cmdCBOR, []byte{workEcho}), nil))
	f.Fuzz(func(t *testing.T, stream []byte) {
		synctest.Test(t, func(t *testing.T) {
			host, far := Pipe(64)
			defer host.Close()
			ended := make(chan error)
			go func() { ended <- Serve(context.Background(), far, echo{}, CanCBOR|CanWink) }()
			r := raw{host, 64}
			r.allocate(t)
			for n := 0; len(stream) >= 64 && n < 20; n++ {
				r.put(stream[:64])
				stream = stream[64:]
			}
			c, err := Open(t.Context(), host, nil)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := c.Ping(t.Context(), counting(100)); err != nil || !bytes.Equal(back, counting(100)) {
				t.Error(err)
			}
			c.Close()
			<-ended
		})
	})
}

// echo answers at once.
type echo struct{}

func (echo) Exchange(_ context.Context, request []byte, _ func(byte)) ([]byte, error) {
	return bytes.Clone(request), nil
}
func (echo) APDU(_ context.Context, command []byte) ([]byte, error) { return bytes.Clone(command), nil }
func (echo) Wink()                                                  {}
