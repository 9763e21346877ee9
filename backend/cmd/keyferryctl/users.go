package main

import (
	"context"
	"flag"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

type userJSON struct {
	ID             string `json:"id"`
	Version        int64  `json:"version"`
	Kind           string `json:"kind"`
	Name           string `json:"name"`
	Path           string `json:"path"`
	Administrator  bool   `json:"administrator"`
	HasPassword    bool   `json:"has_password"`
	MustChange     bool   `json:"must_change"`
	CreatedAt      int64  `json:"created_at"`
	PasswordAt     int64  `json:"password_at"`
	PasswordUsedAt int64  `json:"password_used_at"`
	Deadline       int64  `json:"mfa_deadline"`
	Passkeys       int    `json:"passkeys"`
	Apps           int    `json:"apps"`
	Tokens         int    `json:"tokens"`
	Suspect        int    `json:"suspect"`
	LastUsedAt     int64  `json:"last_used_at"`
	RecoveryLeft   int    `json:"recovery_left"`
	Ways           int    `json:"ways"`
}

func userOf(o mfa.Overview) userJSON {
	return userJSON{ID: o.ID, Version: o.Version, Kind: string(o.Kind), Name: o.Name, Path: o.Path, Administrator: o.Administrator,
		HasPassword: o.HasPassword, MustChange: o.MustChange, CreatedAt: milliseconds(o.CreatedAt), PasswordAt: milliseconds(o.PasswordAt),
		PasswordUsedAt: milliseconds(o.PasswordUsedAt), Deadline: milliseconds(o.MFADeadline), Passkeys: o.Passkeys, Apps: o.Apps, Tokens: o.Tokens,
		Suspect: o.Suspect, LastUsedAt: milliseconds(o.LastUsedAt), RecoveryLeft: o.RecoveryLeft, Ways: o.Ways()}
}

// devicesOf says in a few words which devices somebody has.
func devicesOf(o mfa.Overview) string {
	var parts []string
	for _, k := range []struct {
		n    int
		name string
	}{{o.Passkeys, "passkey"}, {o.Apps, "app"}, {o.Tokens, "token"}} {
		if k.n > 0 {
			parts = append(parts, plural(k.n, k.name))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

var userList = signed("user list", "", "list root and all users with their MFA devices", plain(func(ctx context.Context, s *seat) error {
	all, err := s.Accounts.Users(ctx, s.session)
	if err != nil {
		return err
	}
	list := make([]userJSON, len(all))
	table := newTable("NAME", "PATH", "ADMINISTRATOR", "PASSWORD", "MFA", "LAST USED")
	for i, o := range all {
		list[i] = userOf(o)
		table.row(o.Name, o.Path, yesNo(o.Administrator), yesNo(o.HasPassword), devicesOf(o), when(o.LastUsedAt))
	}
	s.t.result(map[string]any{"users": list})
	s.t.say("%s", table)
	return nil
}))

var userAdd = changing("user add", "NAME [--path P] [--admin]", "add a user", func(fs *flag.FlagSet) action {
	n := account.NewUser{}
	none := fs.Bool("no-password", false, "the user gets no password")
	initial := newSecret(fs, "new-password", "the user's password")
	fs.StringVar(&n.Path, "path", mfa.RootPath, "the user's `PATH`")
	fs.BoolVar(&n.MustChange, "must-change", false, "the user must change the password at the first sign-in")
	fs.BoolVar(&n.Administrator, "admin", false, "attach AdministratorAccess")
	return func(ctx context.Context, s *seat) error {
		n.Name = s.args[0]
		if err := mfa.CheckName(n.Name); err != nil {
			return err
		}
		// Before the password is asked for; AddUser asks once more.
		if _, err := s.Accounts.May(ctx, s.session, mfa.OpCreateUser, ""); err != nil {
			return err
		}
		if !*none {
			var err error
			if n.Password, err = initial.get(ctx, s.t, "Password of "+n.Name, true); err != nil {
				return err
			}
			defer n.Password.Wipe()
		}
		o, err := s.Accounts.AddUser(ctx, s.session, n)
		if err != nil {
			return err
		}
		s.t.result(userOf(o))
		s.t.say("Added %s.", o.Name)
		return nil
	}
})

var userChange = changing("user change", "NAME [--name N] [--path P]", "give a user another name or path", func(fs *flag.FlagSet) action {
	name, path := fs.String("name", "", "the new `NAME`"), fs.String("path", "", "the new `PATH`")
	return func(ctx context.Context, s *seat) error {
		p, err := s.principal(ctx, mfa.OpUpdateUser, s.args[0])
		if err != nil {
			return err
		}
		if *name == "" {
			*name = p.Name
		}
		if *path == "" {
			*path = p.Path
		}
		o, err := s.Accounts.ChangeUser(ctx, s.session, p.ID, p.Version, *name, *path)
		if err != nil {
			return err
		}
		s.t.result(userOf(o))
		s.t.say("%s is now %s, path %s.", p.Label(), o.Name, o.Path)
		return nil
	}
})

var userRemove = changing("user remove", "NAME [--with-devices] [--yes]", "remove a user", func(fs *flag.FlagSet) action {
	yes := yesFlag(fs)
	devices := fs.Bool("with-devices", false, "passkeys and apps go, too; tokens return to stock")
	return func(ctx context.Context, s *seat) error {
		p, err := s.principal(ctx, mfa.OpDeleteUser, s.args[0])
		if err != nil {
			return err
		}
		if err := s.sure(ctx, *yes, "Remove "+p.Label()+"? Somebody who is added again under that name is somebody else."); err != nil {
			return err
		}
		if err := s.Accounts.RemoveUser(ctx, s.session, p.ID, p.Version, *devices); err != nil {
			return err
		}
		s.t.result(map[string]string{"removed": p.ID, "name": p.Label()})
		s.t.say("Removed %s.", p.Label())
		return nil
	}
})

var userPassword = changing("user password", "NAME [--remove] [--must-change]", "set a user's password, or take it away", func(fs *flag.FlagSet) action {
	given := newSecret(fs, "new-password", "the new password")
	remove := fs.Bool("remove", false, "take the password away")
	must := fs.Bool("must-change", false, "the user must change it at the next sign-in")
	return func(ctx context.Context, s *seat) error {
		p, err := s.principal(ctx, mfa.OpSetPassword, s.args[0])
		if err != nil {
			return err
		}
		var password *mfa.Secret
		if !*remove {
			if password, err = given.get(ctx, s.t, "New password of "+p.Label(), true); err != nil {
				return err
			}
			defer password.Wipe()
		}
		o, err := s.Accounts.SetPassword(ctx, s.session, p.ID, p.Version, password, *must)
		if err != nil {
			return err
		}
		s.t.result(userOf(o))
		s.t.say("%s", map[bool]string{true: o.Name + " has no password now.", false: "The password of " + o.Name + " was set."}[*remove])
		return nil
	}
})

var userAdmin = changing("user admin", "NAME ON|OFF", "make a user an administrator, or take that away", plain(func(ctx context.Context, s *seat) error {
	on, err := onOff(s.args[1])
	if err != nil {
		return err
	}
	op := mfa.OpDetachUserPolicy
	if on {
		op = mfa.OpAttachUserPolicy
	}
	p, err := s.principal(ctx, op, s.args[0])
	if err != nil {
		return err
	}
	o, err := s.Accounts.SetAdministrator(ctx, s.session, p.ID, on)
	if err != nil {
		return err
	}
	s.t.result(userOf(o))
	is := "is an administrator"
	if !o.Administrator {
		is = "is no administrator"
	}
	s.t.say("%s %s now.", o.Name, is)
	return nil
}))
