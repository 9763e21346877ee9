package storetest

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

func testRemovePrincipal(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	b.must(b.AddPolicy(ctx, NewPolicy("ReadOnly"), event(mfa.EventPolicyCreated)))
	for _, name := range []string{"ann", "bob"} {
		id := "USER-" + name
		b.must(b.AddPrincipal(ctx, NewUser(name), event(mfa.EventUserCreated)))
		b.must(b.AddGroup(ctx, mfa.Group{ID: "GROUP-" + name, Name: name, Path: "/"}, event(mfa.EventGroupChanged)))
		b.must(b.SetMember(ctx, "GROUP-"+name, id, true, event(mfa.EventGroupChanged)))
		b.must(b.SetAttached(ctx, mfa.Attachment{Policy: "ReadOnly", PrincipalID: id}, true, event(mfa.EventPolicyAttached)))
		b.must(b.PutInline(ctx, mfa.InlinePolicy{PrincipalID: id, Name: "inline", Document: "{}"}, event(mfa.EventPolicyChanged)))
		b.must(b.ReplaceRecoveryCodes(ctx, id, []mfa.RecoveryCode{{ID: "CODE-" + name, Sealed: []byte{1}}}, event(mfa.EventRecoveryMade)))
		link := NewLink(id, name[0])
		b.must(b.SaveLink(ctx, link, event(mfa.EventPhoneLinked)))
		b.add(NewPasskey(id, "key-"+name))
		b.add(NewApp(id, "app-"+name))
		b.must(b.AddTokens(ctx, []mfa.Device{NewToken("token-" + name)}, event(mfa.EventTokensImported)))
		b.assign(NewToken("token-"+name), id, "token of "+name)
	}
	used := mfa.CodeUse{Drift: 2, Step: 77, At: at(5)}
	b.must(b.AcceptCode(ctx, "TOKEN-token-ann", used, true, event(mfa.EventSignInMFA)))

	remove := func(id string, version int64, withDevices bool) func() error {
		return func() error { return b.RemovePrincipal(ctx, id, version, withDevices, event(mfa.EventUserRemoved)) }
	}
	b.refuses(mfa.CodeNotFound, remove("NOBODY", 1, true))
	b.refuses(mfa.CodeAccessDenied, remove("ROOT", 1, true))
	b.refuses(mfa.CodeConflict, remove("USER-ann", 2, true))
	b.refuses(mfa.CodeDeleteConflict, remove("USER-ann", 1, false))
	b.must(remove("USER-ann", 1, true)())
	b.logged(mfa.EventUserRemoved)
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.Principal(ctx, "USER-ann"); return err })
	b.refuses(mfa.CodeNotFound, remove("USER-ann", 1, true))
	for _, id := range []string{"DEVICE-key-ann", "APP-app-ann"} {
		b.refuses(mfa.CodeNotFound, func() error { _, err := b.Device(ctx, id); return err })
	}
	back := NewToken("token-ann")
	back.Version, back.OneTime.LastStep = 3, 77
	b.same("the token in stock", found[mfa.Device](b)(b.Device(ctx, back.ID)), back)
	b.same("its drift", len(found[[]mfa.DriftSample](b)(b.DriftHistory(ctx, back.ID))), 0)
	b.same("her links", len(found[[]mfa.LinkedPhone](b)(b.Links(ctx, "USER-ann"))), 0)
	b.same("her codes", len(found[[]mfa.RecoveryCode](b)(b.RecoveryCodes(ctx, "USER-ann"))), 0)
	b.same("her policies", len(found[[]string](b)(b.PoliciesOf(ctx, "USER-ann"))), 0)
	b.same("her grants", len(found[[]mfa.GrantedPolicy](b)(b.Granted(ctx, "USER-ann"))), 0)
	b.same("her inline policies", len(found[[]mfa.InlinePolicy](b)(b.InlinePolicies(ctx, mfa.InlinePolicy{PrincipalID: "USER-ann"}))), 0)

	b.same("his links", len(found[[]mfa.LinkedPhone](b)(b.Links(ctx, "USER-bob"))), 1)
	b.same("his codes", len(found[[]mfa.RecoveryCode](b)(b.RecoveryCodes(ctx, "USER-bob"))), 1)
	b.same("his policies", found[[]string](b)(b.PoliciesOf(ctx, "USER-bob")), []string{"ReadOnly"})
	b.same("his grants", len(found[[]mfa.GrantedPolicy](b)(b.Granted(ctx, "USER-bob"))), 2)
	b.same("his devices", len(found[[]mfa.Device](b)(b.Devices(ctx, "USER-bob"))), 3)

	cid := NewUser("cid") // nothing stands in the way of one without devices
	b.must(b.AddPrincipal(ctx, cid, event(mfa.EventUserCreated)))
	b.must(remove(cid.ID, 1, false)())
	b.must(b.AddPrincipal(ctx, cid, event(mfa.EventUserCreated)))
	again := NewUser("Ann") // neither name nor devices stay taken
	again.ID, again.UserHandle = "USER-again", []byte("again")
	b.must(b.AddPrincipal(ctx, again, event(mfa.EventUserCreated)))
	b.add(NewPasskey("USER-again", "key-ann"))
	b.same("nothing inherited", len(found[[]string](b)(b.PoliciesOf(ctx, "USER-again"))), 0)
}

func testOverviews(t *testing.T, b *bench) {
	ctx := t.Context()
	b.same("nobody yet", len(found[[]mfa.Overview](b)(b.Overviews(ctx))), 0)
	b.start()
	zoe, ann, bob, cid := NewUser("zoe"), NewUser("Ann"), NewUser("bob"), NewUser("cid")
	ann.Path, ann.PasswordAt, ann.MustChange = "/harbour/", at(1), true
	bob.Password = mfa.PasswordHash{}
	for _, p := range []mfa.Principal{zoe, ann, bob, cid} {
		b.must(b.AddPrincipal(ctx, p, event(mfa.EventUserCreated)))
	}
	e := event(mfa.EventSignInPassword)
	e.At = at(7)
	b.must(b.PasswordAccepted(ctx, guessKey(1), ann.ID, at(99), e))
	b.must(b.SetAttached(ctx, mfa.Attachment{Policy: mfa.AdministratorAccess, PrincipalID: zoe.ID}, true, event(mfa.EventPolicyAttached)))
	b.must(b.AddGroup(ctx, mfa.Group{ID: "G", Name: "masters"}, event(mfa.EventGroupChanged)))
	b.must(b.SetAttached(ctx, mfa.Attachment{Policy: mfa.AdministratorAccess, GroupID: "G"}, true, event(mfa.EventPolicyAttached)))
	b.must(b.SetMember(ctx, "G", cid.ID, true, event(mfa.EventGroupChanged)))
	b.must(b.SetAttached(ctx, mfa.Attachment{Policy: mfa.EnableAnyDevice, PrincipalID: bob.ID}, true, event(mfa.EventPolicyAttached)))
	b.must(b.ReplaceRecoveryCodes(ctx, "ROOT", []mfa.RecoveryCode{{ID: "C1"}, {ID: "C2"}, {ID: "C3"}}, event(mfa.EventRecoveryMade)))
	b.must(b.UseRecoveryCode(ctx, "C2", event(mfa.EventSignInRecovery)))
	b.add(NewPasskey(ann.ID, "key1"))
	suspect := NewPasskey(ann.ID, "key2")
	suspect.SuspectAt, suspect.LastUsedAt = at(3), at(4)
	b.add(suspect)
	key := NewPasskey(ann.ID, "key")
	key.Passkey.UserVerified, key.Passkey.Discoverable = false, false
	b.add(key)
	b.add(NewApp(ann.ID, "app"))
	b.must(b.AcceptCode(ctx, "APP-app", mfa.CodeUse{Step: 5, At: at(6)}, true, event(mfa.EventSignInMFA)))
	b.must(b.AddTokens(ctx, []mfa.Device{NewToken("123456789"), NewToken("stays in stock")}, event(mfa.EventTokensImported)))
	b.assign(NewToken("123456789"), ann.ID, "token")
	b.add(NewApp("", "unassigned"))

	o := func(p mfa.Principal, edit func(*mfa.Overview)) mfa.Overview {
		v := mfa.Overview{ID: p.ID, Kind: p.Kind, Name: p.Label(), Path: p.Path, HasPassword: p.HasPassword(), MustChange: p.MustChange,
			CreatedAt: p.CreatedAt, PasswordAt: p.PasswordAt, Version: 1}
		edit(&v)
		return v
	}
	b.same("all", found[[]mfa.Overview](b)(b.Overviews(ctx)), []mfa.Overview{
		o(NewRoot(), func(v *mfa.Overview) { v.Administrator, v.RecoveryLeft = true, 2 }),
		o(ann, func(v *mfa.Overview) {
			v.PasswordUsedAt, v.MFADeadline, v.LastUsedAt = at(7), at(99), at(6)
			v.Passkeys, v.Apps, v.Tokens, v.Suspect, v.SecondOnly = 3, 1, 1, 1, 1
		}),
		o(bob, func(*mfa.Overview) {}),
		o(cid, func(v *mfa.Overview) { v.Administrator = true }),
		o(zoe, func(v *mfa.Overview) { v.Administrator = true }),
	})
	b.must(b.SetMember(ctx, "G", cid.ID, false, event(mfa.EventGroupChanged)))
	b.must(b.SetAttached(ctx, mfa.Attachment{Policy: mfa.AdministratorAccess, PrincipalID: zoe.ID}, false, event(mfa.EventPolicyDetached)))
	for _, v := range found[[]mfa.Overview](b)(b.Overviews(ctx))[1:] {
		if v.Administrator {
			t.Errorf("%s is still an administrator", v.Name)
		}
	}
}

// assign gives a device with codes to somebody, from now on.
func (b *bench) assign(d mfa.Device, principalID, name string) mfa.Device {
	b.Helper()
	d = cloneDevice(d)
	d.PrincipalID, d.Name, d.EnabledAt = principalID, name, day
	d.LastUsedAt = time.Time{}
	b.must(b.AssignDevice(b.Context(), d, event(mfa.EventDeviceAdded)))
	d.Version++
	return d
}
