package bind

import (
	"context"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/enforcement"
	"github.com/keyferry/keyferry/backend/mfa"
)

// SaveSettings changes the account's settings.
func (a *API) SaveSettings(req SaveSettingsRequest) (StateDTO, error) {
	return a.after(func(ctx context.Context, h *desk.House, who mfa.Session) error {
		_, err := h.Accounts.SaveSettings(ctx, who, req.Version, req.Settings.domain())
		return err
	})
}

// Rehearse says what signing in would lead to for everybody on a day.
func (a *API) Rehearse(day int64) ([]ForecastDTO, error) {
	return call(a, func(ctx context.Context, b Backend) ([]ForecastDTO, error) {
		all, err := as(ctx, b, func(ctx context.Context, h *desk.House, who mfa.Session) ([]enforcement.Forecast, error) {
			return h.Accounts.Rehearse(ctx, who, moment(day))
		})
		user := userOf(b.State())
		return each(all, func(f enforcement.Forecast) ForecastDTO {
			return ForecastDTO{User: user(f.Overview), Verdict: verdict(f.Verdict)}
		}), err
	})
}

// SaveSettingsRequest changes settings that were seen at Version.
type SaveSettingsRequest struct {
	Version  int64       `json:"version"`
	Settings SettingsDTO `json:"settings"`
}

// ForecastDTO is what enforcement says about one principal on some day.
type ForecastDTO struct {
	User    UserDTO    `json:"user"`
	Verdict VerdictDTO `json:"verdict"`
}
