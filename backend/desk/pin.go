package desk

import (
	"context"
	"strconv"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/mfa"
)

// GivePIN answers stage enter-pin. It takes pin over, whatever it answers: pin-length
// when it cannot be a PIN, and then the question stays; not-found when nothing is asked.
func (d *Desk) GivePIN(pin *mfa.Secret) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.run == nil || d.run.Stage != mfa.StageEnterPIN || d.run.PIN == nil {
		pin.Wipe()
		return mfa.Fail(mfa.CodeNotFound, "what", "ceremony")
	}
	ask := d.run.PIN
	if n := utf8.RuneCount(pin.Bytes()); ask.For != mfa.PINVerify && n < ask.Min || n == 0 || n > ask.Max || pin.Len() > mfa.MaxPINBytes {
		pin.Wipe()
		return mfa.Fail(mfa.CodePINLength, "min", strconv.Itoa(ask.Min), "max", strconv.Itoa(ask.Max))
	}
	select {
	case d.run.pin <- pin:
		d.run.PIN = nil // one answer for each question
	default:
		pin.Wipe()
	}
	return nil
}

// askPIN waits for GivePIN. The question itself was told by the report before.
func (d *Desk) askPIN(r *run) mfa.AskPIN {
	return func(ctx context.Context, _ mfa.PINAsk) (*mfa.Secret, error) {
		select {
		case pin := <-r.pin:
			return pin, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// dropPIN wipes an answer that came too late.
func (d *Desk) dropPIN(r *run) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r.PIN = nil
	select {
	case pin := <-r.pin:
		pin.Wipe()
	default:
	}
}
