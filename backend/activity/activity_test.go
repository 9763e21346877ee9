package activity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/auditverify"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/rules"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 123456000, time.UTC)

type bench struct {
	*Service
	store mfa.Store
	path  string
	root  mfa.Session
}

// newBench has an account and a trail of n events.
func newBench(t *testing.T, n int) *bench {
	t.Helper()
	b := &bench{store: storetest.NewMemory(), path: filepath.Join(t.TempDir(), "checkpoints.jsonl")}
	root := storetest.NewRoot()
	if err := b.store.CreateAccount(t.Context(), storetest.NewAccount(), root, mfa.Event{At: noon, Kind: mfa.EventAccountCreated, PrincipalID: root.ID}); err != nil {
		t.Fatal(err)
	}
	b.root = mfa.Session{ID: "S", PrincipalID: root.ID, StartedAt: noon, MFAAt: noon}
	accounts := account.New(account.Config{Store: b.store, Rules: rules.New(b.store, func() time.Time { return noon }), Clock: func() time.Time { return noon }})
	b.Service = New(Config{Store: b.store, Accounts: accounts, Checkpoints: b.path, Clock: func() time.Time { return noon }})
	b.grow(t, n-1)
	return b
}

func (b *bench) grow(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		e := mfa.Event{At: noon.Add(time.Duration(i) * time.Second), Kind: mfa.EventSignInRefused, PrincipalID: "GONE", Detail: map[string]string{"name": "<Täst> & \u2028" + fmt.Sprint(i)}}
		if i%2 == 0 {
			e.Kind, e.PrincipalID, e.Detail = mfa.EventSignedOut, b.root.PrincipalID, nil
		}
		if err := b.store.AddEvent(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func wants(t *testing.T, err error, code mfa.Code) *mfa.Failure {
	t.Helper()
	var f *mfa.Failure
	if !errors.As(err, &f) || f.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return f
}

func TestFindNamesPrincipals(t *testing.T) {
	b := newBench(t, 5)
	entries, err := b.Find(t.Context(), b.root, mfa.EventFilter{})
	if err != nil || len(entries) != 5 || entries[0].Seq != 5 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for _, e := range entries {
		want := storetest.NewRoot().Email
		if e.PrincipalID == "GONE" {
			want = ""
		}
		if e.Principal != want {
			t.Errorf("event %d of %q is called %q", e.Seq, e.PrincipalID, e.Principal)
		}
	}
	entries, err = b.Find(t.Context(), b.root, mfa.EventFilter{Kinds: []mfa.EventKind{mfa.EventSignInRefused}, Before: 5, Limit: 1})
	if err != nil || len(entries) != 1 || entries[0].Seq != 3 {
		t.Errorf("filtered: %+v, %v", entries, err)
	}
}

func TestOnlyWhoMayReads(t *testing.T) {
	b := newBench(t, 2)
	user := storetest.NewUser("ann")
	if err := b.store.AddPrincipal(t.Context(), user, mfa.Event{Kind: mfa.EventUserCreated}); err != nil {
		t.Fatal(err)
	}
	_, err := b.Find(t.Context(), mfa.Session{PrincipalID: user.ID}, mfa.EventFilter{})
	wants(t, err, mfa.CodeAccessDenied)
	var out bytes.Buffer
	_, err = b.Export(t.Context(), mfa.Session{PrincipalID: user.ID}, &out, mfa.EventFilter{})
	if wants(t, err, mfa.CodeAccessDenied); out.Len() > 0 {
		t.Error("something was written")
	}
}

func TestExportVerifies(t *testing.T) {
	b := newBench(t, 2*page+3) // more than two pages
	var out bytes.Buffer
	n, err := b.Export(t.Context(), b.root, &out, mfa.EventFilter{})
	if err != nil || n != 2*page+3 {
		t.Fatalf("%d events, %v", n, err)
	}
	const first = `{"seq":1,"at":"2026-11-01T12:00:00.123456Z","kind":"account-created","principal_id":"ROOT","device_id":"","detail":{},"hash":"`
	if !strings.HasPrefix(out.String(), first) {
		t.Errorf("begins with %.200s", out.String())
	}
	if err := b.Checkpoint(t.Context()); err != nil { // of the event that the export made
		t.Fatal(err)
	}
	got, err := auditverify.VerifyExport(t.Context(), bytes.NewReader(out.Bytes()), "")
	if err != nil || got.Events != int64(n) {
		t.Errorf("verified %+v, %v", got, err)
	}
	last, err := b.Find(t.Context(), b.root, mfa.EventFilter{Limit: 1})
	if err != nil || last[0].Kind != mfa.EventActivityExported || last[0].Detail["count"] != fmt.Sprint(n) {
		t.Errorf("the trail ends with %+v, %v", last, err)
	}
}

func TestExportChooses(t *testing.T) {
	for name, row := range map[string]struct {
		filter mfa.EventFilter
		want   int
	}{
		"all":       {mfa.EventFilter{}, 9},
		"kind":      {mfa.EventFilter{Kinds: []mfa.EventKind{mfa.EventSignInRefused}}, 4},
		"principal": {mfa.EventFilter{PrincipalID: "ROOT"}, 5},
		"from":      {mfa.EventFilter{From: noon.Add(3 * time.Second)}, 5},
		"to":        {mfa.EventFilter{To: noon.Add(3 * time.Second)}, 4},
		"a page":    {mfa.EventFilter{Limit: 2, Before: 3}, 9},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 9)
			var out bytes.Buffer
			n, err := b.Export(t.Context(), b.root, &out, row.filter)
			if err != nil || n != row.want || strings.Count(out.String(), "\n") != n {
				t.Errorf("%d events, %v", n, err)
			}
		})
	}
}

type full struct{ left int }

func (w *full) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errors.New("no room")
	}
	return len(p), nil
}

func TestExportThatFailsIsNoEvent(t *testing.T) {
	b := newBench(t, 4)
	_, err := b.Export(t.Context(), b.root, &full{}, mfa.EventFilter{})
	wants(t, err, mfa.CodeStorageFailed)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = b.Export(ctx, b.root, &bytes.Buffer{}, mfa.EventFilter{})
	wants(t, err, mfa.CodeCancelled)
	if events, err := b.store.Events(t.Context(), 0, 100); err != nil || len(events) != 4 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func (b *bench) file(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestCheckpoint(t *testing.T) {
	b := newBench(t, 3)
	for range 2 { // the second says nothing new
		if err := b.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if text := b.file(t); strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, `{"seq":3,"hash":"`) || !strings.HasSuffix(text, `","time":"2026-11-01T12:00:00.123456Z"}`+"\n") {
		t.Errorf("wrote %q", text)
	}
	if info, err := os.Stat(b.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	b.grow(t, 2)
	if err := b.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if last, ok, err := b.LastMark(); err != nil || !ok || last.Seq != 5 {
		t.Errorf("last is %+v, %v, %v", last, ok, err)
	}
}

func TestCheckpointsThatDoNotFit(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	for name, row := range map[string]struct {
		file string
		code mfa.Code // "": it writes
	}{
		"none":                {"", ""},
		"torn line":           {`{"seq":2,"hash":"` + hash + `","ti`, ""},
		"torn, zeros":         {"\x00\x00\x00\x00", ""},
		"other hash":          {`{"seq":2,"hash":"` + hash + `","time":"2026-11-01T12:00:00Z"}` + "\n", mfa.CodeCheckpoint},
		"longer trail":        {`{"seq":9,"hash":"` + hash + `","time":"2026-11-01T12:00:00Z"}` + "\n", mfa.CodeCheckpoint},
		"other hash and torn": {`{"seq":2,"hash":"` + hash + `","time":"2026-11-01T12:00:00Z"}` + "\n{", mfa.CodeCheckpoint},
		"damaged line":        {"{\n", mfa.CodeCheckpoint},
		"no hash":             {`{"seq":2}` + "\n", mfa.CodeCheckpoint},
		"too large":           {strings.Repeat("{}\n", maxFile), mfa.CodeCheckpoint},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 3)
			if err := os.WriteFile(b.path, []byte(row.file), 0o600); err != nil {
				t.Fatal(err)
			}
			err := b.Checkpoint(t.Context())
			if row.code != "" {
				wants(t, err, row.code)
				if b.file(t) != row.file {
					t.Error("the file was changed")
				}
				return
			}
			if text := b.file(t); err != nil || strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, `{"seq":3,`) {
				t.Errorf("%v, wrote %q", err, text)
			}
		})
	}
}

func TestCheckpointsAreThinned(t *testing.T) {
	b := newBench(t, 1)
	var events []mfa.Event
	for len(events) < maxMarks+1 {
		b.grow(t, 1)
		var err error
		if events, err = b.store.Events(t.Context(), 0, maxMarks+9); err != nil {
			t.Fatal(err)
		}
	}
	var text strings.Builder
	for _, e := range events[:maxMarks] {
		fmt.Fprintf(&text, `{"seq":%d,"hash":"%x","time":"2026-11-01T12:00:00Z"}`+"\n", e.Seq, e.Hash)
	}
	if err := os.WriteFile(b.path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, _, err := b.marks.read()
	if err != nil || len(found) != maxMarks-maxMarks/4+1 || found[0].Seq != 1 || found[len(found)-1].Seq != maxMarks+1 {
		t.Errorf("%d marks, %v", len(found), err)
	}
	if left, err := filepath.Glob(b.path + "*"); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSetAside(t *testing.T) {
	b := newBench(t, 2)
	if err := SetAside(b.path, noon); err != nil {
		t.Fatal(err)
	}
	if err := b.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := SetAside(b.path, noon); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(b.path + "*.old"); err != nil || len(left) != 1 {
		t.Errorf("kept %v, %v", left, err)
	}
	if _, ok, err := b.LastMark(); ok || err != nil {
		t.Errorf("a mark is left, %v", err)
	}
}

func TestWithoutAFile(t *testing.T) {
	b := newBench(t, 2)
	b.marks.path = ""
	if err := b.Checkpoint(t.Context()); err != nil {
		t.Error(err)
	}
}

func FuzzMarks(f *testing.F) {
	f.Add([]byte(`{"seq":1,"hash":"` + strings.Repeat("ab", 32) + `","time":"2026-11-01T12:00:00Z"}` + "\n{"))
	f.Add([]byte("{}\n"))
	f.Add([]byte("\n\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := marks{path: filepath.Join(t.TempDir(), "checkpoints.jsonl")}
		if err := os.WriteFile(m.path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		found, size, err := m.read()
		if err != nil {
			return
		}
		next := Mark{Seq: 7, Hash: strings.Repeat("cd", 32), Time: noon}
		if err := m.add(found, size, next); err != nil {
			t.Fatal(err)
		}
		again, _, err := m.read()
		if err != nil || again[len(again)-1] != next || len(found) < maxMarks && len(again) != len(found)+1 {
			t.Errorf("%d marks, then %d, %v", len(found), len(again), err)
		}
	})
}
