//go:build e2e

package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// A damaged database has a screen of its own, and the file is left as it is.
func TestDamagedDatabase(t *testing.T) {
	s := sit(t)
	if err := s.Window.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.home, "keyferry.db")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	copy(data[100:], bytes.Repeat([]byte{0xa5}, len(data)-100)) // all but the header
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s.open(t, s.Window.Desktop)
	must(t, s.Failed("database-damaged"))
	if err := s.Window.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, data) {
		t.Errorf("the damaged file was changed, or %v", err)
	}
}
