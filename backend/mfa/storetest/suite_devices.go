package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

func testDevices(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	b.must(b.AddPrincipal(ctx, NewUser("ann"), event(mfa.EventUserCreated)))
	young, old := NewPasskey("ROOT", "young"), NewPasskey("ROOT", "old")
	young.EnabledAt, old.EnabledAt = at(5), at(1)
	twin := NewPasskey("ROOT", "twin") // as old as "old", added later
	twin.EnabledAt = at(1)
	twin.Passkey.Transports, twin.Passkey.AttestationObject, twin.Passkey.AAGUID = nil, nil, mfa.AAGUID{}
	foreign := NewPasskey("USER-ann", "foreign")
	for _, d := range []mfa.Device{young, old, twin, foreign} {
		b.add(d)
		b.logged(mfa.EventDeviceAdded)
		b.same("by ID", found[mfa.Device](b)(b.Device(ctx, d.ID)), d)
		b.same("by credential", found[mfa.Device](b)(b.DeviceByCredential(ctx, d.Passkey.ID)), d)
	}
	b.same("oldest first", found[[]mfa.Device](b)(b.Devices(ctx, "ROOT")), []mfa.Device{old, twin, young})
	b.same("of nobody", len(found[[]mfa.Device](b)(b.Devices(ctx, "NOBODY"))), 0)

	for name, taken := range map[string]bool{"young": true, "YOUNG": true, "foreign": true, "youn": false, "young2": false} {
		b.same(name+" taken", found[bool](b)(b.DeviceNameTaken(ctx, name)), taken)
	}
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.Device(ctx, "DEVICE-none"); return err })
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.DeviceByCredential(ctx, []byte("none")); return err })

	clash := func(code mfa.Code, change func(*mfa.Device)) {
		t.Helper()
		d := NewPasskey("ROOT", "new")
		change(&d)
		b.refuses(code, func() error { return b.AddDevice(ctx, d, event(mfa.EventDeviceAdded)) })
		b.refuses(mfa.CodeNotFound, func() error { _, err := b.Device(ctx, d.ID); return err })
	}
	clash(mfa.CodeNameTaken, func(d *mfa.Device) { d.Name = "OLD" })
	clash(mfa.CodeNameTaken, func(d *mfa.Device) { d.Name = "Foreign" }) // over the whole account
	clash(mfa.CodeCredentialRegistered, func(d *mfa.Device) { d.Passkey.ID = foreign.Passkey.ID })
	clash(mfa.CodeNotFound, func(d *mfa.Device) { d.PrincipalID = "NOBODY" })
	clash(mfa.CodeInvalidInput, func(d *mfa.Device) { d.Passkey = nil })
	clash(mfa.CodeInvalidInput, func(d *mfa.Device) { d.Kind = "abacus" })
}

func testDeviceChanges(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	d, other := NewPasskey("ROOT", "key"), NewPasskey("ROOT", "other")
	b.add(d)
	b.add(other)

	d.LastUsedAt, d.Passkey.SignCount, d.Passkey.BackupState = at(1), 1<<32-1, false
	b.must(b.UpdateDevice(ctx, d, event(mfa.EventSignInMFA)))
	b.logged(mfa.EventSignInMFA)
	b.refuses(mfa.CodeConflict, func() error { return b.UpdateDevice(ctx, d, event(mfa.EventSignInMFA)) })
	d.Version = 2
	b.same("used", found[mfa.Device](b)(b.Device(ctx, d.ID)), d)

	d.Name = "Renamed"
	b.must(b.UpdateDevice(ctx, d, event(mfa.EventDeviceRenamed)))
	d.Version = 3
	b.same("renamed", found[mfa.Device](b)(b.Device(ctx, d.ID)), d)
	d.Name = "RENAMED" // its own name in another case is free
	b.must(b.UpdateDevice(ctx, d, event(mfa.EventDeviceRenamed)))
	d.Version = 4
	b.same("case changed", found[mfa.Device](b)(b.Device(ctx, d.ID)), d)
	b.same("old name free", found[bool](b)(b.DeviceNameTaken(ctx, "key")), false)
	b.refuses(mfa.CodeNameTaken, func() error {
		taken := d
		taken.Name = "OTHER"
		return b.UpdateDevice(ctx, taken, event(mfa.EventDeviceRenamed))
	})

	d.SuspectAt = at(2)
	b.must(b.UpdateDevice(ctx, d, event(mfa.EventDeviceSuspect)))
	d.Version, d.SuspectAt = 5, time.Time{}
	b.must(b.UpdateDevice(ctx, d, event(mfa.EventDeviceRenamed)))
	d.Version = 6

	asked := d
	asked.PrincipalID, asked.Serial, asked.EnabledAt, asked.Passkey = "X", "X", at(9), NewPasskey("X", "x").Passkey
	asked.Passkey.SignCount, asked.Passkey.BackupState = d.Passkey.SignCount, d.Passkey.BackupState
	b.must(b.UpdateDevice(ctx, asked, event(mfa.EventSignInMFA)))
	d.Version = 7
	b.same("what never changes", found[mfa.Device](b)(b.Device(ctx, d.ID)), d)
	b.refuses(mfa.CodeNotFound, func() error {
		return b.UpdateDevice(ctx, NewPasskey("ROOT", "none"), event(mfa.EventSignInMFA))
	})

	b.refuses(mfa.CodeNotFound, func() error { return b.RemoveDevice(ctx, "DEVICE-none", 1, event(mfa.EventDeviceRemoved)) })
	b.refuses(mfa.CodeConflict, func() error { return b.RemoveDevice(ctx, d.ID, 6, event(mfa.EventDeviceRemoved)) })
	b.must(b.RemoveDevice(ctx, d.ID, 7, event(mfa.EventDeviceRemoved)))
	b.logged(mfa.EventDeviceRemoved)
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.Device(ctx, d.ID); return err })
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.DeviceByCredential(ctx, d.Passkey.ID); return err })
	b.refuses(mfa.CodeNotFound, func() error { return b.RemoveDevice(ctx, d.ID, 7, event(mfa.EventDeviceRemoved)) })
	b.same("the rest", found[[]mfa.Device](b)(b.Devices(ctx, "ROOT")), []mfa.Device{other})

	again := NewPasskey("ROOT", "key") // name and credential are free again
	again.Name = "renamed"
	b.add(again)
}

func testDeviceLimit(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	b.must(b.AddPrincipal(ctx, NewUser("ann"), event(mfa.EventUserCreated)))
	for i := range mfa.MaxDevices {
		b.add(NewPasskey("ROOT", fmt.Sprint("key", i)))
	}
	b.refuses(mfa.CodeDeviceLimit, func() error {
		return b.AddDevice(ctx, NewPasskey("ROOT", "more"), event(mfa.EventDeviceAdded))
	})
	b.add(NewPasskey("USER-ann", "hers")) // each principal has its own eight
	b.must(b.RemoveDevice(ctx, "DEVICE-key0", 1, event(mfa.EventDeviceRemoved)))
	b.add(NewPasskey("ROOT", "more"))
}

func testFreeze(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	a := NewAccount()
	a.RPID = "id.example.org"
	b.must(b.UpdateAccount(ctx, a, event("account-changed"))) // free before the first passkey
	a.Version = 2

	b.refuses(mfa.CodeNotFound, func() error { // an enrolment that fails freezes nothing
		return b.AddDevice(ctx, NewPasskey("NOBODY", "lost"), event(mfa.EventDeviceAdded))
	})
	b.same("not frozen", found[mfa.Account](b)(b.Account(ctx)), a)

	first := NewPasskey("ROOT", "first")
	first.EnabledAt = at(3)
	b.add(first)
	a.FrozenAt, a.Version = at(3), 3
	b.same("frozen", found[mfa.Account](b)(b.Account(ctx)), a)
	later := NewPasskey("ROOT", "later")
	later.EnabledAt = at(4)
	b.add(later)
	b.same("frozen once", found[mfa.Account](b)(b.Account(ctx)), a)

	moved := a
	moved.RPID = "other.example.org"
	b.refuses(mfa.CodeRPIDFrozen, func() error { return b.UpdateAccount(ctx, moved, event("account-changed")) })
	moved.Version = 1
	b.refuses(mfa.CodeRPIDFrozen, func() error { return b.UpdateAccount(ctx, moved, event("account-changed")) })
	a.Alias = "pier"
	b.must(b.UpdateAccount(ctx, a, event("account-changed"))) // the alias stays free

	b.must(b.RemoveDevice(ctx, first.ID, 1, event(mfa.EventDeviceRemoved)))
	b.must(b.RemoveDevice(ctx, later.ID, 1, event(mfa.EventDeviceRemoved)))
	moved.Version = 4
	b.refuses(mfa.CodeRPIDFrozen, func() error { return b.UpdateAccount(ctx, moved, event("account-changed")) })
}

func testLinks(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	b.must(b.AddPrincipal(ctx, NewUser("ann"), event(mfa.EventUserCreated)))
	for n := range byte(3) {
		b.must(b.SaveLink(ctx, NewLink("ROOT", n), event(mfa.EventPhoneLinked)))
		b.logged(mfa.EventPhoneLinked)
	}
	list := func(principal string, want ...mfa.LinkedPhone) {
		t.Helper()
		got := found[[]mfa.LinkedPhone](b)(b.Links(ctx, principal))
		b.same("number of links of "+principal, len(got), len(want))
		for i := range min(len(got), len(want)) {
			b.same("link", got[i], want[i])
		}
	}
	list("ROOT", NewLink("ROOT", 2), NewLink("ROOT", 1), NewLink("ROOT", 0))

	again := NewLink("ROOT", 1) // the same phone with new link data
	again.ID, again.Name, again.Sealed, again.CreatedAt = "LINK-again", "Phone 2", []byte("new"), at(60)
	b.must(b.SaveLink(ctx, again, event(mfa.EventPhoneLinked)))
	list("ROOT", again, NewLink("ROOT", 2), NewLink("ROOT", 0))

	hers := NewLink("USER-ann", 2) // the same phone, another principal
	hers.ID = "LINK-hers"
	b.must(b.SaveLink(ctx, hers, event(mfa.EventPhoneLinked)))
	list("USER-ann", hers)
	list("ROOT", again, NewLink("ROOT", 2), NewLink("ROOT", 0))

	b.must(b.RemoveLink(ctx, "LINK-2", event(mfa.EventPhoneUnlinked)))
	b.logged(mfa.EventPhoneUnlinked)
	list("ROOT", again, NewLink("ROOT", 0))
	list("USER-ann", hers)
	b.refuses(mfa.CodeNotFound, func() error { return b.RemoveLink(ctx, "LINK-2", event(mfa.EventPhoneUnlinked)) })
	b.refuses(mfa.CodeNotFound, func() error { return b.SaveLink(ctx, NewLink("NOBODY", 9), event(mfa.EventPhoneLinked)) })
}
