package auditverify

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/sqlite"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 123456000, time.UTC)

// trail is n events as the product makes them; the test may use its code, the
// verifier does not.
func trail(n int) (events []mfa.Event) {
	var last audit.Link
	for i := range n {
		e := mfa.Event{At: noon.Add(time.Duration(i) * time.Second), Kind: mfa.EventDeviceAdded, PrincipalID: "P", DeviceID: "D",
			Detail: map[string]string{"name": fmt.Sprint("<Täst> ", i), "provider": ""}}
		if i == 1 {
			e.At, e.Detail = time.Time{}, nil
		}
		e, last = last.Next(e)
		events = append(events, e)
	}
	return events
}

func export(events []mfa.Event) []byte {
	var out bytes.Buffer
	for _, e := range events {
		l := event{Seq: e.Seq, At: time.UnixMicro(audit.Micros(e.At)).UTC(), Kind: string(e.Kind), Principal: e.PrincipalID, Device: e.DeviceID, Hash: fmt.Sprintf("%x", e.Hash)}
		if l.Detail, _ = json.Marshal(e.Detail); e.Detail == nil {
			l.Detail = []byte("{}")
		}
		text, _ := json.Marshal(l)
		out.Write(append(text, '\n'))
	}
	return out.Bytes()
}

func checkpoints(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "checkpoints.jsonl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mark(e mfa.Event) string {
	return fmt.Sprintf(`{"seq":%d,"hash":"%x","time":"2026-11-01T12:00:00.000000Z"}`, e.Seq, e.Hash) + "\n"
}

func holds(t *testing.T, got Result, err error, events int, want *Broken) {
	t.Helper()
	var broken *Broken
	switch {
	case want == nil && (err != nil || got.Events != int64(events)):
		t.Errorf("got %+v, %v", got, err)
	case want != nil && (!errors.As(err, &broken) || *broken != *want):
		t.Errorf("got %+v, %v, want %v", got, err, want)
	}
}

func TestVerifyExport(t *testing.T) {
	all := trail(9)
	other := trail(9)[4]
	other.Hash = bytes.Repeat([]byte{7}, 32)
	for name, row := range map[string]struct {
		change      func([]mfa.Event) []mfa.Event
		checkpoints string
		want        *Broken
	}{
		"whole":                      {nil, "", nil},
		"with checkpoints":           {nil, mark(all[3]) + mark(all[8]) + mark(all[8]), nil},
		"with a torn checkpoint":     {nil, mark(all[3]) + `{"seq":99`, nil},
		"changed":                    {func(e []mfa.Event) []mfa.Event { e[4].PrincipalID = "Q"; return e }, "", &Broken{5, "hash"}},
		"changed to the microsecond": {func(e []mfa.Event) []mfa.Event { e[4].At = e[4].At.Add(time.Microsecond); return e }, "", &Broken{5, "hash"}},
		"removed":                    {func(e []mfa.Event) []mfa.Event { return slices.Delete(e, 4, 5) }, "", &Broken{5, "number"}},
		"first removed":              {func(e []mfa.Event) []mfa.Event { return e[1:] }, "", &Broken{1, "number"}},
		"swapped":                    {func(e []mfa.Event) []mfa.Event { e[4], e[5] = e[5], e[4]; return e }, "", &Broken{5, "number"}},
		"swapped and renumbered": {func(e []mfa.Event) []mfa.Event {
			e[4], e[5] = e[5], e[4]
			e[4].Seq, e[5].Seq = 5, 6
			return e
		}, "", &Broken{5, "hash"}},
		"tail removed":               {func(e []mfa.Event) []mfa.Event { return e[:6] }, mark(all[3]) + mark(all[7]), &Broken{8, "checkpoint"}},
		"all removed":                {func(e []mfa.Event) []mfa.Event { return nil }, mark(all[0]), &Broken{1, "checkpoint"}},
		"all made anew":              {func(e []mfa.Event) []mfa.Event { return again(e) }, mark(all[3]), &Broken{4, "checkpoint"}},
		"checkpoint of another":      {nil, mark(other), &Broken{5, "checkpoint"}},
		"two checkpoints of one":     {nil, mark(all[4]) + mark(other), &Broken{5, "checkpoint"}},
		"checkpoints in disorder":    {nil, mark(all[4]) + mark(all[3]), &Broken{4, "checkpoint"}},
		"checkpoint without a hash":  {nil, `{"seq":5}` + "\n", &Broken{5, "checkpoint"}},
		"checkpoint that is no JSON": {nil, "#\n" + mark(all[3]), &Broken{0, "checkpoint"}},
	} {
		t.Run(name, func(t *testing.T) {
			events := trail(9)
			if row.change != nil {
				events = row.change(events)
			}
			path := ""
			if row.checkpoints != "" {
				path = checkpoints(t, row.checkpoints)
			}
			got, err := VerifyExport(t.Context(), bytes.NewReader(export(events)), path)
			holds(t, got, err, len(events), row.want)
		})
	}
}

// again is a trail that holds together and is another one.
func again(events []mfa.Event) (out []mfa.Event) {
	var last audit.Link
	for i, e := range events {
		if i == 2 {
			e.PrincipalID = "Q"
		}
		e, last = last.Next(e)
		out = append(out, e)
	}
	return out
}

func TestNoBitOfAnExportCanChange(t *testing.T) {
	text := export(trail(3))
	for i := range text {
		for bit := range 8 {
			changed := bytes.Clone(text)
			changed[i] ^= 1 << bit
			if _, err := VerifyExport(t.Context(), bytes.NewReader(changed), ""); err == nil {
				t.Fatalf("bit %d of byte %d can change: %q", bit, i, changed[max(0, i-20):min(len(changed), i+20)])
			}
		}
	}
}

func TestExportsOfOtherForms(t *testing.T) {
	text := string(export(trail(2)))
	for name, bad := range map[string]string{
		"no end":          strings.TrimSuffix(text, "\n"),
		"blank line":      "\n" + text,
		"blanks":          strings.Replace(text, `,"at"`, `, "at"`, 1),
		"another order":   strings.Replace(text, `"principal_id":"P","device_id":"D"`, `"device_id":"D","principal_id":"P"`, 1),
		"a member more":   strings.Replace(text, `,"at"`, `,"x":1,"at"`, 1),
		"a member twice":  strings.Replace(text, `{"seq":1`, `{"seq":7,"seq":1`, 1),
		"a line too long": strings.Replace(text, `"provider":""`, `"provider":"`+strings.Repeat("x", 1<<20)+`"`, 1),
		"no text at all":  "\x00\xff",
	} {
		t.Run(name, func(t *testing.T) {
			if bad == text {
				t.Fatal("nothing was changed")
			}
			if _, err := VerifyExport(t.Context(), strings.NewReader(bad), ""); err == nil {
				t.Error("it was taken")
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := VerifyExport(ctx, strings.NewReader(text), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := VerifyExport(t.Context(), strings.NewReader(text), filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("checkpoints that are not there: %v", err)
	}
}

// database has nine events; one of them was never finished being copied out of the WAL.
func database(t testing.TB) (path string, store *sqlite.Store) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a ?#%41 folder", "keyferry.db")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if err := store.CreateAccount(t.Context(), storetest.NewAccount(), storetest.NewRoot(), mfa.Event{At: noon, Kind: mfa.EventAccountCreated}); err != nil {
		t.Fatal(err)
	}
	for _, e := range trail(9)[1:] {
		if err := store.AddEvent(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	return path, store
}

func TestVerifyDatabaseInUse(t *testing.T) {
	path, store := database(t)
	events, err := store.Events(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	got, err := VerifyDatabase(t.Context(), path, checkpoints(t, mark(events[8])))
	holds(t, got, err, 9, nil)
	if got.Checkpoints != 1 || got.Hash != fmt.Sprintf("%x", events[8].Hash) {
		t.Errorf("got %+v", got)
	}
	if err := store.AddEvent(t.Context(), trail(1)[0]); err != nil {
		t.Errorf("the store cannot go on: %v", err)
	}
}

func TestVerifyDatabase(t *testing.T) {
	for name, row := range map[string]struct {
		sql  string
		want *Broken
	}{
		"whole":           {"SELECT 1", nil},
		"time":            {"UPDATE events SET at = at + 1 WHERE seq = 5", &Broken{5, "hash"}},
		"kind":            {"UPDATE events SET kind = 'signed-out' WHERE seq = 5", &Broken{5, "hash"}},
		"principal":       {"UPDATE events SET principal_id = 'Q' WHERE seq = 5", &Broken{5, "hash"}},
		"device":          {"UPDATE events SET device_id = '' WHERE seq = 5", &Broken{5, "hash"}},
		"detail":          {`UPDATE events SET detail = replace(detail, '4', '5') WHERE seq = 5`, &Broken{5, "hash"}},
		"detail, no JSON": {`UPDATE events SET detail = '{' WHERE seq = 5`, &Broken{5, "hash"}},
		"one bit":         {`UPDATE events SET hash = unhex(replace(substr(hex(hash), 1, 1), substr(hex(hash), 1, 1), CASE substr(hex(hash), 1, 1) WHEN '0' THEN '1' ELSE '0' END) || substr(hex(hash), 2)) WHERE seq = 5`, &Broken{5, "hash"}},
		"removed":         {"DELETE FROM events WHERE seq = 5", &Broken{5, "number"}},
		"swapped":         {"UPDATE events SET seq = 99 WHERE seq = 5; UPDATE events SET seq = 5 WHERE seq = 6; UPDATE events SET seq = 6 WHERE seq = 99", &Broken{5, "hash"}},
		"tail removed":    {"DELETE FROM events WHERE seq > 5", &Broken{9, "checkpoint"}},
	} {
		t.Run(name, func(t *testing.T) {
			path, store := database(t)
			events, err := store.Events(t.Context(), 8, 1)
			if err != nil {
				t.Fatal(err)
			}
			store.Close()
			db, err := sql.Open("sqlite", path[:strings.LastIndexByte(path, '/')]+"/keyferry.db")
			if strings.ContainsAny(path, "?") { // a plain name cannot say where it ends
				db, err = sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path))
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec("DROP TRIGGER events_stay; DROP TRIGGER events_remain; " + row.sql); err != nil {
				t.Fatal(err)
			}
			db.Close()
			got, err := VerifyDatabase(t.Context(), path, checkpoints(t, mark(events[0])))
			holds(t, got, err, 9, row.want)
		})
	}
}

func TestVerifyDatabaseWritesNothing(t *testing.T) {
	path, store := database(t)
	store.Close()
	before, _ := filepath.Glob(filepath.Dir(path) + "/*")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := VerifyDatabase(t.Context(), path, "")
	holds(t, got, err, 9, nil)
	after, _ := filepath.Glob(filepath.Dir(path) + "/*")
	if now, _ := os.ReadFile(path); !bytes.Equal(now, content) || !slices.Equal(before, after) {
		t.Errorf("changed: %v, then %v", before, after)
	}
	if _, err := VerifyDatabase(t.Context(), filepath.Join(t.TempDir(), "none.db"), ""); err == nil {
		t.Error("a database that is not there")
	}
}

func TestItIsShort(t *testing.T) {
	lines := 0
	for _, name := range []string{"doc.go", "verify.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(text, []byte("\n"))
	}
	if lines >= 150 {
		t.Errorf("%d lines: too many to be read before trusting them", lines)
	}
}

func FuzzVerifyExport(f *testing.F) {
	f.Add(export(trail(3)))
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"seq":1,"detail":{"a":"b"}}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := VerifyExport(t.Context(), bytes.NewReader(data), "")
		if err == nil && got.Events != int64(bytes.Count(data, []byte("\n"))) {
			t.Errorf("%+v of %q", got, data)
		}
	})
}
