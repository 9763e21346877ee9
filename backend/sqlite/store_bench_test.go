package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// The store beside the bare driver: the same SQL on a database of the same
// content, prepared once and sent through database/sql by hand, with nothing made
// of what it gives. "of-bare" is the median of the bare driver divided by that of
// the store; 1 would be a store that costs nothing. Both take turns, so that both
// see the same machine and the same disk.

// besideBare times the store and the bare driver in turns. prepare, which may be
// nil, comes before each turn and is not counted.
func besideBare(b *testing.B, prepare, store, bare func()) {
	b.ReportAllocs()
	var ours, theirs []time.Duration
	for b.Loop() {
		if prepare != nil {
			prepare()
		}
		if len(ours)%2 == 0 { // whoever comes second finds what the first one left to collect
			theirs = append(theirs, timed(bare))
			ours = append(ours, timed(store))
		} else {
			ours = append(ours, timed(store))
			theirs = append(theirs, timed(bare))
		}
	}
	ms := func(all []time.Duration) float64 {
		slices.Sort(all)
		return float64(all[len(all)/2].Nanoseconds()) / 1e6
	}
	b.ReportMetric(ms(ours), "store-p50-ms")
	b.ReportMetric(ms(theirs), "bare-p50-ms")
	b.ReportMetric(ms(theirs)/ms(ours), "of-bare")
}

func timed(what func()) time.Duration {
	start := time.Now()
	what()
	return time.Since(start)
}

// bare is one connection with the store's settings, and statements on it.
type bare struct {
	testing.TB
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
	last     int64 // event
}

func newBare(b testing.TB, path string) *bare {
	db, err := pool(path, config{busyTimeout: defaultBusyTimeout}, "_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	conn, err := db.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(); db.Close() })
	return &bare{TB: b, conn: conn, prepared: map[string]*sql.Stmt{}}
}

func (b *bare) stmt(query string) *sql.Stmt {
	p, ok := b.prepared[query]
	if !ok {
		var err error
		if p, err = b.conn.PrepareContext(b.Context(), query); err != nil {
			b.Fatal(query, err)
		}
		b.prepared[query] = p
	}
	return p
}

func (b *bare) exec(query string, args ...any) {
	if _, err := b.stmt(query).ExecContext(context.Background(), args...); err != nil {
		b.Fatal(query, err)
	}
}

// read reads all rows into the same places. A context that can end costs the driver
// something; the store has one when it reads, and none in a change.
func (b *bare) read(ctx context.Context, query string, args []any, into ...any) (n int) {
	rows, err := b.stmt(query).QueryContext(ctx, args...)
	if err != nil {
		b.Fatal(query, err)
	}
	defer rows.Close()
	for ; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			b.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return n
}

// event appends an event that hangs in no chain.
func (b *bare) event(e mfa.Event, detail string) {
	if b.last == 0 {
		b.read(context.Background(), "SELECT max(seq) FROM events", nil, &b.last)
	}
	b.last++
	b.exec(insertEvent, b.last, audit.Micros(e.At), string(e.Kind), e.PrincipalID, e.DeviceID, detail, make([]byte, sha256.Size))
}

// started is a store with an account, and the bare driver on another one.
func started(b *testing.B, prepare func(*Store)) (*Store, *bare) {
	var paths [2]string
	for i := range paths {
		paths[i] = filepath.Join(b.TempDir(), "keyferry.db")
		s := reopen(b, paths[i])
		if err := s.CreateAccount(b.Context(), storetest.NewAccount(), storetest.NewRoot(), mfa.Event{At: noon, Kind: mfa.EventAccountCreated}); err != nil {
			b.Fatal(describe(err))
		}
		if prepare != nil {
			prepare(s)
		}
		if err := s.Close(); err != nil {
			b.Fatal(describe(err))
		}
	}
	quiet := func(c *config) { c.dailyKept = 0 }
	reopen(b, paths[1], quiet) // its WAL is reserved, as the other's
	return reopen(b, paths[0], quiet), newBare(b, paths[1])
}

// manyUsers adds n users, each with a passkey and an app that were used.
func manyUsers(b testing.TB, s *Store, n int) {
	err := s.transact(b.Context(), func(t tx) error {
		for i := range n {
			u := benchUser(fmt.Sprintf("user%05d", i*7919%n))
			if err := insertPrincipal(t, u); err != nil {
				return err
			}
			key, app := storetest.NewPasskey(u.ID, "key-"+u.Name), storetest.NewApp(u.ID, "app-"+u.Name)
			key.Passkey.AttestationObject = make([]byte, 1000)
			for _, d := range []mfa.Device{key, app} {
				d.ID, d.LastUsedAt = mfa.NewID(), noon.Add(time.Duration(i)*time.Minute)
				if err := insertDevice(t, d); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(describe(err))
	}
}

func benchUser(name string) mfa.Principal {
	u := storetest.NewUser(name)
	u.ID, u.UserHandle, u.Path = mfa.NewID(), []byte(mfa.NewID()), mfa.RootPath
	u.Password = mfa.PasswordHash{Salt: make([]byte, 16), Hash: make([]byte, 32), Time: 3, MemoryKiB: 65536, Threads: 4}
	u.CreatedAt, u.PasswordAt, u.PasswordUsedAt, u.MFADeadline = noon, noon, noon, noon
	return u
}

// BenchmarkOverviews lists all users, each with two devices. The bare driver reads the
// same columns a row at a time, as anybody would write it, and keeps nothing of them.
func BenchmarkOverviews(b *testing.B) {
	for _, n := range []int{1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, bare := started(b, func(s *Store) { manyUsers(b, s, n) })
			var id string
			var value [11]any
			besideBare(b, nil, func() {
				if list, err := s.Overviews(b.Context()); err != nil || len(list) != n+1 {
					b.Fatal(len(list), describe(err))
				}
			}, func() {
				bare.exec("BEGIN")
				bare.read(b.Context(), `SELECT id, kind, name, email, path, length(password_hash), must_change, created_at, password_at,
					password_used_at, mfa_deadline, version FROM principals`, nil, append([]any{&id}, places(value[:])...)...)
				bare.read(b.Context(), "SELECT principal_id, kind, last_used_at, suspect_at FROM devices WHERE +principal_id IS NOT NULL", nil,
					&id, &value[0], &value[1], &value[2])
				bare.read(b.Context(), "SELECT principal_id FROM attachments WHERE policy = ?1 AND principal_id IS NOT NULL",
					[]any{mfa.AdministratorAccess}, &id)
				bare.read(b.Context(), "SELECT principal_id, count(*) FROM recovery_codes WHERE used_at = 0 GROUP BY principal_id", nil, &id, &value[0])
				bare.exec("ROLLBACK")
			})
		})
	}
}

// places are where a row is read to.
func places(values []any) []any {
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	return into
}

// BenchmarkFindEvents gets a page of 100 events out of 100,000. "search" looks for
// somebody who left one event, at the beginning: no index helps, all is read.
func BenchmarkFindEvents(b *testing.B) {
	const n = 100_000
	s, bare := started(b, func(s *Store) { manyEvents(b, s, n) })
	rows := []struct {
		name   string
		filter mfa.EventFilter
		found  int
	}{
		{"newest", mfa.EventFilter{Limit: 100}, 100},
		{"kind", mfa.EventFilter{Limit: 100, Kinds: []mfa.EventKind{mfa.EventSignInMFA}}, 100},
		{"person", mfa.EventFilter{Limit: 100, PrincipalID: "PERSON-7"}, 100},
		{"search", mfa.EventFilter{Limit: 100, PrincipalID: "ONCE", From: noon, To: noon.AddDate(10, 0, 0)}, 1},
	}
	for _, row := range rows {
		b.Run(row.name, func(b *testing.B) {
			query, args, err := findQuery(row.filter)
			if err != nil {
				b.Fatal(err)
			}
			var number [2]int64
			var text [3]string
			var detail, hash []byte
			besideBare(b, nil, func() {
				if list, err := s.FindEvents(b.Context(), row.filter); err != nil || len(list) != row.found {
					b.Fatal(len(list), describe(err))
				}
			}, func() {
				if n := bare.read(b.Context(), query, args, &number[0], &number[1], &text[0], &text[1], &text[2], &detail, &hash); n != row.found {
					b.Fatal(n)
				}
			})
		})
	}
}

func manyEvents(b testing.TB, s *Store, n int) {
	kinds := []mfa.EventKind{mfa.EventSignInPassword, mfa.EventSignInMFA, mfa.EventSignedOut}
	err := s.transact(b.Context(), func(t tx) error {
		for i := range n {
			e := mfa.Event{At: noon.Add(time.Duration(i) * time.Minute), Kind: kinds[i%3], PrincipalID: fmt.Sprint("PERSON-", i%50),
				DeviceID: mfa.NewID(), Detail: map[string]string{"name": "Phone of somebody"}}
			if i == 0 {
				e.PrincipalID = "ONCE"
			}
			if err := appendEvent(t, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(describe(err))
	}
}

// BenchmarkAcceptCode is what follows a right code: drift, sample and event, on
// the disk when it returns.
func BenchmarkAcceptCode(b *testing.B) {
	app := storetest.NewApp("ROOT", "app")
	s, bare := started(b, func(s *Store) {
		if err := s.AddDevice(b.Context(), app, mfa.Event{At: noon, Kind: mfa.EventDeviceAdded}); err != nil {
			b.Fatal(describe(err))
		}
	})
	e := mfa.Event{At: noon, Kind: mfa.EventSignInMFA, PrincipalID: "ROOT", DeviceID: app.ID, Detail: map[string]string{"name": "app"}}
	detail, _ := json.Marshal(e.Detail)
	step := int64(0)
	besideBare(b, func() { step++ }, func() {
		if err := s.AcceptCode(b.Context(), app.ID, mfa.CodeUse{Drift: 1, Step: step, At: noon}, true, e); err != nil {
			b.Fatal(describe(err))
		}
	}, func() {
		var number, samples int64
		bare.exec("BEGIN IMMEDIATE")
		bare.read(context.Background(), acceptCode, []any{1, step, true, audit.Micros(noon), app.ID}, &number, &samples)
		bare.exec(keepSample, number, (samples-1)%mfa.MaxDriftSamples, audit.Micros(noon), 1)
		bare.event(e, string(detail))
		bare.exec("COMMIT")
	})
}

// BenchmarkAddPrincipals1000 adds 1,000 users with an event each.
func BenchmarkAddPrincipals1000(b *testing.B) {
	const n = 1000
	s, bare := started(b, nil)
	batch := func(round int) (users []mfa.Principal, events []mfa.Event) {
		for i := range n {
			u := benchUser(fmt.Sprintf("user%d-%d", round, i))
			users = append(users, u)
			events = append(events, mfa.Event{At: noon, Kind: mfa.EventUserCreated, PrincipalID: u.ID, Detail: map[string]string{"name": u.Name}})
		}
		return users, events
	}
	round := 0
	var users []mfa.Principal
	var events []mfa.Event
	besideBare(b, func() {
		round++
		users, events = batch(round)
	}, func() {
		if err := s.AddPrincipals(b.Context(), users, nil, events); err != nil {
			b.Fatal(describe(err))
		}
	}, func() {
		bare.exec("BEGIN IMMEDIATE")
		for _, u := range users {
			bare.exec(insertPrincipalRow, principalValues(u)...)
		}
		for _, e := range events {
			bare.event(e, `{"name":"x"}`)
		}
		bare.exec("COMMIT")
	})
}

// BenchmarkAddTokens10k puts 10,000 tokens into the stock. Their seeds are sealed
// already; stock measures that part.
func BenchmarkAddTokens10k(b *testing.B) {
	const n = 10_000
	s, bare := started(b, nil)
	round := 0
	var tokens []mfa.Device
	e := mfa.Event{At: noon, Kind: mfa.EventTokensImported, PrincipalID: "ROOT", Detail: map[string]string{"count": "10000"}}
	besideBare(b, func() {
		round++
		tokens = tokens[:0]
		for i := range n {
			d := storetest.NewToken(fmt.Sprintf("GAHT%03d%06d", round, i))
			d.ID, d.CreatedAt, d.OneTime.Sealed = mfa.NewID(), noon, make([]byte, 60)
			tokens = append(tokens, d)
		}
	}, func() {
		if err := s.AddTokens(b.Context(), tokens, e); err != nil {
			b.Fatal(describe(err))
		}
	}, func() {
		bare.exec("BEGIN IMMEDIATE")
		for _, d := range tokens {
			bare.exec(insertDeviceRow, deviceValues(d)...)
			bare.exec(insertCodesRow, codesValues(*d.OneTime)...)
		}
		bare.event(e, `{"count":"10000"}`)
		bare.exec("COMMIT")
	})
}
