package auditverify

import (
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/sqlite"
)

const audited = 100_000

// BenchmarkVerify100k measures the check of 100,000 events. Beside it, in turns, is
// what nobody can do without: reading the same rows, and one SHA-256 of as many bytes
// for each.
func BenchmarkVerify100k(b *testing.B) {
	path := filepath.Join(b.TempDir(), "keyferry.db")
	fill(b, path)
	var ours, bare []time.Duration
	for b.Loop() {
		start := time.Now()
		if got, err := VerifyDatabase(b.Context(), path, ""); err != nil || got.Events != audited {
			b.Fatal(got, err)
		}
		ours = append(ours, time.Since(start))
		start = time.Now()
		scanAndHash(b, path)
		bare = append(bare, time.Since(start))
	}
	slices.Sort(ours)
	slices.Sort(bare)
	o, a := ours[len(ours)/2], bare[len(bare)/2]
	b.ReportMetric(float64(o.Milliseconds()), "p50-ms")
	b.ReportMetric(float64(a.Milliseconds()), "bare-ms")
	b.ReportMetric(float64(o)/float64(a), "ratio")
	b.ReportMetric(0, "ns/op")
}

func fill(b *testing.B, path string) {
	store, err := sqlite.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	store.Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range trail(audited) {
		micros := int64(0)
		if !e.At.IsZero() {
			micros = e.At.UnixMicro()
		}
		detail, _ := json.Marshal(e.Detail)
		if _, err := tx.Exec("INSERT INTO events (seq, at, kind, principal_id, device_id, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
			e.Seq, micros, string(e.Kind), e.PrincipalID, e.DeviceID, string(detail), e.Hash); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}

func scanAndHash(b *testing.B, path string) {
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+"?mode=ro&immutable=1")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT seq, at, kind, principal_id, device_id, detail, hash FROM events ORDER BY seq")
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	var last [32]byte
	for rows.Next() {
		var seq, at int64
		var kind, principal, device string
		var detail, hash []byte
		if err := rows.Scan(&seq, &at, &kind, &principal, &device, &detail, &hash); err != nil {
			b.Fatal(err)
		}
		buf := append(make([]byte, 0, 256), last[:]...)
		buf = append(append(append(append(buf, kind...), principal...), device...), detail...)
		last = sha256.Sum256(append(buf, make([]byte, 16)...))
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
}
