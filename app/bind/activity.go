package bind

import (
	"context"
	"io"

	"github.com/keyferry/keyferry/backend/activity"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/report"
)

// Activity gives the events that a filter chooses, newest first.
func (a *API) Activity(filter ActivityFilter) ([]EventDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) ([]EventDTO, error) {
		found, err := h.Activity.Find(ctx, who, filter.domain())
		return each(found, eventOf), err
	})
}

// SaveActivity writes the events that a filter chooses into a file, as JSON Lines.
func (a *API) SaveActivity(req SaveActivityRequest) (SavedDTO, error) {
	return a.saves(mfa.OpReadActivity, req.Title, req.Name, func(ctx context.Context, h *desk.House, who mfa.Session, path string) error {
		return desk.Save(path, func(w io.Writer) error {
			_, err := h.Activity.Export(ctx, who, w, req.Filter.domain())
			return err
		})
	})
}

// Report makes the credential report.
func (a *API) Report() ([]ReportRowDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) ([]ReportRowDTO, error) {
		rows, err := h.Report.Make(ctx, who)
		return each(rows, reportRow), err
	})
}

// SaveReport writes the credential report into a file, as CSV.
func (a *API) SaveReport(req SaveRequest) (SavedDTO, error) {
	return a.saves(mfa.OpCredentialReport, req.Title, req.Name, func(ctx context.Context, h *desk.House, who mfa.Session, path string) error {
		rows, err := h.Report.Make(ctx, who)
		if err != nil {
			return err
		}
		return desk.Save(path, func(w io.Writer) error { return report.WriteCSV(w, rows) })
	})
}

// EventDTO is one line of the audit trail.
type EventDTO struct {
	Seq         int64             `json:"seq"`
	At          int64             `json:"at"`
	Kind        string            `json:"kind"`
	PrincipalID string            `json:"principalId"`
	Principal   string            `json:"principal"`
	DeviceID    string            `json:"deviceId"`
	Detail      map[string]string `json:"detail"`
}

// ActivityFilter chooses events; what is empty or 0 chooses all.
type ActivityFilter struct {
	From        int64    `json:"from"`
	To          int64    `json:"to"`
	Kinds       []string `json:"kinds"`
	PrincipalID string   `json:"principalId"`
	Before      int64    `json:"before"`
	Limit       int      `json:"limit"`
}

// SaveActivityRequest exports the trail.
type SaveActivityRequest struct {
	Title  string         `json:"title"`
	Name   string         `json:"name"`
	Filter ActivityFilter `json:"filter"`
}

// ReportRowDTO is one principal in the credential report.
type ReportRowDTO struct {
	User            string `json:"user"`
	ARN             string `json:"arn"`
	CreatedAt       int64  `json:"createdAt"`
	PasswordEnabled bool   `json:"passwordEnabled"`
	PasswordUsedAt  int64  `json:"passwordUsedAt"`
	PasswordAt      int64  `json:"passwordAt"`
	MFAActive       bool   `json:"mfaActive"`
	Passkeys        int    `json:"passkeys"`
	Apps            int    `json:"apps"`
	Tokens          int    `json:"tokens"`
	LastUsedAt      int64  `json:"lastUsedAt"`
}

func (f ActivityFilter) domain() mfa.EventFilter {
	return mfa.EventFilter{From: moment(f.From), To: moment(f.To), PrincipalID: f.PrincipalID, Before: f.Before, Limit: f.Limit,
		Kinds: each(f.Kinds, func(k string) mfa.EventKind { return mfa.EventKind(k) })}
}

func eventOf(e activity.Entry) EventDTO {
	detail := e.Detail
	if detail == nil {
		detail = map[string]string{}
	}
	return EventDTO{Seq: e.Seq, At: millis(e.At), Kind: string(e.Kind), PrincipalID: e.PrincipalID, Principal: e.Principal, DeviceID: e.DeviceID, Detail: detail}
}

func reportRow(r report.Row) ReportRowDTO {
	return ReportRowDTO{User: r.User, ARN: r.ARN, CreatedAt: millis(r.CreatedAt), PasswordEnabled: r.PasswordEnabled,
		PasswordUsedAt: millis(r.PasswordUsedAt), PasswordAt: millis(r.PasswordAt), MFAActive: r.MFAActive,
		Passkeys: r.Passkeys, Apps: r.Apps, Tokens: r.Tokens, LastUsedAt: millis(r.LastUsedAt)}
}
