package tpm

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// nextAssertionTime is how long getNextAssertion works after the answer before
// (CTAP 2.2 section 6.3).
const nextAssertionTime = 30 * time.Second

// following is what getNextAssertion goes on with.
type following struct {
	request ctap2.GetAssertionRequest
	rest    []mfa.LocalPasskey
	until   time.Time
}

// get is authenticatorGetAssertion, in the order of CTAP 2.2 section 6.2.2. Nothing
// is signed without a PIN. With up:false and no token, as a platform asks to learn
// whether a credential is here, the answer is one of two statuses: there is none
// (0x2E), or the PIN is needed (0x36).
func (a *Authenticator) get(ctx context.Context, r ctap2.GetAssertionRequest, ask asking) ([]byte, error) {
	if err := a.selecting(ctx, r.PinUvAuthParam, r.PinUvAuthProtocol, ask); err != nil {
		return nil, err
	}
	up, upGiven := r.Options[ctap2.OptionUserPresence]
	up = up || !upGiven
	_, rkGiven := r.Options[ctap2.OptionResidentKey]
	switch {
	case rkGiven:
		return nil, ctap2.StatusUnsupportedOption
	case r.Options[ctap2.OptionUserVerification] && r.PinUvAuthParam == nil:
		return nil, ctap2.StatusInvalidOption
	case r.RPID == "":
		return nil, ctap2.StatusInvalidParameter
	case r.PinUvAuthParam == nil && up:
		return nil, ctap2.StatusPUATRequired
	case r.PinUvAuthParam == nil:
	case !a.pins.Use(r.PinUvAuthProtocol, ctap2.PermissionGetAssertion, r.RPID, r.ClientDataHash, r.PinUvAuthParam), a.secret == nil:
		return nil, ctap2.StatusPINAuthInvalid
	}
	fits, err := a.fits(ctx, r)
	switch {
	case err != nil:
		return nil, err
	case len(fits) == 0:
		return nil, ctap2.StatusNoCredentials
	case r.PinUvAuthParam == nil:
		return nil, ctap2.StatusPUATRequired
	}
	if up {
		a.pins.Spend() // what it opened stays for the answers of this request
		prompt := Prompt{Op: OpGet, RPID: r.RPID}
		if len(fits) == 1 {
			prompt.UserName = fits[0].UserName
		}
		if err := ask(prompt); err != nil {
			a.forget()
			return nil, err
		}
	}
	answer, err := a.assert(ctx, r, fits[0], up)
	if len(fits) == 1 || err != nil {
		if up || err != nil {
			a.forget()
		}
		return encoded(answer, err)
	}
	answer.NumberOfCredentials = uint64(len(fits))
	a.next = &following{r, fits[1:], a.cfg.Clock().Add(nextAssertionTime)}
	return encoded(answer, nil)
}

func encoded(answer ctap2.GetAssertionResponse, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return ctap2.EncodeGetAssertionResponse(answer)
}

// fits gives the credentials that can answer: the first of the allow list that is
// here, or all that are found without a list, the newest first.
func (a *Authenticator) fits(ctx context.Context, r ctap2.GetAssertionRequest) ([]mfa.LocalPasskey, error) {
	if len(r.AllowList) > 0 {
		found, err := a.find(ctx, r.RPID, r.AllowList)
		return found[:min(len(found), 1)], err
	}
	all, err := a.cfg.Store.LocalPasskeys(ctx, r.RPID)
	var found []mfa.LocalPasskey
	for _, p := range all {
		if p.Discoverable {
			found = append(found, p)
		}
	}
	return found, err
}

// assert signs with one credential. The signature counter is always zero, which says
// that there is none (WebAuthn Level 3 section 6.1.1): see the package's description.
func (a *Authenticator) assert(ctx context.Context, r ctap2.GetAssertionRequest, c mfa.LocalPasskey, up bool) (ctap2.GetAssertionResponse, error) {
	_, p, err := a.pinObject(ctx)
	if err != nil {
		return ctap2.GetAssertionResponse{}, err
	}
	flags := ctap2.FlagUV
	if up {
		flags |= ctap2.FlagUP
	}
	authData := ctap2.AuthenticatorData{RPIDHash: sha256.Sum256([]byte(r.RPID)), Flags: flags}.Encode()
	signature, err := a.sign(ctx, p, blobs{c.Public, c.Private}, a.secret.Bytes(), digest(authData, r.ClientDataHash))
	if err != nil {
		return ctap2.GetAssertionResponse{}, err
	}
	answer := ctap2.GetAssertionResponse{
		Credential: &ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: c.ID},
		AuthData:   authData, Signature: signature,
	}
	if c.Discoverable {
		answer.User = &ctap2.User{ID: c.UserHandle, Name: c.UserName, DisplayName: c.UserDisplayName} // the PIN was right: names may be seen
	}
	return answer, nil
}

// getNext is authenticatorGetNextAssertion (CTAP 2.2 section 6.3).
func (a *Authenticator) getNext(ctx context.Context) ([]byte, error) {
	next := a.next
	a.next = nil
	if next == nil || a.secret == nil || !a.cfg.Clock().Before(next.until) {
		a.forget()
		return nil, ctap2.StatusNotAllowed
	}
	up, given := next.request.Options[ctap2.OptionUserPresence]
	answer, err := a.assert(ctx, next.request, next.rest[0], up || !given)
	if next.rest = next.rest[1:]; len(next.rest) > 0 && err == nil {
		next.until = a.cfg.Clock().Add(nextAssertionTime)
		a.next = next
	} else {
		a.forget()
	}
	return encoded(answer, err)
}
