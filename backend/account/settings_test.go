package account

import (
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestSaveSettings(t *testing.T) {
	o := newOffice(t)
	a, err := o.Account(t.Context())
	if err != nil || a.Settings != mfa.DefaultSettings() {
		t.Fatalf("a new account has %+v, %v", a.Settings, err)
	}
	s := a.Settings
	s.RootGraceDays, s.Passwordless, s.Passwords.MinLength = 10, true, 14
	a, err = o.SaveSettings(t.Context(), o.admin, 1, s)
	if err != nil || a.Settings != s || a.Version != 2 {
		t.Fatalf("saved %+v, %v", a, err)
	}
	e := o.last(t)
	if e.Kind != mfa.EventSettingsChanged || e.Detail["what"] != "root-grace,passwordless,min-length" || e.Detail["from"] != "35,false,8" || e.Detail["to"] != "10,true,14" {
		t.Errorf("event %+v", e)
	}
	if a, err = o.SaveSettings(t.Context(), o.admin, 2, s); err != nil || a.Version != 2 || o.last(t).Seq != e.Seq {
		t.Errorf("nothing changed: version %d, %d events more, %v", a.Version, o.last(t).Seq-e.Seq, err)
	}
	for name, row := range map[string]struct {
		who     mfa.Session
		version int64
		bend    func(*mfa.Settings)
		code    mfa.Code
		field   string
	}{
		"older version":  {o.admin, 1, func(s *mfa.Settings) { s.IdleMinutes = 1 }, mfa.CodeConflict, ""},
		"too much grace": {o.admin, 2, func(s *mfa.Settings) { s.RootGraceDays = 366 }, mfa.CodeInvalidInput, "root-grace"},
		"no grace at":    {o.admin, 2, func(s *mfa.Settings) { s.UserGraceDays = -1 }, mfa.CodeInvalidInput, "user-grace"},
		"weak passwords": {o.admin, 2, func(s *mfa.Settings) { s.Passwords.MinLength = 7 }, mfa.CodeInvalidInput, "min-length"},
		"by a user":      {o.alice, 2, func(*mfa.Settings) {}, mfa.CodeAccessDenied, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bent := s
			row.bend(&bent)
			_, err := o.SaveSettings(t.Context(), row.who, row.version, bent)
			if f := wants(t, err, row.code); f.Params["field"] != row.field {
				t.Errorf("params %v", f.Params)
			}
		})
	}
}

// Each setting that can be changed must show in the trail.
func TestEverySettingIsNamedInTheTrail(t *testing.T) {
	for name, bend := range map[string]func(*mfa.Settings){
		"root-grace": func(s *mfa.Settings) { s.RootGraceDays++ }, "require-users": func(s *mfa.Settings) { s.RequireForUser = true },
		"user-grace": func(s *mfa.Settings) { s.UserGraceDays++ }, "passwordless": func(s *mfa.Settings) { s.Passwordless = true },
		"rule-out-hello": func(s *mfa.Settings) { s.RuleOutHello = true }, "new-users-any-device": func(s *mfa.Settings) { s.NewUsersAnyDevice = false },
		"idle": func(s *mfa.Settings) { s.IdleMinutes++ }, "min-length": func(s *mfa.Settings) { s.Passwords.MinLength++ },
		"upper": func(s *mfa.Settings) { s.Passwords.Upper = true }, "lower": func(s *mfa.Settings) { s.Passwords.Lower = true },
		"digit": func(s *mfa.Settings) { s.Passwords.Digit = true }, "symbol": func(s *mfa.Settings) { s.Passwords.Symbol = true },
	} {
		s := mfa.DefaultSettings()
		bend(&s)
		if what, _, _ := differences(mfa.DefaultSettings(), s); what != name {
			t.Errorf("%s is called %q", name, what)
		}
	}
}
