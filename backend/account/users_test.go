package account

import (
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// office is an account with root, an administrator and a user.
type office struct {
	*bench
	root, admin, alice mfa.Session
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{bench: newBench(t)}
	o.root = mfa.Session{PrincipalID: o.create(t).ID}
	o.admin = mfa.Session{PrincipalID: o.user(t, NewUser{Name: "Admin", Password: secret("correct horse"), Administrator: true}).ID}
	o.alice = mfa.Session{PrincipalID: o.user(t, NewUser{Name: "alice", Password: secret("correct horse")}).ID}
	return o
}

func (o *office) user(t *testing.T, n NewUser) mfa.Overview {
	t.Helper()
	u, err := o.AddUser(t.Context(), o.root, n)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (o *office) me(t *testing.T, who mfa.Session) mfa.Overview {
	t.Helper()
	u, err := o.Me(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// last gives the newest event.
func (b *bench) last(t *testing.T) mfa.Event {
	t.Helper()
	found, err := b.store.FindEvents(t.Context(), mfa.EventFilter{Limit: 1})
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	return found[0]
}

func TestAddUser(t *testing.T) {
	o := newOffice(t)
	u, err := o.AddUser(t.Context(), o.admin, NewUser{Name: "Bob", Path: "/staff/", Password: secret("correct horse"), MustChange: true, Administrator: true})
	if err != nil || u.Name != "Bob" || u.Path != "/staff/" || !u.HasPassword || !u.MustChange || !u.Administrator || u.Version != 1 || !u.PasswordAt.Equal(o.now) {
		t.Errorf("added %+v, %v", u, err)
	}
	if e := o.last(t); e.Kind != mfa.EventPolicyAttached || e.PrincipalID != o.admin.PrincipalID || e.Detail["to"] != "Bob" || e.Detail["user_id"] != u.ID {
		t.Errorf("event %+v", e)
	}
	p, err := o.CheckPassword(t.Context(), mfa.Identity{Kind: mfa.User, Name: "BOB"}, secret("correct horse"))
	if err != nil || len(p.UserHandle) != userHandleSize {
		t.Errorf("%+v, %v", p, err)
	}
	if u, err = o.AddUser(t.Context(), o.admin, NewUser{Name: "carol", MustChange: true}); err != nil || u.HasPassword || u.MustChange || u.Path != mfa.RootPath || u.Administrator || !u.PasswordAt.IsZero() {
		t.Errorf("without a password %+v, %v", u, err)
	}
}

func TestAddUserRefuses(t *testing.T) {
	o := newOffice(t)
	o.settle(t, func(s *mfa.Settings) { s.Passwords.Digit = true })
	for name, row := range map[string]struct {
		who  mfa.Session
		n    NewUser
		code mfa.Code
		iam  string
	}{
		"no name":             {o.admin, NewUser{}, mfa.CodeNameInvalid, "ValidationError"},
		"name of 65":          {o.admin, NewUser{Name: strings.Repeat("a", 65)}, mfa.CodeNameInvalid, "ValidationError"},
		"name with a space":   {o.admin, NewUser{Name: "a b"}, mfa.CodeNameInvalid, "ValidationError"},
		"name with an umlaut": {o.admin, NewUser{Name: "jürgen"}, mfa.CodeNameInvalid, "ValidationError"},
		"path":                {o.admin, NewUser{Name: "bob", Path: "staff"}, mfa.CodePathInvalid, "ValidationError"},
		"same name":           {o.admin, NewUser{Name: "ALICE"}, mfa.CodeNameTaken, "EntityAlreadyExists"},
		"short password":      {o.admin, NewUser{Name: "bob", Password: secret("seven77")}, mfa.CodePasswordShort, "PasswordPolicyViolation"},
		"password's alphabet": {o.admin, NewUser{Name: "bob", Password: secret("correct horse 7 🐎")}, mfa.CodePasswordInvalid, "PasswordPolicyViolation"},
		"password rules":      {o.admin, NewUser{Name: "bob", Password: secret("correct horse")}, mfa.CodePasswordPolicy, "PasswordPolicyViolation"},
		"by a user":           {o.alice, NewUser{Name: "bob"}, mfa.CodeAccessDenied, "AccessDenied"},
		"by nobody":           {mfa.Session{}, NewUser{Name: "bob"}, mfa.CodeNotSignedIn, "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			before := o.last(t).Seq
			_, err := o.AddUser(t.Context(), row.who, row.n)
			if f := wants(t, err, row.code); f.IAM() != row.iam {
				t.Errorf("IAM code %s, want %s", f.IAM(), row.iam)
			}
			if o.last(t).Seq != before {
				t.Error("something was written")
			}
		})
	}
}

func TestChangeUser(t *testing.T) {
	o := newOffice(t)
	alice := o.me(t, o.alice)
	u, err := o.ChangeUser(t.Context(), o.admin, alice.ID, 1, "Alice.B", "/staff/")
	if err != nil || u.Name != "Alice.B" || u.Path != "/staff/" || u.Version != 2 || !u.HasPassword {
		t.Fatalf("changed to %+v, %v", u, err)
	}
	if e := o.last(t); e.Kind != mfa.EventUserChanged || e.Detail["from"] != "alice" || e.Detail["to"] != "Alice.B" || e.Detail["path"] != "/staff/" {
		t.Errorf("event %+v", e)
	}
	if u, err = o.ChangeUser(t.Context(), o.admin, alice.ID, 2, "ALICE.B", ""); err != nil || u.Name != "ALICE.B" || u.Path != mfa.RootPath {
		t.Errorf("only the case: %+v, %v", u, err)
	}
	for name, row := range map[string]struct {
		who        mfa.Session
		id         string
		version    int64
		name, path string
		code       mfa.Code
	}{
		"older version": {o.admin, alice.ID, 2, "al", "", mfa.CodeConflict},
		"name taken":    {o.admin, alice.ID, 3, "ADMIN", "", mfa.CodeNameTaken},
		"bad name":      {o.admin, alice.ID, 3, "", "", mfa.CodeNameInvalid},
		"bad path":      {o.admin, alice.ID, 3, "al", "//a b/", mfa.CodePathInvalid},
		"gone":          {o.admin, "nobody", 1, "al", "", mfa.CodeNotFound},
		"root":          {o.admin, o.root.PrincipalID, 1, "al", "", mfa.CodeAccessDenied},
		"root itself":   {o.root, o.root.PrincipalID, 1, "al", "", mfa.CodeAccessDenied},
		"oneself":       {o.alice, alice.ID, 3, "al", "", mfa.CodeAccessDenied},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.ChangeUser(t.Context(), row.who, row.id, row.version, row.name, row.path)
			wants(t, err, row.code)
		})
	}
	if u, err = o.ChangeUser(t.Context(), o.admin, "", 1, "chief", ""); err != nil || u.ID != o.admin.PrincipalID || !u.Administrator {
		t.Errorf("an administrator's own name: %+v, %v", u, err)
	}
}

func TestRemoveUser(t *testing.T) {
	o := newOffice(t)
	d := device(o.alice.PrincipalID, "phone")
	o.add(t, d)
	for name, row := range map[string]struct {
		who     mfa.Session
		id      string
		version int64
		code    mfa.Code
		iam     string
	}{
		"with a device": {o.admin, o.alice.PrincipalID, 1, mfa.CodeDeleteConflict, "DeleteConflict"},
		"older version": {o.admin, o.alice.PrincipalID, 7, mfa.CodeConflict, "ConcurrentModification"},
		"gone":          {o.admin, "nobody", 1, mfa.CodeNotFound, "NoSuchEntity"},
		"oneself":       {o.admin, o.admin.PrincipalID, 1, mfa.CodeAccessDenied, "AccessDenied"},
		"no name":       {o.admin, "", 1, mfa.CodeAccessDenied, "AccessDenied"},
		"root":          {o.admin, o.root.PrincipalID, 1, mfa.CodeAccessDenied, "AccessDenied"},
		"root itself":   {o.root, o.root.PrincipalID, 1, mfa.CodeAccessDenied, "AccessDenied"},
		"by a user":     {o.alice, o.admin.PrincipalID, 1, mfa.CodeAccessDenied, "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			if f := wants(t, o.RemoveUser(t.Context(), row.who, row.id, row.version, false), row.code); f.IAM() != row.iam {
				t.Errorf("IAM code %s, want %s", f.IAM(), row.iam)
			}
		})
	}
	if err := o.RemoveUser(t.Context(), o.admin, o.alice.PrincipalID, 1, true); err != nil {
		t.Fatal(err)
	}
	if e := o.last(t); e.Kind != mfa.EventUserRemoved || e.PrincipalID != o.admin.PrincipalID || e.Detail["user"] != "alice" {
		t.Errorf("event %+v", e)
	}
	_, err := o.store.Device(t.Context(), d.ID)
	wants(t, err, mfa.CodeNotFound)
	_, err = o.Me(t.Context(), o.alice)
	wants(t, err, mfa.CodeNotSignedIn)
	if err := o.RemoveUser(t.Context(), o.root, o.admin.PrincipalID, 1, false); err != nil {
		t.Errorf("without devices: %v", err)
	}
}

func TestUsersAreListedForAdministratorsOnly(t *testing.T) {
	o := newOffice(t)
	all, err := o.Users(t.Context(), o.admin)
	if err != nil || len(all) != 3 || all[0].Kind != mfa.Root || all[1].Name != "Admin" || !all[1].Administrator || all[2].Name != "alice" || all[2].Administrator {
		t.Errorf("users %+v, %v", all, err)
	}
	_, err = o.Users(t.Context(), o.alice)
	wants(t, err, mfa.CodeAccessDenied)
	_, err = o.Rehearse(t.Context(), o.alice, o.now)
	wants(t, err, mfa.CodeAccessDenied)
	if me := o.me(t, mfa.Session{PrincipalID: o.alice.PrincipalID, Limit: mfa.LimitNewPassword}); me.Name != "alice" {
		t.Errorf("a limited session sees %+v", me)
	}
}
