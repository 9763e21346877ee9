package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

const eventColumns = "seq, at, kind, principal_id, device_id, detail, hash"

// end is where the trail ends. The writer keeps it, so that appending costs the
// same however long the trail is.
type end struct {
	link audit.Link
	kept int64 // highest_time in the database
	seen int64 // the highest time itself, as far as this process knows
}

// appendEvent chains the event to the newest one. Had somebody else written
// meanwhile, the number would be taken and the change would fail.
func appendEvent(t tx, e mfa.Event) error {
	if t.w.last == nil {
		last, err := lookUpEnd(t)
		if err != nil {
			return err
		}
		t.w.last = &last
	}
	last := t.w.last
	e, next := last.link.Next(e)
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return err
	}
	_, err = t.exec("INSERT INTO events ("+eventColumns+") VALUES (?, ?, ?, ?, ?, ?, ?)",
		e.Seq, audit.Micros(e.At), string(e.Kind), e.PrincipalID, e.DeviceID, string(detail), e.Hash)
	if err != nil {
		return err
	}
	last.link = next
	return last.keepTime(t, audit.Micros(e.At))
}

func lookUpEnd(t tx) (last end, err error) {
	if err := t.get("SELECT at FROM highest_time", nil, &last.kept); err != nil {
		return end{}, err
	}
	last.seen = last.kept
	var hash []byte
	err = t.get("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1", nil, &last.link.Seq, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return last, nil
	}
	copy(last.link.Hash[:], hash)
	return last, err
}

func scanEvent(r row) (mfa.Event, error) {
	var e mfa.Event
	var at int64
	var detail []byte
	if err := r.Scan(&e.Seq, &at, &e.Kind, &e.PrincipalID, &e.DeviceID, &detail, &e.Hash); err != nil {
		return e, err
	}
	e.At = audit.FromMicros(at)
	if err := json.Unmarshal(detail, &e.Detail); err != nil {
		return e, damaged("event %d: detail is no JSON", e.Seq)
	}
	return e, nil
}

// AddEvent implements mfa.EventStore.
func (s *Store) AddEvent(ctx context.Context, e mfa.Event) error { return s.change(ctx, e, nil) }

// Events implements mfa.EventStore.
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]mfa.Event, error) {
	return many(ctx, s, scanEvent, "SELECT "+eventColumns+" FROM events WHERE seq > ? ORDER BY seq LIMIT ?", after, max(limit, 0))
}
