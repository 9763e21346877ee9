package account

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func read(t *testing.T, file string) *UserList {
	t.Helper()
	l, err := ReadUsers([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Wipe)
	return l
}

func (o *office) names(t *testing.T) string {
	t.Helper()
	all, err := o.store.Overviews(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range all[1:] {
		names = append(names, u.Name)
	}
	return strings.Join(names, " ")
}

func TestCheckUsersNamesWhatIsTwice(t *testing.T) {
	o := newOffice(t)
	o.settle(t, func(s *mfa.Settings) { s.Passwords.Digit = true })
	l := read(t, "name,password\nbob,\nALICE,\ncarol,short\nBob,\nCarol,longenough1\ndora,longenough\n,\nerik,longenough1\n,longenough1\n")
	for range 2 { // asking again finds the same
		if err := o.CheckUsers(t.Context(), o.admin, l); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range l.Rows {
			if r.Problem != nil {
				got = append(got, fmt.Sprint(r.Line, " ", r.Problem.Code, r.Problem.Params))
			}
		}
		want := []string{"3 name-takenmap[name:ALICE]", "4 password-too-shortmap[min:8]", "5 name-takenmap[line:2 name:Bob]",
			"6 name-takenmap[line:4 name:Carol]", "7 password-policymap[min:8 needs:digit]", "10 name-invalidmap[max:64]"}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
		if l.Good() != 2 || l.Bad() != 6 {
			t.Errorf("%d good, %d bad", l.Good(), l.Bad())
		}
	}
	if err := o.RemoveUser(t.Context(), o.admin, o.alice.PrincipalID, 1, false); err != nil {
		t.Fatal(err)
	}
	if err := o.CheckUsers(t.Context(), o.admin, l); err != nil || l.Rows[1].Problem != nil {
		t.Errorf("the name is free again: %v, %v", l.Rows[1].Problem, err)
	}
}

func TestAddUsers(t *testing.T) {
	o := newOffice(t)
	l := read(t, "name,path,password,administrator,must_change\nbob,/x/,longenough,yes,yes\ncarol,,,,\n")
	var progress []string
	n, err := o.AddUsers(t.Context(), o.admin, l, false, func(done, total int) { progress = append(progress, fmt.Sprint(done, "/", total)) })
	if err != nil || n != 2 || fmt.Sprint(progress) != "[1/2 2/2]" {
		t.Fatalf("%d, %v, progress %v", n, err, progress)
	}
	p, err := o.CheckPassword(t.Context(), mfa.Identity{Kind: mfa.User, Name: "bob"}, secret("longenough"))
	if err != nil || !p.MustChange || p.Path != "/x/" {
		t.Errorf("%+v, %v", p, err)
	}
	if bob := o.me(t, mfa.Session{PrincipalID: p.ID}); !bob.Administrator {
		t.Error("bob is no administrator")
	}
	kinds := map[mfa.EventKind]int{}
	events, err := o.store.Events(t.Context(), 0, 100)
	for _, e := range events {
		kinds[e.Kind]++
		if strings.Contains(fmt.Sprint(e), "longenough") {
			t.Errorf("a password in %+v", e)
		}
	}
	if err != nil || kinds[mfa.EventUserCreated] != 4 || kinds[mfa.EventPolicyAttached] != 2 {
		t.Errorf("events %v, %v", kinds, err)
	}
}

func TestAddUsersAllOrNone(t *testing.T) {
	o := newOffice(t)
	l := read(t, "name\nbob\nalice\ncarol\n")
	n, err := o.AddUsers(t.Context(), o.admin, l, false, nil)
	if f := wants(t, err, mfa.CodeImportProblems); n != 0 || f.Params["count"] != "1" || o.names(t) != "Admin alice" {
		t.Errorf("%d added, %v, now %s", n, f.Params, o.names(t))
	}
	if n, err := o.AddUsers(t.Context(), o.admin, l, true, nil); err != nil || n != 2 || o.names(t) != "Admin alice bob carol" {
		t.Errorf("the others: %d, %v, now %s", n, err, o.names(t))
	}
	before := o.last(t).Seq
	for _, onlyGood := range []bool{false, true} {
		n, err := o.AddUsers(t.Context(), o.admin, l, onlyGood, nil)
		if f := wants(t, err, mfa.CodeImportProblems); n != 0 || f.Params["count"] != "3" || f.Params["good"] != "none" || o.last(t).Seq != before {
			t.Errorf("nobody left, only good %v: %d, %v", onlyGood, n, f.Params)
		}
	}
	_, err = o.AddUsers(t.Context(), o.admin, read(t, "name\n"), true, nil)
	if f := wants(t, err, mfa.CodeImportProblems); f.Params["count"] != "0" || f.Params["good"] != "none" {
		t.Errorf("a heading alone: %v", f.Params)
	}
}

func TestAddUsersCancelled(t *testing.T) {
	o := newOffice(t)
	ctx, cancel := context.WithCancel(t.Context())
	n, err := o.AddUsers(ctx, o.admin, read(t, "name\nbob\ncarol\ndora\n"), false, func(done, _ int) {
		if done == 2 {
			cancel()
		}
	})
	wants(t, err, mfa.CodeCancelled)
	if n != 0 || o.names(t) != "Admin alice" {
		t.Errorf("%d added, now %s", n, o.names(t))
	}
}

// Somebody may take a name while the passwords are hashed.
func TestAddUsersWhileANameIsTaken(t *testing.T) {
	o := newOffice(t)
	_, err := o.AddUsers(t.Context(), o.admin, read(t, "name\nbob\ncarol\n"), false, func(done, _ int) {
		if done == 1 {
			o.user(t, NewUser{Name: "CAROL"})
		}
	})
	wants(t, err, mfa.CodeNameTaken)
	if o.names(t) != "Admin alice CAROL" {
		t.Errorf("now %s", o.names(t))
	}
}

func TestUserLimit(t *testing.T) {
	o := newOffice(t)
	var file strings.Builder
	file.WriteString("name\n")
	for i := range MaxUsers - 2 {
		fmt.Fprintf(&file, "user-%d\n", i)
	}
	one := file.String() + "one\n"
	_, err := o.AddUsers(t.Context(), o.admin, read(t, one), false, nil)
	if f := wants(t, err, mfa.CodeUserLimit); f.IAM() != "LimitExceeded" || o.names(t) != "Admin alice" {
		t.Errorf("IAM code %s, %d bytes of names", f.IAM(), len(o.names(t)))
	}
	if n, err := o.AddUsers(t.Context(), o.admin, read(t, file.String()), false, nil); err != nil || n != MaxUsers-2 {
		t.Fatalf("%d, %v", n, err)
	}
	_, err = o.AddUser(t.Context(), o.admin, NewUser{Name: "one"})
	wants(t, err, mfa.CodeUserLimit)
}

func TestImportIsForAdministrators(t *testing.T) {
	o := newOffice(t)
	l := read(t, "name,administrator\nbob,yes\n")
	wants(t, o.CheckUsers(t.Context(), o.alice, l), mfa.CodeAccessDenied)
	_, err := o.AddUsers(t.Context(), o.alice, l, true, nil)
	wants(t, err, mfa.CodeAccessDenied)
	// Who may add users may not for that reason make administrators.
	o.rules = rulesFunc(func(a mfa.Access) error {
		if a.Operation == mfa.OpAttachUserPolicy {
			return mfa.Fail(mfa.CodeAccessDenied)
		}
		return nil
	})
	wants(t, o.CheckUsers(t.Context(), o.alice, l), mfa.CodeAccessDenied)
	if err := o.CheckUsers(t.Context(), o.alice, read(t, "name\nbob\n")); err != nil {
		t.Error(err)
	}
}
