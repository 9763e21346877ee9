package sqlite

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestHighestTimeIsKeptByTheHour(t *testing.T) {
	path := databasePath(t)
	s := reopen(t, path)
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	rows := []struct {
		name          string
		event         time.Time
		highest, kept time.Time
	}{
		{"the first", at(0), at(0), at(0)},
		{"within the hour", at(59), at(59), at(0)},
		{"an hour exactly", at(60), at(60), at(0)},
		{"more than an hour", at(61), at(61), at(61)},
		{"a clock that was turned back", at(-100_000), at(61), at(61)},
		{"no time at all", time.Time{}, at(61), at(61)},
		{"a clock that goes again", at(100), at(100), at(61)},
		{"back once more", at(70), at(100), at(61)},
	}
	for _, row := range rows {
		if err := s.AddEvent(t.Context(), mfa.Event{At: row.event, Kind: mfa.EventSignInMFA}); err != nil {
			t.Fatal(describe(err))
		}
		if got, err := s.HighestTime(t.Context()); err != nil || !got.Equal(row.highest) {
			t.Errorf("%s: %v, %s", row.name, got, describe(err))
		}
		var kept int64
		if err := s.reads.QueryRow("SELECT at FROM highest_time").Scan(&kept); err != nil || kept != row.kept.UnixMicro() {
			t.Errorf("%s: %v is kept, %v", row.name, time.UnixMicro(kept).UTC(), err)
		}
	}
	s.Close()
	s = reopen(t, path) // up to an hour is forgotten
	if got, err := s.HighestTime(t.Context()); err != nil || !got.Equal(at(70)) {
		t.Errorf("after a start: %v, %s", got, describe(err))
	}
}

// A change that was not made moves no time.
func TestHighestTimeOfAFailedChange(t *testing.T) {
	s := reopen(t, databasePath(t))
	if got, err := s.HighestTime(t.Context()); err != nil || !got.IsZero() {
		t.Errorf("%v, %s", got, describe(err))
	}
	late := mfa.Event{At: noon.AddDate(50, 0, 0), Kind: mfa.EventSignInMFA}
	err := s.transact(t.Context(), func(t tx) error {
		if err := appendEvent(t, late); err != nil {
			return err
		}
		return errHalfway
	})
	if !mfa.IsCode(err, mfa.CodeStorageFailed) {
		t.Fatal(describe(err))
	}
	if err := s.AddEvent(t.Context(), mfa.Event{At: noon, Kind: mfa.EventSignInMFA}); err != nil {
		t.Fatal(describe(err))
	}
	if got, err := s.HighestTime(t.Context()); err != nil || !got.Equal(noon) {
		t.Errorf("%v, %s", got, describe(err))
	}
}
