package rules

import (
	"context"
	"errors"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// everything is every operation there is, and whether a user may do it to themselves.
var everything = map[mfa.Operation]bool{
	mfa.OpCreateVirtualDevice: true, mfa.OpEnableDevice: true, mfa.OpDeactivateDevice: true, mfa.OpDeleteVirtualDevice: true,
	mfa.OpResyncDevice: true, mfa.OpListDevices: true, mfa.OpRenameDevice: true, mfa.OpChangePassword: true,

	mfa.OpListVirtualDevices: false, mfa.OpListUsers: false, mfa.OpCreateUser: false, mfa.OpUpdateUser: false, mfa.OpDeleteUser: false,
	mfa.OpSetPassword: false, mfa.OpAttachPolicy: false, mfa.OpManageGroups: false, mfa.OpCredentialReport: false,
	mfa.OpChangeSettings: false, mfa.OpRehearse: false, mfa.OpImportTokens: false, mfa.OpListTokens: false, mfa.OpDeleteToken: false,
	mfa.OpReadActivity: false, mfa.OpBackUp: false, mfa.OpManageVault: false, mfa.OpMakeRecoveryCodes: false,
}

func TestWhoMayDoWhat(t *testing.T) {
	ctx, store := t.Context(), storetest.NewMemory()
	t.Cleanup(func() { store.Close() })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	person := func(kind mfa.PrincipalKind, name string) mfa.Principal {
		return mfa.Principal{ID: name, Kind: kind, Name: name, UserHandle: []byte(name)}
	}
	root, direct, member, alice, bob := person(mfa.Root, "root"), person(mfa.User, "direct"), person(mfa.User, "member"), person(mfa.User, "alice"), person(mfa.User, "bob")
	must(store.CreateAccount(ctx, mfa.Account{ID: "123456789012"}, root, mfa.Event{}))
	for _, p := range []mfa.Principal{direct, member, alice, bob} {
		must(store.AddPrincipal(ctx, p, mfa.Event{}))
	}
	for _, group := range []string{"admins", "staff"} {
		must(store.AddGroup(ctx, mfa.Group{ID: group, Name: group}, mfa.Event{}))
	}
	for _, name := range []string{"ReadOnlyAccess", "AdministratorAccessNot"} {
		must(store.AddPolicy(ctx, storetest.NewPolicy(name), mfa.Event{}))
	}
	for _, a := range []mfa.Attachment{
		{Policy: mfa.AdministratorAccess, PrincipalID: direct.ID},
		{Policy: mfa.AdministratorAccess, GroupID: "admins"},
		{Policy: "ReadOnlyAccess", PrincipalID: alice.ID},
		{Policy: "AdministratorAccessNot", GroupID: "staff"},
	} {
		must(store.SetAttached(ctx, a, true, mfa.Event{}))
	}
	must(store.SetMember(ctx, "admins", member.ID, true, mfa.Event{}))
	must(store.SetMember(ctx, "staff", alice.ID, true, mfa.Event{}))

	all := func(mfa.Operation) bool { return true }
	none := func(mfa.Operation) bool { return false }
	butCodes := func(op mfa.Operation) bool { return op != mfa.OpMakeRecoveryCodes } // recovery codes are root's
	own := func(op mfa.Operation) bool { return everything[op] }
	for _, row := range []struct {
		name           string
		caller, target mfa.Principal
		may            func(mfa.Operation) bool
	}{
		{"root on itself", root, root, all},
		{"root on a user", root, alice, all},
		{"root on an administrator", root, direct, all},
		{"an administrator on themselves", direct, direct, butCodes},
		{"an administrator on a user", direct, alice, butCodes},
		{"an administrator on an administrator", direct, member, butCodes},
		{"an administrator on root", direct, root, none},
		{"an administrator through a group on themselves", member, member, butCodes},
		{"an administrator through a group on a user", member, alice, butCodes},
		{"an administrator through a group on root", member, root, none},
		{"a user on themselves", alice, alice, own},
		{"a user on another", alice, bob, none},
		{"a user on an administrator", alice, direct, none},
		{"a user on root", alice, root, none},
		{"a user without any policy on themselves", bob, bob, own},
	} {
		t.Run(row.name, func(t *testing.T) {
			for op := range everything {
				err := Builtin{Policies: store}.Allow(ctx, mfa.Access{Operation: op, Caller: row.caller, Target: row.target})
				f := mfa.AsFailure(err)
				if row.may(op) != (err == nil) || err != nil && (f.Code != mfa.CodeAccessDenied || f.Params["operation"] != string(op) || f.IAM() != "AccessDenied") {
					t.Errorf("%s: %v %v", op, err, f)
				}
			}
		})
	}
}

type broken struct{}

func (broken) PoliciesOf(context.Context, string) ([]string, error) {
	return nil, mfa.Fail(mfa.CodeStorageFailed).Because(errors.New("disk"))
}

// Rules that cannot be read allow nothing that depends on them, and say why.
func TestUnreadableRulesAllowNothing(t *testing.T) {
	alice := mfa.Principal{ID: "alice", Kind: mfa.User}
	err := Builtin{Policies: broken{}}.Allow(t.Context(), mfa.Access{Operation: mfa.OpListUsers, Caller: alice, Target: alice})
	if !mfa.IsCode(err, mfa.CodeStorageFailed) {
		t.Errorf("got %v", err)
	}
	if err := (Builtin{Policies: broken{}}).Allow(t.Context(), mfa.Access{Operation: mfa.OpListDevices, Caller: alice, Target: alice}); err != nil {
		t.Errorf("what everybody may: %v", err)
	}
}
