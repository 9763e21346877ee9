package account

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

var alice = mfa.Identity{Kind: mfa.User, Name: "alice"}

func TestSetPassword(t *testing.T) {
	o := newOffice(t)
	id := o.alice.PrincipalID
	o.now = o.now.Add(time.Hour)
	u, err := o.SetPassword(t.Context(), o.admin, id, 1, secret("another horse"), true)
	if err != nil || !u.HasPassword || !u.MustChange || !u.PasswordAt.Equal(o.now) || u.Version != 2 {
		t.Fatalf("%+v, %v", u, err)
	}
	if e := o.last(t); e.Kind != mfa.EventPasswordSet || e.Detail["what"] != "set" || e.Detail["user"] != "alice" || strings.Contains(fmt.Sprint(e), "horse") {
		t.Errorf("event %+v", e)
	}
	if p, err := o.CheckPassword(t.Context(), alice, secret("another horse")); err != nil || !p.MustChange {
		t.Errorf("%+v, %v", p, err)
	}
	_, err = o.CheckPassword(t.Context(), alice, secret("correct horse"))
	wants(t, err, mfa.CodeSignInRefused)

	u, err = o.SetPassword(t.Context(), o.admin, id, 2, nil, true)
	if err != nil || u.HasPassword || u.MustChange || !u.PasswordAt.IsZero() {
		t.Fatalf("taken away: %+v, %v", u, err)
	}
	_, err = o.CheckPassword(t.Context(), alice, secret("another horse"))
	wants(t, err, mfa.CodeSignInRefused)
	_, err = o.CheckPassword(t.Context(), alice, secret(""))
	wants(t, err, mfa.CodeSignInRefused)
	if e := o.last(t); e.Kind != mfa.EventSignInRefused || e.PrincipalID != id {
		t.Errorf("event %+v", e)
	}
}

func TestSetPasswordRefuses(t *testing.T) {
	o := newOffice(t)
	o.settle(t, func(s *mfa.Settings) { s.Passwords.Upper = true })
	for name, row := range map[string]struct {
		who      mfa.Session
		id       string
		version  int64
		password *mfa.Secret
		code     mfa.Code
	}{
		"older version":    {o.admin, o.alice.PrincipalID, 9, secret("Correct horse"), mfa.CodeConflict},
		"policy":           {o.admin, o.alice.PrincipalID, 1, secret("correct horse"), mfa.CodePasswordPolicy},
		"empty":            {o.admin, o.alice.PrincipalID, 1, secret(""), mfa.CodePasswordShort},
		"oneself":          {o.admin, o.admin.PrincipalID, 1, secret("Correct horse"), mfa.CodeAccessDenied},
		"root":             {o.admin, o.root.PrincipalID, 1, secret("Correct horse"), mfa.CodeAccessDenied},
		"root, taken away": {o.root, o.root.PrincipalID, 1, nil, mfa.CodeAccessDenied},
		"by a user":        {o.alice, o.admin.PrincipalID, 1, secret("Correct horse"), mfa.CodeAccessDenied},
		"gone":             {o.admin, "nobody", 1, secret("Correct horse"), mfa.CodeNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.SetPassword(t.Context(), row.who, row.id, row.version, row.password, false)
			wants(t, err, row.code)
		})
	}
}

func TestChangePassword(t *testing.T) {
	o := newOffice(t)
	o.settle(t, func(s *mfa.Settings) { s.Passwords = mfa.PasswordRules{MinLength: 12, Digit: true} })
	if _, err := o.SetPassword(t.Context(), o.admin, o.alice.PrincipalID, 1, secret("first horse 1"), true); err != nil {
		t.Fatal(err)
	}
	held := o.alice
	held.Limit = mfa.LimitNewPassword
	for name, row := range map[string]struct {
		old, new string
		code     mfa.Code
	}{
		"wrong":                {"wrong horse 1", "second horse 2", mfa.CodePasswordWrong},
		"wrong and the same":   {"wrong horse 1", "wrong horse 1", mfa.CodePasswordWrong},
		"the same":             {"first horse 1", "first horse 1", mfa.CodePasswordSame},
		"too short":            {"first horse 1", "horse 2", mfa.CodePasswordShort},
		"shorter than allowed": {"first horse 1", "2nd horse", mfa.CodePasswordPolicy},
		"no digit":             {"first horse 1", "second horse", mfa.CodePasswordPolicy},
	} {
		t.Run(name, func(t *testing.T) {
			wants(t, o.ChangePassword(t.Context(), held, secret(row.old), secret(row.new)), row.code)
		})
	}
	if err := o.ChangePassword(t.Context(), held, secret("first horse 1"), secret("second horse 2")); err != nil {
		t.Fatal(err)
	}
	if e := o.last(t); e.Kind != mfa.EventPasswordChanged || e.PrincipalID != o.alice.PrincipalID || strings.Contains(fmt.Sprint(e), "horse") {
		t.Errorf("event %+v", e)
	}
	if p, err := o.CheckPassword(t.Context(), alice, secret("second horse 2")); err != nil || p.MustChange || !p.PasswordAt.Equal(o.now) {
		t.Errorf("%+v, %v", p, err)
	}
}

// An unlocked window must not be a place to guess the password in.
func TestWrongOldPasswordCountsAsAGuess(t *testing.T) {
	o := newOffice(t)
	for range 2 {
		_, err := o.CheckPassword(t.Context(), alice, secret("wrong horse"))
		wants(t, err, mfa.CodeSignInRefused)
	}
	for range freeFailures - 1 {
		wants(t, o.ChangePassword(t.Context(), o.alice, secret("wrong horse"), secret("second horse")), mfa.CodePasswordWrong)
	}
	if e := o.last(t); e.Kind != mfa.EventSignInRefused || e.Detail["code"] != string(mfa.CodePasswordWrong) {
		t.Errorf("event %+v", e)
	}
	wants(t, o.ChangePassword(t.Context(), o.alice, secret("correct horse"), secret("second horse")), mfa.CodeSignInDelayed)
	_, err := o.CheckPassword(t.Context(), alice, secret("correct horse"))
	wants(t, err, mfa.CodeSignInDelayed)
}

func TestChangePasswordOfWhoHasNone(t *testing.T) {
	o := newOffice(t)
	if _, err := o.SetPassword(t.Context(), o.admin, o.alice.PrincipalID, 1, nil, false); err != nil {
		t.Fatal(err)
	}
	wants(t, o.ChangePassword(t.Context(), o.alice, secret(""), secret("second horse")), mfa.CodePasswordWrong)
}
