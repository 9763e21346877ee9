package virtualauth

import (
	"context"
	"crypto/subtle"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/mfa"
)

// clientPIN is authenticatorClientPIN (CTAP 2.2 section 6.5.5).
func (a *Authenticator) clientPIN(ctx context.Context, params []byte, ask asking) ([]byte, error) {
	if a.cfg.tokenless() {
		return nil, ctap2.StatusInvalidCommand
	}
	req, err := ctap2.DecodeClientPINRequest(params)
	if err != nil {
		return nil, err
	}
	if err := a.checkPINRequest(req); err != nil {
		return nil, err
	}
	if req.Subcommand == ctap2.PINGetTokenUsingUV {
		if err := a.verifyForToken(ctx, req, ask); err != nil {
			return nil, err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, errClosed
	}
	var answer ctap2.ClientPINResponse
	switch req.Subcommand {
	case ctap2.PINGetRetries:
		answer.PINRetries = number(a.security.Retries)
		if locked := a.power.misses >= pinInARow; locked {
			answer.PowerCycle = &locked
		}
	case ctap2.PINGetUVRetries:
		answer.UVRetries = number(a.security.UVRetries)
	case ctap2.PINGetKeyAgreement:
		point := a.server.KeyAgreement()
		answer.KeyAgreement = &point
	default:
		answer.Token, err = a.withSecret(req)
	}
	if err != nil {
		return nil, err
	}
	return ctap2.EncodeClientPINResponse(answer)
}

// checkPINRequest refuses subcommands that are not offered and requests without
// what their subcommand needs.
func (a *Authenticator) checkPINRequest(r ctap2.ClientPINRequest) error {
	pin, uv := a.cfg.ClientPIN, a.cfg.BuiltInUV
	agreed := r.KeyAgreement != nil
	var offered, complete bool
	switch r.Subcommand {
	case ctap2.PINGetRetries:
		offered, complete = pin, true
	case ctap2.PINGetUVRetries:
		offered, complete = uv && a.cfg.modern(), true
	case ctap2.PINGetKeyAgreement:
		offered, complete = true, true
	case ctap2.PINSet:
		offered, complete = pin, agreed && r.NewPINEnc != nil && r.PinUvAuthParam != nil
	case ctap2.PINChange:
		offered, complete = pin, agreed && r.NewPINEnc != nil && r.PINHashEnc != nil && r.PinUvAuthParam != nil
	case ctap2.PINGetToken:
		offered, complete = pin, agreed && r.PINHashEnc != nil
	case ctap2.PINGetTokenWithPINPerms:
		offered, complete = pin && a.cfg.modern(), agreed && r.PINHashEnc != nil && r.Permissions != 0
	case ctap2.PINGetTokenUsingUV:
		offered, complete = uv && a.cfg.modern(), agreed && r.Permissions != 0
	}
	switch {
	case !offered:
		return ctap2.StatusInvalidSubcommand
	case r.Subcommand == ctap2.PINGetRetries, r.Subcommand == ctap2.PINGetUVRetries:
		return nil // the only two without a protocol
	case r.Protocol == 0 || !complete:
		return ctap2.StatusMissingParameter
	case !slices.Contains(a.cfg.PINProtocols, r.Protocol):
		return ctap2.StatusInvalidParameter
	case r.Subcommand == ctap2.PINGetToken && (r.Permissions != 0 || r.RPID != ""):
		return ctap2.StatusInvalidParameter
	}
	may := pinuv.PermissionMakeCredential | pinuv.PermissionGetAssertion
	if a.cfg.CredMgmt {
		may |= pinuv.PermissionCredentialManagement
	}
	if r.Permissions&^may != 0 {
		return ctap2.StatusUnauthorizedPerm
	}
	return nil
}

// verifyForToken is built-in user verification for a token. Its gesture counts as
// a touch for the operation that follows soon.
func (a *Authenticator) verifyForToken(ctx context.Context, r ctap2.ClientPINRequest, ask asking) error {
	p := Prompt{Op: OpVerify, RPID: r.RPID, Verify: true}
	switch {
	case r.Permissions&pinuv.PermissionMakeCredential != 0:
		p.For = OpCreate
	case r.Permissions&pinuv.PermissionGetAssertion != 0:
		p.For = OpGet
	}
	_, err := a.askVerified(ctx, ask, p, func(s ctap2.Status) error { return s })
	return err
}

// presentTime is how long the gesture of a token counts as a touch ("user present
// time limit").
const presentTime = pinuv.InitialUse

// withSecret carries out the subcommands that need a key agreement and gives the
// token, if one was asked for. The caller holds the lock.
func (a *Authenticator) withSecret(r ctap2.ClientPINRequest) ([]byte, error) {
	switch { // what is known without the secret
	case r.Subcommand == ctap2.PINSet && a.security.PINHash != nil:
		return nil, ctap2.StatusPINAuthInvalid
	case r.Subcommand == ctap2.PINSet, r.Subcommand == ctap2.PINGetTokenUsingUV:
	case a.security.PINHash == nil:
		return nil, ctap2.StatusPINNotSet
	case a.security.Retries == 0:
		return nil, ctap2.StatusPINBlocked
	case a.power.misses >= pinInARow:
		return nil, ctap2.StatusPINAuthBlocked
	}
	shared, err := a.server.Decapsulate(r.Protocol, *r.KeyAgreement)
	if err != nil {
		return nil, ctap2.StatusInvalidParameter
	}
	defer shared.Wipe()
	switch r.Subcommand {
	case ctap2.PINSet:
		if !shared.Verify(r.NewPINEnc, r.PinUvAuthParam) {
			return nil, ctap2.StatusPINAuthInvalid
		}
		return nil, a.setPIN(shared, r.NewPINEnc)
	case ctap2.PINChange:
		if !shared.Verify(slices.Concat(r.NewPINEnc, r.PINHashEnc), r.PinUvAuthParam) {
			return nil, ctap2.StatusPINAuthInvalid
		}
		if err := a.tryPIN(shared, r.PINHashEnc); err != nil {
			return nil, err
		}
		return nil, a.setPIN(shared, r.NewPINEnc)
	case ctap2.PINGetTokenUsingUV:
		return a.issue(shared, r.Permissions, r.RPID, a.cfg.Clock().Add(presentTime))
	}
	if err := a.tryPIN(shared, r.PINHashEnc); err != nil {
		return nil, err
	}
	if a.security.ForceChange {
		return nil, ctap2.StatusPINPolicyViolation
	}
	if r.Subcommand == ctap2.PINGetToken { // CTAP 2.0: good for everything; later: as if for a ceremony
		r.Permissions = pinuv.PermissionMakeCredential | pinuv.PermissionGetAssertion
		if !a.cfg.modern() {
			r.Permissions |= pinuv.PermissionCredentialManagement
		}
	}
	return a.issue(shared, r.Permissions, r.RPID, time.Time{})
}

// tryPIN compares a PIN's hash and counts: the try is taken before the comparison,
// so that power that is cut in between gives nobody a free one.
func (a *Authenticator) tryPIN(shared *pinuv.Shared, hashEnc []byte) error {
	a.security.Retries--
	hash, err := shared.Decrypt(hashEnc)
	defer clear(hash)
	if err == nil && subtle.ConstantTimeCompare(hash, a.security.PINHash) == 1 {
		a.security.Retries, a.security.UVRetries, a.power.misses = pinRetries, a.cfg.UVRetries, 0
		return nil
	}
	a.power.misses++
	a.renewKey()
	switch {
	case a.security.Retries == 0:
		return ctap2.StatusPINBlocked
	case a.power.misses >= pinInARow:
		return ctap2.StatusPINAuthBlocked
	}
	return ctap2.StatusPINInvalid
}

// setPIN takes over a new PIN.
func (a *Authenticator) setPIN(shared *pinuv.Shared, newPINEnc []byte) error {
	padded, err := shared.Decrypt(newPINEnc)
	if err != nil {
		return ctap2.StatusPINAuthInvalid
	}
	defer clear(padded)
	if len(padded) != pinuv.PaddedSize {
		return ctap2.StatusInvalidParameter
	}
	pin, ok := pinuv.Unpad(padded)
	if !ok {
		return ctap2.StatusPINPolicyViolation
	}
	defer pin.Wipe()
	hash, same := a.judgePIN(pin)
	if hash == nil || same && a.security.ForceChange {
		return ctap2.StatusPINPolicyViolation
	}
	first := a.security.PINHash == nil
	clear(a.security.PINHash)
	a.security.PINHash, a.security.Retries, a.power.misses = hash, pinRetries, 0
	a.security.ForceChange = first && a.security.ForceChange
	a.server.Revoke()
	return nil
}

// judgePIN gives the hash of a PIN that is long enough, and whether it is the one
// that is set.
func (a *Authenticator) judgePIN(pin *mfa.Secret) (hash []byte, same bool) {
	text := pin.Bytes()
	if !utf8.Valid(text) || utf8.RuneCount(text) < a.cfg.MinPINLength {
		return nil, false
	}
	sum := pinuv.PINHash(text)
	return sum[:], subtle.ConstantTimeCompare(sum[:], a.security.PINHash) == 1
}

// issue makes a token; until then its own gesture counts as a touch.
func (a *Authenticator) issue(shared *pinuv.Shared, p pinuv.Permission, rpID string, until time.Time) ([]byte, error) {
	token, err := a.server.Issue(shared, p, rpID)
	if err != nil {
		return nil, ctap2.StatusOther
	}
	a.power.present = until
	return token, nil
}

// redeem checks the parameter of makeCredential or getAssertion against the token.
func (a *Authenticator) redeem(c claim) (present bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	permission, rpID := c.permission, c.rpID
	if !a.cfg.modern() {
		permission, rpID = anything, ""
	}
	if !a.server.Use(c.protocol, permission, rpID, c.hash, c.param) {
		return false, ctap2.StatusPINAuthInvalid
	}
	return a.cfg.Clock().Before(a.power.present), nil
}

// anything is what a token of CTAP 2.0 may be used for.
const anything pinuv.Permission = 0xff

// spend ends what a token is good for once its holder has touched: a token is for
// one ceremony since CTAP 2.1.
func (a *Authenticator) spend() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server != nil && a.cfg.modern() {
		a.server.Spend()
	}
}
