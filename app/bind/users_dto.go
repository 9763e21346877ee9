package bind

import (
	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// UserDTO is one row of the list of users.
type UserDTO struct {
	ID             string `json:"id"`
	Version        int64  `json:"version"`
	Kind           string `json:"kind"`
	Name           string `json:"name"`
	Path           string `json:"path"`
	ARN            string `json:"arn"`
	Administrator  bool   `json:"administrator"`
	HasPassword    bool   `json:"hasPassword"`
	MustChange     bool   `json:"mustChange"`
	CreatedAt      int64  `json:"createdAt"`
	PasswordAt     int64  `json:"passwordAt"`
	PasswordUsedAt int64  `json:"passwordUsedAt"`
	Deadline       int64  `json:"deadline"`
	Passkeys       int    `json:"passkeys"`
	Apps           int    `json:"apps"`
	Tokens         int    `json:"tokens"`
	Suspect        int    `json:"suspect"`
	LastUsedAt     int64  `json:"lastUsedAt"`
	RecoveryLeft   int    `json:"recoveryLeft"`
	Ways           int    `json:"ways"`
}

// UserRowDTO is one row of a list that was read.
type UserRowDTO struct {
	Line          int         `json:"line"`
	Name          string      `json:"name"`
	Path          string      `json:"path"`
	Administrator bool        `json:"administrator"`
	HasPassword   bool        `json:"hasPassword"`
	Failure       *FailureDTO `json:"failure"`
}

// UserPreviewDTO is a list of users that was read.
type UserPreviewDTO struct {
	ID   string       `json:"id"`
	File string       `json:"file"`
	Rows []UserRowDTO `json:"rows"`
	Good int          `json:"good"`
	Bad  int          `json:"bad"`
}

// AddUserRequest adds a user; an empty password is none.
type AddUserRequest struct {
	Name          string   `json:"name"`
	Path          string   `json:"path"`
	Password      Password `json:"password"`
	MustChange    bool     `json:"mustChange"`
	Administrator bool     `json:"administrator"`
}

// ChangeUserRequest changes a user that was seen at Version.
type ChangeUserRequest struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
	Path    string `json:"path"`
}

// UserRequest names a user that was seen at Version.
type UserRequest struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
}

// SetPasswordRequest sets a user's password; an empty one takes it away.
type SetPasswordRequest struct {
	ID         string   `json:"id"`
	Version    int64    `json:"version"`
	Password   Password `json:"password"`
	MustChange bool     `json:"mustChange"`
}

// SetAdministratorRequest makes a user an administrator, or no more.
type SetAdministratorRequest struct {
	ID string `json:"id"`
	On bool   `json:"on"`
}

// ChangePasswordRequest changes one's own password.
type ChangePasswordRequest struct {
	Old Password `json:"old"`
	New Password `json:"new"`
}

// ImportRequest imports a preview; with OnlyGood it leaves bad rows out.
type ImportRequest struct {
	ID       string `json:"id"`
	OnlyGood bool   `json:"onlyGood"`
}

func userOf(s desk.State) func(mfa.Overview) UserDTO {
	var acct mfa.Account
	if s.Account != nil {
		acct = *s.Account
	}
	return func(o mfa.Overview) UserDTO {
		return UserDTO{ID: o.ID, Version: o.Version, Kind: string(o.Kind), Name: o.Name, Path: o.Path,
			ARN:           mfa.PrincipalARN(acct, mfa.Principal{Kind: o.Kind, Name: o.Name, Path: o.Path}),
			Administrator: o.Administrator, HasPassword: o.HasPassword, MustChange: o.MustChange, CreatedAt: millis(o.CreatedAt),
			PasswordAt: millis(o.PasswordAt), PasswordUsedAt: millis(o.PasswordUsedAt), Deadline: millis(o.MFADeadline),
			Passkeys: o.Passkeys, Apps: o.Apps, Tokens: o.Tokens, Suspect: o.Suspect, LastUsedAt: millis(o.LastUsedAt),
			RecoveryLeft: o.RecoveryLeft, Ways: o.Ways()}
	}
}

func userPreview(file string, l *account.UserList) UserPreviewDTO {
	return UserPreviewDTO{File: file, Good: l.Good(), Bad: l.Bad(), Rows: each(l.Rows, func(r account.UserRow) UserRowDTO {
		return UserRowDTO{Line: r.Line, Name: r.Name, Path: r.Path, Administrator: r.Administrator, HasPassword: r.Password.Len() > 0, Failure: failure(r.Problem)}
	})}
}
