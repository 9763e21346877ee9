package account

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// Every operation that package mfa declares says what it acts on.
func TestEveryOperationActsOnSomething(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../mfa/access.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := v.Type.(*ast.Ident); !ok || kind.Name != "Operation" {
			return true
		}
		text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil || actsOn[mfa.Operation(text)] == nil {
			t.Errorf("%s acts on nothing, %v", text, err)
		}
		declared++
		return true
	})
	if declared != len(actsOn) {
		t.Errorf("%d operations are declared, %d are in the table", declared, len(actsOn))
	}
}

// What the rules are asked when a use case names no resource.
func TestResources(t *testing.T) {
	a, ann := storetest.NewAccount(), mfa.Principal{Kind: mfa.User, Name: "ann", Path: "/quay/"}
	for op, want := range map[mfa.Operation]string{
		mfa.OpEnableDevice: "user/quay/ann", mfa.OpUpdateUser: "user/quay/ann", mfa.OpAttachUserPolicy: "user/quay/ann", mfa.OpDeleteUserPolicy: "user/quay/ann", mfa.OpSimulate: "user/quay/ann",
		mfa.OpCreateVirtualDevice: "mfa/", mfa.OpCreateUser: "user/", mfa.OpCreateGroup: "group/", mfa.OpAttachGroupPolicy: "group/", mfa.OpAddToGroup: "group/", mfa.OpCreatePolicy: "policy/",
	} {
		if got := Resource(a, op, ann); got != "arn:aws:iam::123456789012:"+want {
			t.Errorf("%s on %s", op, got)
		}
	}
	for _, op := range []mfa.Operation{mfa.OpListUsers, mfa.OpListVirtualDevices, mfa.OpChangeSettings, mfa.OpListPolicies, mfa.OpListGroups, "iam:Unheard"} {
		if got := Resource(a, op, ann); got != "*" {
			t.Errorf("%s on %s", op, got)
		}
	}
	if got := Resource(a, mfa.OpListDevices, mfa.Principal{Kind: mfa.Root}); got != "arn:aws:iam::123456789012:root" {
		t.Error(got)
	}
}

// asked notes what the rules are asked, and denies what deny says.
type asked struct {
	t    *testing.T
	all  []string
	deny string
}

func (a *asked) rules(access mfa.Access) error {
	_, resource, _ := strings.Cut(access.Resource, "::")
	if i := strings.IndexByte(resource, ':'); i >= 0 {
		resource = resource[i+1:]
	}
	line := strings.TrimSpace(string(access.Operation) + " " + resource)
	if access.Registering != nil {
		line += " " + string(access.Registering.Step)
	}
	a.all = append(a.all, line)
	if line == a.deny {
		return denied(access.Operation)
	}
	return nil
}

// Use cases name what they act on, and ask before they do it: each question is denied in
// turn, and each denial must stop them.
func TestWhatUseCasesAsk(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	staff, err := o.AddGroup(ctx, o.root, "staff", "/quay/")
	if err != nil {
		t.Fatal(err)
	}
	alice := o.alice.PrincipalID
	list := func(rows string) *UserList {
		l, err := ReadUsers([]byte(rows))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	count := 0 // of the calls, as no name can be taken twice
	name := func() string { count++; return "new" + strconv.Itoa(count) }
	for _, row := range []struct {
		name string
		do   func() error
		want []string // # stands for the number of the call
	}{
		{"a new user", func() error { _, err := o.AddUser(ctx, o.admin, NewUser{Name: name(), Path: "/quay/"}); return err },
			[]string{"iam:CreateUser user/quay/new#"}},
		{"a new administrator", func() error {
			_, err := o.AddUser(ctx, o.admin, NewUser{Name: name(), Administrator: true})
			return err
		},
			[]string{"iam:CreateUser user/new#", "iam:AttachUserPolicy user/new#"}},
		{"a list", func() error {
			n := name()
			_, err := o.AddUsers(ctx, o.admin, list("name,path,administrator\n"+n+"a,,\n"+n+"b,/quay/,yes\nno good,,\n"), true, nil)
			return err
		}, []string{"iam:CreateUser user/new#a", "iam:CreateUser user/quay/new#b", "iam:AttachUserPolicy user/quay/new#b"}},
		{"a new group", func() error { _, err := o.AddGroup(ctx, o.admin, name(), "/quay/"); return err },
			[]string{"iam:CreateGroup group/quay/new#"}},
		{"the groups", func() error { _, err := o.Groups(ctx, o.admin); return err }, []string{"iam:ListGroups"}},
		{"the members of one", func() error { _, err := o.Members(ctx, o.admin, staff.ID); return err }, []string{"iam:ListGroups"}},
		{"a member", func() error { return o.SetMember(ctx, o.admin, staff.ID, alice, true) }, []string{"iam:AddUserToGroup group/quay/staff"}},
		{"no member", func() error { return o.SetMember(ctx, o.admin, staff.ID, alice, false) }, []string{"iam:RemoveUserFromGroup group/quay/staff"}},
		{"an administrator", func() error { _, err := o.SetAdministrator(ctx, o.admin, alice, true); return err }, []string{"iam:AttachUserPolicy user/alice"}},
		{"no administrator", func() error { _, err := o.SetAdministrator(ctx, o.admin, alice, false); return err }, []string{"iam:DetachUserPolicy user/alice"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			numbered := func() (all []string) {
				for _, line := range row.want {
					all = append(all, strings.ReplaceAll(line, "#", strconv.Itoa(count)))
				}
				return all
			}
			a := &asked{t: t}
			o.rules = rulesFunc(a.rules)
			if err := row.do(); err != nil || !slices.Equal(a.all, numbered()) {
				t.Fatalf("%v: asked %q, want %q", err, a.all, numbered())
			}
			for i, line := range row.want {
				next := strconv.Itoa(count + 1)
				a.deny = strings.ReplaceAll(line, "#", next)
				before := events(t, o)
				if err := row.do(); !mfa.IsCode(err, mfa.CodeAccessDenied) || events(t, o) != before {
					t.Errorf("question %d was denied, and it went on: %v", i, err)
				}
			}
		})
	}
}

func events(t *testing.T, o *office) int {
	t.Helper()
	all, err := o.store.Events(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// As in IAM, renaming needs the right to the user as they are and as they will be.
func TestRenamingNeedsBothNames(t *testing.T) {
	o := newOffice(t)
	u := o.me(t, o.alice)
	for _, deny := range []string{"iam:UpdateUser user/alice", "iam:UpdateUser user/quay/alice", ""} {
		a := &asked{t: t, deny: deny}
		o.rules = rulesFunc(a.rules)
		before := events(t, o)
		_, err := o.ChangeUser(t.Context(), o.admin, u.ID, u.Version, u.Name, "/quay/")
		if hit := slices.Contains(a.all, deny); hit != mfa.IsCode(err, mfa.CodeAccessDenied) || hit != (events(t, o) == before) {
			t.Errorf("%q denied of %q: %v", deny, a.all, err)
		}
		if deny == "" && len(a.all) != 2 {
			t.Errorf("asked %q", a.all)
		}
	}
}

// A device that is somebody else's, or will be, needs the right to that user's devices.
func TestAnothersVirtualDevice(t *testing.T) {
	o := newOffice(t)
	for op, also := range map[mfa.Operation]string{mfa.OpCreateVirtualDevice: "iam:EnableMFADevice", mfa.OpDeleteVirtualDevice: "iam:DeactivateMFADevice"} {
		for _, row := range []struct {
			target string
			want   []string
		}{
			{"", []string{string(op) + " mfa/phone"}},
			{o.admin.PrincipalID, []string{string(op) + " mfa/phone"}},
			{o.alice.PrincipalID, []string{string(op) + " mfa/phone", also + " user/alice"}},
		} {
			a := &asked{t: t}
			o.rules = rulesFunc(a.rules)
			ask := Ask{Operation: op, TargetID: row.target, Resource: "arn:aws:iam::123456789012:mfa/phone"}
			if _, err := o.MayDo(t.Context(), o.admin, ask); err != nil || !slices.Equal(a.all, row.want) {
				t.Errorf("%s on %q asked %q, want %q, %v", op, row.target, a.all, row.want, err)
			}
			for _, a.deny = range row.want {
				if _, err := o.MayDo(t.Context(), o.admin, ask); !mfa.IsCode(err, mfa.CodeAccessDenied) {
					t.Errorf("%s denied, got %v", a.deny, err)
				}
			}
		}
	}
}

// The two checks of a FIDO registration and the one of a device with codes are told
// apart, and before the kind is known one that is allowed is enough.
func TestChecksOfANewDevice(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	const create, codes = "iam:EnableMFADevice user/alice Create", "iam:EnableMFADevice user/alice"
	check := func(registering *mfa.Registration) func() error {
		return func() error { _, err := o.CheckNewDevice(ctx, o.alice, "", "key", registering); return err }
	}
	name := func() error { _, err := o.CheckNewName(ctx, o.alice, "", "key"); return err }
	for _, row := range []struct {
		name string
		do   func() error
		deny string
		want []string
		code mfa.Code
	}{
		{"a key", check(&mfa.Registration{Step: mfa.StepCreate}), "", []string{create}, ""},
		{"a key, denied", check(&mfa.Registration{Step: mfa.StepCreate}), create, []string{create}, mfa.CodeAccessDenied},
		{"an app", check(nil), create, []string{codes}, ""},
		{"a name", name, "", []string{create}, ""},
		{"a name, codes only", name, create, []string{create, codes}, ""},
		{"a name, keys only", name, codes, []string{create}, ""},
	} {
		a := &asked{t: t, deny: row.deny}
		o.rules = rulesFunc(a.rules)
		err := row.do()
		if !slices.Equal(a.all, row.want) || row.code == "" && err != nil || row.code != "" && !mfa.IsCode(err, row.code) {
			t.Errorf("%s: asked %q, %v", row.name, a.all, err)
		}
	}
	o.rules = rulesFunc(func(a mfa.Access) error { return denied(a.Operation) })
	wants(t, name(), mfa.CodeAccessDenied)
}

// What holds whatever the rules say.
func TestRulesCannotGiveRootAway(t *testing.T) {
	o := newOffice(t)
	o.rules = rulesFunc(func(mfa.Access) error { return nil })
	for op := range actsOn {
		_, err := o.MayDo(t.Context(), o.admin, Ask{Operation: op, TargetID: o.root.PrincipalID, Resource: "*"})
		wants(t, err, mfa.CodeAccessDenied)
	}
	_, err := o.May(t.Context(), o.admin, mfa.OpMakeRecoveryCodes, "")
	wants(t, err, mfa.CodeAccessDenied)
}

// New users have the policies that give what everybody had before there were any, and
// the trail says so.
func TestNewUsersHaveTheFirstPolicies(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	alone, err := o.AddUser(ctx, o.root, NewUser{Name: "alone"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadUsers([]byte("name,administrator\nlisted,\nboss,yes\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.AddUsers(ctx, o.root, l, false, nil); err != nil {
		t.Fatal(err)
	}
	listed, err := o.store.PrincipalByIdentity(ctx, mfa.Identity{Kind: mfa.User, Name: "listed"})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{alone.ID, listed.ID} {
		if got, err := o.store.PoliciesOf(ctx, id); err != nil || !slices.Equal(got, []string{mfa.EnableAnyDevice, mfa.ManageOwnDevices}) {
			t.Errorf("%v %v", got, err)
		}
	}
	found, err := o.store.FindEvents(ctx, mfa.EventFilter{Kinds: []mfa.EventKind{mfa.EventUserCreated}, Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range found {
		if e.Detail["policies"] != "ManageOwnDevices,EnableAnyDevice" {
			t.Errorf("%+v", e.Detail)
		}
	}
}

// Unless the settings keep the one from them that gets round a certification policy.
func TestNewUsersWithoutAnyDevice(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	a, err := o.Account(ctx)
	if err != nil {
		t.Fatal(err)
	}
	a.Settings.NewUsersAnyDevice = false
	if _, err := o.SaveSettings(ctx, o.root, a.Version, a.Settings); err != nil {
		t.Fatal(err)
	}
	alone, err := o.AddUser(ctx, o.root, NewUser{Name: "alone"})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadUsers([]byte("name\nlisted\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.AddUsers(ctx, o.root, l, false, nil); err != nil {
		t.Fatal(err)
	}
	listed, err := o.store.PrincipalByIdentity(ctx, mfa.Identity{Kind: mfa.User, Name: "listed"})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{alone.ID, listed.ID, o.alice.PrincipalID} {
		want := []string{mfa.ManageOwnDevices}
		if id == o.alice.PrincipalID { // was there before
			want = mfa.FirstPolicies
		}
		if got, err := o.store.PoliciesOf(ctx, id); err != nil || len(got) != len(want) {
			t.Errorf("%v %v, want %v", got, err, want)
		}
	}
	found, err := o.store.FindEvents(ctx, mfa.EventFilter{Kinds: []mfa.EventKind{mfa.EventUserCreated}, Limit: 2})
	if err != nil || found[0].Detail["policies"] != mfa.ManageOwnDevices {
		t.Errorf("%+v, %v", found, err)
	}
}
