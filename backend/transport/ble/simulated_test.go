package ble

import (
	"bytes"
	"context"
	"errors"
	"net"
	"runtime"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/radiotest"
)

func openLoopback(t *testing.T, addr string) *Loopback {
	t.Helper()
	l, err := ListenLoopback(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestContract(t *testing.T) {
	t.Run("loopback", func(t *testing.T) {
		radiotest.Run(t, func(t *testing.T) (transport.Scanner, transport.Advertiser) {
			l := openLoopback(t, "127.0.0.1:0")
			return l, LoopbackAdvertiser{Addr: l.Addr(), Interval: 1e6}
		})
	})
	t.Run("ether", func(t *testing.T) {
		radiotest.Run(t, func(t *testing.T) (transport.Scanner, transport.Advertiser) {
			e := NewEther()
			e.interval = 1e6
			return e, e
		})
	})
}

func TestLoopbackStaysOnThisMachine(t *testing.T) {
	advert := transport.Advert{Service: transport.ServiceFIDO, Data: make([]byte, 20)}
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:9", "[::]:0", "localhost:0", "", "127.0.0.1", "[::ffff:192.0.2.1]:9"} {
		if l, err := ListenLoopback(addr); !mfa.IsCode(err, mfa.CodeRadioFailed) {
			t.Errorf("ListenLoopback(%q) = %v, %v", addr, l, err)
		}
		if err := (LoopbackAdvertiser{Addr: addr}).Advertise(t.Context(), advert); !mfa.IsCode(err, mfa.CodeRadioFailed) {
			t.Errorf("Advertise to %q = %v", addr, err)
		}
	}
}

func TestLoopbackScannersLiveSideBySide(t *testing.T) {
	first, second := openLoopback(t, "127.0.0.1:0"), openLoopback(t, "127.0.0.1:0")
	if first.Addr() == second.Addr() {
		t.Fatalf("both at %s", first.Addr())
	}
	if name, err := first.Probe(t.Context()); name != "simulated" || err != nil {
		t.Errorf("Probe = %q, %v", name, err)
	}
	if _, err := ListenLoopback(first.Addr()); !mfa.IsCode(err, mfa.CodeRadioFailed) {
		t.Errorf("a second scanner at the same address: %v", err)
	}
}

// The first advert must not wait for the first interval: it decides how long
// the person looks at the code.
func TestAdvertIsSentAtOnce(t *testing.T) {
	l := openLoopback(t, "127.0.0.1:0")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a := LoopbackAdvertiser{Addr: l.Addr(), Interval: 1 << 62}
	advert := transport.Advert{Service: transport.ServiceLegacy, Data: []byte("now")}
	err := l.Scan(ctx, func() { go a.Advertise(ctx, advert) }, func(transport.Advert) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestScanForgetsWhatWasBefore(t *testing.T) {
	e := NewEther()
	e.hub.send(transport.Advert{Service: transport.ServiceFIDO, Data: []byte("old")})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_ = e.Scan(ctx, func() { e.hub.send(transport.Advert{Service: transport.ServiceFIDO, Data: []byte("new")}) },
		func(a transport.Advert) {
			if string(a.Data) != "new" {
				t.Errorf("heard %q", a.Data)
			}
			cancel()
		})
}

func TestLoopbackClose(t *testing.T) {
	l := openLoopback(t, "127.0.0.1:0")
	ended := make(chan error, 1)
	go func() {
		ended <- l.Scan(t.Context(), func() { go l.Close() }, func(transport.Advert) {})
	}()
	if err := <-ended; !mfa.IsCode(err, mfa.CodeRadioMissing) {
		t.Errorf("Scan = %v", err)
	}
	if _, err := l.Probe(t.Context()); !mfa.IsCode(err, mfa.CodeRadioMissing) {
		t.Errorf("Probe = %v", err)
	}
	if err := l.Scan(t.Context(), func() {}, func(transport.Advert) {}); !mfa.IsCode(err, mfa.CodeRadioMissing) {
		t.Errorf("Scan after Close = %v", err)
	}
}

func TestLoopbackPassesOverOddDatagrams(t *testing.T) {
	l := openLoopback(t, "127.0.0.1:0")
	conn, err := net.Dial("udp", l.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	good, _ := appendFrame(nil, transport.Advert{Service: transport.ServiceFIDO, Data: []byte("good")})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err = l.Scan(ctx, func() {
		for _, datagram := range [][]byte{{}, []byte("x"), good[:len(good)-1], append(good[:len(good):len(good)], 0), bytes.Repeat([]byte("K"), 9000), good} {
			if _, err := conn.Write(datagram); err != nil {
				t.Error(err)
			}
		}
	}, func(a transport.Advert) {
		if string(a.Data) != "good" {
			t.Errorf("heard %q", a.Data)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestFrame(t *testing.T) {
	for _, want := range []transport.Advert{
		{Service: transport.ServiceFIDO, Data: []byte{}, Signal: 0},
		{Service: transport.ServiceLegacy, Data: bytes.Repeat([]byte{7}, maxData), Signal: -128},
		{Service: transport.ServiceFIDO, Data: []byte{1, 2, 3}, Signal: 20},
	} {
		frame, err := appendFrame(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseFrame(frame)
		if err != nil || got.Service != want.Service || got.Signal != want.Signal || !bytes.Equal(got.Data, want.Data) {
			t.Errorf("%+v became %+v, %v", want, got, err)
		}
	}
	if _, err := appendFrame(nil, transport.Advert{Service: transport.ServiceFIDO, Data: make([]byte, maxData+1)}); err == nil {
		t.Error("an advert above the limit was taken")
	}
	clamped, _ := appendFrame(nil, transport.Advert{Service: transport.ServiceFIDO, Signal: -1000})
	if a, _ := parseFrame(clamped); a.Signal != -128 {
		t.Errorf("signal %d", a.Signal)
	}
}

func FuzzFrame(f *testing.F) {
	good, _ := appendFrame(nil, transport.Advert{Service: transport.ServiceFIDO, Data: []byte("0123456789abcdefTAG!"), Signal: -50})
	f.Add(good)
	f.Add(good[:7])
	f.Add([]byte("KFA1\x18\x0f\x00\x00"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, datagram []byte) {
		a, err := parseFrame(datagram)
		if err != nil {
			return
		}
		again, err := appendFrame(nil, a)
		if err != nil || !bytes.Equal(again, datagram) {
			t.Errorf("%x was read as %+v, which is written as %x (%v)", datagram, a, again, err)
		}
	})
}

func TestUnsupported(t *testing.T) {
	var s transport.Scanner = Unsupported{System: "plan9"}
	_, err := s.Probe(t.Context())
	if !mfa.IsCode(err, mfa.CodeRadioUnsupported) || mfa.AsFailure(err).Params["system"] != "plan9" {
		t.Errorf("Probe = %v", err)
	}
	err = s.Scan(t.Context(), func() { t.Error("listening") }, func(transport.Advert) { t.Error("heard") })
	if !mfa.IsCode(err, mfa.CodeRadioUnsupported) {
		t.Errorf("Scan = %v", err)
	}
}

func TestSystem(t *testing.T) {
	_, bluez := System().(*BlueZ)
	if bluez != (runtime.GOOS == "linux") {
		t.Errorf("System is a %T", System())
	}
}
