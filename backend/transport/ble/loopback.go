package ble

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// Loopback is a scanner of the simulated radio: it hears the datagrams that
// come to its UDP port on this machine. Any number of them can be open.
type Loopback struct {
	hub  hub
	conn *net.UDPConn
	done chan struct{}
}

// ListenLoopback opens a scanner at a loopback address and port, for example
// "127.0.0.1:0" for a free port. It fails with bluetooth-failed on any other
// address: a simulated radio must not be reached from outside.
func ListenLoopback(addr string) (*Loopback, error) {
	at, err := loopbackAddr(addr)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeRadioFailed).Because(err)
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, mfa.Fail(mfa.CodeRadioFailed).Because(err)
	}
	l := &Loopback{conn: conn, done: make(chan struct{})}
	go l.receive()
	return l, nil
}

// receive reads all the time, so that a scan never hears what was sent before
// it began.
func (l *Loopback) receive() {
	defer close(l.done)
	defer l.hub.close()
	datagram := make([]byte, frameHeader+maxData+1)
	for {
		n, err := l.conn.Read(datagram)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // one datagram that did not fit, or an echo of an unreachable peer
		}
		if a, err := parseFrame(datagram[:n]); err == nil {
			a.Data = slices.Clone(a.Data)
			l.hub.send(a)
		}
	}
}

// Addr is the address to advertise to, as host:port.
func (l *Loopback) Addr() string { return l.conn.LocalAddr().String() }

// Close ends the scanner: scans that run fail with bluetooth-missing.
func (l *Loopback) Close() error {
	err := l.conn.Close()
	<-l.done
	return err
}

// Probe gives the name "simulated", or bluetooth-missing after Close.
func (l *Loopback) Probe(ctx context.Context) (string, error) { return l.hub.probe(ctx) }

// Scan hears what is sent to Addr meanwhile.
func (l *Loopback) Scan(ctx context.Context, listening func(), heard func(transport.Advert)) error {
	return l.hub.scan(ctx, listening, heard)
}

// LoopbackAdvertiser is a phone's side of the simulated radio.
type LoopbackAdvertiser struct {
	Addr     string        // of a Loopback, as host:port
	Interval time.Duration // between adverts; 100 ms
}

// Advertise sends a at once and then in every interval. Whether anybody listens
// it cannot know. It fails with bluetooth-failed when Addr is not on this
// machine or a does not fit into an advert.
func (l LoopbackAdvertiser) Advertise(ctx context.Context, a transport.Advert) error {
	to, err := loopbackAddr(l.Addr)
	if err != nil {
		return mfa.Fail(mfa.CodeRadioFailed).Because(err)
	}
	frame, err := appendFrame(nil, a)
	if err != nil {
		return mfa.Fail(mfa.CodeRadioFailed).Because(err)
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return mfa.Fail(mfa.CodeRadioFailed).Because(err)
	}
	defer conn.Close()
	return repeat(ctx, l.Interval, func() {
		_, _ = conn.Write(frame) // refused means that nobody listens yet
	})
}

// loopbackAddr takes literal addresses only: a name could mean anything.
func loopbackAddr(addr string) (netip.AddrPort, error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if !at.Addr().Unmap().IsLoopback() {
		return netip.AddrPort{}, fmt.Errorf("%s is not a loopback address", at)
	}
	return at, nil
}
