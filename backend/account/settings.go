package account

import (
	"context"
	"fmt"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// SaveSettings changes the account's settings, of the version that the caller has
// seen. Deadlines that have begun stay as they are. invalid-input (params: field),
// concurrent-modification, or as May fails.
func (s *Service) SaveSettings(ctx context.Context, who mfa.Session, version int64, settings mfa.Settings) (mfa.Account, error) {
	acting, err := s.May(ctx, who, mfa.OpChangeSettings, "")
	if err != nil {
		return mfa.Account{}, err
	}
	if err := settings.Check(); err != nil {
		return mfa.Account{}, err
	}
	a := acting.Account
	if a.Version != version {
		return mfa.Account{}, mfa.Fail(mfa.CodeConflict)
	}
	what, from, to := differences(a.Settings, settings)
	if what == "" {
		return a, nil
	}
	a.Settings = settings
	if err := s.store.UpdateAccount(ctx, a, s.did(acting, mfa.EventSettingsChanged, "what", what, "from", from, "to", to)); err != nil {
		return mfa.Account{}, err
	}
	// It is done, so it is too late to cancel.
	return s.store.Account(context.WithoutCancel(ctx))
}

// differences names what differs, with the old and the new values in the same order.
func differences(a, b mfa.Settings) (what, from, to string) {
	var names, olds, news []string
	for _, row := range []struct {
		name     string
		old, new any
	}{
		{"root-grace", a.RootGraceDays, b.RootGraceDays}, {"require-users", a.RequireForUser, b.RequireForUser},
		{"user-grace", a.UserGraceDays, b.UserGraceDays}, {"passwordless", a.Passwordless, b.Passwordless},
		{"rule-out-hello", a.RuleOutHello, b.RuleOutHello}, {"new-users-any-device", a.NewUsersAnyDevice, b.NewUsersAnyDevice},
		{"idle", a.IdleMinutes, b.IdleMinutes}, {"min-length", a.Passwords.MinLength, b.Passwords.MinLength},
		{"upper", a.Passwords.Upper, b.Passwords.Upper}, {"lower", a.Passwords.Lower, b.Passwords.Lower},
		{"digit", a.Passwords.Digit, b.Passwords.Digit}, {"symbol", a.Passwords.Symbol, b.Passwords.Symbol},
	} {
		if row.old != row.new {
			names, olds, news = append(names, row.name), append(olds, fmt.Sprint(row.old)), append(news, fmt.Sprint(row.new))
		}
	}
	return strings.Join(names, ","), strings.Join(olds, ","), strings.Join(news, ",")
}
