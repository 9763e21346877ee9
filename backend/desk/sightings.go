package desk

import (
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// maxSightings is how many adverts are kept to be shown.
const maxSightings = 8

// sightingPause keeps the same advert from being told again and again: a phone sends ten
// in a second.
const sightingPause = time.Second

// sighted notes an advert, and says whether there is something new to be shown. What
// looks like one that is shown takes its place: phones that call by turns would fill
// the list with each other.
func (r *run) sighted(s mfa.Sighting, at time.Time) (news bool) {
	now := Sighting{s, at}
	for i, old := range r.Sightings {
		if old.Length != s.Length || old.Matched != s.Matched {
			continue
		}
		if at.Sub(old.At) < sightingPause {
			return false
		}
		r.Sightings[i] = now
		return true
	}
	r.Sightings = append([]Sighting{now}, r.Sightings...)
	r.Sightings = r.Sightings[:min(len(r.Sightings), maxSightings)]
	return true
}
