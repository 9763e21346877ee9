package policies

import (
	"testing"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// A change that leaves nobody but root is refused unless it is meant, and one that
// leaves somebody is not.
func TestLockOut(t *testing.T) {
	denyOwn := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:Attach*","Resource":"*"}}`
	denyWithoutMFA := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}}`
	inline := func(b *bench, document string) mfa.InlinePolicy {
		return mfa.InlinePolicy{PrincipalID: b.adminID, Name: "Own", Document: document}
	}
	attach := func(b *bench, policy string, on bool) func(*testing.T, bool) error {
		return func(t *testing.T, lockOut bool) error {
			return b.SetAttached(t.Context(), b.root, mfa.Attachment{Policy: policy, PrincipalID: b.adminID}, on, lockOut)
		}
	}
	put := func(b *bench, p mfa.InlinePolicy) func(*testing.T, bool) error {
		return func(t *testing.T, lockOut bool) error { return b.PutInline(t.Context(), b.root, p, lockOut) }
	}
	// toGroup leaves the group's policy as the only thing that makes a manager of the user.
	toGroup := func(t *testing.T, b *bench, document string) mfa.Policy {
		p := b.create(t, "OfGroup", document)
		must(t, b.SetAttached(t.Context(), b.root, mfa.Attachment{Policy: "OfGroup", GroupID: b.group.ID}, true, false))
		must(t, b.Accounts.SetMember(t.Context(), b.root, b.group.ID, b.userID, true))
		must(t, attach(b, mfa.AdministratorAccess, false)(t, false))
		return p
	}
	for _, row := range []struct {
		name   string
		locks  bool
		change func(*testing.T, *bench) func(*testing.T, bool) error
	}{
		{"the last administrator is detached", true, func(_ *testing.T, b *bench) func(*testing.T, bool) error {
			return attach(b, mfa.AdministratorAccess, false)
		}},
		{"one of two administrators is detached", false, func(t *testing.T, b *bench) func(*testing.T, bool) error {
			must(t, b.SetAttached(t.Context(), b.root, b.user1(mfa.AdministratorAccess), true, false))
			return attach(b, mfa.AdministratorAccess, false)
		}},
		{"the other administrator cannot sign in", true, func(t *testing.T, b *bench) func(*testing.T, bool) error {
			_, err := b.Accounts.AddUser(t.Context(), b.root, account.NewUser{Name: "silent", Administrator: true})
			must(t, err)
			return attach(b, mfa.AdministratorAccess, false)
		}},
		{"a policy that denies all to the last one", true, func(t *testing.T, b *bench) func(*testing.T, bool) error {
			b.create(t, "Never", never)
			return attach(b, "Never", true)
		}},
		{"an inline policy that denies attaching", true, func(_ *testing.T, b *bench) func(*testing.T, bool) error {
			return put(b, inline(b, denyOwn))
		}},
		{"one that denies all without MFA", false, func(_ *testing.T, b *bench) func(*testing.T, bool) error {
			return put(b, inline(b, denyWithoutMFA))
		}},
		{"a policy that grants something else goes", false, func(_ *testing.T, b *bench) func(*testing.T, bool) error {
			return attach(b, mfa.ManageOwnDevices, false)
		}},
		{"the document by which the last one manages", true, func(t *testing.T, b *bench) func(*testing.T, bool) error {
			p := toGroup(t, b, manager)
			return func(t *testing.T, lockOut bool) error {
				_, err := b.Update(t.Context(), b.root, Draft{Name: "OfGroup", Document: nothing, Version: p.Version}, lockOut)
				return err
			}
		}},
		{"that document, still enough", false, func(t *testing.T, b *bench) func(*testing.T, bool) error {
			p := toGroup(t, b, manager)
			return func(t *testing.T, lockOut bool) error {
				_, err := b.Update(t.Context(), b.root, Draft{Name: "OfGroup", Document: manager, Version: p.Version}, lockOut)
				return err
			}
		}},
		{"the group's policy", true, func(t *testing.T, b *bench) func(*testing.T, bool) error {
			toGroup(t, b, manager)
			return func(t *testing.T, lockOut bool) error {
				return b.SetAttached(t.Context(), b.root, mfa.Attachment{Policy: "OfGroup", GroupID: b.group.ID}, false, lockOut)
			}
		}},
		{"an inline policy of the group that denies all", true, func(t *testing.T, b *bench) func(*testing.T, bool) error {
			toGroup(t, b, manager)
			return put(b, mfa.InlinePolicy{GroupID: b.group.ID, Name: "Never", Document: never})
		}},
		{"the inline policy that makes the manager", true, func(t *testing.T, b *bench) func(*testing.T, bool) error {
			must(t, b.PutInline(t.Context(), b.root, inline(b, manager), false))
			must(t, attach(b, mfa.AdministratorAccess, false)(t, false))
			return func(t *testing.T, lockOut bool) error {
				return b.RemoveInline(t.Context(), b.root, inline(b, ""), lockOut)
			}
		}},
		{"the same policy is left, from the group", false, func(t *testing.T, b *bench) func(*testing.T, bool) error {
			must(t, b.SetAttached(t.Context(), b.root, mfa.Attachment{Policy: mfa.AdministratorAccess, GroupID: b.group.ID}, true, false))
			must(t, b.Accounts.SetMember(t.Context(), b.root, b.group.ID, b.adminID, true))
			return attach(b, mfa.AdministratorAccess, false)
		}},
		{"nobody managed before either", false, func(t *testing.T, b *bench) func(*testing.T, bool) error {
			must(t, attach(b, mfa.AdministratorAccess, false)(t, true))
			b.create(t, "Never", never)
			return attach(b, "Never", true)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t)
			change := row.change(t, b)
			err := change(t, false)
			if !row.locks {
				must(t, err)
				return
			}
			wants(t, err, mfa.CodePolicyLockout)
			must(t, change(t, true))
		})
	}
}

// A policy that cannot be read any more leaves its holder with nothing, and root can put
// it right.
func TestUnreadablePolicyIsMended(t *testing.T) {
	const broken = "no policy" // as by another program
	for name, row := range map[string]struct {
		spoil, mend func(*testing.T, *bench) error
	}{
		"managed": {func(t *testing.T, b *bench) error {
			p := b.create(t, "Keys", nothing)
			must(t, b.SetAttached(t.Context(), b.root, mfa.Attachment{Policy: "Keys", PrincipalID: b.adminID}, true, false))
			p.Document = broken
			return b.store.UpdatePolicy(t.Context(), p, mfa.Event{})
		}, func(t *testing.T, b *bench) error {
			_, err := b.Update(t.Context(), b.root, Draft{Name: "Keys", Document: nothing, Version: 2}, false)
			return err
		}},
		"inline": {func(t *testing.T, b *bench) error {
			return b.store.PutInline(t.Context(), mfa.InlinePolicy{PrincipalID: b.adminID, Name: "Keys", Document: broken}, mfa.Event{})
		}, func(t *testing.T, b *bench) error {
			return b.RemoveInline(t.Context(), b.root, mfa.InlinePolicy{PrincipalID: b.adminID, Name: "Keys"}, false)
		}},
		"inline of a group": {func(t *testing.T, b *bench) error {
			must(t, b.store.SetMember(t.Context(), b.group.ID, b.adminID, true, mfa.Event{}))
			return b.store.PutInline(t.Context(), mfa.InlinePolicy{GroupID: b.group.ID, Name: "Keys", Document: broken}, mfa.Event{})
		}, func(t *testing.T, b *bench) error {
			return b.PutInline(t.Context(), b.root, mfa.InlinePolicy{GroupID: b.group.ID, Name: "keys", Document: nothing}, false)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			must(t, row.spoil(t, b))
			_, err := b.List(t.Context(), b.admin)
			if f := wants(t, err, mfa.CodeAccessDenied); f.Params["decision"] != "unreadable" || f.Params["policy"] != "Keys" {
				t.Error(f.Params)
			}
			must(t, row.mend(t, b))
			_, err = b.List(t.Context(), b.admin)
			must(t, err)
		})
	}
}
