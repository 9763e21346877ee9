package desk

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesAreNamedNotPlaced(t *testing.T) {
	b := newBench(t)
	path := write(t, "seeds.csv", "12345")
	f, err := b.Choose(path)
	if err != nil || f.Name != "seeds.csv" || f.Size != 5 || strings.Contains(f.ID, "seeds") {
		t.Fatalf("%+v, %v", f, err)
	}
	if _, data, err := b.ReadFile(f.ID, 3); err != nil || string(data) != "1234" {
		t.Errorf("read %q, %v: one byte over the limit shows that it is too large", data, err)
	}
	for _, id := range []string{"", path, "X" + f.ID} {
		_, _, err := b.ReadFile(id, 9)
		wants(t, err, mfa.CodeFileUnreadable)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, _, err = b.ReadFile(f.ID, 9)
	wants(t, err, mfa.CodeFileUnreadable)
	if why := mfa.AsFailure(err).Explain(); strings.Contains(why, path) || why == "" {
		t.Errorf("the page is told %q", why)
	}
	_, err = b.Choose(t.TempDir())
	wants(t, err, mfa.CodeFileUnreadable)
	for range maxFiles {
		if _, err := b.Choose(write(t, "more", "")); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := b.File(f.ID); err == nil {
		t.Error("files are remembered without end")
	}
}

func TestDroppedFiles(t *testing.T) {
	b := newBench(t)
	b.Drop([]string{write(t, "a.csv", "1"), t.TempDir(), "/nonexistent", write(t, "b.csv", "22")})
	e := <-b.events
	if len(e.Files) != 2 || e.Files[0].Name != "a.csv" || e.Files[1].Size != 2 {
		t.Fatalf("%+v", e)
	}
	if _, data, err := b.ReadFile(e.Files[1].ID, 9); err != nil || string(data) != "22" {
		t.Errorf("%q, %v", data, err)
	}
	b.Drop([]string{t.TempDir()})
	if len(b.events) != 0 {
		t.Error("told of nothing")
	}
}

func TestSavedWholeOrNotAtAll(t *testing.T) {
	path := write(t, "report.csv", "old")
	broken := errors.New("broken")
	if err := Save(path, func(w io.Writer) error { _, _ = w.Write([]byte("new")); return broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	has := func(want string) {
		t.Helper()
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".keyferry*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	has("old")
	if err := Save(path, func(w io.Writer) error { _, err := w.Write([]byte("new")); return err }); err != nil {
		t.Fatal(err)
	}
	has("new")
	wants(t, Save(filepath.Join(path, "below-a-file"), func(io.Writer) error { return nil }), mfa.CodeStorageFailed)

	made := ""
	if err := Replace(path, func(fresh string) error {
		made = fresh
		if _, err := os.Lstat(fresh); err == nil {
			t.Error("the place is not free")
		}
		return os.WriteFile(fresh, []byte("newest"), 0o600)
	}); err != nil {
		t.Fatal(err)
	}
	has("newest")
	if err := Replace(path, func(fresh string) error { _ = os.WriteFile(fresh, nil, 0o600); return broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	has("newest")
	if made == path {
		t.Error("a file that may not be replaced was overwritten")
	}
}
