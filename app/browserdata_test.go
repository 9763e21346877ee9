package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/home"
)

func TestBrowserData(t *testing.T) {
	usual, err := home.DefaultDir()
	if err != nil {
		t.Skip("this system says no folder for settings:", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip("this system says no folder for caches:", err)
	}
	chosen := t.TempDir()
	for folder, want := range map[string]string{
		usual:  filepath.Join(cache, "keyferry", "webview"),
		chosen: filepath.Join(chosen, "webview"),
	} {
		if got := browserData(folder); got != want {
			t.Errorf("for %s it is %s, want %s", folder, got, want)
		}
	}
}
