package account

import (
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestSetAdministrator(t *testing.T) {
	o := newOffice(t)
	id := o.alice.PrincipalID
	if u, err := o.SetAdministrator(t.Context(), o.admin, id, true); err != nil || !u.Administrator {
		t.Fatalf("%+v, %v", u, err)
	}
	if e := o.last(t); e.Kind != mfa.EventPolicyAttached || e.Detail["policy"] != mfa.AdministratorAccess || e.Detail["to"] != "alice" || e.PrincipalID != o.admin.PrincipalID {
		t.Errorf("event %+v", e)
	}
	if _, err := o.Users(t.Context(), o.alice); err != nil {
		t.Errorf("an administrator sees nobody: %v", err)
	}
	if u, err := o.SetAdministrator(t.Context(), o.admin, id, false); err != nil || u.Administrator {
		t.Fatalf("%+v, %v", u, err)
	}
	if e := o.last(t); e.Kind != mfa.EventPolicyDetached {
		t.Errorf("event %+v", e)
	}
	for name, row := range map[string]struct {
		who  mfa.Session
		id   string
		on   bool
		code mfa.Code
	}{
		"demoting oneself": {o.admin, o.admin.PrincipalID, false, mfa.CodeAccessDenied},
		"no name":          {o.admin, "", false, mfa.CodeAccessDenied},
		"demoting root":    {o.admin, o.root.PrincipalID, false, mfa.CodeAccessDenied},
		"root itself":      {o.root, o.root.PrincipalID, false, mfa.CodeAccessDenied},
		"a user's wish":    {o.alice, o.alice.PrincipalID, true, mfa.CodeAccessDenied},
		"gone":             {o.admin, "nobody", true, mfa.CodeNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.SetAdministrator(t.Context(), row.who, row.id, row.on)
			wants(t, err, row.code)
		})
	}
}

func TestAdministratorThroughAGroup(t *testing.T) {
	o := newOffice(t)
	id := o.alice.PrincipalID
	g, err := o.AddGroup(t.Context(), o.admin, "Admins", "")
	if err != nil || g.Path != mfa.RootPath || g.Version != 1 {
		t.Fatalf("%+v, %v", g, err)
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(o.store.SetAttached(t.Context(), mfa.Attachment{Policy: mfa.AdministratorAccess, GroupID: g.ID}, true, mfa.Event{}))
	do(o.SetMember(t.Context(), o.admin, g.ID, id, true))
	if e := o.last(t); e.Kind != mfa.EventGroupChanged || e.Detail["what"] != "joined" || e.Detail["group"] != "Admins" || e.Detail["user"] != "alice" {
		t.Errorf("event %+v", e)
	}
	if me := o.me(t, o.alice); !me.Administrator {
		t.Error("the group makes no administrator")
	}
	if u, err := o.SetAdministrator(t.Context(), o.admin, id, false); err != nil || !u.Administrator {
		t.Errorf("detached from the user, not from the group: %+v, %v", u, err)
	}
	wants(t, o.SetMember(t.Context(), o.alice, g.ID, id, false), mfa.CodeAccessDenied)
	if all, err := o.Groups(t.Context(), o.alice); err != nil || len(all) != 1 || all[0] != g {
		t.Errorf("groups %+v, %v", all, err)
	}
	do(o.SetMember(t.Context(), o.admin, g.ID, id, false))
	_, err = o.Groups(t.Context(), o.alice)
	wants(t, err, mfa.CodeAccessDenied)
	do(o.SetMember(t.Context(), o.admin, g.ID, id, true))
	wants(t, o.RemoveGroup(t.Context(), o.admin, g.ID, 9), mfa.CodeConflict)
	do(o.RemoveGroup(t.Context(), o.admin, g.ID, g.Version))
	if me := o.me(t, o.alice); me.Administrator {
		t.Error("the group is gone, its power is not")
	}
}

func TestGroupsRefuse(t *testing.T) {
	o := newOffice(t)
	g, err := o.AddGroup(t.Context(), o.admin, "staff", "/x/")
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	add := func(who mfa.Session, name, path string) error { _, err := o.AddGroup(ctx, who, name, path); return err }
	for name, row := range map[string]struct {
		err  error
		code mfa.Code
	}{
		"same name":          {add(o.admin, "STAFF", ""), mfa.CodeNameTaken},
		"bad name":           {add(o.admin, "", ""), mfa.CodeNameInvalid},
		"bad path":           {add(o.admin, "x", "x"), mfa.CodePathInvalid},
		"added by a user":    {add(o.alice, "x", ""), mfa.CodeAccessDenied},
		"removed by a user":  {o.RemoveGroup(ctx, o.alice, g.ID, 1), mfa.CodeAccessDenied},
		"no such group":      {o.RemoveGroup(ctx, o.admin, "x", 1), mfa.CodeNotFound},
		"no such member":     {o.SetMember(ctx, o.admin, g.ID, "x", true), mfa.CodeNotFound},
		"root as a member":   {o.SetMember(ctx, o.root, g.ID, "", true), mfa.CodeAccessDenied},
		"leaving it oneself": {o.SetMember(ctx, o.admin, g.ID, "", false), mfa.CodeAccessDenied},
	} {
		t.Run(name, func(t *testing.T) { wants(t, row.err, row.code) })
	}
}
