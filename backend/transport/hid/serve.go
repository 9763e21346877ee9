package hid

import (
	"context"
	"encoding/binary"
	"sync"
	"time"
)

// Answerer is what stands behind the device's role: an authenticator.
type Answerer interface {
	// Exchange answers one CTAP2 message: a command byte and CBOR in, a status byte
	// and CBOR out. Ending ctx is a CANCEL, and an error then becomes status 0x2D;
	// any other error becomes ERROR 7F. keepalive may be called from any goroutine
	// until Exchange returns.
	Exchange(ctx context.Context, request []byte, keepalive func(status byte)) (response []byte, err error)
	// APDU answers one CTAP1 message. An error becomes ERROR 7F.
	APDU(ctx context.Context, command []byte) (response []byte, err error)
	// Wink shows the person which key this is. It must not block.
	Wink()
}

// Server is the device's side of the wire: one Answerer behind many channels, of
// which one is served at a time. A zero duration has its default.
type Server struct {
	Answerer Answerer
	Can      Capability
	Version  [3]byte // of the device: major, minor, build
	// Beat is the time between keep-alives while the Answerer works: default 100 ms.
	Beat time.Duration
	// Timeout is how long the next packet of a message may take: default 500 ms.
	Timeout time.Duration
}

// Serve serves with the defaults of Server.
func Serve(ctx context.Context, d Device, a Answerer, can Capability) error {
	return Server{Answerer: a, Can: can}.Serve(ctx, d)
}

// Serve is the device's role (CTAP 2.2 section 11.2) until ctx ends, which gives
// ctx.Err(), or until the device is gone, which gives its error. When it returns
// the Answerer is at rest. It does not close the device.
func (s Server) Serve(ctx context.Context, d Device) error {
	if s.Beat == 0 {
		s.Beat = 100 * time.Millisecond
	}
	if s.Timeout == 0 {
		s.Timeout = 500 * time.Millisecond
	}
	in, out := d.Sizes()
	v := &serving{Server: s, device: d, in: in, report: make([]byte, out)}
	v.ctx, v.end = context.WithCancelCause(ctx)
	defer v.over()
	for {
		report, err := d.Read(v.ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case v.ctx.Err() != nil:
			return context.Cause(v.ctx)
		case err != nil:
			return err
		}
		if p, ok := parsePacket(report); ok {
			v.take(p)
		}
	}
}

// serving is one run of Serve.
type serving struct {
	Server
	device Device
	in     int
	ctx    context.Context
	end    context.CancelCauseFunc
	jobs   sync.WaitGroup

	mu      sync.Mutex // guards what follows, and writing
	report  []byte
	last    uint32 // the channels 1 to last are allocated
	part    *part  // the message that is coming in
	job     *job   // the message that is being answered
	stopped bool
}

// part is a message of which more is to come.
type part struct {
	message
	channel uint32
	overdue *time.Timer
}

// job is a message that the Answerer is at.
type job struct {
	channel   uint32
	command   byte
	cancel    context.CancelFunc
	beat      *time.Timer // nil with CTAP1, which has no keep-alives
	status    byte
	forgotten bool // INIT came: nobody wants the answer
}

func (v *serving) over() {
	v.end(nil)
	v.mu.Lock()
	v.stopped = true
	v.drop()
	v.mu.Unlock()
	v.jobs.Wait()
}

func (v *serving) take(p packet) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !p.initial {
		v.more(p)
		return
	}
	known := p.channel != 0 && p.channel <= v.last
	mine := v.part != nil && v.part.channel == p.channel
	switch {
	case p.channel == broadcast && p.command != cmdInit, p.channel != broadcast && !known:
		v.fault(p.channel, faultChannel)
	case p.command == cmdInit && p.total <= len(p.data): // always answered at once, whoever else is served
		if mine {
			v.drop()
		}
		v.init(p.channel, p.data[:p.total])
	case p.command == cmdCancel:
		if v.job != nil && v.job.channel == p.channel && v.job.command == cmdCBOR {
			v.job.cancel()
		}
	case mine:
		v.drop()
		v.fault(p.channel, faultSequence)
	case v.part != nil || v.job != nil:
		v.fault(p.channel, faultBusy)
	default:
		v.begin(p)
	}
}

// begin takes the first packet of a message.
func (v *serving) begin(p packet) {
	m, ok := begin(p, v.in)
	if !ok {
		v.fault(p.channel, faultLength)
		return
	}
	if m.done() {
		v.dispatch(p.channel, m)
		return
	}
	part := &part{message: m, channel: p.channel}
	part.overdue = time.AfterFunc(v.Timeout, func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.part == part {
			v.part = nil
			v.fault(part.channel, faultTimeout)
		}
	})
	v.part = part
}

// more takes a packet that continues a message. One that continues nothing is passed over.
func (v *serving) more(p packet) {
	m := v.part
	switch {
	case m == nil || m.channel != p.channel:
	case !m.add(p):
		v.drop()
		v.fault(p.channel, faultSequence)
	case m.done():
		v.drop()
		v.dispatch(p.channel, m.message)
	default:
		m.overdue.Reset(v.Timeout)
	}
}

// drop forgets the message that is coming in.
func (v *serving) drop() {
	if v.part != nil {
		v.part.overdue.Stop()
		v.part = nil
	}
}

// init allocates a channel, or makes the device forget what it is at on one.
func (v *serving) init(channel uint32, nonce []byte) {
	if len(nonce) != nonceSize {
		v.fault(channel, faultLength)
		return
	}
	id := channel
	if channel == broadcast {
		v.last++
		id = v.last
	} else if v.job != nil && v.job.channel == channel {
		v.job.forgotten = true
		v.job.cancel()
	}
	answer := binary.BigEndian.AppendUint32(append(make([]byte, 0, initAnswer), nonce...), id)
	answer = append(append(append(answer, protocolVer), v.Version[:]...), byte(v.Can))
	v.write(channel, cmdInit, answer)
}

// dispatch does what a whole message wants.
func (v *serving) dispatch(channel uint32, m message) {
	switch {
	case m.command == cmdInit:
		v.init(channel, m.data)
	case m.command == cmdPing:
		v.write(channel, cmdPing, m.data)
	case m.command == cmdWink && v.Can&CanWink != 0:
		if m.total != 0 {
			v.fault(channel, faultLength)
			return
		}
		v.write(channel, cmdWink, nil)
		v.jobs.Go(v.Answerer.Wink) // not under our lock
	case m.command == cmdCBOR && v.Can&CanCBOR != 0, m.command == cmdMsg && v.Can&NoMSG == 0:
		if m.total == 0 {
			v.fault(channel, faultLength)
			return
		}
		v.start(channel, m)
	default:
		v.fault(channel, faultCommand)
	}
}

// start hands a message to the Answerer.
func (v *serving) start(channel uint32, m message) {
	ctx, cancel := context.WithCancel(v.ctx)
	j := &job{channel: channel, command: m.command, cancel: cancel, status: 1}
	v.job = j
	if m.command == cmdCBOR {
		j.beat = time.AfterFunc(v.Beat, func() { v.alive(j, 0) })
	}
	v.jobs.Go(func() {
		defer cancel()
		var response []byte
		var err error
		if m.command == cmdMsg {
			response, err = v.Answerer.APDU(ctx, m.data)
		} else {
			response, err = v.Answerer.Exchange(ctx, m.data, func(status byte) { v.alive(j, status) })
		}
		v.finish(ctx, j, response, err)
	})
}

// alive says that a job is being worked at, when it is time (status 0) or when
// the status is a new one.
func (v *serving) alive(j *job, status byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.job != j || j.forgotten || v.stopped || j.beat == nil || status == j.status {
		return
	}
	if status != 0 {
		j.status = status
	}
	j.beat.Reset(v.Beat)
	v.write(j.channel, cmdKeepalive, []byte{j.status})
}

// finish sends what the Answerer said.
func (v *serving) finish(ctx context.Context, j *job, response []byte, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.job = nil
	if j.beat != nil {
		j.beat.Stop()
	}
	switch {
	case j.forgotten || v.stopped:
	case err != nil && ctx.Err() != nil && j.command == cmdCBOR:
		v.write(j.channel, cmdCBOR, []byte{statusCancel})
	case err != nil || len(response) > MaxMessage(len(v.report)):
		v.fault(j.channel, faultOther)
	default:
		v.write(j.channel, j.command, response)
	}
}

func (v *serving) fault(channel uint32, code faultCode) {
	v.write(channel, cmdError, []byte{byte(code)})
}

// write sends a message. A device that takes none ends the serving.
func (v *serving) write(channel uint32, command byte, data []byte) {
	err := writeMessage(v.report, channel, command, data, func(report []byte) error { return v.device.Write(v.ctx, report) })
	if err != nil {
		v.end(err)
	}
}
