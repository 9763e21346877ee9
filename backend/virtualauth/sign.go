package virtualauth

import (
	"bytes"
	"context"
	"crypto/sha256"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
)

// get is authenticatorGetAssertion, in the order of CTAP 2.2 section 6.2.2.
func (a *Authenticator) get(ctx context.Context, req ctap2.GetAssertionRequest, ask asking) ([]byte, error) {
	claim := claim{op: OpGet, rpID: req.RPID, options: req.Options, param: req.PinUvAuthParam, protocol: req.PinUvAuthProtocol,
		hash: req.ClientDataHash, permission: pinuv.PermissionGetAssertion}
	if err := a.checkParam(ctx, claim, ask); err != nil {
		return nil, err
	}
	if a.cfg.isKey() && len(req.AllowList) > keyList {
		return nil, ctap2.StatusLimitExceeded
	}
	by, err := a.authorise(claim)
	if err != nil {
		return nil, err
	}
	if _, given := req.Options[ctap2.OptionResidentKey]; given {
		return nil, ctap2.StatusUnsupportedOption
	}
	named := len(req.AllowList) > 0
	fits := a.discoverable(req.RPID)
	if named {
		fits = a.find(req.RPID, req.AllowList)
	}
	fits = permitted(fits, named, by.verified || by.verify)
	if len(fits) == 0 {
		return nil, ctap2.StatusNoCredentials
	}
	up, given := req.Options[ctap2.OptionUserPresence]
	up = up || !given
	extensions, err := a.cfg.inputs(req.Extensions)
	if err != nil {
		return nil, err
	}
	secrets, err := a.openSecrets(extensions, up)
	if err != nil {
		return nil, err
	}
	defer secrets.wipe()

	var flags ctap2.Flags
	chosen := 0
	if up {
		prompt := signPrompt(req, fits)
		prompt.Verify = by.verify
		d, f, err := a.consent(ctx, ask, prompt, by)
		if err != nil {
			return nil, err
		}
		a.spend()
		if a.cfg.ChoosesAccount && d.Choose > 0 && d.Choose < len(fits) {
			chosen = d.Choose
		}
		flags = f
	} else if by.verify {
		return nil, ctap2.StatusInvalidOption // verified without being there
	} else if by.verified {
		flags = ctap2.FlagUV
	}

	if named || a.cfg.ChoosesAccount || len(fits) == 1 {
		answer, err := a.assert(req, fits[chosen], flags, secrets)
		if err != nil {
			return nil, err
		}
		answer.UserSelected = a.cfg.ChoosesAccount && !named
		return ctap2.EncodeGetAssertionResponse(answer)
	}
	answers := make([]ctap2.GetAssertionResponse, len(fits))
	for i, c := range fits {
		var err error
		if answers[i], err = a.assert(req, c, flags, secrets); err != nil {
			return nil, err
		}
		if flags.Has(ctap2.FlagUV) { // names help to choose, but only whom was verified may see them
			answers[i].User.Name, answers[i].User.DisplayName = c.UserName, c.UserDisplayName
		}
	}
	answers[0].NumberOfCredentials = uint64(len(answers))
	a.setNext(answers[1:])
	return ctap2.EncodeGetAssertionResponse(answers[0])
}

func signPrompt(req ctap2.GetAssertionRequest, fits []*credential) Prompt {
	p := Prompt{Op: OpGet, RPID: req.RPID, RPName: fits[0].RPName, UserName: fits[0].UserName,
		UserDisplayName: fits[0].UserDisplayName}
	for _, c := range fits {
		p.Accounts = append(p.Accounts, Account{CredentialID: bytes.Clone(c.ID), UserName: c.UserName, UserDisplayName: c.UserDisplayName})
	}
	return p
}

// assert signs with one credential.
func (a *Authenticator) assert(req ctap2.GetAssertionRequest, c *credential, flags ctap2.Flags, secrets *secrets) (ctap2.GetAssertionResponse, error) {
	faults := a.currentFaults()
	extensions, err := secrets.output(c, flags.Has(ctap2.FlagUV))
	if err != nil {
		return ctap2.GetAssertionResponse{}, err
	}
	d := ctap2.AuthenticatorData{RPIDHash: sha256.Sum256([]byte(req.RPID)), Flags: flags | c.backupFlags(), SignCount: a.count(c, faults),
		Extensions: extensions}
	authData := a.spoil(d)
	signature, err := a.sign(c, authData, req.ClientDataHash)
	if err != nil {
		return ctap2.GetAssertionResponse{}, err
	}
	answer := ctap2.GetAssertionResponse{
		Credential: &ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: c.ID},
		AuthData:   authData, Signature: signature,
	}
	if c.Discoverable {
		answer.User = &ctap2.User{ID: c.UserID, Named: a.cfg.EmptyNames}
	}
	if secrets.largeBlobKey {
		answer.LargeBlobKey = c.LargeBlobKey
	}
	if faults.OmitCredential {
		answer.Credential = nil
	}
	if faults.UnknownCredential {
		answer.Credential = &ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: append([]byte{0xff}, c.ID...)}
	}
	return answer, nil
}

// sign signs authenticator data and client data hash with the credential's key.
func (a *Authenticator) sign(c *credential, authData, clientDataHash []byte) ([]byte, error) {
	key, err := a.signer(c)
	if err != nil {
		return nil, err
	}
	signature, err := signWith(key, append(bytes.Clone(authData), clientDataHash...))
	if err == nil && a.currentFaults().WrongSignature {
		signature[len(signature)-1] ^= 1
	}
	return signature, err
}

// count moves the credential's counter on and gives the value to sign.
func (a *Authenticator) count(c *credential, faults Faults) uint32 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cfg.Counter == Zero {
		return 0
	}
	if faults.RegressCounter {
		return c.Counter - min(c.Counter, 1)
	}
	c.Counter++
	return c.Counter
}

// getNext is authenticatorGetNextAssertion (CTAP 2.2 section 6.3).
func (a *Authenticator) getNext() ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.next) == 0 || !a.cfg.Clock().Before(a.nextEnd) {
		a.next = nil
		return nil, ctap2.StatusNotAllowed
	}
	answer := a.next[0]
	a.next, a.nextEnd = a.next[1:], a.cfg.Clock().Add(nextAssertionTime)
	return ctap2.EncodeGetAssertionResponse(answer)
}

func (a *Authenticator) setNext(answers []ctap2.GetAssertionResponse) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next, a.nextEnd = answers, a.cfg.Clock().Add(nextAssertionTime)
}
