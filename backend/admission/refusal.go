package admission

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

// Refusal makes of access-denied at one of the two checks of a registration what a
// person can work with: device-not-admitted says what was needed, what the device
// brought, out of which report, and how many models of the metadata would pass. Other
// failures come back as they are.
func (s *Service) Refusal(ctx context.Context, a mfa.Access, t mfa.Trust, denied error) error {
	if !mfa.IsCode(denied, mfa.CodeAccessDenied) || a.Registering == nil {
		return denied
	}
	d, err := s.Rules.Explain(ctx, a)
	if err != nil || d.Effect == policy.Allow {
		return denied // it was refused for another reason than the policies
	}
	admitted, needed := s.instead(ctx, a)
	return notAdmitted(a.Registering.Step, d, needed, t, admitted).Because(denied)
}

// notAdmitted is device-not-admitted. admitted is -1 where there is no metadata.
func notAdmitted(step mfa.RegistrationStep, d policy.Decision, needed []Need, t mfa.Trust, admitted int) *mfa.Failure {
	params := []string{"step", string(step), "decision", d.Effect.String(), "needs", needText(needed),
		"fido", t.FIDO, "fips2", t.FIPS1402, "fips3", t.FIPS1403, "unproven", string(t.Unproven), "model", t.Model, "blob", number(t.Blob),
		"reported", reported(t.Reports)}
	if d.Decided != nil {
		params = append(params, "policy", d.Decided.Name, "statement", statement(*d.Decided))
	}
	if admitted >= 0 {
		params = append(params, "admitted", number(int64(admitted)))
	}
	if step == mfa.StepActivate {
		params = append(params, "left", "yes")
	}
	return mfa.Fail(mfa.CodeNotAdmitted, params...)
}

// instead is how many models of the newest metadata the caller could register, -1
// without metadata, and what they would have to bring. What cannot be read is left out:
// the refusal is what the person came for.
func (s *Service) instead(ctx context.Context, a mfa.Access) (admitted int, needed []Need) {
	set, err := s.Rules.Set(ctx, a.Caller)
	if err != nil {
		return -1, nil
	}
	if needed, err = s.needs(ctx, set, a); err != nil {
		return -1, nil
	}
	m, _, err := s.Metadata.Current(ctx)
	if err != nil || m == nil {
		return -1, needed
	}
	all, err := s.through(ctx, set, a, m, s.Clock())
	if err != nil {
		return -1, needed
	}
	return all.Admitted, needed
}

// reported is the newest day of the reports that gave the certificates.
func reported(rs []mfa.StatusReport) string {
	var newest time.Time
	for _, r := range rs {
		if r.Effective.After(newest) {
			newest = r.Effective
		}
	}
	if newest.IsZero() {
		return ""
	}
	return newest.UTC().Format(time.DateOnly)
}
