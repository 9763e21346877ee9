package assembly

import (
	"os"
	"path/filepath"
	"testing"
)

// A backup or a rehearsal that was killed leaves a copy of the account. It is gone when
// the window or a command has the folder again, and not while another process has it.
func TestStartSweepsWhatKilledBackupsLeft(t *testing.T) {
	for name, open := range map[string]func(dir string) (func() error, error){
		"window": func(dir string) (func() error, error) {
			d, err := OpenDesk(t.Context(), Config{Home: dir, Secrets: nobody(dir), Cheap: true})
			if err != nil {
				return nil, err
			}
			return d.Close, nil
		},
		"command": func(dir string) (func() error, error) {
			h, err := Open(t.Context(), Config{Home: dir, Sandbox: true, Cheap: true})
			if err != nil {
				return nil, err
			}
			return h.Close, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			plant := func(folder string) string {
				path := filepath.Join(dir, folder)
				if err := os.MkdirAll(path, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(path, "keyferry.db"), []byte("a copy"), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			left := []string{plant("keyferry-backup-123"), plant("keyferry-rehearsal-45"), plant("sandbox.db.restore-6")}
			stays := plant("keyferry-backup-of-mine")
			shut, err := open(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range left {
				if _, err := os.Stat(path); !os.IsNotExist(err) {
					t.Errorf("%s is still there: %v", filepath.Base(path), err)
				}
			}
			if _, err := os.Stat(stays); err != nil {
				t.Error(err)
			}
			running := plant("keyferry-backup-7")
			if _, err := open(dir); err == nil {
				t.Error("the folder was opened twice")
			}
			if _, err := os.Stat(running); err != nil {
				t.Errorf("swept while somebody works there: %v", err)
			}
			if err := shut(); err != nil {
				t.Error(err)
			}
		})
	}
}
