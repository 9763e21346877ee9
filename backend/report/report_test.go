package report

import (
	"bytes"
	"crypto/rand"
	"encoding/csv"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/rules"
)

var update = flag.Bool("update", false, "write the golden file anew")

func at(day int) time.Time { return time.Date(2026, 11, day, 9, 30, 0, 0, time.UTC) }

func TestGolden(t *testing.T) {
	rows := []Row{
		{Kind: mfa.Root, User: RootAccount, ARN: "arn:aws:iam::123456789012:root", CreatedAt: at(1), PasswordEnabled: true, PasswordUsedAt: at(9),
			PasswordAt: at(1), MFAActive: true, Passkeys: 2, Apps: 1, LastUsedAt: at(9)},
		{Kind: mfa.User, User: "alice", ARN: "arn:aws:iam::123456789012:user/staff/alice", CreatedAt: at(2), PasswordEnabled: true,
			PasswordUsedAt: time.Date(2026, 11, 8, 1, 0, 0, 7, time.FixedZone("", 3600)), PasswordAt: at(3), MFAActive: true, Tokens: 1},
		{Kind: mfa.User, User: "bob", ARN: "arn:aws:iam::123456789012:user/bob", CreatedAt: at(2), PasswordEnabled: true, PasswordAt: at(3)},
		{Kind: mfa.User, User: "carol", ARN: "arn:aws:iam::123456789012:user/carol", CreatedAt: at(4), PasswordUsedAt: at(5)},
		{Kind: mfa.User, User: "=1+1,2", ARN: "arn:aws:iam::123456789012:user/=1+1,2", CreatedAt: at(4)},
		{Kind: mfa.User, User: "@SUM", ARN: "arn:aws:iam::123456789012:user/@SUM", CreatedAt: at(4)},
		{Kind: mfa.User, User: "-1", ARN: "arn:aws:iam::123456789012:user/-1", CreatedAt: at(4)},
		{Kind: mfa.User, User: "+1", ARN: "arn:aws:iam::123456789012:user/+1", CreatedAt: at(4)},
	}
	var out bytes.Buffer
	if err := WriteCSV(&out, rows); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/report.csv"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), strings.ReplaceAll(string(want), "\r\n", "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	var out bytes.Buffer
	for _, c := range "=+-@\t\r" {
		if err := WriteCSV(&out, []Row{{User: string(c) + "cmd", ARN: string(c)}}); err != nil {
			t.Fatal(err)
		}
	}
	records, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		for _, cell := range r {
			if strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("%q", cell)
			}
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteErrorIsTold(t *testing.T) {
	if err := WriteCSV(full{}, nil); err == nil {
		t.Error("a report that was not written is no error")
	}
}

func TestMake(t *testing.T) {
	ctx, store := t.Context(), storetest.NewMemory()
	t.Cleanup(func() { store.Close() })
	now := at(10)
	clock := func() time.Time { return now }
	accounts := account.New(account.Config{Store: store, Rules: rules.New(store, clock), Clock: clock, Rand: rand.Reader, Cost: account.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	secret := func() *mfa.Secret { return mfa.NewSecret([]byte("correct horse")) }
	a, root, err := accounts.Create(ctx, account.NewAccount{Alias: "acme-lab", Email: "root@example.org", Password: secret()})
	if err != nil {
		t.Fatal(err)
	}
	who := mfa.Session{PrincipalID: root.ID}
	alice, err := accounts.AddUser(ctx, who, account.NewUser{Name: "alice", Path: "/staff/", Password: secret()})
	if err != nil {
		t.Fatal(err)
	}
	key := mfa.Device{ID: "key", PrincipalID: alice.ID, Kind: mfa.KindPasskey, Name: "key", Serial: "arn:key", EnabledAt: now, LastUsedAt: at(11),
		Passkey: &mfa.Credential{ID: []byte{1}, PublicKey: []byte{1}, Algorithm: -7}}
	if err := store.AddDevice(ctx, key, mfa.Event{At: now}); err != nil {
		t.Fatal(err)
	}
	s := New(Config{Store: store, Accounts: accounts, Clock: clock})
	rows, err := s.Make(ctx, who)
	if err != nil || len(rows) != 2 {
		t.Fatalf("%+v, %v", rows, err)
	}
	wantRoot := Row{Kind: mfa.Root, User: RootAccount, ARN: "arn:aws:iam::" + a.ID + ":root", CreatedAt: now, PasswordEnabled: true, PasswordAt: now}
	wantAlice := Row{Kind: mfa.User, User: "alice", ARN: "arn:aws:iam::" + a.ID + ":user/staff/alice", CreatedAt: now, PasswordEnabled: true, PasswordAt: now,
		MFAActive: true, Passkeys: 1, LastUsedAt: at(11)}
	if rows[0] != wantRoot || rows[1] != wantAlice {
		t.Errorf("got  %+v\nwant %+v\n     %+v", rows, wantRoot, wantAlice)
	}
	if e, err := store.FindEvents(ctx, mfa.EventFilter{Limit: 1}); err != nil || e[0].Kind != mfa.EventReportMade || e[0].PrincipalID != root.ID {
		t.Errorf("event %+v, %v", e, err)
	}
	if _, err := s.Make(ctx, mfa.Session{PrincipalID: alice.ID}); !mfa.IsCode(err, mfa.CodeAccessDenied) {
		t.Errorf("for a user: %v", err)
	}
}
