package archtest

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// far is what Wails hangs into the page: the bound methods and the runtime.
var far = regexp.MustCompile(`\b(window|globalThis|self)(\s+as\s[^)]*)?\s*[)!]*\s*(\?\.|\.|(\?\.)?\[\s*['"` + "`" + `])\s*(go|runtime)\b|\bwailsjs\b`)

// TestOnlyTheAPIReachesOut holds the page to its one door: src/api checks and
// tidies what comes from Go, and the tests of the page replace it.
func TestOnlyTheAPIReachesOut(t *testing.T) {
	src := os.DirFS(filepath.Join("..", "..", "..", "frontend", "src"))
	files, inAPI := 0, 0
	err := fs.WalkDir(src, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".ts", ".js", ".svelte"}, path.Ext(name)) {
			return err
		}
		text, err := fs.ReadFile(src, name)
		if err != nil {
			return err
		}
		files++
		found := far.Find(text)
		switch {
		case found == nil:
		case strings.HasPrefix(name, "api/"):
			inAPI++
		default:
			t.Errorf("frontend/src/%s has %q: only src/api reaches out of the page", name, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 || inAPI == 0 {
		t.Errorf("%d files, %d of them reach out: this test looks in the wrong place", files, inAPI)
	}
}

func TestWhatReachingOutLooksLike(t *testing.T) {
	for text, want := range map[string]bool{
		"window.go?.bind": true, "window.runtime.EventsOn": true, "window?.go": true, "window['go']": true,
		`globalThis["runtime"]`: true, "(window as any).go": true, "window!.runtime": true, "from '../wailsjs/go'": true,
		"window.location": false, "window.gone": false, "runtime: Runtime": false, "window.goBack": false,
	} {
		if got := far.MatchString(text); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
