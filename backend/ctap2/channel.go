package ctap2

import (
	"context"
	"fmt"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Channel carries one CTAP message out and one in. A security key, a phone over
// hybrid and the software authenticator are Channels; transport/channeltest is
// their contract.
//
// request is a command byte and its CBOR parameters, if any; response is a status
// byte and its CBOR data, if any. The Channel keeps neither and changes neither.
// Exchanges are sequential. keepalive may be nil; it is called, from one goroutine
// at a time and before Exchange returns, with KeepaliveProcessing or
// KeepaliveUPNeeded when the transport tells. Ending ctx is the transport's own
// cancel: Exchange then returns soon with an error that errors.Is takes for
// ctx.Err(). Every other error is an mfa.Failure of the transport; a status that
// is not success is a response, not an error.
type Channel interface {
	Exchange(ctx context.Context, request []byte, keepalive func(status byte)) (response []byte, err error)
}

// The command bytes (CTAP 2.2 section 6).
const (
	CommandMakeCredential   byte = 0x01
	CommandGetAssertion     byte = 0x02
	CommandGetInfo          byte = 0x04
	CommandClientPIN        byte = 0x06
	CommandReset            byte = 0x07
	CommandGetNextAssertion byte = 0x08

	CommandCredentialManagement byte = 0x0A
	CommandSelection            byte = 0x0B
	CommandLargeBlobs           byte = 0x0C
	CommandConfig               byte = 0x0D

	// CommandCredentialManagementPreview is credential management of keys from
	// before CTAP 2.1 (option credentialMgmtPreview).
	CommandCredentialManagementPreview byte = 0x41
)

// What an authenticator says while it works (CTAP 2.2 section 11.2.9.2.5).
const (
	KeepaliveProcessing byte = 1
	KeepaliveUPNeeded   byte = 2
)

// MakeCredential asks for a new credential. A status other than success is the
// failure of Status.Failure; an answer that cannot be read is
// authenticator-protocol; the Channel's own errors come back as they are.
func MakeCredential(ctx context.Context, ch Channel, req MakeCredentialRequest, keepalive func(byte)) (MakeCredentialResponse, error) {
	params, err := EncodeMakeCredentialRequest(req)
	if err != nil {
		return MakeCredentialResponse{}, mfa.Fail(mfa.CodeInvalidInput, "field", "options").Because(err)
	}
	data, err := exchange(ctx, ch, CommandMakeCredential, params, keepalive)
	if err != nil {
		return MakeCredentialResponse{}, err
	}
	return answer(DecodeMakeCredentialResponse(data))
}

// GetAssertion asks for a signature. Failures are those of MakeCredential.
func GetAssertion(ctx context.Context, ch Channel, req GetAssertionRequest, keepalive func(byte)) (GetAssertionResponse, error) {
	params, err := EncodeGetAssertionRequest(req)
	if err != nil {
		return GetAssertionResponse{}, mfa.Fail(mfa.CodeInvalidInput, "field", "options").Because(err)
	}
	data, err := exchange(ctx, ch, CommandGetAssertion, params, keepalive)
	if err != nil {
		return GetAssertionResponse{}, err
	}
	return answer(DecodeGetAssertionResponse(data))
}

// GetNextAssertion asks for the next of GetAssertionResponse.NumberOfCredentials
// answers, within 30 s of the one before. Failures are those of MakeCredential.
func GetNextAssertion(ctx context.Context, ch Channel) (GetAssertionResponse, error) {
	data, err := exchange(ctx, ch, CommandGetNextAssertion, nil, nil)
	if err != nil {
		return GetAssertionResponse{}, err
	}
	return answer(DecodeGetAssertionResponse(data))
}

// GetAssertions gives all answers of a request without an allow list: one for each
// account that the authenticator keeps, the newest first, at most 256. Failures are
// those of MakeCredential.
func GetAssertions(ctx context.Context, ch Channel, req GetAssertionRequest, keepalive func(byte)) ([]GetAssertionResponse, error) {
	first, err := GetAssertion(ctx, ch, req, keepalive)
	if err != nil {
		return nil, err
	}
	if first.NumberOfCredentials > maxList {
		return nil, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(fmt.Errorf("ctap2: %d assertions", first.NumberOfCredentials))
	}
	all := []GetAssertionResponse{first}
	for uint64(len(all)) < first.NumberOfCredentials {
		next, err := GetNextAssertion(ctx, ch)
		if err != nil {
			return nil, err
		}
		all = append(all, next)
	}
	return all, nil
}

// GetInfo asks what the authenticator can do. Failures are those of
// MakeCredential. Do not ask a phone: some do not answer, and its handshake has
// told already.
func GetInfo(ctx context.Context, ch Channel) (Info, error) {
	data, err := exchange(ctx, ch, CommandGetInfo, nil, nil)
	if err != nil {
		return Info{}, err
	}
	return answer(ParseInfo(data))
}

// exchange sends one command and gives the data behind a status of success.
func exchange(ctx context.Context, ch Channel, command byte, params []byte, keepalive func(byte)) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	response, err := ch.Exchange(ctx, append([]byte{command}, params...), keepalive)
	if err != nil {
		return nil, err
	}
	return Data(response)
}

// Data splits a response: what stands behind a status of success, else the
// status as a failure. An empty response, or one over ctapcbor.MaxSize, is
// authenticator-protocol.
func Data(response []byte) ([]byte, error) {
	switch {
	case len(response) == 0 || len(response) > ctapcbor.MaxSize:
		return nil, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(fmt.Errorf("ctap2: a response of %d bytes", len(response)))
	case response[0] != byte(StatusOK):
		return nil, Status(response[0]).Failure()
	}
	return response[1:], nil
}

// answer turns a decoder's error into the failure that a person is told.
func answer[T any](v T, err error) (T, error) {
	if err != nil {
		var none T
		return none, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(err)
	}
	return v, nil
}
