package bind

import (
	"context"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Users lists root and all users.
func (a *API) Users() ([]UserDTO, error) {
	return call(a, func(ctx context.Context, b Backend) ([]UserDTO, error) {
		all, err := as(ctx, b, func(ctx context.Context, h *desk.House, who mfa.Session) ([]mfa.Overview, error) {
			return h.Accounts.Users(ctx, who)
		})
		return each(all, userOf(b.State())), err
	})
}

// user is for what gives one row of that list.
func (a *API) user(do func(context.Context, *desk.House, mfa.Session) (mfa.Overview, error)) (UserDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (UserDTO, error) {
		o, err := as(ctx, b, do)
		if err != nil {
			return UserDTO{}, err
		}
		err = b.Refresh(ctx)
		return userOf(b.State())(o), err
	})
}

// AddUser adds a user; an empty password is none.
func (a *API) AddUser(req AddUserRequest) (UserDTO, error) {
	password := req.Password.optional()
	defer password.Wipe()
	return a.user(func(ctx context.Context, h *desk.House, who mfa.Session) (mfa.Overview, error) {
		return h.Accounts.AddUser(ctx, who, account.NewUser{Name: req.Name, Path: req.Path, Password: password,
			MustChange: req.MustChange, Administrator: req.Administrator})
	})
}

// ChangeUser gives a user another name or path.
func (a *API) ChangeUser(req ChangeUserRequest) (UserDTO, error) {
	return a.user(func(ctx context.Context, h *desk.House, who mfa.Session) (mfa.Overview, error) {
		return h.Accounts.ChangeUser(ctx, who, req.ID, req.Version, req.Name, req.Path)
	})
}

// RemoveUser deletes a user with their devices, which the page has named to the
// person before; tokens go back to stock.
func (a *API) RemoveUser(req UserRequest) error {
	_, err := changing(a, func(ctx context.Context, h *desk.House, who mfa.Session) (struct{}, error) {
		return struct{}{}, h.Accounts.RemoveUser(ctx, who, req.ID, req.Version, true)
	})
	return err
}

// SetPassword gives a user another password; an empty one takes it away.
func (a *API) SetPassword(req SetPasswordRequest) (UserDTO, error) {
	password := req.Password.optional()
	defer password.Wipe()
	return a.user(func(ctx context.Context, h *desk.House, who mfa.Session) (mfa.Overview, error) {
		return h.Accounts.SetPassword(ctx, who, req.ID, req.Version, password, req.MustChange)
	})
}

// SetAdministrator makes a user an administrator, or no more.
func (a *API) SetAdministrator(req SetAdministratorRequest) (UserDTO, error) {
	return a.user(func(ctx context.Context, h *desk.House, who mfa.Session) (mfa.Overview, error) {
		return h.Accounts.SetAdministrator(ctx, who, req.ID, req.On)
	})
}

// PreviewUsers reads a list of users that was chosen.
func (a *API) PreviewUsers(file string) (UserPreviewDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (UserPreviewDTO, error) {
		return as(ctx, b, func(ctx context.Context, h *desk.House, who mfa.Session) (UserPreviewDTO, error) {
			f, data, err := b.ReadFile(file, account.MaxUserFile)
			if err != nil {
				return UserPreviewDTO{}, err
			}
			list, err := account.ReadUsers(data)
			if err != nil {
				return UserPreviewDTO{}, err
			}
			if err := h.Accounts.CheckUsers(ctx, who, list); err != nil {
				list.Wipe()
				return UserPreviewDTO{}, err
			}
			out := userPreview(f.Name, list)
			out.ID, err = b.ShowUsers(who, list)
			return out, err
		})
	})
}

// AddUsers adds the users of a preview and says how many.
func (a *API) AddUsers(req ImportRequest) (int, error) {
	return a.imports(req.ID, func(ctx context.Context, b Backend, h *desk.House, who mfa.Session) (n int, err error) {
		err = b.UseUsers(ctx, req.ID, func(ctx context.Context, l *account.UserList) error {
			n, err = h.Accounts.AddUsers(ctx, who, l, req.OnlyGood, b.Progress(req.ID))
			return err
		})
		return n, err
	})
}

// imports is for what empties a preview: it is closed afterwards.
func (a *API) imports(id string, do func(context.Context, Backend, *desk.House, mfa.Session) (int, error)) (int, error) {
	return call(a, func(ctx context.Context, b Backend) (int, error) {
		n, err := as(ctx, b, func(ctx context.Context, h *desk.House, who mfa.Session) (int, error) { return do(ctx, b, h, who) })
		if err != nil {
			return 0, err
		}
		b.ClosePreview(id)
		return n, b.Refresh(ctx)
	})
}
