package u2f

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"errors"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// format is the attestation of what came by CTAP1 (WebAuthn Level 3 section 8.6).
const format = "fido-u2f"

// nobody is an application of which no key pair is ever used: see touch.
var nobody = RegisterRequest{Application: sha256.Sum256([]byte("touch.keyferry.invalid")), Challenge: sha256.Sum256([]byte("touch"))}

// create is authenticatorMakeCredential (CTAP 2.2 section 10.1.1).
func (c *Channel) create(ctx context.Context, req ctap2.MakeCredentialRequest, keepalive func(byte)) ([]byte, error) {
	if err := c.refusePIN(ctx, req.PinUvAuthParam, keepalive); err != nil {
		return nil, err
	}
	if !takesES256(req.Parameters) {
		return nil, ctap2.StatusUnsupportedAlgorithm
	}
	up, given := req.Options[ctap2.OptionUserPresence]
	switch {
	case req.Options[ctap2.OptionResidentKey]:
		return nil, ctap2.StatusUnsupportedOption
	case req.Options[ctap2.OptionUserVerification], given && !up:
		return nil, ctap2.StatusInvalidOption
	case req.EnterpriseAttestation != 0:
		return nil, ctap2.StatusInvalidParameter
	}
	application := sha256.Sum256([]byte(req.RP.ID))
	switch known, err := c.known(ctx, application, req.ExcludeList); {
	case err != nil:
		return nil, err
	case known != nil: // nobody may learn of it without a touch
		if err := c.touch(ctx, keepalive); err != nil {
			return nil, err
		}
		return nil, ctap2.StatusCredentialExcluded
	}
	data, err := c.touched(ctx, EncodeRegisterRequest(RegisterRequest{[hashSize]byte(req.ClientDataHash), application}), keepalive)
	if err != nil {
		return nil, err
	}
	r, err := DecodeRegisterResponse(data)
	if err != nil {
		return nil, unreadable(err)
	}
	return register(application, r)
}

// register makes the answer of CTAP2 out of that of CTAP1.
func register(application [hashSize]byte, r RegisterResponse) ([]byte, error) {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), r.PublicKey[:])
	if err != nil {
		return nil, unreadable(err)
	}
	cose, err := ctap2.EncodePublicKey(key)
	if err != nil {
		return nil, unreadable(err)
	}
	return ctap2.EncodeMakeCredentialResponse(ctap2.MakeCredentialResponse{
		Format: format,
		AuthData: ctap2.AuthenticatorData{RPIDHash: application, Flags: ctap2.FlagUP,
			Attested: &ctap2.AttestedCredential{CredentialID: r.KeyHandle, PublicKey: cose}}.Encode(),
		Statement: ctapcbor.MustMarshal(map[string]any{"sig": r.Signature, "x5c": [][]byte{r.Certificate}}),
	})
}

// get is authenticatorGetAssertion (CTAP 2.2 section 10.1.2). With the option up
// off it only says whether the key knows a credential of the list, as CTAP1 signs
// nothing without a touch: the signature is then one zero byte, which verifies
// nowhere.
func (c *Channel) get(ctx context.Context, req ctap2.GetAssertionRequest, keepalive func(byte)) ([]byte, error) {
	if err := c.refusePIN(ctx, req.PinUvAuthParam, keepalive); err != nil {
		return nil, err
	}
	if req.Options[ctap2.OptionUserVerification] {
		return nil, ctap2.StatusInvalidOption
	}
	if _, given := req.Options[ctap2.OptionResidentKey]; given {
		return nil, ctap2.StatusUnsupportedOption
	}
	known, err := c.known(ctx, sha256.Sum256([]byte(req.RPID)), req.AllowList)
	if err != nil {
		return nil, err
	}
	if known == nil {
		return nil, ctap2.StatusNoCredentials
	}
	signed := AuthenticateResponse{Signature: []byte{0}}
	if up, given := req.Options[ctap2.OptionUserPresence]; !given || up {
		if signed, err = c.sign(ctx, *known, req.ClientDataHash, keepalive); err != nil {
			return nil, err
		}
	}
	return ctap2.EncodeGetAssertionResponse(ctap2.GetAssertionResponse{
		Credential: &ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: known.KeyHandle},
		AuthData: ctap2.AuthenticatorData{RPIDHash: known.Application,
			Flags: ctap2.Flags(signed.Presence & presenceBit), SignCount: signed.Counter}.Encode(),
		Signature: signed.Signature,
	})
}

func (c *Channel) sign(ctx context.Context, r AuthenticateRequest, clientDataHash []byte, keepalive func(byte)) (AuthenticateResponse, error) {
	r.Control, r.Challenge = TouchAndSign, [hashSize]byte(clientDataHash)
	cmd, err := EncodeAuthenticateRequest(r)
	if err != nil {
		return AuthenticateResponse{}, unreadable(err)
	}
	data, err := c.touched(ctx, cmd, keepalive)
	if errors.Is(err, StatusUnknownHandle) { // it was known a moment ago: the key was reset
		return AuthenticateResponse{}, ctap2.StatusNoCredentials
	}
	if err != nil {
		return AuthenticateResponse{}, err
	}
	signed, err := DecodeAuthenticateResponse(data)
	if err != nil {
		return AuthenticateResponse{}, unreadable(err)
	}
	return signed, nil
}

// touch waits for a touch that changes nothing: a key pair is made and forgotten.
func (c *Channel) touch(ctx context.Context, keepalive func(byte)) error {
	_, err := c.touched(ctx, EncodeRegisterRequest(nobody), keepalive)
	return err
}

// refusePIN: there is no PIN. An empty parameter only asks for a touch (CTAP 2.2
// sections 6.1.2 and 6.2.2, step 1), by which a client finds the key that is meant.
func (c *Channel) refusePIN(ctx context.Context, param []byte, keepalive func(byte)) error {
	switch {
	case param == nil:
		return nil
	case len(param) > 0:
		return ctap2.StatusInvalidParameter
	}
	if err := c.touch(ctx, keepalive); err != nil {
		return err
	}
	return ctap2.StatusPINNotSet
}

func takesES256(offered []ctap2.CredentialParameters) bool {
	for _, p := range offered {
		if p.Type == ctap2.PublicKeyType && p.Alg == ctap2.ES256 {
			return true
		}
	}
	return false
}
