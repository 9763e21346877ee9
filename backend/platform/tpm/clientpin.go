package tpm

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/google/go-tpm/tpm2"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/mfa"
)

// MinPIN is the fewest code points of a PIN. Four would be too few: a TPM that is
// set up as usual forgives a wrong try every ten minutes, so all PINs of four digits
// are tried in ten weeks, and all of six in nineteen years.
const MinPIN = 6

const permitted = ctap2.PermissionMakeCredential | ctap2.PermissionGetAssertion | ctap2.PermissionCredentialManagement

// clientPIN is authenticatorClientPIN (CTAP 2.2 section 6.5.5). The count of tries
// is the TPM's: there is none of our own that could be turned back, no end for good
// after eight and none after three in a row.
func (a *Authenticator) clientPIN(ctx context.Context, r ctap2.ClientPINRequest) ([]byte, error) {
	var answer ctap2.ClientPINResponse
	var err error
	switch r.Subcommand {
	case ctap2.PINGetRetries:
		answer.PINRetries, err = a.retries(ctx)
	case ctap2.PINGetKeyAgreement:
		err = a.checkProtocol(r)
		point := a.pins.KeyAgreement()
		answer.KeyAgreement = &point
	case ctap2.PINSet:
		err = a.setPIN(ctx, r)
	case ctap2.PINChange:
		err = a.changePIN(ctx, r)
	case ctap2.PINGetToken:
		if r.Permissions != 0 || r.RPID != "" {
			return nil, ctap2.StatusInvalidParameter
		}
		answer.Token, err = a.token(ctx, r, ctap2.PermissionMakeCredential|ctap2.PermissionGetAssertion)
	case ctap2.PINGetTokenWithPINPerms:
		switch {
		case r.Permissions == 0:
			return nil, ctap2.StatusMissingParameter
		case r.Permissions&^permitted != 0:
			return nil, ctap2.StatusUnauthorizedPerm
		case r.Permissions&(ctap2.PermissionMakeCredential|ctap2.PermissionGetAssertion) != 0 && r.RPID == "":
			return nil, ctap2.StatusMissingParameter
		}
		answer.Token, err = a.token(ctx, r, r.Permissions)
	default:
		return nil, ctap2.StatusInvalidSubcommand
	}
	if err != nil {
		return nil, err
	}
	return ctap2.EncodeClientPINResponse(answer)
}

// retries tells how often the TPM lets somebody guess. It never tells 0, which would
// be read as "blocked for good": while the TPM is locked, the question fails with
// tpm-lockout.
func (a *Authenticator) retries(ctx context.Context) (*uint64, error) {
	g, err := a.guard(ctx)
	if err != nil {
		return nil, err
	}
	left := uint64(min(g.left(), 255)) // clients expect a byte
	if left == 0 {
		return nil, a.lockout(g)
	}
	return &left, nil
}

func (a *Authenticator) checkProtocol(r ctap2.ClientPINRequest) error {
	switch {
	case r.Protocol == 0:
		return ctap2.StatusMissingParameter
	case !pinuv.Supported(r.Protocol):
		return ctap2.StatusInvalidParameter
	}
	return nil
}

// share agrees on the secret of one command.
func (a *Authenticator) share(r ctap2.ClientPINRequest, needed ...[]byte) (*pinuv.Shared, error) {
	if err := a.checkProtocol(r); err != nil {
		return nil, err
	}
	if r.KeyAgreement == nil {
		return nil, ctap2.StatusMissingParameter
	}
	for _, n := range needed {
		if n == nil {
			return nil, ctap2.StatusMissingParameter
		}
	}
	shared, err := a.pins.Decapsulate(r.Protocol, *r.KeyAgreement)
	if errors.Is(err, pinuv.ErrPoint) || errors.Is(err, pinuv.ErrProtocol) {
		return nil, ctap2.StatusInvalidParameter
	}
	return shared, err
}

// newPIN takes the new PIN out of a request and gives its auth value.
func newPIN(shared *pinuv.Shared, r ctap2.ClientPINRequest) ([]byte, error) {
	padded, err := shared.Decrypt(r.NewPINEnc)
	if err != nil {
		return nil, ctap2.StatusInvalidParameter
	}
	defer clear(padded)
	if len(padded) != pinuv.PaddedSize {
		return nil, ctap2.StatusInvalidParameter
	}
	pin, ok := pinuv.Unpad(padded)
	if !ok {
		return nil, ctap2.StatusPINPolicyViolation
	}
	defer pin.Wipe()
	if utf8.RuneCount(pin.Bytes()) < MinPIN {
		return nil, ctap2.StatusPINPolicyViolation
	}
	hash := pinuv.PINHash(pin.Bytes())
	defer clear(hash[:])
	return pinAuth(hash[:]), nil
}

// oldPIN takes the auth value of the present PIN out of a request.
func oldPIN(shared *pinuv.Shared, r ctap2.ClientPINRequest) ([]byte, error) {
	hash, err := shared.Decrypt(r.PINHashEnc)
	if err != nil || len(hash) != pinuv.HashSize {
		return nil, ctap2.StatusInvalidParameter
	}
	defer clear(hash)
	return pinAuth(hash), nil
}

// setPIN makes the object that the PIN opens, with a new secret in it, and chooses
// the storage key.
func (a *Authenticator) setPIN(ctx context.Context, r ctap2.ClientPINRequest) error {
	shared, err := a.share(r, r.NewPINEnc, r.PinUvAuthParam)
	if err != nil {
		return err
	}
	defer shared.Wipe()
	state, err := a.cfg.Store.LocalState(ctx)
	if err != nil {
		return err
	}
	if len(state.PINPublic) != 0 || !shared.Verify(r.NewPINEnc, r.PinUvAuthParam) {
		return ctap2.StatusPINAuthInvalid
	}
	auth, err := newPIN(shared, r)
	if err != nil {
		return err
	}
	defer clear(auth)
	secret, err := newSecret(a.cfg.Rand)
	if err != nil {
		return err
	}
	defer secret.Wipe()
	p, err := a.chooseParent(ctx)
	if err != nil {
		return err
	}
	b, err := a.make(ctx, p, pinTemplate, auth, secret.Bytes())
	if err != nil {
		return err
	}
	state = mfa.LocalState{Parent: p.name.Buffer, PINPublic: b.public, PINPrivate: b.private, PINSetAt: a.cfg.Clock()}
	if err := a.keep(ctx, func(ctx context.Context) error { return a.cfg.Store.PutLocalState(ctx, state) }); err != nil {
		return err
	}
	a.retell(ctx)
	return nil
}

// changePIN gives the object another auth value. The keys do not notice: what opens
// them is in the object, and stays.
func (a *Authenticator) changePIN(ctx context.Context, r ctap2.ClientPINRequest) error {
	shared, err := a.share(r, r.NewPINEnc, r.PINHashEnc, r.PinUvAuthParam)
	if err != nil {
		return err
	}
	defer shared.Wipe()
	message := append(append([]byte(nil), r.NewPINEnc...), r.PINHashEnc...)
	if !shared.Verify(message, r.PinUvAuthParam) {
		return ctap2.StatusPINAuthInvalid
	}
	state, p, err := a.pinObject(ctx)
	if err != nil {
		return err
	}
	old, err := oldPIN(shared, r)
	if err != nil {
		return err
	}
	defer clear(old)
	auth, err := newPIN(shared, r) // before the TPM counts a try for nothing
	if err != nil {
		return err
	}
	defer clear(auth)
	private, err := a.reseal(ctx, p, blobs{state.PINPublic, state.PINPrivate}, old, auth)
	if err != nil {
		return a.wrongPIN(ctx, err)
	}
	state.PINPrivate, state.PINSetAt = private, a.cfg.Clock()
	if err := a.keep(ctx, func(ctx context.Context) error { return a.cfg.Store.PutLocalState(ctx, state) }); err != nil {
		return err
	}
	a.forget()
	a.pins.Revoke()
	return nil
}

// pinObject gives what the PIN opens and the key it is under.
func (a *Authenticator) pinObject(ctx context.Context) (mfa.LocalState, *parent, error) {
	state, err := a.cfg.Store.LocalState(ctx)
	if err != nil {
		return state, nil, err
	}
	if len(state.PINPublic) == 0 {
		return state, nil, ctap2.StatusPINNotSet
	}
	p, err := a.parentNamed(ctx, state.Parent)
	return state, p, err
}

// token lets the TPM judge the PIN, and gives a pinUvAuthToken. What the PIN opened
// stays for as long as the token may be used.
func (a *Authenticator) token(ctx context.Context, r ctap2.ClientPINRequest, may ctap2.Permission) ([]byte, error) {
	shared, err := a.share(r, r.PINHashEnc)
	if err != nil {
		return nil, err
	}
	defer shared.Wipe()
	state, p, err := a.pinObject(ctx)
	if err != nil {
		return nil, err
	}
	auth, err := oldPIN(shared, r)
	if err != nil {
		return nil, err
	}
	defer clear(auth)
	a.forget()
	secret, err := a.unseal(ctx, p, blobs{state.PINPublic, state.PINPrivate}, auth)
	if err != nil {
		return nil, a.wrongPIN(ctx, err)
	}
	text, err := a.pins.Issue(shared, may, r.RPID)
	if err != nil || may&(ctap2.PermissionMakeCredential|ctap2.PermissionGetAssertion) == 0 {
		secret.Wipe() // lists and deletions need no key
		return text, err
	}
	a.secret, a.since = secret, a.cfg.Clock()
	return text, nil
}

// wrongPIN is what follows after the TPM refused a PIN: another key agreement key, and
// the truth about the tries that are left.
func (a *Authenticator) wrongPIN(ctx context.Context, err error) error {
	if !errors.Is(err, errWrongPIN) {
		return err
	}
	a.wrongAt = a.cfg.Clock()
	a.pins.Revoke()
	if err := a.pins.Regenerate(); err != nil {
		return err
	}
	g, err := a.guard(ctx)
	if err != nil {
		return err
	}
	if g.left() == 0 {
		return a.lockout(g).Because(tpm2.TPMRCLockout)
	}
	return ctap2.StatusPINInvalid
}

// forget wipes what the PIN opened.
func (a *Authenticator) forget() {
	a.secret.Wipe()
	a.secret = nil
}

// expire forgets it when the token cannot be used any more.
func (a *Authenticator) expire() {
	if age := a.cfg.Clock().Sub(a.since); a.secret != nil && (age < 0 || age > pinuv.MaxUse) {
		a.forget()
	}
}
