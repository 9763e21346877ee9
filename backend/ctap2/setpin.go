package ctap2

import (
	"context"
	"io"

	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/mfa"
)

// SetPIN gives an authenticator without a PIN its first one. The caller wipes pin.
//
// pin-length (params: min, max), pin-refused (its own rules), pin-set (it has one),
// key-cannot (params: what=pin), else the failures of MakeCredential.
func SetPIN(ctx context.Context, ch Channel, info Info, pin *mfa.Secret, rand io.Reader) error {
	if set, possible := info.Options[OptionClientPIN]; !possible {
		return mfa.Fail(mfa.CodeKeyCannot, "what", "pin")
	} else if set {
		return mfa.Fail(mfa.CodePINSet)
	}
	text, err := info.newPIN(pin)
	if err != nil {
		return err
	}
	defer text.Wipe()
	shared, own, err := agree(ctx, ch, info, rand)
	if err != nil {
		return err
	}
	defer shared.Wipe()
	enc, err := encryptNew(shared, text)
	if err != nil {
		return err
	}
	_, err = clientPIN(ctx, ch, info, ClientPINRequest{Protocol: shared.Protocol(), Subcommand: PINSet, KeyAgreement: &own,
		NewPINEnc: enc, PinUvAuthParam: shared.Authenticate(enc)}, nil)
	if isStatus(err, StatusPINAuthInvalid) {
		return mfa.Fail(mfa.CodePINSet).Because(StatusPINAuthInvalid) // set meanwhile, by another program
	}
	return err
}

// ChangePIN replaces the PIN. The caller wipes both.
//
// pin-wrong (params: left, when the authenticator tells), pin-locked, pin-blocked,
// pin-not-set, pin-length (params: min, max), pin-refused, key-cannot (params:
// what=pin), else the failures of MakeCredential.
func ChangePIN(ctx context.Context, ch Channel, info Info, old, fresh *mfa.Secret, rand io.Reader) error {
	if _, possible := info.Options[OptionClientPIN]; !possible {
		return mfa.Fail(mfa.CodeKeyCannot, "what", "pin")
	}
	text, err := info.newPIN(fresh)
	if err != nil {
		return err
	}
	defer text.Wipe()
	present, err := pinuv.Normalise(old, pinuv.MinPIN, pinuv.MaxPIN)
	if err != nil {
		return err
	}
	defer present.Wipe()
	shared, own, err := agree(ctx, ch, info, rand)
	if err != nil {
		return err
	}
	defer shared.Wipe()
	enc, err := encryptNew(shared, text)
	if err != nil {
		return err
	}
	hash, err := encryptHash(shared, present)
	if err != nil {
		return err
	}
	_, err = clientPIN(ctx, ch, info, ClientPINRequest{Protocol: shared.Protocol(), Subcommand: PINChange, KeyAgreement: &own,
		NewPINEnc: enc, PINHashEnc: hash, PinUvAuthParam: shared.Authenticate(append(enc[:len(enc):len(enc)], hash...))}, nil)
	return countTries(ctx, ch, info, err)
}

// PINLength is how long a new PIN must be and may be, in code points. It has at most
// 63 bytes, whatever they are.
func (i Info) PINLength() (least, most int) {
	least, most = pinuv.MinPIN, pinuv.MaxPIN
	if n := i.MaxPINLength; n != nil && *n < pinuv.MaxPIN {
		most = max(int(*n), pinuv.MinPIN)
	}
	if n := i.MinPINLength; n != nil && *n > pinuv.MinPIN {
		least = int(min(*n, uint64(most)))
	}
	return least, most
}

func (i Info) newPIN(pin *mfa.Secret) (*mfa.Secret, error) {
	least, most := i.PINLength()
	return pinuv.Normalise(pin, least, most)
}

func encryptNew(shared *pinuv.Shared, pin *mfa.Secret) ([]byte, error) {
	padded := pinuv.Pad(pin)
	defer clear(padded[:])
	return sealed(shared.Encrypt(padded[:]))
}
