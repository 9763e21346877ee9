package desk

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestSightings(t *testing.T) {
	old, newer := mfa.Sighting{Length: 20, Signal: -50}, mfa.Sighting{Length: 27, Signal: -60}
	mine := mfa.Sighting{Length: 20, Signal: -40, Matched: true}
	rows := []struct {
		name  string
		after time.Duration
		heard mfa.Sighting
		news  bool
		shown []mfa.Sighting
	}{
		{"the first", 0, old, true, []mfa.Sighting{old}},
		{"the same at once", 900 * time.Millisecond, old, false, []mfa.Sighting{old}},
		{"one that looks otherwise", 0, newer, true, []mfa.Sighting{newer, old}},
		{"the first by turns", 0, old, false, []mfa.Sighting{newer, old}},
		{"the other by turns", 0, newer, false, []mfa.Sighting{newer, old}},
		{"a second later, weaker", time.Second, mfa.Sighting{Length: 20, Signal: -70}, true, []mfa.Sighting{newer, {Length: 20, Signal: -70}}},
		{"the one that is waited for", 0, mine, true, []mfa.Sighting{mine, newer, {Length: 20, Signal: -70}}},
	}
	r, at := &run{}, time.Unix(1_800_000_000, 0)
	for _, row := range rows {
		at = at.Add(row.after)
		if got := r.sighted(row.heard, at); got != row.news {
			t.Errorf("%s: news %v", row.name, got)
		}
		if len(r.Sightings) != len(row.shown) {
			t.Fatalf("%s: %+v", row.name, r.Sightings)
		}
		for i, s := range r.Sightings {
			if s.Sighting != row.shown[i] {
				t.Errorf("%s: %d is %+v", row.name, i, s)
			}
		}
	}
	for i := range 2 * maxSightings {
		r.sighted(mfa.Sighting{Length: 30 + i}, at)
	}
	if len(r.Sightings) != maxSightings {
		t.Errorf("%d are kept", len(r.Sightings))
	}
}
