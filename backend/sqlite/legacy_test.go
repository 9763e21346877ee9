package sqlite

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// What the first schema kept of a linked phone, so that it can be looked for.
const (
	legacyContact = "canary-contact-of-the-old-link"
	legacySecret  = "canary-secret-of-the-old-link-32"
)

// legacy makes a database of the first schema: an account with a passkey, root and
// one user with two passkeys each, a wrong password, a linked phone and n events.
func legacy(t testing.TB, path string, n int) {
	t.Helper()
	if err := create(t.Context(), path, config{migrations: released()[:1], busyTimeout: defaultBusyTimeout}); err != nil {
		t.Fatal(describe(err))
	}
	db, err := pool(path, config{busyTimeout: defaultBusyTimeout}, "_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run(t, db, "PRAGMA journal_mode = WAL")
	x, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer x.Rollback()
	exec := func(text string, args ...any) {
		t.Helper()
		if _, err := x.Exec(text, args...); err != nil {
			t.Fatal(text, err)
		}
	}
	exec("INSERT INTO accounts (id, alias, rp_id, frozen_at, sandbox, created_at, version) VALUES ('123456789012', 'harbour', 'keyferry.internal', ?, 0, ?, 2)",
		audit.Micros(noon), audit.Micros(noon))
	for _, p := range []mfa.Principal{storetest.NewRoot(), storetest.NewUser("Ann")} {
		exec(`INSERT INTO principals (id, kind, name, email, label_folded, user_handle, password_salt, password_hash, password_time,
			password_memory, password_lanes, created_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 3)`, p.ID, string(p.Kind), p.Name, p.Email,
			mfa.FoldName(p.Label()), p.UserHandle, p.Password.Salt, p.Password.Hash, p.Password.Time, p.Password.MemoryKiB, p.Password.Threads, audit.Micros(noon))
		for i := range 2 {
			d := legacyDevice(p.ID, i)
			exec(`INSERT INTO devices (id, principal_id, kind, name, name_folded, serial, enabled_at, last_used_at, suspect_at, sign_count,
				backup_state, version) VALUES (?, ?, 'passkey', ?, ?, ?, ?, ?, ?, ?, ?, ?)`, d.ID, p.ID, d.Name, mfa.FoldName(d.Name), d.Serial,
				audit.Micros(d.EnabledAt), audit.Micros(d.LastUsedAt), audit.Micros(d.SuspectAt), d.Passkey.SignCount, d.Passkey.BackupState, d.Version)
			c := d.Passkey
			exec(`INSERT INTO passkeys (device, credential_id, public_key, algorithm, aaguid, transports, backup_eligible, discoverable,
				user_verified, attestation_format, attestation_object) VALUES (last_insert_rowid(), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.ID, c.PublicKey, c.Algorithm, c.AAGUID[:], `["hybrid","internal"]`, c.BackupEligible, c.Discoverable,
				c.UserVerified, c.AttestationFormat, c.AttestationObject)
		}
	}
	exec("INSERT INTO guesses (key, count, locked_till) VALUES (?, 4, 0)", bytes.Repeat([]byte{7}, 32))
	exec(`INSERT INTO linked_phones (id, principal_id, name, contact_id, link_id, secret, public_key, tunnel_server, created_at)
		VALUES ('LINK', 'ROOT', 'Phone', ?, x'0102030405060708', ?, x'04', 1, 1)`, []byte(legacyContact), []byte(legacySecret))
	var last audit.Link
	for i := range n {
		e := mfa.Event{At: noon, Kind: mfa.EventSignInMFA, PrincipalID: "ROOT", Detail: map[string]string{"count": fmt.Sprint(i)}}
		if i < 4 {
			e.Kind, e.DeviceID = mfa.EventDeviceAdded, legacyDevice([]string{"ROOT", "USER-Ann"}[i/2], i%2).ID
		}
		e, last = last.Next(e)
		detail, _ := json.Marshal(e.Detail)
		exec(insertEvent, e.Seq, audit.Micros(e.At), string(e.Kind), e.PrincipalID, e.DeviceID, string(detail), e.Hash)
	}
	if err := x.Commit(); err != nil {
		t.Fatal(err)
	}
}

func legacyDevice(owner string, i int) mfa.Device {
	d := storetest.NewPasskey(owner, fmt.Sprint(owner, "-Key", i))
	d.CreatedAt, d.EnabledAt, d.Version = noon, noon, int64(5+i)
	if i == 1 {
		d.LastUsedAt, d.SuspectAt, d.Passkey.SignCount, d.Passkey.BackupState = noon.AddDate(0, 1, 0), noon.AddDate(0, 2, 0), 1<<32-1, false
	}
	return d
}

func TestUpgradeFromTheFirstSchema(t *testing.T) {
	ctx := t.Context()
	path := databasePath(t)
	legacy(t, path, 60)
	s := reopen(t, path, func(c *config) { c.dailyKept = 0 })
	consistent(t, s)

	a, err := s.Account(ctx)
	want := mfa.Account{ID: "123456789012", Alias: "harbour", RPID: mfa.DefaultRPID, FrozenAt: noon.UTC(), Settings: mfa.DefaultSettings(),
		CreatedAt: noon.UTC(), Version: 2}
	if err != nil || a != want {
		t.Errorf("account %+v, %s", a, describe(err))
	}
	for id, path := range map[string]string{"ROOT": "", "USER-Ann": mfa.RootPath} {
		p, err := s.Principal(ctx, id)
		if err != nil || p.Path != path || !p.PasswordAt.Equal(noon) || !p.HasPassword() || p.MustChange || !p.MFADeadline.IsZero() || p.Version != 3 {
			t.Errorf("principal %+v, %s", p, describe(err))
		}
		list, err := s.Devices(ctx, id)
		if err != nil || len(list) != 2 {
			t.Fatal(len(list), describe(err))
		}
		for i, d := range list {
			if got, want := fmt.Sprintf("%+v %+v", plainDevice(d), *d.Passkey), fmt.Sprintf("%+v %+v", plainDevice(legacyDevice(id, i)), *legacyDevice(id, i).Passkey); got != want {
				t.Errorf("device\n got %s\nwant %s", got, want)
			}
			if found, err := s.DeviceBySerial(ctx, strings.ToUpper(d.Serial)); err != nil || found.ID != d.ID {
				t.Error(describe(err))
			}
		}
	}
	if g, err := s.Guesses(ctx, bytes.Repeat([]byte{7}, 32)); err != nil || g.Count != 4 {
		t.Error(g, describe(err))
	}
	if at, err := s.HighestTime(ctx); err != nil || !at.Equal(noon) {
		t.Error(at, describe(err))
	}
	if links, err := s.Links(ctx, "ROOT"); err != nil || len(links) != 0 {
		t.Error(len(links), describe(err))
	}

	// What was rebuilt works, and what hangs on it too.
	e := mfa.Event{At: noon, Kind: mfa.EventDeviceRemoved}
	if err := s.RemovePrincipal(ctx, "USER-Ann", 3, true, e); err != nil {
		t.Error(describe(err))
	}
	if err := s.RemoveDevice(ctx, legacyDevice("ROOT", 0).ID, 5, e); err != nil {
		t.Error(describe(err))
	}
	app := storetest.NewApp("ROOT", "app")
	if err := s.AddDevice(ctx, app, mfa.Event{Kind: mfa.EventDeviceAdded, DeviceID: app.ID}); err != nil {
		t.Error(describe(err))
	}
	for table, want := range map[string]int{"devices": 2, "passkeys": 1, "code_devices": 1} {
		var n int
		if err := s.reads.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil || n != want {
			t.Errorf("%s has %d rows, %v", table, n, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(describe(err))
	}
	if content := read(t, path); bytes.Contains(content, []byte(legacyContact)) || bytes.Contains(content, []byte(legacySecret)) {
		t.Error("what rang the old link is still in the file")
	}
	reopen(t, path)
}

// plainDevice has its times as a store gives them, and its credential apart.
func plainDevice(d mfa.Device) mfa.Device {
	d.Passkey = nil
	d.CreatedAt, d.EnabledAt = audit.FromMicros(audit.Micros(d.CreatedAt)), audit.FromMicros(audit.Micros(d.EnabledAt))
	d.LastUsedAt, d.SuspectAt = audit.FromMicros(audit.Micros(d.LastUsedAt)), audit.FromMicros(audit.Micros(d.SuspectAt))
	return d
}

// The schema is the same whether a database was upgraded or made anew.
func TestUpgradedSchemaIsTheNewOne(t *testing.T) {
	schema := func(path string) string {
		db := plain(t, path)
		defer db.Close()
		rows, err := db.Query("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var b strings.Builder
		for rows.Next() {
			var kind, name, table string
			var text sql.NullString
			if err := rows.Scan(&kind, &name, &table, &text); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&b, kind, name, table, text.String)
		}
		return b.String()
	}
	old, fresh := databasePath(t), databasePath(t)
	legacy(t, old, 5)
	for _, path := range []string{old, fresh} {
		if err := startAt(t, path, noon); err != nil {
			t.Fatal(describe(err))
		}
	}
	got := schema(old)
	if got != schema(fresh) {
		t.Error("the schemas differ")
	}
	if strings.Contains(got, "new_") {
		t.Errorf("something still names a table under its name of the migration:\n%s", got)
	}
}

func TestKilledWhileUpgrading(t *testing.T) {
	const copies = 5
	first := databasePath(t)
	legacy(t, first, 400)
	content := read(t, first)
	for round := range 3 {
		base := filepath.Join(t.TempDir(), "k")
		for i := range copies {
			write(t, fmt.Sprint(base, i), content)
		}
		lines, kill := start(t, "upgrade", base)
		reads(t, lines, 1+round, kill, func(string, string) {})
		for i := range copies {
			s, err := Open(t.Context(), fmt.Sprint(base, i))
			if err != nil {
				t.Fatalf("database %d: %s", i, describe(err))
			}
			if got := len(consistent(t, s)); got != 4 {
				t.Errorf("database %d has %d devices", i, got)
			}
			if err := s.Close(); err != nil {
				t.Error(describe(err))
			}
			os.Remove(fmt.Sprint(base, i))
		}
	}
}
