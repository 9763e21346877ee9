package ceremony

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// notKept is the end of an enrolment whose credential is there and did not become a
// device. What this computer made is taken out again; what others made stays behind.
//
// After a failure of the store nobody knows what it has kept, so nothing is taken out.
func (s *Service) notKept(ctx context.Context, a account.Acting, road mfa.Road, response []byte, cause error) error {
	if road == mfa.RoadComputer && s.Roads.Forget != nil && mfa.AsFailure(cause).Category() != mfa.CategoryStorage {
		err := s.Roads.Forget(context.WithoutCancel(ctx), credentialIn(response))
		if err == nil || mfa.IsCode(err, mfa.CodeNotFound) {
			return cause
		}
		s.Log.Warn("a passkey stays in this computer", "err", mfa.AsFailure(err))
	}
	return left(cause, a)
}

// credentialIn gives the ID in an answer of our own client, which nobody has verified.
func credentialIn(response []byte) []byte {
	var r struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(response, &r) != nil {
		return nil
	}
	id, err := base64.RawURLEncoding.DecodeString(r.ID)
	if err != nil {
		return nil
	}
	return id
}

// left adds to a failure that a credential stayed behind on the authenticator, and which:
// authenticators list theirs by relying party and user.
func left(err error, a account.Acting) error {
	f := *mfa.AsFailure(err)
	f.Params = maps.Clone(f.Params)
	if f.Params == nil {
		f.Params = map[string]string{}
	}
	f.Params["left"], f.Params["rp"], f.Params["user"] = "yes", a.Account.RPID, a.Target.Label()
	return &f
}
