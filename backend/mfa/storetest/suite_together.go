package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// testConcurrent lets many change one thing at once: exactly one wins.
func testConcurrent(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	b.must(b.AddPrincipal(ctx, NewUser("ann"), event(mfa.EventUserCreated)))
	d := NewPasskey("ROOT", "key")
	b.add(d)
	b.add(NewApp("USER-ann", "race"))
	race := b.race
	race("update", mfa.CodeConflict, func(i int) error {
		mine := cloneDevice(d)
		mine.Passkey.SignCount = uint32(100 + i)
		return b.UpdateDevice(ctx, mine, event(mfa.EventSignInMFA))
	})
	race("update or remove", mfa.CodeConflict, func(i int) error {
		mine := cloneDevice(d)
		mine.Version = 2
		err := b.UpdateDevice(ctx, mine, event(mfa.EventSignInMFA))
		if mfa.IsCode(err, mfa.CodeConflict) {
			err = b.RemoveDevice(ctx, d.ID, 2, event(mfa.EventDeviceRemoved))
		}
		return err
	})
	race("one name", mfa.CodeNameTaken, func(i int) error {
		twin := NewPasskey("ROOT", fmt.Sprint("twin", i))
		twin.Name = "twin"
		return b.AddDevice(ctx, twin, event(mfa.EventDeviceAdded))
	})
	for i := range mfa.MaxDevices - 3 { // with key and twin: one short of the limit
		b.add(NewPasskey("ROOT", fmt.Sprint("filler", i)))
	}
	race("last place", mfa.CodeDeviceLimit, func(i int) error {
		return b.AddDevice(ctx, NewPasskey("ROOT", fmt.Sprint("last", i)), event(mfa.EventDeviceAdded))
	})
	race("one code", mfa.CodeCodeUsed, func(i int) error {
		return b.AcceptCode(ctx, "APP-race", mfa.CodeUse{Step: 50, At: at(i)}, true, event(mfa.EventSignInMFA))
	})
	token := NewToken("987654321")
	b.must(b.AddTokens(ctx, []mfa.Device{token}, event(mfa.EventTokensImported)))
	race("one token", mfa.CodeConflict, func(i int) error {
		mine := cloneDevice(token)
		mine.PrincipalID, mine.Name = "USER-ann", fmt.Sprint("token", i)
		return b.AssignDevice(ctx, mine, event(mfa.EventDeviceAdded))
	})
	b.must(b.ReplaceRecoveryCodes(ctx, "ROOT", []mfa.RecoveryCode{{ID: "CODE", Sealed: []byte{1}}}, event(mfa.EventRecoveryMade)))
	race("recovery code", mfa.CodeRecoveryCodeUsed, func(int) error {
		return b.UseRecoveryCode(ctx, "CODE", event(mfa.EventSignInRecovery))
	})
	b.must(b.ReplaceKeySlots(ctx, nil, []mfa.KeySlot{{ID: "SLOT", Kind: mfa.SlotSystem}}, event(mfa.EventVaultChanged)))
	race("key slots", mfa.CodeConflict, func(i int) error {
		return b.ReplaceKeySlots(ctx, []string{"SLOT"}, []mfa.KeySlot{{ID: fmt.Sprint("SLOT", i), Kind: mfa.SlotSystem}}, event(mfa.EventVaultChanged))
	})
	race("user name", mfa.CodeNameTaken, func(i int) error {
		u := NewUser("zoe")
		u.ID, u.UserHandle = fmt.Sprint("ZOE-", i), []byte{byte(i)}
		return b.AddPrincipal(ctx, u, event(mfa.EventUserCreated))
	})
}

// race lets several make one change at once: one wins, the others fail with lost,
// and there is one event.
func (b *bench) race(name string, lost mfa.Code, change func(i int) error) {
	b.Helper()
	const n = 8
	before := len(b.trail())
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = change(i)
		})
	}
	close(start)
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !mfa.IsCode(err, lost) {
			b.Errorf("%s: %v", name, err)
		}
	}
	if won != 1 {
		b.Errorf("%s: %d won", name, won)
	}
	if events := len(b.trail()) - before; events != won {
		b.Errorf("%s: %d events", name, events)
	}
}
