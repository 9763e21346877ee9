package tpm

import (
	"context"
	"errors"
	"sync"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Exchange answers one request. Whatever the request is, the answer is a status. An
// error means that ctx ended, that Config.Consent or the store failed, or that the
// TPM did: tpm-lockout (seconds), tpm-foreign, tpm-failed (why or code).
//
// When ctx ends, Exchange returns at once, and nothing of the request is kept. The TPM
// finishes the command that it is at, and our objects are taken out of it before the
// next exchange begins. Only while the store is at keeping something Exchange waits for
// it and gives the answer, though ctx has ended: who gave up too late to prevent it
// hears what there is now.
func (a *Authenticator) Exchange(ctx context.Context, request []byte, keepalive func(status byte)) ([]byte, error) {
	own := append([]byte(nil), request...) // it may be used after Exchange returned
	var mu sync.Mutex
	returned := false
	say := func(status byte) {
		mu.Lock()
		defer mu.Unlock()
		if !returned && keepalive != nil {
			keepalive(status)
		}
	}
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		returned = true
	}()
	data, err := a.hold(ctx, func(ctx context.Context) ([]byte, error) { return a.run(ctx, own, say) })
	var status ctap2.Status
	switch {
	case err == nil:
		return append([]byte{byte(ctap2.StatusOK)}, data...), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &status) && !isFailure(err):
		return []byte{byte(status)}, nil
	}
	return nil, err
}

func isFailure(err error) bool {
	var f *mfa.Failure
	return errors.As(err, &f)
}

// hold waits for the turn and runs what in a goroutine of its own, which keeps the
// turn until it is done, even when ctx ended and hold has returned.
func (a *Authenticator) hold(ctx context.Context, what func(context.Context) ([]byte, error)) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-a.turn:
	case <-a.bus.hung:
		return nil, silent
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if a.life.Err() != nil {
		a.turn <- struct{}{}
		return nil, errClosed
	}
	type outcome struct {
		data []byte
		err  error
	}
	done := make(chan outcome, 1)
	c := new(call)
	a.call = c
	go func() {
		ctx, cancel := context.WithCancel(ctx)
		stop := context.AfterFunc(a.life, cancel)
		data, err := what(ctx)
		stop()
		cancel()
		a.turn <- struct{}{}
		done <- outcome{data, err}
	}()
	given := func(o outcome) ([]byte, error) {
		if a.life.Err() != nil && o.err != nil {
			return nil, errClosed
		}
		return o.data, o.err
	}
	var why error
	select {
	case o := <-done:
		return given(o)
	case <-a.bus.hung:
		why = silent
	case <-ctx.Done():
		why = ctx.Err()
	}
	if c.leave() {
		return nil, why
	}
	return given(<-done)
}

// run carries out one command. A status as error is the answer.
func (a *Authenticator) run(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	if len(request) == 0 {
		return nil, ctap2.StatusInvalidLength
	}
	a.expire()
	command, params := request[0], request[1:]
	if command != ctap2.CommandGetNextAssertion {
		a.next = nil
	}
	if command != ctap2.CommandCredentialManagement {
		a.listing = nil
	}
	ask := func(p Prompt) error {
		if a.cfg.Consent == nil {
			return nil
		}
		keepalive(ctap2.KeepaliveUPNeeded)
		yes, err := a.cfg.Consent(ctx, p)
		if err == nil && !yes {
			return ctap2.StatusOperationDenied
		}
		return err
	}
	switch command {
	case ctap2.CommandMakeCredential:
		keepalive(ctap2.KeepaliveProcessing)
		return decoded(params, ctap2.DecodeMakeCredentialRequest, func(r ctap2.MakeCredentialRequest) ([]byte, error) {
			return a.create(ctx, r, ask)
		})
	case ctap2.CommandGetAssertion:
		keepalive(ctap2.KeepaliveProcessing)
		return decoded(params, ctap2.DecodeGetAssertionRequest, func(r ctap2.GetAssertionRequest) ([]byte, error) {
			return a.get(ctx, r, ask)
		})
	case ctap2.CommandClientPIN:
		return decoded(params, ctap2.DecodeClientPINRequest, func(r ctap2.ClientPINRequest) ([]byte, error) {
			return a.clientPIN(ctx, r)
		})
	case ctap2.CommandCredentialManagement:
		return decoded(params, ctap2.DecodeCredentialManagementRequest, func(r ctap2.CredentialManagementRequest) ([]byte, error) {
			return a.manage(ctx, r)
		})
	}
	if len(params) > 0 {
		return nil, ctap2.StatusInvalidLength
	}
	switch command {
	case ctap2.CommandGetInfo:
		err := a.tell(ctx)
		return a.GetInfo(), err
	case ctap2.CommandGetNextAssertion:
		return a.getNext(ctx)
	case ctap2.CommandSelection:
		return nil, ask(Prompt{Op: OpSelect})
	case ctap2.CommandReset:
		return nil, a.reset(ctx, ask)
	}
	return nil, ctap2.StatusInvalidCommand
}

type asking func(Prompt) error

func decoded[R any](params []byte, decode func([]byte) (R, error), answer func(R) ([]byte, error)) ([]byte, error) {
	r, err := decode(params)
	if err != nil {
		return nil, ctap2.StatusOf(err)
	}
	return answer(r)
}

// reset is authenticatorReset (CTAP 2.2 section 6.6). There is no power-up to wait
// for: whether it is meant is asked by Consent, and by the window before. Nothing of
// ours lies in the TPM, so forgetting what it takes back is all there is to do.
func (a *Authenticator) reset(ctx context.Context, ask asking) error {
	if err := ask(Prompt{Op: OpReset}); err != nil {
		return err
	}
	a.dropParent()
	if err := a.keep(ctx, a.cfg.Store.ResetLocal); err != nil {
		return err
	}
	a.forget()
	a.pins.Revoke()
	if err := a.pins.Regenerate(); err != nil {
		return err
	}
	a.retell(ctx)
	return nil
}
