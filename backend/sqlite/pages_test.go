package sqlite

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// A sign-in waits for its pages to get to the disk, so their number is held here.
func TestPagesOfASignIn(t *testing.T) {
	s := reopen(t, databasePath(t))
	ctx := t.Context()
	if err := s.CreateAccount(ctx, storetest.NewAccount(), storetest.NewRoot(), mfa.Event{At: noon, Kind: mfa.EventAccountCreated}); err != nil {
		t.Fatal(describe(err))
	}
	manyUsers(t, s, 50)
	key, app := storetest.NewPasskey("ROOT", "key"), storetest.NewApp("ROOT", "app")
	for _, d := range []mfa.Device{key, app} {
		if err := s.AddDevice(ctx, d, mfa.Event{At: noon, Kind: mfa.EventDeviceAdded}); err != nil {
			t.Fatal(describe(err))
		}
	}
	step := int64(0)
	rows := []struct {
		name   string
		most   int // pages, where most of the time the trail's last one has room
		change func(e mfa.Event) error
	}{
		{"an event alone", 1, func(e mfa.Event) error { return s.AddEvent(ctx, e) }},
		{"right password", 2, func(e mfa.Event) error {
			return s.PasswordAccepted(ctx, make([]byte, 32), "ROOT", noon, e)
		}},
		{"passkey", 2, func(e mfa.Event) error {
			err := s.UpdateDevice(ctx, key, e)
			key.Version++
			key.Passkey.SignCount++
			return err
		}},
		{"code", 3, func(e mfa.Event) error {
			step++
			return s.AcceptCode(ctx, app.ID, mfa.CodeUse{Drift: int(step) % 3, Step: step, At: e.At}, true, e)
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var counts []int
			over := 0
			for i := range 40 {
				written(t, s) // empties the WAL
				e := mfa.Event{At: noon.Add(time.Duration(i) * time.Second), Kind: mfa.EventSignInMFA, Detail: map[string]string{"name": fmt.Sprint(i)}}
				if err := row.change(e); err != nil {
					t.Fatal(describe(err))
				}
				n := written(t, s)
				counts = append(counts, n)
				if n > row.most {
					over++ // the trail needed a new page
				}
			}
			if over > len(counts)/5 {
				t.Errorf("pages %v, want %d mostly", counts, row.most)
			}
		})
	}
}

// Every sign-in sweeps, and mostly there is nothing to sweep.
func TestSweepOfNothingWritesNothing(t *testing.T) {
	path := databasePath(t)
	s := reopen(t, path)
	if err := s.AddEvent(t.Context(), mfa.Event{At: noon, Kind: mfa.EventSignedOut}); err != nil {
		t.Fatal(describe(err))
	}
	before := read(t, path+"-wal")
	if n, err := s.SweepUnassigned(t.Context(), mfa.Event{Kind: mfa.EventVirtualSwept}); err != nil || n != 0 {
		t.Error(n, describe(err))
	}
	if !bytes.Equal(read(t, path+"-wal"), before) {
		t.Error("something was written")
	}
}

// written gives the number of pages in the WAL and takes them over into the
// database, so that the next change begins it anew.
func written(t *testing.T, s *Store) int {
	t.Helper()
	var busy, frames, moved int
	if err := s.writer.conn.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &frames, &moved); err != nil || busy != 0 {
		t.Fatal(busy, err)
	}
	return frames
}
