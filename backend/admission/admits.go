package admission

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

// Reason is what keeps a model out.
type Reason string

const (
	Admitted       Reason = ""
	ByCreate       Reason = "create"        // no security key may be added at all
	ByActivate     Reason = "activate"      // not with these certificates
	ByReport       Reason = "refused"       // revoked, compromised or retired
	ByWindowsHello Reason = "windows-hello" // local credentials of Windows Hello are not taken
)

// Row is one model and what the rules say of it.
type Row struct {
	Model        *mds.Model
	Certificates mfa.Certificates
	Reason       Reason
	// By is the statement that decided: the one that allows, that denies, or that came
	// nearest to allowing. nil when there is none.
	By *policy.Outcome
}

// Admission is every model of one BLOB run through one set of rules.
type Admission struct {
	Rows     []Row
	Admitted int
	Blob     int64
}

// Admits runs all models that could be registered (FIDO2 and U2F) through the rules.
// access-denied, metadata-missing, policy-malformed, not-found.
func (s *Service) Admits(ctx context.Context, who mfa.Session, of Subject) (Admission, error) {
	return s.AdmitsIn(ctx, who, of, 0)
}

// AdmitsIn is Admits for a BLOB that was imported, by its number; 0 is the newest.
func (s *Service) AdmitsIn(ctx context.Context, who mfa.Session, of Subject, blob int64) (Admission, error) {
	if err := s.may(ctx, who, of, of.PrincipalID); err != nil {
		return Admission{}, err
	}
	m, err := s.metadataOf(ctx, blob)
	if err != nil {
		return Admission{}, err
	}
	set, err := s.set(ctx, of)
	if err != nil {
		return Admission{}, err
	}
	a, err := s.whoAdds(ctx, of.PrincipalID)
	if err != nil {
		return Admission{}, err
	}
	return s.through(ctx, set, a, m, s.Clock())
}

// through asks once for each combination of certificates: nothing else about a model
// reaches the policies.
func (s *Service) through(ctx context.Context, set *policy.Set, a mfa.Access, m *mds.Metadata, at time.Time) (Admission, error) {
	type answer struct {
		reason Reason
		by     *policy.Outcome
	}
	answers := map[mfa.Certificates]answer{}
	out := Admission{Blob: m.Number, Rows: make([]Row, 0, len(m.Models()))}
	for _, model := range m.Models() {
		if model.Protocol == "uaf" {
			continue
		}
		row := Row{Model: model}
		row.Certificates, _ = model.Certificates(at, 0)
		known, asked := answers[row.Certificates]
		if !asked {
			create, activate, err := s.questions(ctx, a, row.Certificates)
			if err != nil {
				return Admission{}, err
			}
			known.reason, known.by = decide(set, a, create, activate)
			answers[row.Certificates] = known
		}
		row.Reason, row.By = known.reason, known.by
		if _, refused := model.Refused(at, 0, nil); refused {
			row.Reason, row.By = ByReport, nil
		} else if isHello(model) {
			row.Reason, row.By = ByWindowsHello, nil
		}
		if row.Reason == Admitted {
			out.Admitted++
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

func decide(set *policy.Set, a mfa.Access, create, activate policy.Request) (Reason, *policy.Outcome) {
	if a.Caller.Kind == mfa.Root {
		return Admitted, nil
	}
	if d := set.Evaluate(create); d.Effect != policy.Allow {
		return ByCreate, nearest(d)
	}
	d := set.Evaluate(activate)
	if d.Effect != policy.Allow {
		return ByActivate, nearest(d)
	}
	return Admitted, nearest(d)
}

// nearest is the statement that decided, or else an Allow that spoke of this very
// action and resource, and failed at a condition.
func nearest(d policy.Decision) *policy.Outcome {
	if d.Decided != nil {
		for i := range d.Outcomes {
			if d.Outcomes[i].Place == d.Decided {
				return &d.Outcomes[i]
			}
		}
	}
	for i := range d.Outcomes {
		if o := &d.Outcomes[i]; o.Effect == policy.EffectAllow && o.Mismatch.Part == policy.PartCondition && isLevel(o.Mismatch.Key) {
			return o
		}
	}
	for i := range d.Outcomes {
		if o := &d.Outcomes[i]; o.Effect == policy.EffectAllow && o.Mismatch.Part == policy.PartCondition {
			return o
		}
	}
	return nil
}

// Difference is a model that two sets of rules, or two BLOBs, do not agree about.
type Difference struct {
	Row       // as the second says
	Lost bool // the first admitted it
}

// Gone reports that the second does not know the model at all.
func (d Difference) Gone() bool { return d.Lost && d.Reason == Admitted }

// Compare says what the second admits and the first does not, and the other way
// round. The BLOBs are numbers, 0 is the newest. A model that only one BLOB has counts
// as not admitted by the other.
func (s *Service) Compare(ctx context.Context, who mfa.Session, first, second Subject, firstBlob, secondBlob int64) ([]Difference, error) {
	before, err := s.AdmitsIn(ctx, who, first, firstBlob)
	if err != nil {
		return nil, err
	}
	after, err := s.AdmitsIn(ctx, who, second, secondBlob)
	if err != nil {
		return nil, err
	}
	return Differences(before, after), nil
}

// Differences is Compare for what was asked already.
func Differences(before, after Admission) []Difference {
	had := make(map[string]bool, len(before.Rows))
	for _, r := range before.Rows {
		had[r.Model.ID] = r.Reason == Admitted
	}
	var out []Difference
	for _, r := range after.Rows {
		if has := r.Reason == Admitted; has != had[r.Model.ID] {
			out = append(out, Difference{Row: r, Lost: !has})
		}
		delete(had, r.Model.ID)
	}
	for _, r := range before.Rows { // models that are gone
		if had[r.Model.ID] {
			out = append(out, Difference{Row: r, Lost: true})
		}
	}
	return out
}
