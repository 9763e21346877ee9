package admission

import (
	"context"

	"github.com/keyferry/keyferry/backend/hello"
	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

// About is the authenticator in question: a model of the metadata, or else the
// certificates that one would prove. Both empty: one that proves nothing.
type About struct {
	Model string // ID in the metadata
	mfa.Certificates
}

// Preflight is what would become of a registration.
type Preflight struct {
	Create   policy.Decision
	Activate policy.Decision
	Refused  *mfa.StatusReport // metadata reports the model
	Hello    bool              // it is Windows Hello
	Needs    []Need            // what would pass instead, when it does not
}

// Admitted reports that the device could be added.
func (p Preflight) Admitted() bool {
	return p.Create.Effect == policy.Allow && p.Activate.Effect == policy.Allow && p.Refused == nil && !p.Hello
}

// Preflight decides both checks before anything is touched. Whoever asks for somebody
// else, or about a policy, needs iam:SimulatePrincipalPolicy.
//
// access-denied, not-found, metadata-missing (for a model), policy-malformed.
func (s *Service) Preflight(ctx context.Context, who mfa.Session, of Subject, principalID string, about About) (Preflight, error) {
	if err := s.may(ctx, who, of, principalID); err != nil {
		return Preflight{}, err
	}
	if of.Document == nil && of.Policy == "" && of.PrincipalID == "" {
		of.PrincipalID = principalID
		if principalID == "" {
			of.PrincipalID = who.PrincipalID
		}
	}
	set, err := s.set(ctx, of)
	if err != nil {
		return Preflight{}, err
	}
	a, err := s.whoAdds(ctx, first(principalID, of.PrincipalID))
	if err != nil {
		return Preflight{}, err
	}
	var out Preflight
	if about.Model != "" {
		m, err := s.metadataOf(ctx, 0)
		if err != nil {
			return Preflight{}, err
		}
		model, found := m.ByID(about.Model)
		if !found {
			return Preflight{}, mfa.Fail(mfa.CodeNotFound, "what", "model")
		}
		now := s.Clock()
		about.Certificates, _ = model.Certificates(now, 0)
		if report, refused := model.Refused(now, 0, nil); refused {
			out.Refused = &report
		}
		out.Hello = isHello(model)
	}
	create, activate, err := s.questions(ctx, a, about.Certificates)
	if err != nil {
		return Preflight{}, err
	}
	if a.Caller.Kind == mfa.Root {
		out.Create, out.Activate = policy.Decision{Effect: policy.Allow}, policy.Decision{Effect: policy.Allow}
		return out, nil
	}
	out.Create, out.Activate = set.Evaluate(create), set.Evaluate(activate)
	if out.Activate.Effect != policy.Allow {
		out.Needs, err = s.needs(ctx, set, a)
	}
	return out, err
}

// isHello reports a model that is Windows Hello wherever it comes from.
func isHello(m *mds.Model) bool {
	return hello.IsModel(m.AAGUID)
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
