package webauthnwin

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
)

// What the library's header gives numbers to.
const (
	attachmentCrossPlatform = 2

	credentialType = "public-key"
	hashSHA256     = "SHA-256"

	hintSecurityKey = "security-key"
	hintHybrid      = "hybrid"
)

var (
	userVerifications = map[string]uint32{"required": 1, "preferred": 2, "discouraged": 3}
	attestations      = map[string]uint32{"none": 1, "indirect": 2, "direct": 3}
)

// Bounds of what is asked. WebAuthn section 5.4.3 has that of user handles, CTAP 2.2
// section 6.1 that of credential IDs.
const (
	maxClientData    = 64 << 10
	maxUserHandle    = 64
	maxCredentialID  = 1023
	maxDescriptors   = 256
	defaultTimeout   = 2 * time.Minute
	maxTimeout       = 10 * time.Minute
	structsNeverGrew = 1 // RP, user, client data, parameters and credentials are all at version 1
)

// buildCreate writes the arguments of WebAuthNAuthenticatorMakeCredential for this API
// version. It fails with unsupported-algorithm or invalid-input.
func buildCreate(api uint32, req authenticator.NativeCreate, cancellation *guid) (*createInput, error) {
	in := &createInput{}
	a := &in.arena
	in.rp = keep(a, rpInfo{Version: structsNeverGrew, ID: a.text("rp", req.RP.ID), Name: a.text("rp", cmp.Or(req.RP.Name, req.RP.ID))})
	user := userInfo{Version: structsNeverGrew, Name: a.text("name", cmp.Or(req.User.Name, req.User.DisplayName)),
		DisplayName: a.text("name", cmp.Or(req.User.DisplayName, req.User.Name))}
	user.IDSize, user.ID = a.bytes("user", req.User.ID, 1, maxUserHandle)
	in.user = keep(a, user)

	var parameters []coseParameter
	for _, p := range req.Parameters {
		if p.Type == credentialType && p.Alg >= math.MinInt32 && p.Alg <= math.MaxInt32 {
			parameters = append(parameters, coseParameter{structsNeverGrew, a.text("type", p.Type), int32(p.Alg)})
		}
	}
	if len(parameters) == 0 && a.err == nil {
		a.err = mfa.Fail(mfa.CodeUnsupportedAlgorithm)
	}
	in.parameters = keep(a, coseParameters{uint32(len(parameters)), row(a, parameters)})
	in.data = a.clientData(req.ClientDataJSON)

	options := makeOptions{
		Version:             versionsFor(api).makeOptions,
		TimeoutMilliseconds: milliseconds(req.Timeout),
		Attachment:          attachmentCrossPlatform,
		RequireResidentKey:  boolean(req.ResidentKey == "required"),
		PreferResidentKey:   boolean(req.ResidentKey == "preferred"),
		UserVerification:    userVerifications[req.UserVerification],
		Attestation:         attestations[req.Attestation],
		CancellationID:      cancellation,
	}
	// The old list is not read where there is a new one.
	_, options.ExcludeList = a.descriptors(api, req.Exclude)
	options.HintCount, options.Hints = a.hints(api, req.Hints)
	in.options = keep(a, options)
	return finish(in, a)
}

// buildGet writes the arguments of WebAuthNAuthenticatorGetAssertion for this API
// version. It fails with invalid-input.
func buildGet(api uint32, req authenticator.NativeGet, cancellation *guid) (*getInput, error) {
	in := &getInput{}
	a := &in.arena
	in.rpID = a.text("rp", req.RPID)
	in.data = a.clientData(req.ClientDataJSON)
	options := getOptions{
		Version:             versionsFor(api).getOptions,
		TimeoutMilliseconds: milliseconds(req.Timeout),
		Attachment:          attachmentCrossPlatform,
		UserVerification:    userVerifications[req.UserVerification],
		CancellationID:      cancellation,
	}
	// Keys that know U2F only are asked about the old list, and the library takes the
	// count from there: the two must be equally long.
	options.OldAllowList, options.AllowList = a.descriptors(api, req.Allow)
	options.HintCount, options.Hints = a.hints(api, req.Hints)
	in.options = keep(a, options)
	return finish(in, a)
}

// finish lets go of what was pinned when something could not be written.
func finish[T any](in *T, a *arena) (*T, error) {
	if a.err != nil {
		a.Unpin()
		return nil, a.err
	}
	return in, nil
}

func (a *arena) clientData(json []byte) *clientData {
	data := clientData{Version: structsNeverGrew, HashAlg: a.text("hash", hashSHA256)}
	data.JSONSize, data.JSON = a.bytes("client-data", json, 1, maxClientData)
	return keep(a, data)
}

// descriptors writes both forms of the list.
func (a *arena) descriptors(api uint32, list []authenticator.NativeDescriptor) (credentials, *credentialList) {
	if len(list) == 0 {
		return credentials{}, nil
	}
	if len(list) > maxDescriptors && a.err == nil {
		a.err = mfa.Fail(mfa.CodeInvalidInput, "field", "credentials")
	}
	kind := a.text("type", credentialType)
	var before []credential
	var now []*credentialEx
	for _, d := range list {
		size, id := a.bytes("credentials", d.ID, 1, maxCredentialID)
		before = append(before, credential{structsNeverGrew, size, id, kind})
		now = append(now, keep(a, credentialEx{structsNeverGrew, size, id, kind, transportMask(api, d.Transports)}))
	}
	count := uint32(len(list))
	return credentials{count, row(a, before)}, keep(a, credentialList{count, row(a, now)})
}

// hints leaves out the one that leads to Windows Hello, and unknown ones.
func (a *arena) hints(api uint32, words []string) (uint32, **uint16) {
	if api < VersionHints {
		return 0, nil
	}
	var hints []*uint16
	for _, word := range slices.Compact(slices.Clone(words)) {
		if word == hintSecurityKey || word == hintHybrid {
			hints = append(hints, a.text("hints", word))
		}
	}
	return uint32(len(hints)), row(a, hints)
}

// onlyByPhone says whether a phone alone can answer: no other way is hinted at, or no
// credential can be reached otherwise.
func onlyByPhone(hints []string, allow []authenticator.NativeDescriptor) bool {
	if len(hints) > 0 && !slices.ContainsFunc(hints, func(h string) bool { return h != hintHybrid }) {
		return true
	}
	return len(allow) > 0 && !slices.ContainsFunc(allow, func(d authenticator.NativeDescriptor) bool {
		return !slices.Contains(d.Transports, "hybrid") || transportMask(VersionHybrid-1, d.Transports)&^transportInternal != 0
	})
}

func milliseconds(d time.Duration) uint32 {
	if d <= 0 {
		d = defaultTimeout
	}
	return uint32(max(min(d, maxTimeout).Milliseconds(), 1))
}

func boolean(b bool) int32 {
	if b {
		return 1
	}
	return 0
}
