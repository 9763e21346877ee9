package tpm

import (
	"context"
	"crypto/sha256"
	"io"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	credentialIDSize = 32
	formatPacked     = "packed"
	formatNone       = "none"
)

// create is authenticatorMakeCredential, in the order of CTAP 2.2 section 6.1.2.
// There is no credential without a PIN.
func (a *Authenticator) create(ctx context.Context, r ctap2.MakeCredentialRequest, ask asking) ([]byte, error) {
	if err := a.selecting(ctx, r.PinUvAuthParam, r.PinUvAuthProtocol, ask); err != nil {
		return nil, err
	}
	if !slices.Contains(r.Parameters, ctap2.CredentialParameters{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}) {
		return nil, ctap2.StatusUnsupportedAlgorithm
	}
	up, upGiven := r.Options[ctap2.OptionUserPresence]
	switch {
	case upGiven && !up, r.Options[ctap2.OptionUserVerification] && r.PinUvAuthParam == nil:
		return nil, ctap2.StatusInvalidOption // there is no verification that is built in
	case r.EnterpriseAttestation != 0, r.RP.ID == "":
		return nil, ctap2.StatusInvalidParameter
	case r.PinUvAuthParam == nil:
		return nil, ctap2.StatusPUATRequired
	case !a.pins.Use(r.PinUvAuthProtocol, ctap2.PermissionMakeCredential, r.RP.ID, r.ClientDataHash, r.PinUvAuthParam), a.secret == nil:
		return nil, ctap2.StatusPINAuthInvalid
	}
	defer a.spend()
	known, err := a.find(ctx, r.RP.ID, r.ExcludeList)
	if err != nil {
		return nil, err
	}
	if err := ask(Prompt{Op: OpCreate, RPID: r.RP.ID, UserName: r.User.Name}); err != nil && len(known) == 0 {
		return nil, err
	}
	if len(known) > 0 {
		return nil, ctap2.StatusCredentialExcluded // also after a "no": the answer must not tell them apart
	}
	return a.register(ctx, r)
}

// register makes the key, attests it with itself and keeps what the TPM takes back.
func (a *Authenticator) register(ctx context.Context, r ctap2.MakeCredentialRequest) ([]byte, error) {
	_, p, err := a.pinObject(ctx)
	if err != nil {
		return nil, err
	}
	b, err := a.make(ctx, p, keyTemplate, a.secret.Bytes(), nil)
	if err != nil {
		return nil, err
	}
	key, err := publicKey(b.public)
	if err != nil {
		return nil, err
	}
	cose, err := ctap2.EncodePublicKey(key)
	if err != nil {
		return nil, err
	}
	id := make([]byte, credentialIDSize)
	if _, err := io.ReadFull(a.cfg.Rand, id); err != nil {
		return nil, err
	}
	authData := ctap2.AuthenticatorData{
		RPIDHash: sha256.Sum256([]byte(r.RP.ID)), Flags: ctap2.FlagUP | ctap2.FlagUV,
		Attested: &ctap2.AttestedCredential{AAGUID: AAGUID, CredentialID: id, PublicKey: cose},
	}.Encode()
	answer := ctap2.MakeCredentialResponse{Format: formatNone, AuthData: authData, Statement: ctapcbor.MustMarshal(map[string]any{})}
	if !slices.Equal(r.AttestationFormats, []string{formatNone}) {
		signature, err := a.sign(ctx, p, b, a.secret.Bytes(), digest(authData, r.ClientDataHash))
		if err != nil {
			return nil, err
		}
		answer.Format, answer.Statement = formatPacked, ctapcbor.MustMarshal(map[string]any{"alg": ctap2.ES256, "sig": signature})
	}
	data, err := ctap2.EncodeMakeCredentialResponse(answer)
	if err != nil {
		return nil, err
	}
	made := mfa.LocalPasskey{
		ID: id, RPID: r.RP.ID, RPName: r.RP.Name, UserHandle: r.User.ID, UserName: r.User.Name, UserDisplayName: r.User.DisplayName,
		Algorithm: ctap2.ES256, Public: b.public, Private: b.private, Discoverable: r.Options[ctap2.OptionResidentKey], CreatedAt: a.cfg.Clock(),
	}
	err = a.keep(ctx, func(ctx context.Context) error { return a.cfg.Store.PutLocalPasskey(ctx, made) })
	if mfa.IsCode(err, mfa.CodeAuthenticatorFull) {
		return nil, ctap2.StatusKeyStoreFull
	}
	if err != nil {
		return nil, err
	}
	a.retell(ctx)
	return data, nil
}

// digest is what a credential signs.
func digest(authData, clientDataHash []byte) []byte {
	h := sha256.New()
	h.Write(authData)
	h.Write(clientDataHash)
	return h.Sum(nil)
}

// selecting answers a request that only wants to know which authenticator is meant:
// one with an empty pinUvAuthParam (CTAP 2.2 section 6.1.2 step 1).
func (a *Authenticator) selecting(ctx context.Context, param []byte, protocol uint64, ask asking) error {
	switch {
	case param == nil:
		return nil
	case len(param) > 0 && protocol == 0:
		return ctap2.StatusMissingParameter
	case len(param) > 0 && protocol != 1 && protocol != 2:
		return ctap2.StatusInvalidParameter
	case len(param) > 0:
		return nil
	}
	if err := ask(Prompt{Op: OpSelect}); err != nil {
		return err
	}
	state, err := a.cfg.Store.LocalState(ctx)
	switch {
	case err != nil:
		return err
	case len(state.PINPublic) == 0:
		return ctap2.StatusPINNotSet
	}
	return ctap2.StatusPINInvalid
}

// spend ends a token that was used with the person there, and what it stood for.
func (a *Authenticator) spend() {
	a.pins.Spend()
	a.forget()
}

// find gives those of a list that are here, for this relying party.
func (a *Authenticator) find(ctx context.Context, rpID string, list []ctap2.PublicKeyCredentialDescriptor) ([]mfa.LocalPasskey, error) {
	var found []mfa.LocalPasskey
	for _, d := range list {
		if d.Type != ctap2.PublicKeyType || len(d.ID) != credentialIDSize {
			continue
		}
		p, err := a.cfg.Store.LocalPasskey(ctx, d.ID)
		switch {
		case mfa.IsCode(err, mfa.CodeNotFound):
		case err != nil:
			return nil, err
		case p.RPID == rpID:
			found = append(found, p)
		}
	}
	return found, nil
}
