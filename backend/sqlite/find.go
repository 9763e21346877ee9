package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"strings"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// maxFound is the most that one FindEvents gives.
const maxFound = 1000

// FindEvents implements mfa.EventStore.
//
// The newest come first by their number, and no index helps with the rest: a search
// for what hardly ever happened reads all events, some 30 ms for 100,000. An index
// of principals was tried; it cost each sign-in a page more, 8 % of its time.
func (s *Store) FindEvents(ctx context.Context, f mfa.EventFilter) ([]mfa.Event, error) {
	if f.Limit < 1 || f.Limit > maxFound {
		f.Limit = maxFound
	}
	query, args, err := findQuery(f)
	if err != nil {
		return nil, failure(err)
	}
	return upTo(ctx, s, f.Limit, eventScanner(), query, args...)
}

// findQuery names only what the filter asks for, so that there are few queries,
// each of which is prepared once.
func findQuery(f mfa.EventFilter) (query string, args []any, err error) {
	var b strings.Builder
	b.WriteString("SELECT " + eventColumns + " FROM events WHERE seq < ?")
	and := func(condition string, value any) {
		b.WriteString(" AND " + condition)
		args = append(args, value)
	}
	args = append(args, cmp.Or(max(f.Before, 0), math.MaxInt64))
	if f.PrincipalID != "" {
		and("(principal_id = ?", f.PrincipalID)
		// The JSON is our own: no blanks, and an ID needs no escapes.
		args = append(args, `"user_id":"`+f.PrincipalID+`"`)
		b.WriteString(" OR instr(detail, ?) > 0)")
	}
	switch len(f.Kinds) {
	case 0:
	case 1: // a start asks so of the whole trail while there is no vault
		and("kind = ?", string(f.Kinds[0]))
	default:
		kinds, err := json.Marshal(f.Kinds)
		if err != nil {
			return "", nil, err
		}
		and("kind IN (SELECT value FROM json_each(?))", string(kinds))
	}
	if !f.From.IsZero() {
		and("at >= ?", audit.Micros(f.From))
	}
	if !f.To.IsZero() {
		and("at < ?", audit.Micros(f.To))
	}
	b.WriteString(" ORDER BY seq DESC LIMIT ?")
	return b.String(), append(args, f.Limit), nil
}
