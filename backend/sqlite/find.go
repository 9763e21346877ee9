package sqlite

import (
	"context"
	"encoding/json"
	"math"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// maxFound is the most that one FindEvents gives.
const maxFound = 1000

// FindEvents implements mfa.EventStore.
func (s *Store) FindEvents(ctx context.Context, f mfa.EventFilter) ([]mfa.Event, error) {
	limit := f.Limit
	if limit < 1 || limit > maxFound {
		limit = maxFound
	}
	before := int64(math.MaxInt64)
	if f.Before > 0 {
		before = f.Before
	}
	query := "SELECT " + eventColumns + " FROM events WHERE seq < ?"
	args := []any{before}
	if f.PrincipalID != "" {
		query += " AND principal_id = ?"
		args = append(args, f.PrincipalID)
	}
	if len(f.Kinds) > 0 {
		kinds, err := json.Marshal(f.Kinds)
		if err != nil {
			return nil, failure(err)
		}
		query += " AND kind IN (SELECT value FROM json_each(?))"
		args = append(args, string(kinds))
	}
	if !f.From.IsZero() {
		query += " AND at >= ?"
		args = append(args, audit.Micros(f.From))
	}
	if !f.To.IsZero() {
		query += " AND at < ?"
		args = append(args, audit.Micros(f.To))
	}
	return many(ctx, s, scanEvent, query+" ORDER BY seq DESC LIMIT ?", append(args, limit)...)
}
