package authenticator

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Create runs a registration ceremony (WebAuthn Level 3 section 5.1.3).
//
// optionsJSON is PublicKeyCredentialCreationOptionsJSON, bare or as member
// publicKey, at most 256 KiB; origin is https:// and a domain name that rp.id
// equals or is a parent of. Open is called once, after all of that was found
// right. Report hears confirm-on-phone, touch-key or enter-pin when the person has
// something to do; Open reports what comes before. The options' timeout bounds the
// ceremony, between 1 and 10 minutes, 5 by default. The answer is
// RegistrationResponseJSON. Where the options ask for secrets (extensions.prf), it has
// them, and the caller wipes it.
//
// Every error is an mfa.Failure. Before the authenticator is opened:
// invalid-input (field), origin-mismatch, rp-id-mismatch, unsupported-option,
// unsupported-algorithm. From the authenticator: what Open gives, the failures of
// ctap2.MakeCredential, those of the PIN (see session.verify), key-cannot (params: what;
// it lacks what is required), authenticator-timeout. About its answer:
// authenticator-protocol, rp-id-mismatch, user-presence-missing,
// user-verification-missing, algorithm-not-offered. In every stage: cancelled,
// timed-out.
func (c Client) Create(ctx context.Context, optionsJSON []byte, origin string) (responseJSON []byte, err error) {
	o, err := parseCreation(optionsJSON)
	if err != nil {
		return nil, err
	}
	if o.rp.ID, err = checkOrigin(origin, o.rp.ID); err != nil {
		return nil, err
	}
	switch {
	case o.platform != c.Platform:
		return nil, mfa.Fail(mfa.CodeUnsupportedOption)
	case len(o.parameters) == 0:
		return nil, mfa.Fail(mfa.CodeUnsupportedAlgorithm)
	}
	o.fillNames()
	client := newClientData(typeCreate, o.challenge, origin)
	want := Want{Purpose: PurposeCreate, RPID: o.rp.ID, Credentials: ids(o.exclude)}
	return ceremony(ctx, c, want, o.timeout, func(ctx context.Context, s session) ([]byte, error) {
		req, extensions, err := o.request(client, s)
		if err != nil {
			return nil, err
		}
		wish, permissions := o.userVerification, ctap2.CreatePermissions(s.info, req)
		if wish == discouraged && req.Options[ctap2.OptionResidentKey] && !s.hybrid() {
			wish = preferred // a key that makes others without (makeCredUvNotRqd) does not make these: CTAP 2.2 section 6.1.2
		}
		if o.prf.evaluates(s, ctap2.ExtensionHMACSecretMC) {
			wish = required // whatever else was wished for: WebAuthn Level 3 section 10.1.4
			if len(req.ExcludeList) > 0 {
				permissions |= ctap2.PermissionGetAssertion // salts make the request longer, and the list may have to be asked about
			}
		}
		return s.proven(ctx, wish, permissions, o.rp.ID, client.hash[:], func(proof proof) ([]byte, error) {
			return o.make(ctx, client, s, req, extensions, proof)
		})
	})
}

// make sends the request with its proof.
func (o creation) make(ctx context.Context, client clientData, s session, req ctap2.MakeCredentialRequest, extensions ctap2.ExtensionInputs, proof proof) ([]byte, error) {
	if proof.uv {
		req.Options = maps.Clone(req.Options) // there may be another proof after this one
		req.Options[ctap2.OptionUserVerification] = true
	}
	req.PinUvAuthParam, req.PinUvAuthProtocol = proof.param, proof.protocol
	secret, err := o.salt(ctx, s, extensions, &req, proof.given())
	if err != nil {
		return nil, err
	}
	defer secret.Wipe()
	if !s.hybrid() {
		if req, err = ctap2.FitMakeCredential(ctx, s, s.info, req); err != nil {
			return nil, err
		}
	}
	answer, err := ctap2.MakeCredential(ctx, s, req, s.confirm())
	if err != nil {
		return nil, err
	}
	defer clear(answer.LargeBlobKey)
	return o.finish(client, s, req, answer, secret)
}

// fillNames gives phones the names without which they refuse.
func (o *creation) fillNames() {
	fill := func(s *string, with ...string) {
		for _, w := range with {
			if *s == "" {
				*s = w
			}
		}
	}
	fill(&o.rp.Name, o.rp.ID)
	fill(&o.user.Name, o.user.DisplayName, o.rp.ID)
	fill(&o.user.DisplayName, o.user.Name)
}

// request maps the options to CTAP2 for this authenticator.
func (o creation) request(client clientData, s session) (ctap2.MakeCredentialRequest, ctap2.ExtensionInputs, error) {
	var none ctap2.MakeCredentialRequest
	options := map[string]bool{}
	if o.residentKey == required || o.residentKey == preferred && (s.hybrid() || s.info.IsOn(ctap2.OptionResidentKey)) {
		options[ctap2.OptionResidentKey] = true
	}
	if options[ctap2.OptionResidentKey] && !s.hybrid() && !s.info.IsOn(ctap2.OptionResidentKey) {
		return none, ctap2.ExtensionInputs{}, mfa.Fail(mfa.CodeKeyCannot, "what", "passkeys")
	}
	extensions, err := o.createExtensions(s, options[ctap2.OptionResidentKey])
	if err != nil {
		return none, extensions, err
	}
	encoded, err := ctap2.EncodeExtensionInputs(extensions)
	if err != nil {
		return none, extensions, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	return ctap2.MakeCredentialRequest{ClientDataHash: client.hash[:], RP: o.rp, User: o.user, Parameters: o.parameters,
		ExcludeList: forAuthenticator(o.exclude), Extensions: encoded, Options: options}, extensions, nil
}

// finish checks the answer and builds the response. secret opens the results of prf, and
// is nil without.
func (o creation) finish(client clientData, s session, req ctap2.MakeCredentialRequest, answer ctap2.MakeCredentialResponse, secret *ctap2.HMACSecret) ([]byte, error) {
	d, err := checkAuthData(answer.AuthData, o.rp.ID, o.userVerification)
	if err != nil {
		return nil, err
	}
	if d.Attested == nil {
		return nil, protocolFault("a registration without a credential")
	}
	alg, err := ctap2.KeyAlgorithm(d.Attested.PublicKey)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(err)
	}
	if !slices.ContainsFunc(o.parameters, func(p ctap2.CredentialParameters) bool { return p.Alg == alg }) {
		return nil, mfa.Fail(mfa.CodeAlgorithmNotOffered)
	}
	if answer.Statement == nil {
		if answer.Format != formatNone {
			return nil, protocolFault("an attestation without a statement")
		}
		answer.Statement = emptyStatement
	}
	if o.attestation == "" || o.attestation == formatNone {
		anonymise(&answer, d)
	}
	object, err := ctapcbor.Marshal(map[string]any{"fmt": answer.Format, "attStmt": answer.Statement, "authData": answer.AuthData})
	if err != nil {
		return nil, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(err)
	}
	results, secrets, err := o.extensionResults(s, req, answer, d, secret)
	if err != nil {
		return nil, err
	}
	defer secrets.wipe()
	return registrationJSON(registration{
		clientData: client.json, object: object, authData: answer.AuthData, credential: *d.Attested, algorithm: alg,
		transports: transports(s), extensions: results,
	})
}

// checkAuthData reads authenticator data and holds it against what was asked.
func checkAuthData(raw []byte, rpID, verification string) (ctap2.AuthenticatorData, error) {
	d, err := ctap2.ParseAuthenticatorData(raw)
	switch {
	case err != nil:
		return d, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(err)
	case d.RPIDHash != sha256.Sum256([]byte(rpID)):
		return d, mfa.Fail(mfa.CodeRPIDMismatch)
	case !d.Flags.Has(ctap2.FlagUP):
		return d, mfa.Fail(mfa.CodeUserPresenceMissing)
	case verification == required && !d.Flags.Has(ctap2.FlagUV):
		return d, mfa.Fail(mfa.CodeUserVerifyMissing)
	}
	return d, nil
}

func protocolFault(what string) error {
	return mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(fmt.Errorf("authenticator: %s", what))
}
