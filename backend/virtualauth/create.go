package virtualauth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/ctapcbor"
)

const credentialIDSize = 32

// create is authenticatorMakeCredential, in the order of CTAP 2.2 section 6.1.2.
func (a *Authenticator) create(ctx context.Context, req ctap2.MakeCredentialRequest, ask asking) ([]byte, error) {
	claim := claim{op: OpCreate, rpID: req.RP.ID, options: req.Options, param: req.PinUvAuthParam, protocol: req.PinUvAuthProtocol,
		hash: req.ClientDataHash, permission: pinuv.PermissionMakeCredential}
	if err := a.checkParam(ctx, claim, ask); err != nil {
		return nil, err
	}
	alg, err := a.chooseAlgorithm(req.Parameters)
	if err != nil {
		return nil, err
	}
	if a.cfg.isKey() && len(req.ExcludeList) > keyList {
		return nil, ctap2.StatusLimitExceeded
	}
	if req.Options[ctap2.OptionUserVerification] && claim.param == nil && !a.cfg.UserVerification && !a.cfg.BuiltInUV {
		return nil, ctap2.StatusInvalidOption
	}
	if up, given := req.Options[ctap2.OptionUserPresence]; given && !up {
		return nil, ctap2.StatusInvalidOption
	}
	rk := req.Options[ctap2.OptionResidentKey]
	if rk && !a.cfg.Discoverable {
		return nil, ctap2.StatusUnsupportedOption
	}
	if req.EnterpriseAttestation != 0 || req.RP.ID == "" {
		return nil, ctap2.StatusInvalidParameter
	}
	extensions, err := a.cfg.inputs(req.Extensions)
	if err != nil {
		return nil, err
	}
	if extensions.LargeBlobKey && !rk {
		return nil, ctap2.StatusInvalidOption
	}

	by, err := a.authorise(claim)
	if err != nil {
		return nil, err
	}
	secrets, err := a.openSecrets(extensions, true)
	if err != nil {
		return nil, err
	}
	defer secrets.wipe()
	prompt := Prompt{
		Op: OpCreate, RPID: req.RP.ID, RPName: req.RP.Name, UserName: req.User.Name, UserDisplayName: req.User.DisplayName,
		Verify:   by.verify,
		Excluded: len(permitted(a.find(req.RP.ID, req.ExcludeList), true, by.verified || by.verify)) > 0,
	}
	_, flags, err := a.consent(ctx, ask, prompt, by)
	if prompt.Excluded && answered(err) {
		return nil, ctap2.StatusCredentialExcluded // also after a "no": the answer must not tell them apart
	}
	if err != nil {
		return nil, err
	}

	a.spend()
	c, err := a.newCredential(req, alg, rk || a.cfg.AlwaysDiscoverable)
	if err != nil {
		return nil, err
	}
	outputs, err := a.extend(c, extensions, secrets, flags.Has(ctap2.FlagUV))
	if err != nil {
		c.wipe()
		return nil, err
	}
	data, err := a.register(req, c, flags, outputs)
	if err != nil {
		return nil, err
	}
	return data, a.add(c)
}

// answered reports that somebody was there, whatever was said.
func answered(err error) bool {
	status := ctap2.StatusOf(err)
	return status != ctap2.StatusOther && status != ctap2.StatusUserActionTimeout
}

// newCredential makes the key and takes over what is to be remembered.
func (a *Authenticator) newCredential(req ctap2.MakeCredentialRequest, alg int64, discoverable bool) (*credential, error) {
	c := &credential{
		ID: make([]byte, credentialIDSize), RPID: req.RP.ID, RPName: req.RP.Name, UserID: bytes.Clone(req.User.ID),
		UserName: req.User.Name, UserDisplayName: req.User.DisplayName, Algorithm: alg, Discoverable: discoverable,
		BackupEligible: a.cfg.BackupEligible, BackupState: a.cfg.BackupEligible && a.cfg.BackupState, Created: a.cfg.Clock().UTC(),
	}
	if a.cfg.Counter == Rising {
		c.Counter = 1
	}
	if _, err := io.ReadFull(a.cfg.Rand, c.ID); err != nil {
		return nil, err
	}
	var err error
	c.Key, err = newKey(alg, a.cfg.Rand)
	return c, err
}

// register builds the answer: authenticator data and attestation.
func (a *Authenticator) register(req ctap2.MakeCredentialRequest, c *credential, flags ctap2.Flags, extensions ctapcbor.RawMessage) ([]byte, error) {
	key, err := a.signer(c)
	if err != nil {
		return nil, err
	}
	cose, err := ctap2.EncodePublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	d := ctap2.AuthenticatorData{
		RPIDHash: sha256.Sum256([]byte(req.RP.ID)), Flags: flags | c.backupFlags(), SignCount: c.Counter,
		Attested:   &ctap2.AttestedCredential{AAGUID: a.cfg.AAGUID, CredentialID: c.ID, PublicKey: cose},
		Extensions: extensions,
	}
	authData := a.spoil(d)
	format, statement, err := a.attest(req, c, authData)
	if err != nil {
		return nil, err
	}
	return ctap2.EncodeMakeCredentialResponse(ctap2.MakeCredentialResponse{Format: format, AuthData: authData, Statement: statement, LargeBlobKey: c.LargeBlobKey})
}

// spoil encodes authenticator data with the faults that concern it.
func (a *Authenticator) spoil(d ctap2.AuthenticatorData) []byte {
	faults := a.currentFaults()
	if faults.WrongRPIDHash {
		d.RPIDHash[0] ^= 1
	}
	out := d.Encode()
	if faults.TrailingByte {
		out = append(out, 0)
	}
	return out
}

// chooseAlgorithm takes the first that is offered and known here.
func (a *Authenticator) chooseAlgorithm(offered []ctap2.CredentialParameters) (int64, error) {
	for _, p := range offered {
		if p.Type == ctap2.PublicKeyType && slices.Contains(a.cfg.Algorithms, p.Alg) {
			return p.Alg, nil
		}
	}
	return 0, ctap2.StatusUnsupportedAlgorithm
}
