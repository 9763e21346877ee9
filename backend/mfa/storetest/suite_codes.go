package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

func testAssign(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	b.must(b.AddPrincipal(ctx, NewUser("ann"), event(mfa.EventUserCreated)))
	b.must(b.AddTokens(ctx, []mfa.Device{NewToken("123456789"), NewToken("223456789")}, event(mfa.EventTokensImported)))
	b.add(NewPasskey("ROOT", "key"))

	d := NewToken("123456789")
	d.PrincipalID, d.Name, d.EnabledAt, d.OneTime.Drift, d.OneTime.LastStep = "USER-ann", "Token", at(3), -2, 41
	refused := func(code mfa.Code, change func(*mfa.Device)) {
		t.Helper()
		asked := cloneDevice(d)
		change(&asked)
		b.refuses(code, func() error { return b.AssignDevice(ctx, asked, event(mfa.EventDeviceAdded)) })
	}
	refused(mfa.CodeNotFound, func(d *mfa.Device) { d.ID = "TOKEN-none" })
	refused(mfa.CodeNotFound, func(d *mfa.Device) { d.PrincipalID = "NOBODY" })
	refused(mfa.CodeConflict, func(d *mfa.Device) { d.Version = 2 })
	refused(mfa.CodeNameTaken, func(d *mfa.Device) { d.Name = "KEY" })
	asked := cloneDevice(d)
	asked.Serial, asked.LastUsedAt, asked.CreatedAt, asked.OneTime.Digits, asked.OneTime.Sealed = "X", at(9), at(9), 8, []byte("x")
	b.must(b.AssignDevice(ctx, asked, event(mfa.EventDeviceAdded)))
	b.logged(mfa.EventDeviceAdded)
	d.Version = 2
	b.same("assigned", found[mfa.Device](b)(b.Device(ctx, d.ID)), d)
	b.same("hers", found[[]mfa.Device](b)(b.Devices(ctx, "USER-ann")), []mfa.Device{d})
	b.same("its drift", found[[]mfa.DriftSample](b)(b.DriftHistory(ctx, d.ID)), []mfa.DriftSample{{At: at(3), Drift: -2}})
	refused(mfa.CodeDeviceAssigned, func(d *mfa.Device) { d.PrincipalID = "ROOT" })
	b.refuses(mfa.CodeDeleteConflict, func() error { return b.RemoveDevice(ctx, d.ID, 2, event(mfa.EventDeviceDeleted)) })

	for i := range mfa.MaxDevices - 1 {
		b.add(NewPasskey("ROOT", fmt.Sprint("key", i)))
	}
	b.refuses(mfa.CodeDeviceLimit, func() error {
		more := NewToken("223456789")
		more.PrincipalID, more.Name = "ROOT", "more"
		return b.AssignDevice(ctx, more, event(mfa.EventDeviceAdded))
	})

	unassign := func(id string, version int64) error {
		return b.UnassignDevice(ctx, id, version, event(mfa.EventDeviceDeactivated))
	}
	b.must(b.AcceptCode(ctx, d.ID, mfa.CodeUse{Drift: 1, Step: 99, At: at(6)}, true, event(mfa.EventSignInMFA)))
	b.refuses(mfa.CodeNotFound, func() error { return unassign("TOKEN-none", 1) })
	b.refuses(mfa.CodeConflict, func() error { return unassign(d.ID, 1) })
	b.must(unassign(d.ID, 2))
	b.logged(mfa.EventDeviceDeactivated)
	back := NewToken("123456789")
	back.Version, back.OneTime.LastStep = 3, 99
	b.same("in stock again", found[mfa.Device](b)(b.Device(ctx, d.ID)), back)
	b.same("no drift", len(found[[]mfa.DriftSample](b)(b.DriftHistory(ctx, d.ID))), 0)
	b.refuses(mfa.CodeNotFound, func() error { return unassign(d.ID, 3) })
	b.same("the name is free", found[bool](b)(b.DeviceNameTaken(ctx, "Token")), false)

	app := NewApp("USER-ann", "app")
	app.OneTime.LastStep, app.OneTime.Drift, app.LastUsedAt = 7, 3, at(5)
	b.add(app)
	b.must(unassign(app.ID, 1))
	free := NewApp("", "app") // an app keeps its name
	free.Version, free.OneTime.LastStep = 2, 7
	b.same("unassigned app", found[mfa.Device](b)(b.Device(ctx, app.ID)), free)
	mine := b.assign(free, "USER-ann", "APP") // and gets it again, or a new one
	b.same("assigned again", found[mfa.Device](b)(b.Device(ctx, app.ID)), mine)
	b.must(unassign(app.ID, 3))
	b.must(b.RemoveDevice(ctx, app.ID, 4, event(mfa.EventDeviceDeleted)))
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.Device(ctx, app.ID); return err })
}

func testAcceptCode(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	d, free := NewApp("ROOT", "app"), NewApp("", "free")
	b.add(d)
	b.add(free)
	b.add(NewPasskey("ROOT", "key"))
	accept := func(id string, u mfa.CodeUse, used bool) error {
		return b.AcceptCode(ctx, id, u, used, event(mfa.EventSignInMFA))
	}
	b.must(accept(d.ID, mfa.CodeUse{Drift: 1, Step: 100, At: at(1)}, true))
	b.logged(mfa.EventSignInMFA)
	d.LastUsedAt, d.OneTime.Drift, d.OneTime.LastStep = at(1), 1, 100
	b.same("used; the version stays", found[mfa.Device](b)(b.Device(ctx, d.ID)), d)
	b.refuses(mfa.CodeCodeUsed, func() error { return accept(d.ID, mfa.CodeUse{Step: 100, At: at(2)}, true) })
	b.refuses(mfa.CodeCodeUsed, func() error { return accept(d.ID, mfa.CodeUse{Step: 99, At: at(2)}, true) })
	b.must(accept(d.ID, mfa.CodeUse{Drift: -3, Step: 101, At: at(2)}, false)) // resynchronised: no use
	d.OneTime.Drift, d.OneTime.LastStep = -3, 101
	b.same("not used", found[mfa.Device](b)(b.Device(ctx, d.ID)), d)
	b.must(accept(d.ID, mfa.CodeUse{Step: 1 << 40, At: at(2)}, false))
	for _, id := range []string{"APP-none", free.ID, "DEVICE-key"} {
		b.refuses(mfa.CodeNotFound, func() error { return accept(id, mfa.CodeUse{Step: 200, At: at(3)}, true) })
	}

	stale := d // read before the code, renamed after it: nothing of the code is lost
	stale.Name, stale.LastUsedAt, stale.OneTime = "renamed", time.Time{}, &mfa.OneTime{Drift: 9, LastStep: 1}
	b.must(b.UpdateDevice(ctx, stale, event(mfa.EventDeviceRenamed)))
	d.Name, d.Version, d.OneTime.Drift, d.OneTime.LastStep = "renamed", 2, 0, 1<<40
	b.same("renamed", found[mfa.Device](b)(b.Device(ctx, d.ID)), d)
}

func testDriftHistory(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	b.add(NewApp("ROOT", "app"))
	b.add(NewApp("ROOT", "other"))
	b.same("none yet", len(found[[]mfa.DriftSample](b)(b.DriftHistory(ctx, "APP-app"))), 0)
	b.same("of nothing", len(found[[]mfa.DriftSample](b)(b.DriftHistory(ctx, "APP-none"))), 0)
	const n = mfa.MaxDriftSamples + 5
	var want []mfa.DriftSample
	for i := range n {
		b.must(b.AcceptCode(ctx, "APP-app", mfa.CodeUse{Drift: i, Step: int64(i + 1), At: at(i)}, true, event(mfa.EventSignInMFA)))
		want = append(want, mfa.DriftSample{At: at(i), Drift: i})
	}
	b.must(b.AcceptCode(ctx, "APP-other", mfa.CodeUse{Drift: 1, Step: 1, At: day}, true, event(mfa.EventSignInMFA)))
	b.same("the newest, oldest first", found[[]mfa.DriftSample](b)(b.DriftHistory(ctx, "APP-app")), want[n-mfa.MaxDriftSamples:])
	b.must(b.UnassignDevice(ctx, "APP-app", 1, event(mfa.EventDeviceDeactivated)))
	b.must(b.RemoveDevice(ctx, "APP-app", 2, event(mfa.EventDeviceDeleted)))
	b.same("gone with the device", len(found[[]mfa.DriftSample](b)(b.DriftHistory(ctx, "APP-app"))), 0)
	b.same("of the other", len(found[[]mfa.DriftSample](b)(b.DriftHistory(ctx, "APP-other"))), 1)
}
