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

// Groups, administrators, users and their passwords cannot take the last manager away
// either. Nobody says there that it is meant, so root alone may.
func TestLockOutByOtherMeans(t *testing.T) {
	const helper = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:*User","iam:*Group","iam:*LoginProfile","iam:DetachUserPolicy"],"Resource":"*"}}`
	byName := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::*:user/Admin"}}`
	// through leaves the administrator with what the group gives.
	through := func(t *testing.T, b *bench, document string) {
		must(t, b.PutInline(t.Context(), b.root, mfa.InlinePolicy{GroupID: b.group.ID, Name: "Manage", Document: document}, true))
		must(t, b.Accounts.SetMember(t.Context(), b.root, b.group.ID, b.adminID, true))
		must(t, b.SetAttached(t.Context(), b.root, mfa.Attachment{Policy: mfa.AdministratorAccess, PrincipalID: b.adminID}, false, true))
	}
	version := func(t *testing.T, b *bench) int64 {
		p, err := b.store.Principal(t.Context(), b.adminID)
		must(t, err)
		return p.Version
	}
	demote := func(t *testing.T, b *bench, who mfa.Session) error {
		_, err := b.Accounts.SetAdministrator(t.Context(), who, b.adminID, false)
		return err
	}
	rename := func(t *testing.T, b *bench, who mfa.Session) error {
		_, err := b.Accounts.ChangeUser(t.Context(), who, b.adminID, version(t, b), "Other", "")
		return err
	}
	removeGroup := func(t *testing.T, b *bench, who mfa.Session) error {
		return b.Accounts.RemoveGroup(t.Context(), who, b.group.ID, b.group.Version)
	}
	for _, row := range []struct {
		name    string
		locks   bool
		arrange func(*testing.T, *bench)
		do      func(*testing.T, *bench, mfa.Session) error
	}{
		{"no administrator", true, nil, demote},
		{"no administrator, still one through the group", false, func(t *testing.T, b *bench) {
			must(t, b.SetAttached(t.Context(), b.root, mfa.Attachment{Policy: mfa.AdministratorAccess, GroupID: b.group.ID}, true, false))
			must(t, b.Accounts.SetMember(t.Context(), b.root, b.group.ID, b.adminID, true))
		}, demote},
		{"the user is removed", true, nil, func(t *testing.T, b *bench, who mfa.Session) error {
			return b.Accounts.RemoveUser(t.Context(), who, b.adminID, version(t, b), true)
		}},
		{"the password is removed", true, nil, func(t *testing.T, b *bench, who mfa.Session) error {
			_, err := b.Accounts.SetPassword(t.Context(), who, b.adminID, version(t, b), nil, false)
			return err
		}},
		{"the password is another", false, nil, func(t *testing.T, b *bench, who mfa.Session) error {
			_, err := b.Accounts.SetPassword(t.Context(), who, b.adminID, version(t, b), secret(), false)
			return err
		}},
		{"the password is removed, a passkey is left", false, func(t *testing.T, b *bench) {
			must(t, b.store.AddDevice(t.Context(), mfa.Device{ID: "d", PrincipalID: b.adminID, Kind: mfa.KindPasskey, Name: "key", Serial: "arn:aws:iam::key", EnabledAt: now,
				Passkey: &mfa.Credential{ID: []byte{1}, PublicKey: []byte{1}, Algorithm: -7, UserVerified: true, Discoverable: true}}, mfa.Event{At: now}))
		}, func(t *testing.T, b *bench, who mfa.Session) error {
			_, err := b.Accounts.SetPassword(t.Context(), who, b.adminID, version(t, b), nil, false)
			return err
		}},
		{"the password is removed, a key is left that was never asked who holds it", true, func(t *testing.T, b *bench) {
			must(t, b.store.AddDevice(t.Context(), mfa.Device{ID: "d", PrincipalID: b.adminID, Kind: mfa.KindPasskey, Name: "key", Serial: "arn:aws:iam::key", EnabledAt: now,
				Passkey: &mfa.Credential{ID: []byte{1}, PublicKey: []byte{1}, Algorithm: -7}}, mfa.Event{At: now}))
		}, func(t *testing.T, b *bench, who mfa.Session) error {
			_, err := b.Accounts.SetPassword(t.Context(), who, b.adminID, version(t, b), nil, false)
			return err
		}},
		{"out of the group", true, func(t *testing.T, b *bench) { through(t, b, manager) }, func(t *testing.T, b *bench, who mfa.Session) error {
			return b.Accounts.SetMember(t.Context(), who, b.group.ID, b.adminID, false)
		}},
		{"into a group that denies", true, func(t *testing.T, b *bench) {
			b.create(t, "Never", never)
			must(t, b.SetAttached(t.Context(), b.root, mfa.Attachment{Policy: "Never", GroupID: b.group.ID}, true, false))
		}, func(t *testing.T, b *bench, who mfa.Session) error {
			return b.Accounts.SetMember(t.Context(), who, b.group.ID, b.adminID, true)
		}},
		{"the group is removed", true, func(t *testing.T, b *bench) { through(t, b, manager) }, removeGroup},
		{"the group is removed, another manager is left", false, func(t *testing.T, b *bench) {
			through(t, b, manager)
			must(t, b.SetAttached(t.Context(), b.root, b.user1(mfa.AdministratorAccess), true, false))
		}, removeGroup},
		{"an empty group is removed", false, nil, removeGroup},
		{"another name than policies have", true, func(t *testing.T, b *bench) { through(t, b, byName) }, rename},
		{"another name", false, nil, rename},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t)
			if row.arrange != nil {
				row.arrange(t, b)
			}
			o, err := b.Accounts.AddUser(t.Context(), b.root, account.NewUser{Name: "helper", Password: secret()})
			must(t, err)
			must(t, b.PutInline(t.Context(), b.root, mfa.InlinePolicy{PrincipalID: o.ID, Name: "Help", Document: helper}, true))
			err = row.do(t, b, mfa.Session{PrincipalID: o.ID, MFAAt: now})
			if !row.locks {
				must(t, err)
				return
			}
			wants(t, err, mfa.CodePolicyLockout)
			must(t, row.do(t, b, b.root))
		})
	}
}

// Of two changes at a time that leave nobody only together, one is refused.
func TestLockOutByTwoAtATime(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	must(t, b.SetAttached(ctx, b.root, b.user1(mfa.AdministratorAccess), true, false))
	done := make(chan error, 2)
	go func() { _, err := b.Accounts.SetAdministrator(ctx, b.user, b.adminID, false); done <- err }()
	go func() {
		done <- b.SetAttached(ctx, b.root, b.user1(mfa.AdministratorAccess), false, false)
	}()
	refused := 0
	for range 2 {
		if err := <-done; mfa.IsCode(err, mfa.CodePolicyLockout) || mfa.IsCode(err, mfa.CodeAccessDenied) {
			refused++
		} else if err != nil {
			t.Error(err)
		}
	}
	if refused != 1 {
		t.Errorf("%d were refused", refused)
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
