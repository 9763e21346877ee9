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
// looks like the one before takes its place.
func (r *run) sighted(s mfa.Sighting, at time.Time) (news bool) {
	now := Sighting{s, at}
	if len(r.Sightings) == 0 || r.Sightings[0].Length != s.Length || r.Sightings[0].Matched != s.Matched {
		r.Sightings = append([]Sighting{now}, r.Sightings...)
		r.Sightings = r.Sightings[:min(len(r.Sightings), maxSightings)]
		return true
	}
	if at.Sub(r.Sightings[0].At) < sightingPause {
		return false
	}
	r.Sightings[0] = now
	return true
}
