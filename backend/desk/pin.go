package desk

import (
	"context"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

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
	if n, size := composed(pin); ask.For != mfa.PINVerify && n < ask.Min || n == 0 || n > ask.Max || size > mfa.MaxPINBytes {
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

// maxTypedPIN is the most bytes of a PIN that is looked at: a letter typed apart from its
// accents takes up to three times what it takes composed.
const maxTypedPIN = 4 * mfa.MaxPINBytes

// composed gives the code points and bytes that a PIN has in Unicode normalization form C,
// in which it goes to the key (CTAP 2.2 section 6.5.1). What is far too long is not
// composed: it has as many as it has.
func composed(pin *mfa.Secret) (points, size int) {
	if pin.Len() > maxTypedPIN {
		return utf8.RuneCount(pin.Bytes()), pin.Len()
	}
	var parts norm.Iter
	defer func() { parts = norm.Iter{} }() // it keeps what it composed last
	for parts.Init(norm.NFC, pin.Bytes()); !parts.Done(); {
		part := parts.Next()
		points += utf8.RuneCount(part)
		size += len(part)
	}
	return points, size
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
