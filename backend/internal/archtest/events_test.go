package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryEventIsWritten: a kind that nothing writes is a promise of the trail, with
// words on the page, that nobody keeps.
func TestEveryEventIsWritten(t *testing.T) {
	backend := filepath.Join("..", "..")
	list, err := os.ReadFile(filepath.Join(backend, "mfa", "event.go"))
	if err != nil {
		t.Fatal(err)
	}
	unwritten := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\t(Event\w+) +EventKind += "`).FindAllSubmatch(list, -1) {
		unwritten["mfa."+string(m[1])] = true
	}
	if len(unwritten) < 30 {
		t.Fatalf("only %d kinds were found in mfa/event.go", len(unwritten))
	}
	use := regexp.MustCompile(`\bmfa\.Event\w+`)
	err = filepath.WalkDir(backend, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "storetest":
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, name := range use.FindAllString(string(text), -1) {
			delete(unwritten, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range unwritten {
		t.Errorf("%s is written by nothing", name)
	}
}
