package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTestsLeaveTheSecretStoreAlone: an account that a test opens names its secret store
// or is a sandbox. What is left out is the store of the person who runs the tests, and
// that one is found without any variable of the environment, too (/run/user/UID/bus).
func TestTestsLeaveTheSecretStoreAlone(t *testing.T) {
	house := regexp.MustCompile(`\bConfig\{[^\n}]*\bHome:[^\n}]*`)
	found := 0
	for _, top := range []string{filepath.Join("..", "..", "..", "app"), filepath.Join("..", "..")} {
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "secretstore_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if strings.Contains(string(text), "keyring.System()") {
				t.Errorf("%s asks for the system's secret store", path)
			}
			if !strings.Contains(string(text), "/backend/assembly\"") && filepath.Base(filepath.Dir(path)) != "assembly" {
				return nil
			}
			// A Radio or a Tunnel outside of a sandbox is refused before anything is opened.
			for _, made := range house.FindAllString(string(text), -1) {
				found++
				if !strings.Contains(made, "Secrets:") && !strings.Contains(made, "Sandbox: true") && !strings.Contains(made, "Radio:") && !strings.Contains(made, "Tunnel:") {
					t.Errorf("%s: %s} uses the system's secret store", path, made)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 5 {
		t.Errorf("only %d houses were found in tests", found)
	}
}
