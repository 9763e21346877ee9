package storetest

import (
	"fmt"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func testApps(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	free, hers := NewApp("", "free"), NewApp("ROOT", "hers")
	free.CreatedAt = at(1)
	b.add(hers)
	b.add(free)
	b.logged(mfa.EventDeviceAdded)
	for _, d := range []mfa.Device{free, hers} {
		b.same("by ID", found[mfa.Device](b)(b.Device(ctx, d.ID)), d)
		b.same("by serial", found[mfa.Device](b)(b.DeviceBySerial(ctx, d.Serial)), d)
	}
	b.same("serial in another case", found[mfa.Device](b)(b.DeviceBySerial(ctx, "ARN:aws:iam::123456789012:MFA/FREE")), free)
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.DeviceBySerial(ctx, "arn:aws:iam::123456789012:mfa/none"); return err })
	b.same("unassigned", found[[]mfa.Device](b)(b.Unassigned(ctx, mfa.KindApp)), []mfa.Device{free})
	b.same("root's", found[[]mfa.Device](b)(b.Devices(ctx, "ROOT")), []mfa.Device{hers})
	b.same("nobody is no owner", len(found[[]mfa.Device](b)(b.Devices(ctx, ""))), 0)
	b.same("an unassigned app keeps its name taken", found[bool](b)(b.DeviceNameTaken(ctx, "FREE")), true)
	b.same("no RPID is frozen by an app", found[mfa.Account](b)(b.Account(ctx)), NewAccount())

	clash := func(code mfa.Code, d mfa.Device, change func(*mfa.Device)) {
		t.Helper()
		change(&d)
		b.refuses(code, func() error { return b.AddDevice(ctx, d, event(mfa.EventDeviceAdded)) })
	}
	clash(mfa.CodeNameTaken, NewApp("ROOT", "new"), func(d *mfa.Device) { d.Name = "FREE" })
	clash(mfa.CodeNameTaken, NewPasskey("ROOT", "new"), func(d *mfa.Device) { d.Name = "Hers" }) // over all kinds
	clash(mfa.CodeSerialTaken, NewApp("ROOT", "new"), func(d *mfa.Device) { d.Serial = "ARN:AWS:IAM::123456789012:mfa/hers" })
	clash(mfa.CodeNotFound, NewApp("NOBODY", "new"), func(*mfa.Device) {})
	clash(mfa.CodeNotFound, NewPasskey("", "new"), func(*mfa.Device) {}) // a passkey always has an owner
	clash(mfa.CodeInvalidInput, NewApp("ROOT", "new"), func(d *mfa.Device) { d.OneTime = nil })
	clash(mfa.CodeInvalidInput, NewPasskey("ROOT", "new"), func(d *mfa.Device) { d.OneTime = hers.OneTime })

	for i := range mfa.MaxDevices - 1 { // any mix of kinds counts
		b.add(NewPasskey("ROOT", fmt.Sprint("key", i)))
	}
	clash(mfa.CodeDeviceLimit, NewApp("ROOT", "more"), func(*mfa.Device) {})
	clash(mfa.CodeDeviceLimit, NewPasskey("ROOT", "more"), func(*mfa.Device) {})
	b.add(NewApp("", "nobody's does not count"))
}

func testSweep(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	swept := func(want int) {
		t.Helper()
		before := len(b.trail())
		b.same("swept", found[int](b)(b.SweepUnassigned(ctx, event(mfa.EventVirtualSwept))), want)
		trail := b.trail()
		b.same("events", len(trail)-before, min(want, 1))
		if want > 0 {
			b.same("the event's count", trail[len(trail)-1].Detail["count"], fmt.Sprint(want))
		}
		b.same("left", len(found[[]mfa.Device](b)(b.Unassigned(ctx, mfa.KindApp))), 0)
	}
	swept(0)
	hers := NewApp("ROOT", "hers")
	b.add(hers)
	b.must(b.AddTokens(ctx, []mfa.Device{NewToken("123456789")}, event(mfa.EventTokensImported)))
	b.add(NewApp("", "first"))
	swept(1)
	b.same("a token stays", len(found[[]mfa.Device](b)(b.Unassigned(ctx, mfa.KindToken))), 1)
	b.same("an assigned app stays", found[[]mfa.Device](b)(b.Devices(ctx, "ROOT")), []mfa.Device{hers})

	old := NewApp("", "second")
	b.add(old)
	clash := NewApp("", "HERS") // refused, so what it would sweep stays
	clash.Serial += "2"
	b.refuses(mfa.CodeNameTaken, func() error { return b.AddDevice(ctx, clash, event(mfa.EventVirtualCreated)) })
	again := NewApp("", "SECOND") // the swept one's name and serial are free for the new one
	again.ID = "APP-again"
	before := len(b.trail())
	b.add(again)
	trail := b.trail()
	b.same("one event", len(trail)-before, 1)
	b.same("that says what it swept", trail[len(trail)-1].Detail, map[string]string{"swept": "1"})
	b.same("only the new one", found[[]mfa.Device](b)(b.Unassigned(ctx, mfa.KindApp)), []mfa.Device{again})
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.Device(ctx, old.ID); return err })

	b.add(NewApp("ROOT", "third")) // neither an assigned app
	b.add(NewPasskey("ROOT", "key"))
	b.must(b.AddTokens(ctx, []mfa.Device{NewToken("223456789")}, event(mfa.EventTokensImported)))
	b.same("sweeps, nor another kind", len(found[[]mfa.Device](b)(b.Unassigned(ctx, mfa.KindApp))), 1)
	b.must(b.UnassignDevice(ctx, hers.ID, 1, event(mfa.EventDeviceDeactivated)))
	swept(2)
}

func testStock(t *testing.T, b *bench) {
	ctx := t.Context()
	tokens := func(serials ...string) (ds []mfa.Device) {
		for i, s := range serials {
			d := NewToken(s)
			d.CreatedAt = at(-i) // the last one is the oldest
			ds = append(ds, d)
		}
		return ds
	}
	add := func(ds []mfa.Device) error { return b.AddTokens(ctx, ds, event(mfa.EventTokensImported)) }
	b.refuses(mfa.CodeNoAccount, func() error { return add(tokens("GA00000001")) })
	b.start()
	stock := tokens("GA00000001", "GA00000002", "ga00000003")
	b.must(add(stock))
	b.logged(mfa.EventTokensImported)
	b.same("one event", len(b.trail()), 2)
	b.same("oldest first", found[[]mfa.Device](b)(b.Unassigned(ctx, mfa.KindToken)), []mfa.Device{stock[2], stock[1], stock[0]})
	b.same("by serial", found[mfa.Device](b)(b.DeviceBySerial(ctx, "GA00000003")), stock[2])
	b.same("no apps", len(found[[]mfa.Device](b)(b.Unassigned(ctx, mfa.KindApp))), 0)

	fails := func(code mfa.Code, ds []mfa.Device) {
		t.Helper()
		b.refuses(code, func() error { return add(ds) })
	}
	fails(mfa.CodeSerialTaken, tokens("GA00000004", "GA00000003"))
	fails(mfa.CodeSerialTaken, tokens("GA00000004", "ga00000004")) // within the batch
	if err := add(tokens("GA00000005", "ga00000002")); mfa.AsFailure(err).Params["serial"] != "ga00000002" {
		t.Errorf("the serial is not named: %v", err)
	}
	fails(mfa.CodeInvalidInput, []mfa.Device{NewToken("GA00000004"), NewApp("", "app")})
	fails(mfa.CodeInvalidInput, []mfa.Device{NewToken("GA00000004"), {ID: "T", Kind: mfa.KindToken, Serial: "GA00000005"}})
	owned := NewToken("GA00000004")
	owned.PrincipalID = "ROOT"
	fails(mfa.CodeInvalidInput, []mfa.Device{owned})

	b.same("known", found[map[string]bool](b)(b.KnownSerials(ctx, []string{"ga00000001", "GA00000003", "GA00000009", ""})),
		map[string]bool{"ga00000001": true, "ga00000003": true})
	b.same("nothing asked", len(found[map[string]bool](b)(b.KnownSerials(ctx, nil))), 0)
	many := make([]string, 40_000) // more than one statement takes
	for i := range many {
		many[i] = fmt.Sprint("GA1", i)
	}
	many[39_999] = "GA00000002"
	b.same("many asked", found[map[string]bool](b)(b.KnownSerials(ctx, many)), map[string]bool{"ga00000002": true})

	b.same("no name is no taken name", found[bool](b)(b.DeviceNameTaken(ctx, "")), false)
	b.must(b.RemoveDevice(ctx, stock[0].ID, 1, event(mfa.EventDeviceDeleted)))
	b.refuses(mfa.CodeConflict, func() error { return b.RemoveDevice(ctx, stock[1].ID, 2, event(mfa.EventDeviceDeleted)) })
	b.must(add(tokens("ga00000001"))) // its serial is free again
}
