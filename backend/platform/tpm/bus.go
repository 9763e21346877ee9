package tpm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Why it failed, where more is known than the TPM's own code.
const (
	whyGone    = "gone"     // the device went away, or was closed under us
	whySilent  = "silent"   // a command took longer than a TPM may
	whyAnswer  = "answer"   // an answer that is none, or whose HMAC is not the TPM's
	whyNoGuard = "no-guard" // nothing would stop guesses of the PIN
	whyBroken  = "broken"   // it is in failure mode, until it is switched off and on
	whyOld     = "old"      // it is a TPM 1.2
)

var (
	errClosed = failed(whyGone, errors.New("tpm: closed"))
	silent    = failed(whySilent, errors.New("tpm: no answer in time"))
)

func failed(why string, cause error) *mfa.Failure {
	return mfa.Fail(mfa.CodeTPMFailed, "why", why).Because(cause)
}

// bus carries commands to the TPM, one at a time. Once it broke it stays broken:
// what the TPM has loaded is not known any more.
type bus struct {
	device   transport.TPMCloser
	patience time.Duration
	hung     chan struct{} // closed when a command took longer than that

	owed bool // a session was started, and its command is next; of the turn

	mu     sync.Mutex
	broken error
	closed bool
}

// line is the bus for one exchange: it begins no command after ctx has ended, but those
// that take something out of the TPM: flushes, and the one for which a session was
// started, as the session goes with it.
type line struct {
	*bus
	ctx context.Context
}

// Send implements transport.TPM. A TPM that asks to come back later is asked again,
// for as long as a command may take; a lock-out is not such a "later".
func (l line) Send(command []byte) ([]byte, error) {
	code := tpm2.TPMCC(0)
	if len(command) >= 10 {
		code = tpm2.TPMCC(binary.BigEndian.Uint32(command[6:]))
	}
	tidies := l.owed || code == tpm2.TPMCCFlushContext
	l.owed = code == tpm2.TPMCCStartAuthSession
	deadline := time.Now().Add(l.patience)
	for pause := 10 * time.Millisecond; ; pause *= 2 {
		if err := l.ctx.Err(); err != nil && !tidies {
			l.owed = false
			return nil, err
		}
		response, err := l.once(command)
		if err != nil {
			return nil, err
		}
		if !isLater(response) || time.Now().Add(pause).After(deadline) {
			return response, nil
		}
		select {
		case <-time.After(pause):
		case <-l.ctx.Done():
			return response, nil
		}
	}
}

// isLater reports that the TPM did nothing yet and wants the same command again:
// it tests itself, or spares its memory.
func isLater(response []byte) bool {
	if len(response) < 10 {
		return false
	}
	switch tpm2.TPMRC(binary.BigEndian.Uint32(response[6:])) {
	case tpm2.TPMRCTesting, tpm2.TPMRCNVRate, tpm2.TPMRCRetry, tpm2.TPMRCYielded:
		return true
	}
	return false
}

// once sends a command and waits, for as long as a command may take.
func (b *bus) once(command []byte) ([]byte, error) {
	b.mu.Lock()
	broken := b.broken
	b.mu.Unlock()
	if broken != nil {
		return nil, broken
	}
	// The turn is kept while the device does not answer; whoever waits is told by hung.
	watch := time.AfterFunc(b.patience, func() {
		b.breaks(silent)
		close(b.hung)
	})
	response, err := b.device.Send(command)
	switch {
	case !watch.Stop():
		return nil, silent // an answer by now is nobody's
	case err != nil:
		return nil, b.breaks(failed(whyGone, err))
	case len(response) < 10 || len(response) > maxResponse:
		return nil, b.breaks(failed(whyAnswer, fmt.Errorf("tpm: a response of %d bytes", len(response))))
	}
	return response, nil
}

// maxResponse is more than any TPM gives at once.
const maxResponse = 4096

func (b *bus) breaks(why error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken == nil {
		b.broken = why
	}
	return why
}

func (b *bus) close() error {
	b.breaks(errClosed)
	b.mu.Lock()
	again := b.closed
	b.closed = true
	b.mu.Unlock()
	if again {
		return nil
	}
	return b.device.Close()
}

// line gives the bus for commands that ctx may stop.
func (a *Authenticator) line(ctx context.Context) line { return line{a.bus, ctx} }

// flush takes an object out of the TPM, also after ctx has ended. It cannot fail in a
// way that matters: what stays goes with the device's file.
func (a *Authenticator) flush(ctx context.Context, handle tpm2.TPMHandle) {
	tpm2.FlushContext{FlushHandle: handle}.Execute(a.line(ctx))
}

// explain turns what a TPM command failed with into a failure.
func explain(err error) error {
	var f *mfa.Failure
	var rc tpm2.TPMRC
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &f):
		return f
	case errors.As(err, &rc):
		return coded(rc)
	}
	return failed(whyAnswer, err)
}

// coded is the failure of a response code. A TPM 1.2 answers with its own TPM_BADTAG.
func coded(rc tpm2.TPMRC) error {
	params := []string{"code", fmt.Sprintf("0x%03x", uint32(rc))}
	switch rc {
	case tpm2.TPMRCFailure:
		params = append(params, "why", whyBroken)
	case badTag:
		params = append(params, "why", whyOld)
	}
	return mfa.Fail(mfa.CodeTPMFailed, params...).Because(rc)
}

// badTag is TPM_RC_BAD_TAG (Part 2 section 6.6.3), the only code that both kinds share.
const badTag tpm2.TPMRC = 0x01e
