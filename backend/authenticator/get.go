package authenticator

import (
	"bytes"
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Get runs a sign-in ceremony (WebAuthn Level 3 section 5.1.4).
//
// optionsJSON is PublicKeyCredentialRequestOptionsJSON; everything said at Create
// holds here, with the failures of ctap2.GetAssertion. The allow list goes out
// whole, which phones need. The answer is AuthenticationResponseJSON; its
// signature has not been verified, and it has secrets where the options ask for them.
// An answer for a credential that was not allowed is credential-unknown. When no allow
// list was given, and an authenticator without a screen has several accounts, Choose
// says which of them signs in.
func (c Client) Get(ctx context.Context, optionsJSON []byte, origin string) (responseJSON []byte, err error) {
	o, err := parseRequest(optionsJSON)
	if err != nil {
		return nil, err
	}
	if o.rpID, err = checkOrigin(origin, o.rpID); err != nil {
		return nil, err
	}
	if o.restricted && len(o.allow) == 0 {
		return nil, mfa.Fail(mfa.CodeNoCredential) // an empty list would mean "any"
	}
	client := newClientData(typeGet, o.challenge, origin)
	want := Want{Purpose: PurposeGet, RPID: o.rpID, Credentials: ids(o.allow)}
	return ceremony(ctx, c, want, o.timeout, func(ctx context.Context, s session) ([]byte, error) {
		req := ctap2.GetAssertionRequest{RPID: o.rpID, ClientDataHash: client.hash[:], AllowList: forAuthenticator(o.allow)}
		wish := o.userVerification
		if o.prf.evaluates(s, ctap2.ExtensionHMACSecret) {
			wish = required // whatever else was wished for: WebAuthn Level 3 section 10.1.4
		}
		return s.proven(ctx, wish, ctap2.PermissionGetAssertion, o.rpID, client.hash[:], func(proof proof) ([]byte, error) {
			return o.get(ctx, client, s, req, proof)
		})
	})
}

// get sends the request with its proof.
func (o request) get(ctx context.Context, client clientData, s session, req ctap2.GetAssertionRequest, proof proof) ([]byte, error) {
	if proof.uv {
		req.Options = map[string]bool{ctap2.OptionUserVerification: true}
	}
	req.PinUvAuthParam, req.PinUvAuthProtocol = proof.param, proof.protocol
	secret, err := o.salt(ctx, s, &req, proof.given())
	if err != nil {
		return nil, err
	}
	defer secret.Wipe()
	if !s.hybrid() { // a phone wants the list whole, and asks before it says that it has none
		if req, err = ctap2.FitGetAssertion(ctx, s, s.info, req); err != nil {
			return nil, err
		}
	}
	answer, err := s.answer(ctx, req, o.restricted)
	if err != nil {
		return nil, err
	}
	return o.finish(client, answer, secret)
}

// finish checks the answer and builds the response. secret opens the results of prf, and
// is nil without.
func (o request) finish(client clientData, answer ctap2.GetAssertionResponse, secret *ctap2.HMACSecret) ([]byte, error) {
	d, err := checkAuthData(answer.AuthData, o.rpID, o.userVerification)
	if err != nil {
		return nil, err
	}
	var id []byte
	switch {
	case answer.Credential != nil:
		id = answer.Credential.ID
	case len(o.allow) == 1:
		id = o.allow[0].id // CTAP 2.0 lets it be left out then
	default:
		return nil, protocolFault("an assertion that does not name its credential")
	}
	if o.restricted && !slices.ContainsFunc(o.allow, func(k known) bool { return bytes.Equal(k.id, id) }) {
		return nil, mfa.Fail(mfa.CodeCredentialUnknown)
	}
	var userHandle []byte
	if answer.User != nil {
		userHandle = answer.User.ID
	} else if !o.restricted {
		return nil, protocolFault("a discoverable credential without a user handle")
	}
	results, secrets, err := o.extensionResults(d, secret)
	if err != nil {
		return nil, err
	}
	defer secrets.wipe()
	return authenticationJSON(authentication{credentialID: id, clientData: client.json, authData: answer.AuthData,
		signature: answer.Signature, userHandle: userHandle, extensions: results})
}

func ids(list []known) [][]byte {
	out := make([][]byte, len(list))
	for i, k := range list {
		out[i] = k.id
	}
	return out
}
