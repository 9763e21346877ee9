package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
)

type settingsJSON struct {
	RootGraceDays     int   `json:"root_grace_days"`
	RequireForUsers   bool  `json:"require_for_users"`
	UserGraceDays     int   `json:"user_grace_days"`
	Passwordless      bool  `json:"passwordless"`
	IdleMinutes       int   `json:"idle_minutes"`
	MinLength         int   `json:"password_min_length"`
	Upper             bool  `json:"password_upper"`
	Lower             bool  `json:"password_lower"`
	Digit             bool  `json:"password_digit"`
	Symbol            bool  `json:"password_symbol"`
	RuleOutHello      bool  `json:"rule_out_hello"`
	NewUsersAnyDevice bool  `json:"new_users_any_device"`
	Version           int64 `json:"version"`
}

func (s *seat) showSettings(a mfa.Account) {
	c := a.Settings
	s.t.result(settingsJSON{RootGraceDays: c.RootGraceDays, RequireForUsers: c.RequireForUser, UserGraceDays: c.UserGraceDays, Passwordless: c.Passwordless,
		IdleMinutes: c.IdleMinutes, MinLength: c.Passwords.MinLength, Upper: c.Passwords.Upper, Lower: c.Passwords.Lower, Digit: c.Passwords.Digit,
		Symbol: c.Passwords.Symbol, RuleOutHello: c.RuleOutHello, NewUsersAnyDevice: c.NewUsersAnyDevice, Version: a.Version})
	s.t.say("root-grace           %d days", c.RootGraceDays)
	s.t.say("require-users        %s", yesNo(c.RequireForUser))
	s.t.say("user-grace           %d days", c.UserGraceDays)
	s.t.say("passwordless         %s", yesNo(c.Passwordless))
	s.t.say("rule-out-hello       %s", yesNo(c.RuleOutHello))
	s.t.say("new-users-any-device %s", yesNo(c.NewUsersAnyDevice))
	s.t.say("idle                 %d minutes", c.IdleMinutes)
	s.t.say("min-length           %d", c.Passwords.MinLength)
	s.t.say("needs                upper %s, lower %s, digit %s, symbol %s", yesNo(c.Passwords.Upper), yesNo(c.Passwords.Lower), yesNo(c.Passwords.Digit), yesNo(c.Passwords.Symbol))
}

var settingsShow = signed("settings show", "", "show the account's settings", plain(func(ctx context.Context, s *seat) error {
	a, err := s.Accounts.Account(ctx)
	if err != nil {
		return err
	}
	s.showSettings(a)
	return nil
}))

// settingsSet changes the settings whose flags are given, and no others.
var settingsSet = changing("settings set", "[--root-grace D] [--require-users=B] ...", "change the account's settings", func(fs *flag.FlagSet) action {
	given, names := mfa.Settings{}, map[string]func(to *mfa.Settings){}
	number := func(name, what string, of func(*mfa.Settings) *int) {
		fs.IntVar(of(&given), name, 0, what)
		names[name] = func(to *mfa.Settings) { *of(to) = *of(&given) }
	}
	choice := func(name, what string, of func(*mfa.Settings) *bool) {
		fs.BoolVar(of(&given), name, false, what+" (`true|false`)")
		names[name] = func(to *mfa.Settings) { *of(to) = *of(&given) }
	}
	number("root-grace", fmt.Sprintf("how many `DAYS` root may go without a device, 0 to %d", mfa.MaxGraceDays), func(s *mfa.Settings) *int { return &s.RootGraceDays })
	number("user-grace", "the same for users, in `DAYS`", func(s *mfa.Settings) *int { return &s.UserGraceDays })
	number("idle", "after so many `MINUTES` without a touch the window's session ends; 0 is never", func(s *mfa.Settings) *int { return &s.IdleMinutes })
	number("min-length", fmt.Sprintf("least `LENGTH` of a password, %d to %d", mfa.MinPassword, mfa.MaxPassword), func(s *mfa.Settings) *int { return &s.Passwords.MinLength })
	choice("require-users", "users must have a device, too", func(s *mfa.Settings) *bool { return &s.RequireForUser })
	choice("passwordless", "a passkey alone may sign in", func(s *mfa.Settings) *bool { return &s.Passwordless })
	choice("rule-out-hello", "refuse passkeys that cannot be proven not to be in Windows Hello", func(s *mfa.Settings) *bool { return &s.RuleOutHello })
	choice("new-users-any-device", "new users get the policy EnableAnyDevice; off lets a certification policy decide", func(s *mfa.Settings) *bool { return &s.NewUsersAnyDevice })
	choice("upper", "a password needs an upper-case letter", func(s *mfa.Settings) *bool { return &s.Passwords.Upper })
	choice("lower", "a password needs a lower-case letter", func(s *mfa.Settings) *bool { return &s.Passwords.Lower })
	choice("digit", "a password needs a digit", func(s *mfa.Settings) *bool { return &s.Passwords.Digit })
	choice("symbol", "a password needs another character", func(s *mfa.Settings) *bool { return &s.Passwords.Symbol })
	return func(ctx context.Context, s *seat) error {
		a, err := s.Accounts.Account(ctx)
		if err != nil {
			return err
		}
		changed := 0
		fs.Visit(func(f *flag.Flag) {
			if set, ok := names[f.Name]; ok {
				set(&a.Settings)
				changed++
			}
		})
		if changed == 0 {
			return usage("settings set needs a setting: see keyferryctl help settings set")
		}
		if a, err = s.Accounts.SaveSettings(ctx, s.session, a.Version, a.Settings); err != nil {
			return err
		}
		s.showSettings(a)
		return nil
	}
})
