package sqlite

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// The documents of the migration are those that the domain promises.
func TestBuiltInPolicies(t *testing.T) {
	s := reopen(t, databasePath(t))
	got, err := s.Policies(t.Context())
	if err != nil || !slices.Equal(got, mfa.BuiltInPolicies()) {
		t.Errorf("%s\n got %+v\nwant %+v", describe(err), got, mfa.BuiltInPolicies())
	}
	if !slices.Equal(mfa.FirstPolicies, []string{mfa.ManageOwnDevices, mfa.EnableAnyDevice}) {
		t.Error("the migration attaches other policies than new users get")
	}
}

// secondSchema makes a database as the version before policies left it: two users, two
// groups, policies that were names, and a passkey.
func secondSchema(t *testing.T, path string) {
	t.Helper()
	if err := create(t.Context(), path, config{migrations: released()[:2], busyTimeout: defaultBusyTimeout}); err != nil {
		t.Fatal(describe(err))
	}
	db, err := pool(path, config{busyTimeout: defaultBusyTimeout}, "_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run(t, db, "PRAGMA journal_mode = WAL",
		"INSERT INTO accounts (id, alias, rp_id, frozen_at, sandbox, created_at, version) VALUES ('123456789012', 'harbour', 'keyferry.internal', 1, 0, 1, 2)")
	for _, p := range []mfa.Principal{storetest.NewRoot(), storetest.NewUser("Ann"), storetest.NewUser("bob")} {
		if _, err := db.Exec(insertPrincipalRow, principalValues(p)...); err != nil {
			t.Fatal(err)
		}
	}
	run(t, db, "INSERT INTO groups (id, name, name_folded, path, version) VALUES ('G1', 'Pilots', 'pilots', '/', 1), ('G2', 'Masters', 'masters', '/', 1)",
		"INSERT INTO group_members (principal_id, group_id) VALUES ('USER-bob', 'G1'), ('USER-Ann', 'G2')",
		`INSERT INTO attachments (policy, principal_id, group_id) VALUES ('AdministratorAccess', 'USER-Ann', NULL), ('AdministratorAccess', NULL, 'G1'),
			('ReadOnlyAccess', 'USER-Ann', NULL), ('administratoraccess', 'USER-bob', NULL), ('ManageOwnDevices', 'USER-bob', NULL), ('Whatever', NULL, 'G2')`,
		`INSERT INTO devices (id, principal_id, kind, name, name_folded, serial, serial_folded, created_at, enabled_at, last_used_at, suspect_at, sign_count,
			backup_state, drift, last_step, samples, version) VALUES ('DEVICE', 'USER-Ann', 'passkey', 'Key', 'key', 'serial', 'serial', 1, 1, 0, 0, 0, 0, 0, 0, 0, 1)`,
		`INSERT INTO passkeys VALUES (1, 0, 0, 1, -7, x'01', x'a5', x'00000000000000000000000000000000', '["usb"]', 'none', x'a3')`)
	e, _ := audit.Link{}.Next(mfa.Event{At: noon, Kind: mfa.EventAccountCreated, PrincipalID: "ROOT"})
	if _, err := db.Exec(insertEvent, e.Seq, audit.Micros(e.At), string(e.Kind), e.PrincipalID, "", "{}", e.Hash); err != nil {
		t.Fatal(err)
	}
}

func TestUpgradeFromTheSecondSchema(t *testing.T) {
	ctx, path := t.Context(), databasePath(t)
	secondSchema(t, path)
	s := reopen(t, path, func(c *config) { c.dailyKept = 0 })
	if got := Backups(path); len(got) != len(released())-2 || !strings.HasPrefix(filepath.Base(got[len(got)-1]), "keyferry.db.v2.") {
		t.Errorf("backups %v", got)
	}
	for id, want := range map[string]string{
		"ROOT":     "",
		"USER-Ann": "AdministratorAccess EnableAnyDevice ManageOwnDevices",
		"USER-bob": "EnableAnyDevice ManageOwnDevices AdministratorAccess@Pilots", // the misspelt one meant nothing
	} {
		var got []string
		granted, err := s.Granted(ctx, id)
		for _, g := range granted {
			name := g.Name
			if g.Group != "" {
				name += "@" + g.Group
			}
			if g.Document == "" || g.Inline {
				t.Errorf("%s: %+v", id, g)
			}
			got = append(got, name)
		}
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("%s has %v, %s", id, got, describe(err))
		}
	}
	d, err := s.Device(ctx, "DEVICE")
	if err != nil || d.Passkey == nil || fmt.Sprint(d.Passkey.Trust) != fmt.Sprint(mfa.Trust{}) {
		t.Errorf("%+v %s", d, describe(err))
	}
	a, err := s.Account(ctx)
	if err != nil || a.Settings != mfa.DefaultSettings() {
		t.Errorf("%+v %s", a, describe(err))
	}
	e := mfa.Event{At: noon, Kind: mfa.EventPolicyAttached}
	if err := s.SetAttached(ctx, mfa.Attachment{Policy: "Whatever", GroupID: "G2"}, true, e); !mfa.IsCode(err, mfa.CodeNotFound) {
		t.Errorf("a policy that was a name only: %s", describe(err))
	}
	if err := s.AddPolicy(ctx, storetest.NewPolicy("Whatever"), e); err != nil {
		t.Error(describe(err))
	}
	if list, err := s.Attachments(ctx, "Whatever"); err != nil || len(list) != 0 {
		t.Errorf("a new policy found old attachments: %v %s", list, describe(err))
	}
	if err := s.VerifyChain(ctx); err != nil {
		t.Error(describe(err))
	}
}

func TestUpgradeOfUsersOfTheFirstSchema(t *testing.T) {
	path := databasePath(t)
	legacy(t, path, 5)
	s := reopen(t, path, func(c *config) { c.dailyKept = 0 })
	for id, want := range map[string]string{"ROOT": "[]", "USER-Ann": "[EnableAnyDevice ManageOwnDevices]"} {
		if got, err := s.PoliciesOf(t.Context(), id); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s has %v, %s", id, got, describe(err))
		}
	}
}

// A copy carries policies and metadata: it is one of the whole file.
func TestSnapshotCarriesPoliciesAndMetadata(t *testing.T) {
	ctx, e := t.Context(), mfa.Event{At: noon, Kind: "x"}
	s := reopen(t, example(t, 20), func(c *config) { c.dailyKept = 0 })
	raw := bytes.Repeat([]byte("metadata "), 100_000)
	for _, err := range []error{
		s.AddPrincipal(ctx, storetest.NewUser("pam"), e), s.AddPolicy(ctx, storetest.NewPolicy("Keys"), e),
		s.SetAttached(ctx, mfa.Attachment{Policy: "Keys", PrincipalID: "USER-pam"}, true, e),
		s.PutInline(ctx, mfa.InlinePolicy{PrincipalID: "USER-pam", Name: "own", Document: "{}"}, e),
		s.SaveBlob(ctx, storetest.NewBlob(122), raw, []byte("index"), e),
	} {
		if err != nil {
			t.Fatal(describe(err))
		}
	}
	target := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Snapshot(ctx, target); err != nil {
		t.Fatal(describe(err))
	}
	copied := reopen(t, target, func(c *config) { c.dailyKept = 0 })
	if granted, err := copied.Granted(ctx, "USER-pam"); err != nil || len(granted) != 2 {
		t.Error(granted, describe(err))
	}
	if got, err := copied.BlobContent(ctx, 122); err != nil || !bytes.Equal(got, raw) {
		t.Error(len(got), describe(err))
	}
	if b, index, err := copied.MetadataIndex(ctx); err != nil || b.Number != 122 || string(index) != "index" {
		t.Error(b, describe(err))
	}
}

// What is asked before everything a user does must find its rows by indexes alone.
func TestGrantedReadsNoTableWhole(t *testing.T) {
	s := reopen(t, databasePath(t))
	rows, err := s.reads.Query("EXPLAIN QUERY PLAN "+selectGranted, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(detail, "SCAN") && !strings.Contains(detail, "subquery") {
			t.Error(detail)
		}
	}
}
