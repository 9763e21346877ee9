package storetest

import (
	"bytes"
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
		"principals": testPrincipals,
		"guesses":    testGuesses,
		"devices":    testDevices,
		"changes":    testDeviceChanges,
		"limit":      testDeviceLimit,
		"freeze":     testFreeze,
		"links":      testLinks,
		"events":     testEvents,
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

// NewAccount, NewRoot, NewUser, NewPasskey and NewLink make valid rows for tests.
// Everything that must be unique is made from the name or number.
func NewAccount() mfa.Account {
	return mfa.Account{ID: "123456789012", Alias: "harbour", RPID: mfa.DefaultRPID, CreatedAt: day, Version: 1}
}

// NewRoot is the root user with the ID "ROOT".
func NewRoot() mfa.Principal {
	return mfa.Principal{ID: "ROOT", Kind: mfa.Root, Email: "Root@Example.org", UserHandle: bytes.Repeat([]byte{1}, 32),
		Password:  mfa.PasswordHash{Salt: []byte("salt"), Hash: []byte("hash"), Time: 3, MemoryKiB: 65536, Threads: 4},
		CreatedAt: day, Version: 1}
}

// NewUser is a user whose ID is made from the name.
func NewUser(name string) mfa.Principal {
	return mfa.Principal{ID: "USER-" + name, Kind: mfa.User, Name: name, UserHandle: []byte("handle of " + name),
		Password: mfa.PasswordHash{Salt: []byte("s"), Hash: []byte("h"), Time: 1, MemoryKiB: 1, Threads: 1}, CreatedAt: day, Version: 1}
}

// NewPasskey is a synced passkey on a phone whose IDs are made from the name.
func NewPasskey(principalID, name string) mfa.Device {
	return mfa.Device{ID: "DEVICE-" + name, PrincipalID: principalID, Kind: mfa.KindPasskey, Name: name,
		Serial: "arn:aws:iam::123456789012:u2f/root-account/" + name, EnabledAt: day, Version: 1,
		Passkey: &mfa.Credential{ID: []byte("credential " + name), PublicKey: []byte{0xa5, 1, 2}, Algorithm: -7,
			AAGUID: mfa.AAGUID{0xea, 0x9b, 15: 7}, SignCount: 4, Transports: []string{"hybrid", "internal"}, BackupEligible: true,
			BackupState: true, Discoverable: true, UserVerified: true, AttestationFormat: "none", AttestationObject: []byte{0xa3, 0}}}
}

// NewLink is a linked phone whose ID and key are made from the number.
func NewLink(principalID string, n byte) mfa.LinkedPhone {
	return mfa.LinkedPhone{ID: fmt.Sprint("LINK-", n), PrincipalID: principalID, Name: "Phone", ContactID: []byte("contact"),
		LinkID: bytes.Repeat([]byte{n}, 8), Secret: mfa.NewSecret(bytes.Repeat([]byte{n}, 32)),
		PublicKey: append([]byte{4}, bytes.Repeat([]byte{n}, 64)...), TunnelServer: 1, CreatedAt: at(int(n))}
}

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

// refuses checks the code and that the refused change left no event.
func (b *bench) refuses(code mfa.Code, change func() error) {
	b.Helper()
	before := len(b.trail())
	if err := change(); !mfa.IsCode(err, code) {
		b.Errorf("want %s, got %v", code, err)
	}
	if after := len(b.trail()); after != before {
		b.Errorf("a change refused with %s left %d events", code, after-before)
	}
}

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

func show(v any) string {
	switch v := v.(type) {
	case mfa.Device:
		v.EnabledAt, v.LastUsedAt, v.SuspectAt = whole(v.EnabledAt), whole(v.LastUsedAt), whole(v.SuspectAt)
		c := v.Passkey
		v.Passkey = nil
		return fmt.Sprintf("%+v %+v", v, *c)
	case []mfa.Device:
		var all []string
		for _, d := range v {
			all = append(all, show(d))
		}
		return strings.Join(all, "\n")
	case mfa.LinkedPhone:
		v.CreatedAt = whole(v.CreatedAt)
		return fmt.Sprintf("%+v %x", v, v.Secret.Bytes())
	case mfa.Principal:
		v.CreatedAt = whole(v.CreatedAt)
		return fmt.Sprintf("%+v", v)
	case mfa.Guesses:
		v.LockedTill = whole(v.LockedTill)
		return fmt.Sprintf("%+v", v)
	case mfa.Account:
		v.FrozenAt, v.CreatedAt = whole(v.FrozenAt), whole(v.CreatedAt)
		return fmt.Sprintf("%+v", v)
	}
	return fmt.Sprintf("%+v", v)
}
