package examine

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

// said is what the client data say. It is shown, and put in the place of expectations
// that do not hold; nothing is decided by it.
type said struct {
	Type      string
	Challenge string
	Origin    string
	Cross     bool
}

func readSaid(clientData []byte) said {
	members, err := object(clientData, "clientDataJSON")
	if err != nil {
		return said{}
	}
	var s said
	_ = readText(members, "type", &s.Type) // what is no text was refused before
	_ = readText(members, "challenge", &s.Challenge)
	_ = readText(members, "origin", &s.Origin)
	s.Cross = string(members["crossOrigin"]) == "true"
	return s
}

// part decodes one member of a response that rp has read already; nil without it.
func part(response []byte, name string) []byte {
	outer, err := object(response, "json")
	if err != nil {
		return nil
	}
	inner, err := object(outer["response"], "response")
	if err != nil {
		return nil
	}
	var text string
	if json.Unmarshal(inner[name], &text) != nil {
		return nil
	}
	b, _ := base64.RawURLEncoding.DecodeString(text) // nil: rp says what is wrong
	return b
}

// again is an expectation that gives way, check by check, to what the response says.
type again struct {
	rp.Expectation
	said  said
	given map[mfa.Code]bool // those that gave way, once each
}

func newAgain(e rp.Expectation, s said) *again {
	return &again{Expectation: e, said: s, given: map[mfa.Code]bool{}}
}

// yields replaces the expectation that led to a failure, if there is one.
func (a *again) yields(code mfa.Code, holds func() bool) bool {
	if a.given[code] {
		return false
	}
	a.given[code] = true
	switch code {
	case mfa.CodeChallengeMismatch:
		b, err := base64.RawURLEncoding.DecodeString(a.said.Challenge)
		a.Challenge = b
		return err == nil && len(b) > 0
	case mfa.CodeOriginMismatch:
		a.Origin = a.said.Origin
		return a.Origin != ""
	case mfa.CodeCrossOrigin:
		a.AllowCrossOrigin = true
		return a.said.Cross
	case mfa.CodeUserVerifyMissing:
		a.UserVerification = "discouraged"
		return true
	case mfa.CodeAlgorithmNotOffered:
		a.Algorithms = nil
		return true
	case mfa.CodeRPIDMismatch:
		was := a.RPID
		for _, a.RPID = range candidates(a.said.Origin, a.AppID) {
			if holds() {
				return true
			}
		}
		a.RPID = was
	}
	return false
}

// candidates are the relying-party IDs that an origin could have: its host, the domains
// above it, and the origin itself, as U2F had it.
func candidates(origin, appID string) []string {
	list := []string{}
	if u, err := url.Parse(origin); err == nil {
		for host := u.Hostname(); host != "" && len(list) < 32; {
			list = append(list, host)
			_, above, ok := strings.Cut(host, ".")
			if !ok {
				break
			}
			host = above
		}
	}
	list = append(list, origin, appID)
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}
