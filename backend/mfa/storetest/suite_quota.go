package storetest

import (
	"fmt"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// few stands in for mfa.MaxVirtual, so that the quota is met without 5,000 devices.
const few = 12

// RunQuota holds a store against the quota of virtual devices, which AddDevice counts.
// open is that of Run, of a store whose account holds maxVirtual of them.
func RunQuota(t *testing.T, open func(t *testing.T, maxVirtual int) mfa.Store) {
	b := &bench{T: t, Store: open(t, few)}
	ctx := t.Context()
	b.start()
	b.must(b.AddPrincipal(ctx, NewUser("ann"), event(mfa.EventUserCreated)))
	owners := []string{"ROOT", "USER-ann"} // the quota is the account's, not anybody's own
	for i := range few - 1 {
		b.add(NewApp(owners[i%2], fmt.Sprint("app", i)))
	}
	b.add(NewApp("", "nobody's counts"))

	full := func(d mfa.Device) {
		t.Helper()
		var err error
		b.refuses(mfa.CodeDeviceLimit, func() error {
			err = b.AddDevice(ctx, d, event(mfa.EventVirtualCreated))
			return err
		})
		if f := mfa.AsFailure(err); f != nil {
			b.same("max", f.Params["max"], fmt.Sprint(few))
		}
	}
	full(NewApp("ROOT", "more")) // sweeps nothing
	b.add(NewApp("", "swept"))   // takes the place of the one it sweeps
	again := NewApp("", "again")
	b.add(again)

	b.add(NewPasskey("ROOT", "key")) // other kinds do not count
	b.must(b.AddTokens(ctx, []mfa.Device{NewToken("123456789")}, event(mfa.EventTokensImported)))

	b.must(b.RemoveDevice(ctx, again.ID, 1, event(mfa.EventDeviceDeleted)))
	b.add(NewApp("USER-ann", "hers"))
	full(NewApp("", "with nothing to sweep"))
	b.must(b.UnassignDevice(ctx, "APP-app0", 1, event(mfa.EventDeviceDeactivated)))
	b.add(NewApp("", "last"))
}
