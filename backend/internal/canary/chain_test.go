package canary

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/archive"
	"github.com/keyferry/keyferry/backend/auditverify"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/vault"
)

func (l *lab) checkpoints() string { return filepath.Join(l.dir, "checkpoints") }

// busy is an account that something has happened in, with a checkpoint, closed.
func busy(t *testing.T) *lab {
	t.Helper()
	w := newWorld(t)
	w.must(w.activity.Checkpoint(t.Context()))
	w.added("carl")
	return w.lab
}

// spoiled is a copy of the closed database in which a statement was run.
func spoiled(t *testing.T, l *lab, statement string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keyferry.db")
	copyFile(t, l.path, path)
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, trigger := range column(t, db, `SELECT name FROM sqlite_master WHERE type = 'trigger'`) {
		if _, err := db.Exec(`DROP TRIGGER "` + trigger + `"`); err != nil {
			t.Fatal(err)
		}
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`PRAGMA ignore_check_constraints = ON`); err != nil {
		t.Fatal(err)
	}
	r, err := db.Exec(statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if n, err := r.RowsAffected(); n == 0 || err != nil {
		t.Fatalf("%s changed nothing: %v", statement, err)
	}
	if _, err := db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		t.Fatal(err)
	}
	return path
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// One bit, one letter, one line: whatever is changed in the trail shows.
func TestAChangedTrailShows(t *testing.T) {
	l := busy(t)
	var export bytes.Buffer
	_, err := l.activity.Export(t.Context(), l.who, &export, mfa.EventFilter{})
	l.must(err)
	events, err := l.store.Events(t.Context(), 0, 1000)
	l.must(err)
	last := events[len(events)-1].Seq
	l.must(l.vault.SetPassphrase(t.Context(), l.who.PrincipalID, secret("a passphrase to come back")))
	l.close()
	whole, err := auditverify.VerifyDatabase(t.Context(), l.path, l.checkpoints())
	if err != nil || whole.Events < int64(len(events)) || whole.Checkpoints != 1 {
		t.Fatalf("the trail as it is: %+v, %v", whole, err)
	}
	if r, err := auditverify.VerifyExport(t.Context(), bytes.NewReader(export.Bytes()), l.checkpoints()); err != nil || r.Events != int64(len(events))-1 { // that it was exported comes after
		t.Fatalf("the export as it is: %+v, %v", r, err)
	}
	changes := map[string]string{
		"the last line is gone":    fmt.Sprintf(`DELETE FROM events WHERE seq > %d`, 5),
		"a line is gone":           `DELETE FROM events WHERE seq = 4`,
		"the first is gone":        `DELETE FROM events WHERE seq = 1`,
		"all are gone":             `DELETE FROM events`,
		"two are swapped":          `UPDATE events SET seq = CASE seq WHEN 3 THEN -4 ELSE -3 END WHERE seq IN (3, 4)`,
		"a line is there twice":    fmt.Sprintf(`INSERT INTO events SELECT %d, at, kind, principal_id, device_id, detail, hash FROM events WHERE seq = 2`, last+100),
		"a line was made up":       `INSERT INTO events SELECT max(seq)+1, max(at), 'signed-out', principal_id, '', '{}', zeroblob(32) FROM events`,
		"a hash is shorter":        `UPDATE events SET hash = substr(hash, 1, 31) WHERE seq = 3`,
		"a hash is empty":          `UPDATE events SET hash = x'' WHERE seq = 3`,
		"a microsecond":            `UPDATE events SET at = at + 1 WHERE seq = 3`,
		"a capital letter":         `UPDATE events SET kind = upper(kind) WHERE seq = 3`,
		"another person":           `UPDATE events SET principal_id = 'X' WHERE seq = 3`,
		"nobody":                   `UPDATE events SET principal_id = '' WHERE seq = 1`,
		"a letter to another cell": `UPDATE events SET principal_id = substr(principal_id, 2), device_id = substr(principal_id, 1, 1) || device_id WHERE seq = 3`,
		"a detail more":            `UPDATE events SET detail = json_set(detail, '$.x', 'y') WHERE seq = 3`,
		"no details":               fmt.Sprintf(`UPDATE events SET detail = '{}' WHERE seq = %d`, detailed(events)),
		"a number for a text":      `UPDATE events SET detail = json_set(detail, '$.x', 1) WHERE seq = 3`,
		"broken details":           `UPDATE events SET detail = '{' WHERE seq = 3`,
	}
	for seq := int64(1); seq <= last; seq += 3 {
		for bit := range 8 {
			h := bytes.Clone(events[seq-1].Hash)
			h[int(seq)%32] ^= 1 << bit
			changes[fmt.Sprintf("bit %d of the hash of %d", bit, seq)] = fmt.Sprintf(`UPDATE events SET hash = x'%x' WHERE seq = %d`, h, seq)
		}
	}
	for name, statement := range changes {
		t.Run(name, func(t *testing.T) {
			if name == "two are swapped" {
				statement += `; UPDATE events SET seq = -seq WHERE seq < 0`
			}
			path := spoiled(t, l, statement)
			_, err := auditverify.VerifyDatabase(t.Context(), path, l.checkpoints())
			if err == nil {
				t.Error("auditverify finds nothing")
			}
			var broken *auditverify.Broken
			if strings.Contains(name, "bit ") && !errors.As(err, &broken) {
				t.Errorf("it does not name the event: %v", err)
			}
		})
	}
	lines := bytes.SplitAfter(export.Bytes(), []byte("\n"))
	for i := range len(export.Bytes()) - 1 {
		if i%97 != 0 {
			continue
		}
		text := bytes.Clone(export.Bytes())
		text[i] ^= 1 << (i % 7)
		if _, err := auditverify.VerifyExport(t.Context(), bytes.NewReader(text), l.checkpoints()); err == nil && !same(text, export.Bytes()) {
			t.Errorf("export: bit %d of byte %d was changed unseen: %q", i%7, i, text[max(0, i-30):min(len(text), i+30)])
		}
	}
	for name, text := range map[string][]byte{"the end cut off": bytes.Join(lines[:4], nil), "a line cut off": bytes.Join(slices.Delete(slices.Clone(lines), 6, 7), nil),
		"nothing": nil, "half a line": export.Bytes()[:export.Len()-20]} {
		if _, err := auditverify.VerifyExport(t.Context(), bytes.NewReader(text), l.checkpoints()); err == nil {
			t.Errorf("export with %s: finds nothing", name)
		}
	}
	l.startsOver(t, whole.Events)
}

// same says that two exports mean the same: a letter of a hash in capitals does.
func same(a, b []byte) bool { return bytes.EqualFold(a, b) }

func detailed(events []mfa.Event) int64 {
	return events[slices.IndexFunc(events, func(e mfa.Event) bool { return len(e.Detail) > 0 })].Seq
}

// startsOver opens broken trails: a start looks at the newest lines and refuses, what
// lies further back is named by the rehearsal of a backup. Nothing is changed by either.
func (l *lab) startsOver(t *testing.T, last int64) {
	t.Helper()
	path := spoiled(t, l, fmt.Sprintf(`UPDATE events SET kind = 'signed-out' WHERE seq = %d`, last-4))
	before := print(t, filepath.Dir(path))
	_, err := sqlite.Open(t.Context(), path, sqlite.WithClock(l.clock.read))
	wants(t, "starting with a broken trail", err, mfa.CodeDatabaseDamaged)
	if after := print(t, filepath.Dir(path)); !slices.Equal(before, after) {
		t.Errorf("what cannot be opened was changed:\n%v\n%v", before, after)
	}

	l.open()
	for range 40 {
		l.signOut()
	}
	l.close()
	path = spoiled(t, l, `UPDATE events SET detail = '{"x":"y"}' WHERE seq = 3`)
	store, err := sqlite.Open(t.Context(), path, sqlite.WithClock(l.clock.read))
	l.must(err)
	defer store.Close()
	backup := filepath.Join(t.TempDir(), "b.keyferry")
	v := vault.New(vault.Config{Store: store, System: l.system, Clock: l.clock.read, Cost: cheapVault})
	a, err := store.Account(t.Context())
	l.must(err)
	l.must(v.Start(t.Context(), a.ID))
	defer v.Close()
	l.open() // the gate asks the real account
	s := archive.New(archive.Config{Store: store, Accounts: l.accounts, Snapshot: store.Snapshot, Key: v.Key, Version: "1", Clock: l.clock.read, Folder: t.TempDir(), WorkFactor: 4})
	_, err = s.Make(t.Context(), l.who, backup, secret("a long passphrase"))
	l.close()
	l.must(err)
	sum, err := archive.Rehearse(t.Context(), backup, secret("a long passphrase"), t.TempDir(), opener(l))
	wants(t, "rehearsing a broken trail", err, mfa.CodeChainBroken)
	if f := mfa.AsFailure(err); f == nil || f.Params["seq"] != "3" || sum.Users == 0 {
		t.Errorf("%v, %+v", f, sum)
	}
}

// The database goes back in time: checkpoints outside of it show that, and are not
// written over.
func TestATrailThatWasCutShows(t *testing.T) {
	l := busy(t)
	before := filepath.Join(t.TempDir(), "before.db")
	l.close()
	copyFile(t, l.path, before)
	l.open()
	for range 3 {
		l.clock.add(time.Hour)
		l.signOut()
	}
	l.must(l.activity.Checkpoint(t.Context()))
	l.close()
	copyFile(t, before, l.path)
	l.open()
	l.signOut()
	marks, err := os.ReadFile(l.checkpoints())
	l.must(err)
	wants(t, "a checkpoint over a cut trail", l.activity.Checkpoint(t.Context()), mfa.CodeCheckpoint)
	if now, err := os.ReadFile(l.checkpoints()); err != nil || !bytes.Equal(now, marks) {
		t.Errorf("the checkpoints were changed: %v", err)
	}
	var broken *auditverify.Broken
	if _, err := auditverify.VerifyDatabase(t.Context(), l.path, l.checkpoints()); !errors.As(err, &broken) || broken.What != "checkpoint" {
		t.Errorf("%v", err)
	}
}

func (l *lab) signOut() { l.Helper(); l.must(l.ceremony.SignOut(l.Context(), l.who)) }
