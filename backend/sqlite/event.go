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

// appendEvent chains the event to the newest one, whose place the writer keeps,
// so that it costs the same however long the trail is. Had somebody else written
// meanwhile, the number would be taken and the change would fail.
func appendEvent(t tx, e mfa.Event) error {
	if t.w.last == nil {
		last, err := newest(t)
		if err != nil {
			return err
		}
		t.w.last = &last
	}
	e, next := t.w.last.Next(e)
	detail, err := json.Marshal(e.Detail)
	if err != nil {
		return err
	}
	_, err = t.exec("INSERT INTO events ("+eventColumns+") VALUES (?, ?, ?, ?, ?, ?, ?)",
		e.Seq, audit.Micros(e.At), string(e.Kind), e.PrincipalID, e.DeviceID, string(detail), e.Hash)
	t.w.last = &next
	return err
}

func newest(t tx) (last audit.Link, err error) {
	var hash []byte
	err = t.get("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1", nil, &last.Seq, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Link{}, nil
	}
	copy(last.Hash[:], hash)
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
