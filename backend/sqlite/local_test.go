package sqlite

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// thirdSchema makes a database as the version before this computer was an
// authenticator left it.
func thirdSchema(t *testing.T, path string) {
	t.Helper()
	if err := create(t.Context(), path, config{migrations: released()[:3], busyTimeout: defaultBusyTimeout}); err != nil {
		t.Fatal(describe(err))
	}
	db, err := pool(path, config{busyTimeout: defaultBusyTimeout}, "_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run(t, db, "PRAGMA journal_mode = WAL",
		"INSERT INTO accounts (id, alias, rp_id, frozen_at, sandbox, created_at, version) VALUES ('123456789012', 'harbour', 'keyferry.internal', 0, 0, 1, 2)")
	if _, err := db.Exec(insertPrincipalRow, principalValues(storetest.NewRoot())...); err != nil {
		t.Fatal(err)
	}
	e, _ := audit.Link{}.Next(mfa.Event{At: noon, Kind: mfa.EventAccountCreated, PrincipalID: "ROOT"})
	if _, err := db.Exec(insertEvent, e.Seq, audit.Micros(e.At), string(e.Kind), e.PrincipalID, "", "{}", e.Hash); err != nil {
		t.Fatal(err)
	}
}

func TestUpgradeToTheFourthSchema(t *testing.T) {
	rows := []struct {
		name   string
		schema int
		make   func(t *testing.T, path string)
	}{
		{"from the first", 1, func(t *testing.T, path string) { legacy(t, path, 30) }},
		{"from the second", 2, secondSchema},
		{"from the third", 3, thirdSchema},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			ctx, path := t.Context(), databasePath(t)
			row.make(t, path)
			if got := versionOf(t, path); got != row.schema {
				t.Fatalf("it begins with version %d", got)
			}
			s := reopen(t, path, func(c *config) { c.dailyKept = 0 })
			if err := s.VerifyChain(ctx); err != nil {
				t.Error(describe(err))
			}
			if a, err := s.Account(ctx); err != nil || a.Alias != "harbour" {
				t.Error(a, describe(err))
			}
			if list, err := s.LocalPasskeys(ctx, ""); err != nil || len(list) != 0 {
				t.Error(len(list), describe(err))
			}
			if state, err := s.LocalState(ctx); err != nil || len(state.PINPublic) != 0 {
				t.Error(describe(err))
			}
			passkey := storetest.NewLocalPasskey("a.example", 1)
			if err := s.PutLocalPasskey(ctx, passkey); err != nil {
				t.Error(describe(err))
			}
			if list, err := s.LocalPasskeys(ctx, "a.example"); err != nil || len(list) != 1 || string(list[0].Private) != string(passkey.Private) {
				t.Error(len(list), describe(err))
			}
			s.Close()
			if got := versionOf(t, path); got != len(released()) {
				t.Errorf("it ends with version %d", got)
			}
			copies := Backups(path)
			if len(copies) != len(released())-row.schema || !strings.HasPrefix(filepath.Base(copies[0]), "keyferry.db.v") {
				t.Errorf("copies %v", copies)
			}
		})
	}
}

func TestThirdSchemaIsCopiedAsItWas(t *testing.T) {
	path := databasePath(t)
	thirdSchema(t, path)
	reopen(t, path, func(c *config) { c.dailyKept = 0 }).Close()
	copies := Backups(path)
	if len(copies) != len(released())-3 {
		t.Fatalf("copies %v", copies)
	}
	oldest := copies[len(copies)-1]
	if got := versionOf(t, oldest); got != 3 {
		t.Errorf("the copy has version %d", got)
	}
	db := plain(t, oldest)
	if _, err := db.Exec("SELECT * FROM local_passkeys"); err == nil {
		t.Error("the copy was made after the migration")
	}
}

// A copy of the database carries the passkeys; of what use they are elsewhere is the
// TPM's to say.
func TestSnapshotCarriesLocalPasskeys(t *testing.T) {
	ctx := t.Context()
	s := reopen(t, example(t, 20), func(c *config) { c.dailyKept = 0 })
	for _, err := range []error{s.PutLocalPasskey(ctx, storetest.NewLocalPasskey("a.example", 1)), s.PutLocalState(ctx, storetest.NewLocalState(1))} {
		if err != nil {
			t.Fatal(describe(err))
		}
	}
	target := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Snapshot(ctx, target); err != nil {
		t.Fatal(describe(err))
	}
	copied := reopen(t, target, func(c *config) { c.dailyKept = 0 })
	if list, err := copied.LocalPasskeys(ctx, "a.example"); err != nil || len(list) != 1 {
		t.Error(len(list), describe(err))
	}
	if state, err := copied.LocalState(ctx); err != nil || string(state.PINPublic) != string(storetest.NewLocalState(1).PINPublic) {
		t.Error(describe(err))
	}
}
