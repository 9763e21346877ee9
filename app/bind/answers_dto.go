package bind

import (
	"time"

	"github.com/keyferry/keyferry/backend/admission"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/readiness"
)

// OutcomeDTO is what one statement said. Statement counts from 1.
type OutcomeDTO struct {
	Policy    string   `json:"policy"`
	Inline    bool     `json:"inline"`
	Group     string   `json:"group"`
	Statement int      `json:"statement"`
	Sid       string   `json:"sid"`
	Effect    string   `json:"effect"`
	Line      int      `json:"line"`
	Matched   bool     `json:"matched"`
	Part      string   `json:"part"`
	Operator  string   `json:"operator"`
	Key       string   `json:"key"`
	Want      []string `json:"want"`
	Got       []string `json:"got"`
	Absent    bool     `json:"absent"`
}

// DecisionDTO is a decision with its reasons. Decided is an index, -1 for none.
type DecisionDTO struct {
	Effect   string       `json:"effect"`
	Decided  int          `json:"decided"`
	Outcomes []OutcomeDTO `json:"outcomes"`
}

// NeedDTO is a certificate that would be accepted.
type NeedDTO struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

// AddingWayDTO is one way to add a device, as the policies see it.
type AddingWayDTO struct {
	Way      string       `json:"way"`
	Road     string       `json:"road"`
	Missing  *FailureDTO  `json:"missing"`
	Allowed  bool         `json:"allowed"`
	Doomed   bool         `json:"doomed"`
	Reason   string       `json:"reason"`
	Decision *DecisionDTO `json:"decision"`
	Needs    []NeedDTO    `json:"needs"`
}

// PreflightDTO is what would become of a registration.
type PreflightDTO struct {
	Create   DecisionDTO      `json:"create"`
	Activate *DecisionDTO     `json:"activate"`
	Admitted bool             `json:"admitted"`
	Refused  *StatusReportDTO `json:"refused"`
	Hello    bool             `json:"hello"`
	Needs    []NeedDTO        `json:"needs"`
}

// AdmissionRowDTO is one model and what the rules say of it.
type AdmissionRowDTO struct {
	Model    ModelDTO    `json:"model"`
	Admitted bool        `json:"admitted"`
	Reason   string      `json:"reason"`
	By       *OutcomeDTO `json:"by"`
}

// AdmissionDTO is every model of a BLOB run through some rules.
type AdmissionDTO struct {
	Rows     []AdmissionRowDTO `json:"rows"`
	Admitted int               `json:"admitted"`
	Blob     int64             `json:"blob"`
}

// AdmissionDiffDTO is a model that two sets of rules, or two BLOBs, do not agree about.
type AdmissionDiffDTO struct {
	Model  ModelDTO    `json:"model"`
	Change string      `json:"change"`
	By     *OutcomeDTO `json:"by"`
}

// RulesDTO says whose rules are meant; exactly one member is set.
type RulesDTO struct {
	Document    string `json:"document"`
	Policy      string `json:"policy"`
	PrincipalID string `json:"principalId"`
}

// PreflightRequest asks about a model, or about certificates when Model is empty.
type PreflightRequest struct {
	Rules       RulesDTO        `json:"rules"`
	PrincipalID string          `json:"principalId"`
	Model       string          `json:"model"`
	Levels      CertificatesDTO `json:"levels"`
}

// CompareRequest names two sets of rules and two BLOBs; 0 is the newest.
type CompareRequest struct {
	First      RulesDTO `json:"first"`
	Second     RulesDTO `json:"second"`
	FirstBlob  int64    `json:"firstBlob"`
	SecondBlob int64    `json:"secondBlob"`
}

// SaveAdmissionRequest asks for a place for the CSV; Title and Name are words of the page.
type SaveAdmissionRequest struct {
	Title string   `json:"title"`
	Name  string   `json:"name"`
	Rules RulesDTO `json:"rules"`
}

// SaveDifferencesRequest asks for a place for the CSV of what CompareRequest asks.
type SaveDifferencesRequest struct {
	Title      string   `json:"title"`
	Name       string   `json:"name"`
	First      RulesDTO `json:"first"`
	Second     RulesDTO `json:"second"`
	FirstBlob  int64    `json:"firstBlob"`
	SecondBlob int64    `json:"secondBlob"`
}

func (r RulesDTO) domain() admission.Subject {
	s := admission.Subject{Policy: r.Policy, PrincipalID: r.PrincipalID}
	if r.Document != "" {
		s.Document = []byte(unmarked(r.Document))
	}
	return s
}

func outcome(o policy.Outcome) OutcomeDTO {
	m := o.Mismatch
	return OutcomeDTO{Policy: o.Name, Inline: o.Inline, Group: o.Group, Statement: o.Statement + 1, Sid: o.Sid, Effect: o.Effect, Line: o.Line,
		Matched: o.Matched, Part: string(m.Part), Operator: m.Operator, Key: m.Key, Want: each(m.Want, text[string]), Got: each(m.Got, text[string]), Absent: m.Absent}
}

func decision(d policy.Decision) DecisionDTO {
	out := DecisionDTO{Effect: d.Effect.String(), Decided: -1, Outcomes: each(d.Outcomes, outcome)}
	for i := range d.Outcomes {
		if d.Decided != nil && d.Outcomes[i].Place == d.Decided {
			out.Decided = i
		}
	}
	return out
}

func need(n admission.Need) NeedDTO {
	return NeedDTO{Key: n.Key, Operator: n.Operator, Values: each(n.Values, text[string])}
}

// ladders says which ladder shows whether a way works here. A security key may come by
// USB or by a reader; the codes of apps and tokens need nothing.
var ladders = map[admission.WayName]struct {
	road    mfa.Road
	ladders []readiness.Way
}{
	admission.WayPhone:    {mfa.RoadPhone, []readiness.Way{readiness.WayPhone}},
	admission.WayKey:      {mfa.RoadKey, []readiness.Way{readiness.WayKey, readiness.WayNFC}},
	admission.WayComputer: {mfa.RoadComputer, []readiness.Way{readiness.WayComputer}},
}

func addingWay(h *desk.House, here readiness.Report) func(admission.Way) AddingWayDTO {
	return func(w admission.Way) AddingWayDTO {
		dto := AddingWayDTO{Way: string(w.Way), Allowed: w.Allowed, Doomed: w.Doomed, Reason: w.Reason, Decision: maybe(w.Decision, decision), Needs: each(w.Needs, need)}
		by := ladders[w.Way]
		if by.road != "" {
			dto.Road = string(h.Road(by.road))
		}
		for _, l := range by.ladders {
			missing := here.Ladder(l).Missing()
			if missing == nil {
				dto.Missing = nil
				break
			}
			if dto.Missing == nil {
				dto.Missing = failure(missing)
			}
		}
		return dto
	}
}

func preflight(p admission.Preflight) PreflightDTO {
	activate := decision(p.Activate)
	return PreflightDTO{Create: decision(p.Create), Activate: &activate, Admitted: p.Admitted(), Refused: maybe(p.Refused, frozenReport), Hello: p.Hello,
		Needs: each(p.Needs, need)}
}

func admissionRow(now time.Time) func(admission.Row) AdmissionRowDTO {
	return func(r admission.Row) AdmissionRowDTO {
		return AdmissionRowDTO{Model: judged(r, now), Admitted: r.Reason == admission.Admitted, Reason: string(r.Reason), By: maybe(r.By, outcome)}
	}
}

func admissionDiff(now time.Time) func(admission.Difference) AdmissionDiffDTO {
	return func(d admission.Difference) AdmissionDiffDTO {
		change := "admitted"
		if d.Lost {
			change = "refused"
		}
		return AdmissionDiffDTO{Model: judged(d.Row, now), Change: change, By: maybe(d.By, outcome)}
	}
}

// judged is the model of a row, with what was judged of it.
func judged(r admission.Row, now time.Time) ModelDTO {
	m := modelOf(r.Model, now)
	m.FIDO, m.FIPS2, m.FIPS3 = r.Certificates.FIDO, r.Certificates.FIPS1402, r.Certificates.FIPS1403
	m.Refused = r.Reason == admission.ByReport
	return m
}
