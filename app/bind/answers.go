package bind

import (
	"context"
	"io"

	"github.com/keyferry/keyferry/backend/admission"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// WaysToAdd decides every way to add a device to somebody, to oneself for an empty ID,
// and says which of them this computer cannot go.
func (a *API) WaysToAdd(principalID string) ([]AddingWayDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) ([]AddingWayDTO, error) {
		ways, err := h.Admission.Ways(ctx, who, principalID)
		if err != nil {
			return nil, err
		}
		o, err := checking(ctx, h)
		if err != nil {
			return nil, err
		}
		return each(ways, addingWay(h, h.Readiness.Check(ctx, o))), nil
	})
}

// Preflight decides both checks of a registration before anything is touched.
func (a *API) Preflight(req PreflightRequest) (PreflightDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) (PreflightDTO, error) {
		p, err := h.Admission.Preflight(ctx, who, req.Rules.domain(), req.PrincipalID, admission.About{Model: req.Model, Certificates: req.Levels.domain()})
		return preflight(p), err
	})
}

// Admits runs every model of the newest BLOB through some rules.
func (a *API) Admits(rules RulesDTO) (AdmissionDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (AdmissionDTO, error) {
		all, err := as(ctx, b, func(ctx context.Context, h *desk.House, who mfa.Session) (admission.Admission, error) {
			return h.Admission.Admits(ctx, who, rules.domain())
		})
		return AdmissionDTO{Rows: each(all.Rows, admissionRow(b.Now())), Admitted: all.Admitted, Blob: all.Blob}, err
	})
}

// CompareAdmission lists the models that two sets of rules, or two BLOBs, do not agree about.
func (a *API) CompareAdmission(req CompareRequest) ([]AdmissionDiffDTO, error) {
	return call(a, func(ctx context.Context, b Backend) ([]AdmissionDiffDTO, error) {
		all, err := as(ctx, b, func(ctx context.Context, h *desk.House, who mfa.Session) ([]admission.Difference, error) {
			return h.Admission.Compare(ctx, who, req.First.domain(), req.Second.domain(), req.FirstBlob, req.SecondBlob)
		})
		return each(all, admissionDiff(b.Now())), err
	})
}

// SaveDifferences asks for a place and writes what CompareAdmission says there, as CSV.
func (a *API) SaveDifferences(req SaveDifferencesRequest) (SavedDTO, error) {
	return a.saves(mfa.OpSimulate, req.Title, req.Name, func(ctx context.Context, h *desk.House, who mfa.Session, path string) error {
		all, err := h.Admission.Compare(ctx, who, req.First.domain(), req.Second.domain(), req.FirstBlob, req.SecondBlob)
		if err != nil {
			return err
		}
		return desk.Save(path, func(w io.Writer) error { return admission.WriteDifferences(w, all) })
	})
}

// SaveAdmission asks for a place and writes what Admits says there, as CSV.
func (a *API) SaveAdmission(req SaveAdmissionRequest) (SavedDTO, error) {
	return a.saves(mfa.OpSimulate, req.Title, req.Name, func(ctx context.Context, h *desk.House, who mfa.Session, path string) error {
		all, err := h.Admission.Admits(ctx, who, req.Rules.domain())
		if err != nil {
			return err
		}
		return desk.Save(path, func(w io.Writer) error { return all.WriteCSV(w) })
	})
}
