package sqlite

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// consistent checks that the trail is whole and that it tells of exactly the
// devices that are there.
func consistent(t testing.TB, s *Store) (devices map[string]bool) {
	t.Helper()
	if err := s.VerifyChain(t.Context()); err != nil {
		t.Fatal(describe(err))
	}
	told := map[string]bool{}
	for after := int64(0); ; {
		events, err := s.Events(t.Context(), after, 1000)
		if err != nil {
			t.Fatal(describe(err))
		}
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			switch e.Kind {
			case mfa.EventDeviceAdded:
				told[e.DeviceID] = true
			case mfa.EventDeviceRemoved:
				delete(told, e.DeviceID)
			}
			after = e.Seq
		}
	}
	there, err := many(t.Context(), s, scanDevice, selectDevices)
	if err != nil {
		t.Fatal(describe(err))
	}
	for _, d := range there {
		if !told[d.ID] {
			t.Errorf("device %s has no event", d.ID)
		}
	}
	if len(there) != len(told) {
		t.Errorf("%d devices, and events for %d", len(there), len(told))
	}
	return told
}

// fillUp adds devices, each with its event, until the store refuses.
func fillUp(t *testing.T, s *Store) (added int, err error) {
	t.Helper()
	for i := range 10_000 {
		name := fmt.Sprint("key", i)
		if i%mfa.MaxDevices == 0 {
			u := storetest.NewUser(fmt.Sprint("user", i))
			if err := s.AddPrincipal(t.Context(), u, mfa.Event{Kind: mfa.EventUserCreated}); err != nil {
				return i, err
			}
		}
		d := storetest.NewPasskey(fmt.Sprint("USER-user", i-i%mfa.MaxDevices), name)
		d.Passkey.AttestationObject = bytes.Repeat([]byte{1}, 3000)
		e := mfa.Event{Kind: mfa.EventDeviceAdded, DeviceID: d.ID, Detail: map[string]string{"name": strings.Repeat("n", 500)}}
		if err := s.AddDevice(t.Context(), d, e); err != nil {
			return i, err
		}
	}
	t.Fatal("never full")
	return 0, nil
}

func TestFullDatabase(t *testing.T) {
	for _, pages := range []int{40, 41, 42, 43, 57, 64, 100} { // full at different steps of a change
		t.Run(fmt.Sprint(pages, " pages"), func(t *testing.T) {
			path := databasePath(t)
			s := reopen(t, path, func(c *config) { c.maxPages = pages })
			if err := s.CreateAccount(t.Context(), storetest.NewAccount(), storetest.NewRoot(), mfa.Event{Kind: mfa.EventAccountCreated}); err != nil {
				t.Fatal(describe(err))
			}
			added, err := fillUp(t, s)
			if !mfa.IsCode(err, mfa.CodeDiskFull) {
				t.Fatal(describe(err))
			}
			if got := len(consistent(t, s)); got != added {
				t.Errorf("%d devices were added, %d are there", added, got)
			}
			s.Close()
			s = reopen(t, path) // there is room again
			consistent(t, s)
			if err := s.AddEvent(t.Context(), mfa.Event{Kind: mfa.EventSignedOut}); err != nil {
				t.Error(describe(err))
			}
			consistent(t, s)
		})
	}
}
