package storetest

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

func (m *Memory) append(e mfa.Event) {
	e, m.last = m.last.Next(e)
	m.events = append(m.events, e)
	if e.At.After(m.highest) {
		m.highest = e.At
	}
}

// AddEvent implements mfa.EventStore.
func (m *Memory) AddEvent(ctx context.Context, e mfa.Event) error {
	return m.change(ctx, e, func() error { return nil })
}

// Events implements mfa.EventStore.
func (m *Memory) Events(ctx context.Context, after int64, limit int) ([]mfa.Event, error) {
	return read(ctx, m, func() ([]mfa.Event, error) {
		var found []mfa.Event
		for _, e := range m.events {
			if e.Seq > after && len(found) < limit {
				found = append(found, cloneEvent(e))
			}
		}
		return found, nil
	})
}

// maxFound is the most that one FindEvents gives.
const maxFound = 1000

// FindEvents implements mfa.EventStore.
func (m *Memory) FindEvents(ctx context.Context, f mfa.EventFilter) ([]mfa.Event, error) {
	return read(ctx, m, func() ([]mfa.Event, error) {
		limit := f.Limit
		if limit < 1 || limit > maxFound {
			limit = maxFound
		}
		var found []mfa.Event
		for _, e := range slices.Backward(m.events) {
			if chosen(f, e) && len(found) < limit {
				found = append(found, cloneEvent(e))
			}
		}
		return found, nil
	})
}

func chosen(f mfa.EventFilter, e mfa.Event) bool {
	return (f.Before == 0 || e.Seq < f.Before) &&
		(f.From.IsZero() || !e.At.Before(whole(f.From))) &&
		(f.To.IsZero() || e.At.Before(whole(f.To))) &&
		(len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)) &&
		(f.PrincipalID == "" || e.PrincipalID == f.PrincipalID || e.Detail["user_id"] == f.PrincipalID)
}

func cloneEvent(e mfa.Event) mfa.Event {
	e.Detail, e.Hash = maps.Clone(e.Detail), bytes.Clone(e.Hash)
	return e
}
