package sqlite

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// What travels in one text may not hold what ends a field there.
func TestNothingPackedHasControlCharacters(t *testing.T) {
	for c := range rune(' ') {
		odd := "a" + string(c) + "b"
		if mfa.CheckName(odd) == nil || mfa.CheckPath("/"+odd+"/") == nil || mfa.CheckEmail(odd+"@example.org") == nil ||
			mfa.CheckEmail("root@"+odd+".org") == nil || mfa.CheckEmail("root@["+odd+"]") == nil {
			t.Errorf("%q is accepted", odd)
		}
	}
}

// Every character that a name, a path or an address may have, and times of any age.
func TestOverviewsOfOddValues(t *testing.T) {
	s := reopen(t, databasePath(t))
	ctx := t.Context()
	e := mfa.Event{At: noon, Kind: "x"}
	root := storetest.NewRoot()
	root.Email = "Ö!#$%&'*+-/=?^_`{|}~.日本@[IPv6:::1]"
	if err := s.CreateAccount(ctx, storetest.NewAccount(), root, e); err != nil {
		t.Fatal(describe(err))
	}
	var path []byte
	for c := byte(0x21); c <= 0x7f; c++ {
		path = append(path, c)
	}
	times := []time.Time{{}, noon.UTC(), time.UnixMicro(-1).UTC(), time.UnixMicro(1).UTC(), time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	names := []string{"Ann", "ann+", "ann,b", "ANN-", "ann.", "ann0", "Ann=", "ann@", "ann_", "anna", "0", "-1", "+", "1,2=3.4@5_6-7", strings.Repeat("Z", 64)}
	var want []mfa.Overview
	for i, name := range names {
		p := storetest.NewUser(name)
		p.Path = "/" + string(path) + "/"
		p.CreatedAt, p.PasswordAt = times[i%len(times)], times[(i+1)%len(times)]
		p.PasswordUsedAt, p.MFADeadline = times[(i+2)%len(times)], times[(i+3)%len(times)]
		if err := s.AddPrincipal(ctx, p, e); err != nil {
			t.Fatal(describe(err))
		}
		want = append(want, mfa.Overview{ID: p.ID, Kind: p.Kind, Name: p.Name, Path: p.Path, HasPassword: true, CreatedAt: p.CreatedAt,
			PasswordAt: p.PasswordAt, PasswordUsedAt: p.PasswordUsedAt, MFADeadline: p.MFADeadline, Version: 1})
	}
	slices.SortFunc(want, func(a, b mfa.Overview) int { return strings.Compare(mfa.FoldName(a.Name), mfa.FoldName(b.Name)) })
	got, err := s.Overviews(ctx)
	if err != nil {
		t.Fatal(describe(err))
	}
	if len(got) != len(names)+1 {
		t.Fatalf("%d rows", len(got))
	}
	if got[0].Name != root.Email || got[0].Kind != mfa.Root {
		t.Errorf("root: %+v", got[0])
	}
	for i, got := range got[1:] {
		if got != want[i] {
			t.Errorf("row %d:\ngot  %+v\nwant %+v", i, got, want[i])
		}
	}
}

// What cannot be ours is found, and nobody gets what belongs to somebody else.
func TestOverviewsOfADamagedTable(t *testing.T) {
	for name, change := range map[string]string{
		"a field's end in a name": "UPDATE principals SET name = 'a' || char(31) || 'b' WHERE kind = 'user'",
		"a row's end in a path":   "UPDATE principals SET path = '/' || char(30) || '/' WHERE kind = 'user'",
		"a field's end in a kind": "PRAGMA ignore_check_constraints = 1; UPDATE devices SET kind = 'app' || char(31)",
		"a device of nobody":      "UPDATE devices SET principal_id = 'USER-gone'",
		"rights of nobody":        "INSERT INTO attachments (policy, principal_id) VALUES ('AdministratorAccess', 'USER-gone')",
		"codes of nobody":         "INSERT INTO recovery_codes (id, principal_id, sealed, used_at) VALUES ('C', 'USER-gone', x'00', 0)",
	} {
		t.Run(name, func(t *testing.T) {
			s := reopen(t, databasePath(t))
			ctx := t.Context()
			e := mfa.Event{At: noon, Kind: "x"}
			ann := storetest.NewUser("ann")
			for _, err := range []error{s.CreateAccount(ctx, storetest.NewAccount(), storetest.NewRoot(), e), s.AddPrincipal(ctx, ann, e),
				s.AddDevice(ctx, storetest.NewPasskey(ann.ID, "key"), e)} {
				if err != nil {
					t.Fatal(describe(err))
				}
			}
			for _, query := range []string{"PRAGMA foreign_keys = 0", change} {
				if _, err := s.writer.conn.ExecContext(context.Background(), query); err != nil {
					t.Fatal(err)
				}
			}
			if list, err := s.Overviews(ctx); !mfa.IsCode(err, mfa.CodeDatabaseDamaged) {
				t.Errorf("%s; %+v", describe(err), list)
			}
		})
	}
}

func TestPackedNumbers(t *testing.T) {
	s := reopen(t, databasePath(t))
	for _, n := range []int64{0, 1, -1, 9, 10, -10, math.MaxInt64, math.MinInt64, math.MinInt64 + 1} {
		var text string
		if err := s.reads.QueryRow(packed("?1, '', ?1", "accounts RIGHT JOIN (SELECT 1)"), n).Scan(&text); err != nil {
			t.Fatal(err)
		}
		row := newTable(text)
		if !row.next() || row.whole() != n || row.text() != "" || row.whole() != n || row.next() || row.err() != nil {
			t.Errorf("%d: %q: %v", n, text, row.err())
		}
	}
	for _, text := range []string{"", "-", "--1", "1-", "+1", " 1", "1.0", "1e3", "0x1", "a", "1\x1f2"} {
		row := table{rows: []string{text}, ended: true}
		row.next()
		if n := row.whole(); row.next() || row.err() == nil {
			t.Errorf("%q is %d", text, n)
		}
	}
	tooFew := newTable("1")
	tooFew.next()
	tooFew.whole()
	if text := tooFew.text(); text != "" || tooFew.err() == nil {
		t.Errorf("%q after the last field", text)
	}
}
