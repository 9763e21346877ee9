package ctap2

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Bounded is a Channel that sends nothing longer than the authenticator takes: such
// a request is refused here, as the authenticator would refuse it (status 0x39).
// Many keys do not: they stop answering.
func Bounded(ch Channel, info Info) Channel { return bounded{ch, info.MessageLimit()} }

type bounded struct {
	Channel
	limit uint64
}

func (b bounded) Exchange(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	if uint64(len(request)) > b.limit {
		return nil, StatusRequestTooLarge.Failure()
	}
	return b.Channel.Exchange(ctx, request, keepalive)
}

// FitGetAssertion gives the request with an allow list that a security key takes in
// one message. It drops credentials that cannot be the key's. A list that still has
// too many entries is asked about in parts, without a touch (see Preflight), and the
// entry that the key knows is left. no-credential: it knows none; the list never
// becomes empty, which would mean "any". Not for phones: they take every list, and
// answer nothing without asking somebody.
func FitGetAssertion(ctx context.Context, ch Channel, info Info, req GetAssertionRequest) (GetAssertionRequest, error) {
	if len(req.AllowList) == 0 {
		return req, nil
	}
	whole := req
	whole.AllowList = nil
	parts, err := info.batches(req.AllowList, func() ([]byte, error) { return EncodeGetAssertionRequest(whole) })
	switch {
	case err != nil:
		return req, err
	case len(parts) == 1:
		req.AllowList = parts[0]
		return req, nil
	}
	known, err := Preflight(ctx, ch, info, req)
	switch {
	case err != nil:
		return req, err
	case known == nil:
		return req, mfa.Fail(mfa.CodeNoCredential)
	}
	req.AllowList = []PublicKeyCredentialDescriptor{*known}
	return req, nil
}

// FitMakeCredential gives the request with an exclude list that a security key takes
// in one message, as FitGetAssertion does; where the key knows none of many, the list
// becomes empty. With a pinUvAuthParam, the token needs CreatePermissions, or the
// key refuses the question.
func FitMakeCredential(ctx context.Context, ch Channel, info Info, req MakeCredentialRequest) (MakeCredentialRequest, error) {
	if len(req.ExcludeList) == 0 {
		return req, nil
	}
	list, whole := req.ExcludeList, req
	whole.ExcludeList = nil
	parts, err := info.batches(list, func() ([]byte, error) { return EncodeMakeCredentialRequest(whole) })
	if err != nil {
		return req, err
	}
	req.ExcludeList = nil
	switch len(parts) {
	case 0:
		return req, nil
	case 1:
		req.ExcludeList = parts[0]
		return req, nil
	}
	known, err := Preflight(ctx, ch, info, GetAssertionRequest{RPID: req.RP.ID, ClientDataHash: req.ClientDataHash, AllowList: list,
		PinUvAuthParam: req.PinUvAuthParam, PinUvAuthProtocol: req.PinUvAuthProtocol})
	if err == nil && known != nil {
		req.ExcludeList = []PublicKeyCredentialDescriptor{*known}
	}
	return req, err
}

// CreatePermissions are what a token for a request must be good for. mc is enough for
// makeCredential, whose exclude list the key goes through by itself (CTAP 2.2 section
// 6.1.2); ga is for the question before it, which FitMakeCredential asks with the same
// token only where the list does not fit into one message (section 6.5.5.7). A token
// that is good for less can be used for less, whoever gets hold of it.
func CreatePermissions(info Info, req MakeCredentialRequest) Permission {
	if len(req.ExcludeList) == 0 {
		return PermissionMakeCredential
	}
	whole := req
	whole.ExcludeList, whole.PinUvAuthParam, whole.PinUvAuthProtocol = nil, make([]byte, longestParam), pinuv.Two
	parts, err := info.batches(req.ExcludeList, func() ([]byte, error) { return EncodeMakeCredentialRequest(whole) })
	if err == nil && len(parts) <= 1 {
		return PermissionMakeCredential
	}
	return PermissionMakeCredential | PermissionGetAssertion
}

// longestParam is the length of the longer pinUvAuthParam, that of protocol two.
const longestParam = 32

// Preflight asks a security key, without a touch, which of the request's allow list
// it knows first; nil when none. Only the relying party, the hash, the list and the
// pinUvAuthParam of the request are used. Without that parameter, credentials that
// want verification stay hidden. Failures are those of MakeCredential.
func Preflight(ctx context.Context, ch Channel, info Info, req GetAssertionRequest) (*PublicKeyCredentialDescriptor, error) {
	ask := GetAssertionRequest{RPID: req.RPID, ClientDataHash: req.ClientDataHash, PinUvAuthParam: req.PinUvAuthParam,
		PinUvAuthProtocol: req.PinUvAuthProtocol, Options: map[string]bool{OptionUserPresence: false}}
	parts, err := info.batches(req.AllowList, func() ([]byte, error) { return EncodeGetAssertionRequest(ask) })
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		ask.AllowList = part
		answer, err := GetAssertion(ctx, ch, ask, nil)
		switch {
		case isStatus(err, StatusNoCredentials), isStatus(err, StatusInvalidCredential):
			continue
		case err != nil:
			return nil, err
		case answer.Credential == nil && len(part) == 1:
			return &part[0], nil
		}
		known := slices.IndexFunc(part, func(d PublicKeyCredentialDescriptor) bool {
			return answer.Credential != nil && bytes.Equal(d.ID, answer.Credential.ID)
		})
		if known < 0 {
			return nil, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(errors.New("ctap2: an answer for a credential that was not asked about"))
		}
		return &part[known], nil
	}
	return nil, nil
}

// batches splits a list into parts that the authenticator takes, in order. A
// credential with an ID that is too long for it, or for every message to it, cannot
// be its own and is dropped. request writes the request without the list. An
// authenticator that names no maximum is asked about one at a time, as those from
// before CTAP 2.1 have small ones.
func (i Info) batches(list []PublicKeyCredentialDescriptor, request func() ([]byte, error)) ([][]PublicKeyCredentialDescriptor, error) {
	rest, err := request()
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", "options").Because(err)
	}
	const listHead = 1 + 3 // the member's key, the array's length
	used := uint64(1 + len(rest) + listHead)
	most := uint64(1)
	if n := i.MaxCredentialCountInList; n != nil && *n > 0 {
		most = min(*n, maxList)
	}
	var parts [][]PublicKeyCredentialDescriptor
	var part []PublicKeyCredentialDescriptor
	size := used
	for _, d := range list {
		entry, err := ctapcbor.Marshal(d.message())
		if err != nil {
			return nil, mfa.Fail(mfa.CodeInvalidInput, "field", "options").Because(err)
		}
		n := uint64(len(entry))
		if i.MaxCredentialIDLength != nil && uint64(len(d.ID)) > *i.MaxCredentialIDLength || used+n > i.MessageLimit() {
			continue
		}
		if uint64(len(part)) == most || size+n > i.MessageLimit() {
			parts, part, size = append(parts, part), nil, used
		}
		part, size = append(part, d), size+n
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts, nil
}
