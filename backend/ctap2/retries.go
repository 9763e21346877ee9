package ctap2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/mfa"
)

// maxTries is more than any authenticator gives; the standard has 8 and 25.
const maxTries = 255

// PINRetries asks how many wrong PINs the authenticator takes before it is blocked
// for good. replug: it takes none until it lost power. Failures are those of
// MakeCredential; key-cannot (params: what=pin) when it can have no PIN.
func PINRetries(ctx context.Context, ch Channel, info Info) (left int, replug bool, err error) {
	r, err := askPIN(ctx, ch, info, PINGetRetries)
	if err != nil {
		return 0, false, err
	}
	left, err = tries(r.PINRetries)
	return left, r.PowerCycle != nil && *r.PowerCycle, err
}

// UVRetries asks how often the authenticator's own sensor may fail before it wants
// the PIN. Failures are those of PINRetries.
func UVRetries(ctx context.Context, ch Channel, info Info) (int, error) {
	r, err := askPIN(ctx, ch, info, PINGetUVRetries)
	if err != nil {
		return 0, err
	}
	return tries(r.UVRetries)
}

func tries(n *uint64) (int, error) {
	if n == nil || *n > maxTries {
		return 0, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(errors.New("ctap2: no number of tries"))
	}
	return int(*n), nil
}

// askPIN sends a subcommand that needs nothing but the protocol.
func askPIN(ctx context.Context, ch Channel, info Info, subcommand uint64) (ClientPINResponse, error) {
	protocol, err := info.pinProtocol()
	if err != nil {
		return ClientPINResponse{}, err
	}
	return clientPIN(ctx, ch, info, ClientPINRequest{Protocol: protocol, Subcommand: subcommand}, nil)
}

func clientPIN(ctx context.Context, ch Channel, info Info, r ClientPINRequest, keepalive func(byte)) (ClientPINResponse, error) {
	params, err := EncodeClientPINRequest(r)
	if err != nil {
		return ClientPINResponse{}, mfa.Fail(mfa.CodeInvalidInput, "field", "pin").Because(err)
	}
	data, err := exchange(ctx, Bounded(ch, info), CommandClientPIN, params, keepalive)
	if err != nil {
		return ClientPINResponse{}, err
	}
	return answer(DecodeClientPINResponse(data))
}

// pinProtocol is the authenticator's first choice among those that are known here.
// One that names none was made before there was a choice.
func (i Info) pinProtocol() (uint64, error) {
	if i.PinUvAuthProtocols == nil {
		return pinuv.One, nil
	}
	for _, p := range i.PinUvAuthProtocols {
		if pinuv.Supported(p) {
			return p, nil
		}
	}
	return 0, mfa.Fail(mfa.CodeKeyCannot, "what", "pin").Because(fmt.Errorf("ctap2: PIN/UV auth protocols %v", i.PinUvAuthProtocols))
}

// agree makes a fresh key agreement. There is never an old one to use: the
// authenticator's key changes with every wrong PIN.
func agree(ctx context.Context, ch Channel, info Info, rand io.Reader) (*pinuv.Shared, pinuv.Point, error) {
	none := pinuv.Point{}
	protocol, err := info.pinProtocol()
	if err != nil {
		return nil, none, err
	}
	r, err := askPIN(ctx, ch, info, PINGetKeyAgreement)
	if err != nil {
		return nil, none, err
	}
	if r.KeyAgreement == nil {
		return nil, none, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(errors.New("ctap2: no key agreement key"))
	}
	shared, own, err := pinuv.Agree(protocol, *r.KeyAgreement, rand)
	switch {
	case errors.Is(err, pinuv.ErrPoint):
		return nil, none, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(err)
	case err != nil:
		return nil, none, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	return shared, own, nil
}

// countTries tells how many tries are left after a PIN that was not right. When the
// authenticator does not say, the failure has no params.
func countTries(ctx context.Context, ch Channel, info Info, err error) error {
	if !isStatus(err, StatusPINInvalid) {
		return err
	}
	left, replug, ask := PINRetries(ctx, ch, info)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case ask != nil:
		return err
	case left == 0:
		return mfa.Fail(mfa.CodePINBlocked).Because(StatusPINInvalid)
	case replug:
		return mfa.Fail(mfa.CodePINLocked).Because(StatusPINInvalid)
	}
	return mfa.Fail(mfa.CodePINWrong, "left", strconv.Itoa(left)).Because(StatusPINInvalid)
}

// isStatus reports that the authenticator answered with this status.
func isStatus(err error, want Status) bool {
	var s Status
	return errors.As(err, &s) && s == want
}
