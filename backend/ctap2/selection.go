package ctap2

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// versionsWithSelection are those from CTAP 2.1 on.
var versionsWithSelection = []string{"FIDO_2_1", "FIDO_2_2", "FIDO_2_3"}

// Select waits for a touch and does nothing else, so that among several keys the
// person touches the one that is meant; the others are cancelled by their ctx. nil:
// this one was touched. declined, authenticator-timeout, else the failures of
// MakeCredential.
//
// Before CTAP 2.1 there is no command for it. There a makeCredential with an empty
// pinUvAuthParam waits for a touch and then makes nothing (CTAP 2.2 section 6.1.2,
// step 1).
func Select(ctx context.Context, ch Channel, info Info, keepalive func(byte)) error {
	if slices.ContainsFunc(versionsWithSelection, info.HasVersion) {
		_, err := exchange(ctx, ch, CommandSelection, nil, keepalive)
		if !isStatus(err, StatusInvalidCommand) {
			return err
		}
	}
	params, err := EncodeMakeCredentialRequest(blinkRequest(info))
	if err != nil {
		return mfa.Fail(mfa.CodeInternal).Because(err)
	}
	_, err = exchange(ctx, ch, CommandMakeCredential, params, keepalive)
	// A key that can have no PIN does not look at the parameter, and really makes a
	// credential, which it does not keep and nobody remembers.
	for _, touched := range []Status{StatusPINInvalid, StatusPINNotSet, StatusPINAuthInvalid} {
		if isStatus(err, touched) {
			return nil
		}
	}
	return err
}

func blinkRequest(info Info) MakeCredentialRequest {
	protocol, err := info.pinProtocol()
	if err != nil {
		protocol = 1
	}
	return MakeCredentialRequest{
		ClientDataHash:    make([]byte, clientDataHashSize),
		RP:                RelyingParty{ID: "touch.invalid", Name: "touch"}, // a name that nobody can own
		User:              User{ID: []byte{1}, Name: "touch", DisplayName: "touch"},
		Parameters:        []CredentialParameters{{Type: PublicKeyType, Alg: ES256}},
		PinUvAuthParam:    []byte{},
		PinUvAuthProtocol: protocol,
	}
}

// Reset deletes everything on the authenticator, its PIN too, after a touch (CTAP
// 2.2 section 6.6). USB keys take it only within ten seconds after they were plugged
// in: else key-reset-late. declined, authenticator-timeout, else the failures of
// MakeCredential.
func Reset(ctx context.Context, ch Channel, keepalive func(byte)) error {
	_, err := exchange(ctx, ch, CommandReset, nil, keepalive)
	if isStatus(err, StatusNotAllowed) {
		return mfa.Fail(mfa.CodeKeyResetLate).Because(StatusNotAllowed)
	}
	return err
}
