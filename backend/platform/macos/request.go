package macos

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// request is what the system's sheet is asked for. It may be asked for two things at
// once, and the person chooses.
type request struct {
	create       bool
	platform     bool // a passkey of this computer, or of a phone by its camera
	securityKey  bool
	rpID         string
	challenge    []byte
	user         ctap2.User
	algorithms   []int // for security keys; passkeys of the platform are ES256
	list         []authenticator.NativeDescriptor
	verification word
	residentKey  word // for security keys; passkeys of the platform are discoverable
	attestation  word
}

// word is a preference, as the names of Apple's constants end.
type word string

const (
	wordRequired    word = "Required"
	wordPreferred   word = "Preferred"
	wordDiscouraged word = "Discouraged"
	wordNone        word = "None"
	wordIndirect    word = "Indirect"
	wordDirect      word = "Direct"
)

var words = map[string]word{
	"required": wordRequired, "preferred": wordPreferred, "discouraged": wordDiscouraged,
	"none": wordNone, "indirect": wordIndirect, "direct": wordDirect,
}

const (
	es256          = -7
	maxChallenge   = 1 << 10
	maxDescriptors = 256
)

var errClientData = errors.New("macos: client data without a challenge")

func createRequest(req authenticator.NativeCreate) (request, error) {
	challenge, err := challengeOf(req.ClientDataJSON)
	if err != nil {
		return request{}, err
	}
	r := request{
		create: true, rpID: req.RP.ID, challenge: challenge, user: req.User, list: bounded(req.Exclude),
		verification: words[req.UserVerification], residentKey: words[req.ResidentKey], attestation: words[req.Attestation],
	}
	for _, p := range req.Parameters {
		if p.Type == ctap2.PublicKeyType {
			r.algorithms = append(r.algorithms, int(p.Alg))
		}
	}
	r.platform, r.securityKey = byHints(req.Hints)
	r.platform = r.platform && slices.Contains(r.algorithms, es256)
	if len(r.algorithms) == 0 || !r.platform && !r.securityKey {
		return request{}, mfa.Fail(mfa.CodeUnsupportedAlgorithm)
	}
	return r, nil
}

func getRequest(req authenticator.NativeGet) (request, error) {
	challenge, err := challengeOf(req.ClientDataJSON)
	if err != nil {
		return request{}, err
	}
	r := request{rpID: req.RPID, challenge: challenge, list: bounded(req.Allow), verification: words[req.UserVerification]}
	r.platform, r.securityKey = byHints(req.Hints)
	if len(r.list) > 0 && len(r.list) == len(req.Allow) && !slices.ContainsFunc(r.list, func(d authenticator.NativeDescriptor) bool { return !onKey(d) }) {
		r.platform, r.securityKey = false, true
	}
	return r, nil
}

// byHints says what the sheet begins with. Without hints it offers all that it has.
func byHints(hints []string) (platform, securityKey bool) {
	securityKey = slices.Contains(hints, "security-key")
	platform = slices.Contains(hints, "client-device") || slices.Contains(hints, "hybrid")
	if !platform && !securityKey {
		return true, true
	}
	return platform, securityKey
}

// onKey says that a credential can only be on a security key.
func onKey(d authenticator.NativeDescriptor) bool {
	return len(d.Transports) > 0 && !slices.ContainsFunc(d.Transports, func(t string) bool { return t == "internal" || t == "hybrid" || t == "cable" })
}

func bounded(list []authenticator.NativeDescriptor) []authenticator.NativeDescriptor {
	return list[:min(len(list), maxDescriptors)]
}

// challengeOf takes the challenge out of the client data that were built here: the system
// builds its own around it.
func challengeOf(clientDataJSON []byte) ([]byte, error) {
	var data struct {
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal(clientDataJSON, &data); err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	challenge, err := base64.RawURLEncoding.DecodeString(data.Challenge)
	if err != nil || len(challenge) == 0 || len(challenge) > maxChallenge {
		return nil, mfa.Fail(mfa.CodeInternal).Because(errClientData)
	}
	return challenge, nil
}
