package authenticator

import (
	"bytes"
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// NativeClient runs a ceremony through the operating system's own window. Options,
// origins, failures and answers are those of Client; what the system gives is checked
// as an authenticator's answer is.
type NativeClient struct {
	Native Native
	Report mfa.Report // hears system-dialog; may be nil
}

// Create is Client.Create.
func (c NativeClient) Create(ctx context.Context, optionsJSON []byte, origin string) ([]byte, error) {
	o, err := parseCreation(optionsJSON)
	if err != nil {
		return nil, err
	}
	if o.rp.ID, err = checkOrigin(origin, o.rp.ID); err != nil {
		return nil, err
	}
	if len(o.parameters) == 0 {
		return nil, mfa.Fail(mfa.CodeUnsupportedAlgorithm)
	}
	o.fillNames()
	client := newClientData(typeCreate, o.challenge, origin)
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	c.Report.To(mfa.Progress{Stage: mfa.StageSystem})
	made, err := c.Native.MakeCredential(ctx, NativeCreate{ClientDataJSON: client.json, RP: o.rp, User: o.user, Parameters: o.parameters,
		Exclude: forSystem(o.exclude), ResidentKey: o.residentKey, UserVerification: o.userVerification, Attestation: o.attestation,
		Timeout: o.timeout, Hints: o.hints})
	if err != nil {
		return nil, mfa.AsFailure(err)
	}
	if len(made.ClientDataJSON) > 0 {
		client = clientDataOf(made.ClientDataJSON)
	}
	return o.finishNative(client, made)
}

// finishNative takes the system's attestation object apart and checks it as finish does.
func (o creation) finishNative(client clientData, made NativeCredential) ([]byte, error) {
	var object struct {
		Format    string              `cbor:"fmt"`
		AuthData  []byte              `cbor:"authData"`
		Statement ctapcbor.RawMessage `cbor:"attStmt"`
	}
	if err := ctapcbor.UnmarshalLoose(made.AttestationObject, &object); err != nil {
		return nil, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(err)
	}
	w := native{made.Transports}
	answer := ctap2.MakeCredentialResponse{Format: object.Format, AuthData: object.AuthData, Statement: object.Statement}
	request := ctap2.MakeCredentialRequest{Options: map[string]bool{}}
	if made.Discoverable != nil {
		request.Options[ctap2.OptionResidentKey] = *made.Discoverable
	}
	return o.finish(client, session{Authenticator: w, Client: Client{}}, request, answer, nil)
}

// Get is Client.Get.
func (c NativeClient) Get(ctx context.Context, optionsJSON []byte, origin string) ([]byte, error) {
	o, err := parseRequest(optionsJSON)
	if err != nil {
		return nil, err
	}
	if o.rpID, err = checkOrigin(origin, o.rpID); err != nil {
		return nil, err
	}
	if o.restricted && len(o.allow) == 0 {
		return nil, mfa.Fail(mfa.CodeNoCredential)
	}
	client := newClientData(typeGet, o.challenge, origin)
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	c.Report.To(mfa.Progress{Stage: mfa.StageSystem})
	signed, err := c.Native.GetAssertion(ctx, NativeGet{ClientDataJSON: client.json, RPID: o.rpID, Allow: forSystem(o.allow),
		UserVerification: o.userVerification, Timeout: o.timeout, Hints: o.hints})
	if err != nil {
		return nil, mfa.AsFailure(err)
	}
	if len(signed.ClientDataJSON) > 0 {
		client = clientDataOf(signed.ClientDataJSON)
	}
	answer := ctap2.GetAssertionResponse{Credential: &ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: signed.CredentialID},
		AuthData: signed.AuthData, Signature: signed.Signature}
	if len(signed.UserHandle) > 0 {
		answer.User = &ctap2.User{ID: bytes.Clone(signed.UserHandle)}
	}
	return o.finish(client, answer, nil)
}

// native stands in finish for the authenticator that the system spoke to.
type native struct{ transports []string }

func (native) Exchange(context.Context, []byte, func(byte)) ([]byte, error) {
	return nil, mfa.Fail(mfa.CodeInternal)
}
func (native) GetInfo() []byte        { return nil }
func (n native) Transports() []string { return slices.Clone(n.transports) }
func (native) Close() error           { return nil }
