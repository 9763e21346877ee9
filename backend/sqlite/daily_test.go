package sqlite

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// startAt opens the database at that time and closes it.
func startAt(t *testing.T, path string, now time.Time) error {
	t.Helper()
	s, err := Open(t.Context(), path, WithClock(func() time.Time { return now }))
	if err != nil {
		return err
	}
	return s.Close()
}

// daily lists the times of the daily copies, newest first.
func daily(path string) string {
	var times []string
	for _, p := range Backups(path) {
		rest, _ := strings.CutPrefix(p, path+".daily.")
		times = append(times, strings.TrimSuffix(rest, ".bak"))
	}
	return strings.Join(times, " ")
}

func TestDailyCopy(t *testing.T) {
	path := example(t, 200)
	hours := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	rows := []struct {
		name string
		at   time.Time
		want string
	}{
		{"the first start with an account", hours(0), "20260301T110000Z"},
		{"the same moment", hours(0), "20260301T110000Z"},
		{"before a day has passed", hours(23), "20260301T110000Z"},
		{"a day later", hours(24), "20260302T110000Z 20260301T110000Z"},
		{"the clock was put back", hours(-48), "20260302T110000Z 20260301T110000Z 20260227T110000Z"},
	}
	for _, row := range rows {
		if err := startAt(t, path, row.at); err != nil {
			t.Fatal(describe(err))
		}
		if got := daily(path); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
	copied := Backups(path)[0]
	if info, err := os.Stat(copied); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	s := reopen(t, copied)
	consistent(t, s)
	if list, err := s.Devices(t.Context(), "ROOT"); err != nil || len(list) != mfa.MaxDevices {
		t.Error(describe(err))
	}
}

func TestDailyCopiesRotate(t *testing.T) {
	path := example(t, 20)
	migrated := path + ".v1.20200101T000000Z.bak"
	write(t, migrated, nil)
	for day := range dailyKept + 3 {
		if err := startAt(t, path, noon.AddDate(0, 0, day)); err != nil {
			t.Fatal(describe(err))
		}
	}
	got := Backups(path)
	if len(got) != dailyKept+1 || got[0] != path+".daily.20260310T110000Z.bak" ||
		got[dailyKept-1] != path+".daily.20260304T110000Z.bak" || got[dailyKept] != migrated {
		t.Errorf("kept %v", got)
	}
}

func TestNoDailyCopyWithoutAnAccount(t *testing.T) {
	path := databasePath(t)
	for range 2 {
		if err := startAt(t, path, noon); err != nil {
			t.Fatal(describe(err))
		}
	}
	if got := folder(t, path); got != "keyferry.db" {
		t.Errorf("left %s", got)
	}
}

// Whether Open notices the damage or not, no copy is made of it and none is
// dropped.
func TestDamageIsNotCopied(t *testing.T) {
	rows := []struct {
		name   string
		damage func(t *testing.T, path string)
		opens  bool
	}{
		{"a page", func(t *testing.T, path string) {
			b := read(t, path)
			copy(b[pageSize:], bytes.Repeat([]byte{0xa5}, pageSize))
			write(t, path, b)
		}, false},
		{"cut to nothing", func(t *testing.T, path string) { write(t, path, nil) }, false},
		{"an old event, which Open does not read", func(t *testing.T, path string) {
			db := plain(t, path)
			defer db.Close()
			run(t, db, "DROP TRIGGER events_stay", "UPDATE events SET kind = 'x' WHERE seq = 20")
		}, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			path := example(t, 200)
			for day := range dailyKept {
				if err := startAt(t, path, noon.AddDate(0, 0, day)); err != nil {
					t.Fatal(describe(err))
				}
			}
			before := daily(path)
			row.damage(t, path)
			if err := startAt(t, path, noon.AddDate(0, 0, 30)); (err == nil) != row.opens {
				t.Error(describe(err))
			}
			if got := daily(path); got != before {
				t.Errorf("before %s, after %s", before, got)
			}
			if got := folder(t, path); strings.Contains(got, "part") {
				t.Errorf("left %s", got)
			}
			consistent(t, reopen(t, Backups(path)[0]))
		})
	}
}

// Changes do not wait for the copy, and the copy is whole whatever they do.
func TestChangesDuringTheDailyCopy(t *testing.T) {
	path := example(t, 2000)
	s := reopen(t, path, WithClock(func() time.Time { return noon }))
	for range 50 {
		u := storetest.NewUser(mfa.NewID())
		if err := s.AddPrincipal(t.Context(), u, mfa.Event{Kind: mfa.EventUserCreated}); err != nil {
			t.Fatal(describe(err))
		}
		d := storetest.NewPasskey(u.ID, mfa.NewID())
		if err := s.AddDevice(t.Context(), d, mfa.Event{Kind: mfa.EventDeviceAdded, DeviceID: d.ID}); err != nil {
			t.Fatal(describe(err))
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(describe(err))
	}
	got := Backups(path)
	if len(got) != 1 || filepath.Base(got[0]) != "keyferry.db.daily.20260301T110000Z.bak" {
		t.Fatalf("copies %v", got)
	}
	consistent(t, reopen(t, got[0]))
}
