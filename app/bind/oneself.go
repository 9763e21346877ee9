package bind

import (
	"context"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// ChangePassword changes one's own password.
func (a *API) ChangePassword(req ChangePasswordRequest) (StateDTO, error) {
	old, fresh := req.Old.secret(), req.New.secret()
	defer old.Wipe()
	defer fresh.Wipe()
	return a.after(func(ctx context.Context, h *desk.House, who mfa.Session) error {
		return h.Accounts.ChangePassword(ctx, who, old, fresh)
	})
}

// MakeRecoveryCodes makes ten new printed codes. They cross once, as bytes.
func (a *API) MakeRecoveryCodes() ([]Password, error) {
	return changing(a, func(ctx context.Context, h *desk.House, who mfa.Session) ([]Password, error) {
		codes, err := h.Recovery.Make(ctx, who)
		return each(codes, func(c *mfa.Secret) Password {
			defer c.Wipe()
			return append(Password{}, c.Bytes()...)
		}), err
	})
}

// Me is one's own row of the list of users.
func (a *API) Me() (UserDTO, error) {
	return a.user(func(ctx context.Context, h *desk.House, who mfa.Session) (mfa.Overview, error) {
		return h.Accounts.Me(ctx, who)
	})
}
