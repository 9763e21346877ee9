package nfc

import (
	"bytes"
	"context"
	"errors"
	"time"
)

// The statuses of CTAP that the card itself answers with (CTAP 2.2 section 8.2).
const (
	ctapOther           = 0x7F
	ctapKeepaliveCancel = 0x2D
)

// answer carries out one command.
func (a *Applet) answer(ctx context.Context, cmd command) ([]byte, status) {
	switch {
	case cmd.cla == claISO && cmd.ins == insSelect:
		return a.choose(cmd)
	case !a.selected:
		return nil, statusNoConditions
	case cmd.cla == claISO:
		return a.u2f(ctx, cmd)
	case cmd.cla != claCTAP:
		return nil, statusNoClass
	}
	switch cmd.ins {
	case insMessage:
		if cmd.p1&^p1MayPoll != 0 || cmd.p2 != 0 {
			return nil, statusWrongP1P2
		}
		a.stop()
		a.job = a.begin(cmd.data)
		return a.wait(ctx, cmd.p1 == p1MayPoll)
	case insPoll:
		switch {
		case a.job == nil:
			return nil, statusNoConditions
		case cmd.p1 == p1Cancel:
			return a.stop(), statusOK
		case cmd.p1 != 0 || cmd.p2 != 0:
			return nil, statusWrongP1P2
		}
		return a.wait(ctx, true)
	case insControl:
		if cmd.p1 != p1End || cmd.p2 != 0 {
			return nil, statusWrongP1P2
		}
		a.stop()
		a.selected = false
		return nil, statusOK
	}
	return nil, statusNoInstruction
}

// choose answers SELECT. Another applet's name is not ours, and unselects us.
func (a *Applet) choose(cmd command) ([]byte, status) {
	a.stop()
	a.selected = cmd.p1 == p1SelectByName && bytes.Equal(cmd.data, aid)
	if !a.selected {
		return nil, statusNotFound
	}
	return []byte(a.version), statusOK
}

func (a *Applet) u2f(ctx context.Context, cmd command) ([]byte, status) {
	if a.version != VersionU2F {
		return nil, statusNoClass
	}
	cmd.extended, cmd.want = true, maxData
	ctx, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(a.life, cancel)()
	defer cancel()
	response, err := a.answerer.APDU(ctx, cmd.encode())
	if err != nil {
		return nil, statusFault
	}
	data, sw, err := parseResponse(response)
	if err != nil {
		return nil, statusFault
	}
	return data, sw
}

// begin hands a message to the authenticator. The message outlives the APDU that
// brought it, but not the card.
func (a *Applet) begin(request []byte) *job {
	inner, cancel := context.WithCancel(a.life)
	j := &job{done: make(chan []byte, 1), update: make(chan byte, 1), latest: 1, cancel: cancel}
	go func() {
		defer cancel()
		response, err := a.answerer.Exchange(inner, request, func(status byte) {
			select {
			case <-j.update: // an older one that nobody read
			default:
			}
			select {
			case j.update <- status:
			default:
			}
		})
		switch {
		case errors.Is(err, context.Canceled):
			response = []byte{ctapKeepaliveCancel}
		case err != nil:
			response = []byte{ctapOther}
		}
		j.done <- response
	}()
	return j
}

// wait gives the answer, or after a while the status of the work if the platform may
// poll for the rest.
func (a *Applet) wait(ctx context.Context, mayPoll bool) ([]byte, status) {
	j := a.job
	var late <-chan time.Time
	var update <-chan byte
	if mayPoll {
		late, update = a.after(updateTime), j.update
	}
	select {
	case response := <-j.done:
		a.job = nil
		return response, statusOK
	case j.latest = <-update:
	case <-late:
	case <-ctx.Done():
		a.stop()
		return nil, 0
	case <-a.life.Done():
		return nil, 0
	}
	return []byte{j.latest}, statusUpdate
}
