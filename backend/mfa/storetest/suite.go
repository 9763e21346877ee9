package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Run holds a store against every promise of mfa/store.go. open gives a new,
// empty store each time and closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) mfa.Store) {
	parts := map[string]func(*testing.T, *bench){
		"account":    testAccount,
		"settings":   testSettings,
		"time":       testHighestTime,
		"principals": testPrincipals,
		"users":      testUserChanges,
		"batch":      testBatch,
		"password":   testPasswordAccepted,
		"removal":    testRemovePrincipal,
		"overviews":  testOverviews,
		"guesses":    testGuesses,
		"devices":    testDevices,
		"changes":    testDeviceChanges,
		"limit":      testDeviceLimit,
		"freeze":     testFreeze,
		"apps":       testApps,
		"sweep":      testSweep,
		"stock":      testStock,
		"assigning":  testAssign,
		"codes":      testAcceptCode,
		"drift":      testDriftHistory,
		"links":      testLinks,
		"access":     testAccess,
		"policies":   testPolicies,
		"inline":     testInline,
		"granted":    testGranted,
		"quotas":     testPolicyQuotas,
		"trust":      testTrust,
		"metadata":   testMetadata,
		"recovery":   testRecovery,
		"slots":      testSlots,
		"local":      testLocal,
		"local full": testLocalFull,
		"events":     testEvents,
		"find":       testFindEvents,
		"together":   testConcurrent,
		"cancelled":  testCancelled,
		"copies":     testCopies,
	}
	for name, part := range parts {
		t.Run(name, func(t *testing.T) { part(t, &bench{T: t, Store: open(t)}) })
	}
	t.Run("closed", func(t *testing.T) {
		s := open(t)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Account(t.Context()); !mfa.IsCode(err, mfa.CodeStorageFailed) {
			t.Errorf("read of a closed store: %v", err)
		}
		if err := s.AddEvent(t.Context(), event(mfa.EventSignedOut)); !mfa.IsCode(err, mfa.CodeStorageFailed) {
			t.Errorf("change of a closed store: %v", err)
		}
	})
}

// bench is a store under test with what the parts of the suite need.
type bench struct {
	*testing.T
	mfa.Store
}

// day is the first moment of every test; the nanoseconds show who cuts them.
var day = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func at(minutes int) time.Time { return day.Add(time.Duration(minutes) * time.Minute) }

func event(kind mfa.EventKind) mfa.Event { return mfa.Event{At: day, Kind: kind, PrincipalID: "ROOT"} }

// found fails the test on an error and gives the value.
func found[T any](b *bench) func(T, error) T {
	return func(v T, err error) T {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// refuses checks the code, and that the refused change left nothing behind.
func (b *bench) refuses(code mfa.Code, change func() error) {
	b.Helper()
	before := b.everything()
	if err := change(); !mfa.IsCode(err, code) {
		b.Errorf("want %s, got %v", code, err)
	}
	if after := b.everything(); after != before {
		b.Errorf("a change refused with %s left its traces:\n got %s\nwant %s", code, after, before)
	}
}

// everything prints what the store holds, without the guesses.
func (b *bench) everything() string {
	b.Helper()
	ctx := b.Context()
	var all strings.Builder
	look := func(v any, err error) { fmt.Fprintln(&all, show(v), err) }
	look(one(b.Account(ctx)))
	people, err := b.Overviews(ctx)
	look(people, err)
	var devices []mfa.Device
	for _, o := range people {
		look(one(b.Principal(ctx, o.ID)))
		look(one(b.Links(ctx, o.ID)))
		look(one(b.PoliciesOf(ctx, o.ID)))
		look(one(b.Granted(ctx, o.ID)))
		look(one(b.InlinePolicies(ctx, mfa.InlinePolicy{PrincipalID: o.ID})))
		look(one(b.RecoveryCodes(ctx, o.ID)))
		owned, err := b.Devices(ctx, o.ID)
		look(owned, err)
		devices = append(devices, owned...)
	}
	for _, k := range []mfa.DeviceKind{mfa.KindApp, mfa.KindToken} {
		free, err := b.Unassigned(ctx, k)
		look(free, err)
		devices = append(devices, free...)
	}
	for _, d := range devices {
		look(one(b.DriftHistory(ctx, d.ID)))
	}
	groups, err := b.Groups(ctx)
	look(groups, err)
	for _, g := range groups {
		look(one(b.InlinePolicies(ctx, mfa.InlinePolicy{GroupID: g.ID})))
	}
	look(one(b.Policies(ctx)))
	look(one(b.Blobs(ctx)))
	newest, index, err := b.MetadataIndex(ctx)
	look([]any{newest, index}, err)
	look(one(b.KeySlots(ctx)))
	look(one(b.LocalPasskeys(ctx, "")))
	look(one(b.LocalState(ctx)))
	fmt.Fprintln(&all, "events:", len(b.trail()))
	return all.String()
}

func one[T any](v T, err error) (any, error) { return v, err }

// trail reads the whole audit trail and checks the chain.
func (b *bench) trail() []mfa.Event {
	b.Helper()
	events := found[[]mfa.Event](b)(b.Events(b.Context(), 0, 1_000_000))
	if err := audit.Verify(events); err != nil {
		b.Fatal(err)
	}
	return events
}

// logged checks the newest event.
func (b *bench) logged(kind mfa.EventKind) {
	b.Helper()
	if events := b.trail(); len(events) == 0 || events[len(events)-1].Kind != kind {
		b.Errorf("the newest event is not %s", kind)
	}
}

func (b *bench) start() {
	b.Helper()
	b.must(b.CreateAccount(b.Context(), NewAccount(), NewRoot(), event(mfa.EventAccountCreated)))
}

func (b *bench) add(d mfa.Device) {
	b.Helper()
	b.must(b.AddDevice(b.Context(), d, event(mfa.EventDeviceAdded)))
}

// same compares by what is printed, where secrets are not, and times as the
// instants that a store keeps.
func (b *bench) same(what string, got, want any) {
	b.Helper()
	if g, w := show(got), show(want); g != w {
		b.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}
