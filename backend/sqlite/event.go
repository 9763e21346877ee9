package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	eventColumns = "seq, at, kind, principal_id, device_id, detail, hash"
	insertEvent  = "INSERT INTO events (" + eventColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?)"
)

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
	_, err = t.exec(insertEvent, e.Seq, audit.Micros(e.At), string(e.Kind), e.PrincipalID, e.DeviceID, string(detail), e.Hash)
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

// eventScanner reads events into one place, from which each is copied out.
func eventScanner() func(row) (mfa.Event, error) {
	var e mfa.Event
	var at int64
	var kind, detail string
	into := []any{&e.Seq, &at, &kind, &e.PrincipalID, &e.DeviceID, &detail, &e.Hash}
	return func(r row) (_ mfa.Event, err error) {
		if err := r.Scan(into...); err != nil {
			return e, err
		}
		e.At, e.Kind = audit.FromMicros(at), mfa.EventKind(kind)
		if e.Detail, err = readDetail(detail); err != nil {
			return e, damaged("event %d: detail is no JSON", e.Seq)
		}
		return e, nil
	}
}

// readDetail is json.Unmarshal for what nearly all details are: a few short
// strings without escapes. With it, making the events of a page from its rows does
// not take longer than reading the rows.
func readDetail(text string) (detail map[string]string, err error) {
	if detail, ok := readPlain(text); ok {
		return detail, nil
	}
	err = json.Unmarshal([]byte(text), &detail)
	return detail, err
}

// readPlain takes {"key":"value",...} in ASCII with nothing between the tokens and
// no escapes, and leaves everything else to JSON's own rules.
func readPlain(text string) (detail map[string]string, ok bool) {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '\\' || c >= utf8.RuneSelf {
			return nil, false
		}
	}
	rest, ok := strings.CutPrefix(text, `{"`)
	if !ok {
		return nil, false
	}
	detail = make(map[string]string, 2)
	for {
		var key, value string
		if key, rest, ok = strings.Cut(rest, `":"`); !ok || strings.Contains(key, `"`) {
			return nil, false
		}
		if value, rest, ok = strings.Cut(rest, `"`); !ok {
			return nil, false
		}
		detail[key] = value
		if rest == "}" {
			return detail, true
		}
		if rest, ok = strings.CutPrefix(rest, `,"`); !ok {
			return nil, false
		}
	}
}

// AddEvent implements mfa.EventStore.
func (s *Store) AddEvent(ctx context.Context, e mfa.Event) error { return s.change(ctx, e, nil) }

// Events implements mfa.EventStore.
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]mfa.Event, error) {
	return many(ctx, s, eventScanner(), "SELECT "+eventColumns+" FROM events WHERE seq > ? ORDER BY seq LIMIT ?", after, max(limit, 0))
}
