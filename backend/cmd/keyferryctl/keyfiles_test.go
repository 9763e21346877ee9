package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// A disk that is full in the middle leaves no app whose key nobody has.
func TestAKeyThatIsNotWrittenLeavesNoApp(t *testing.T) {
	for _, row := range []struct {
		name  string
		files func(picture, key *newFile) keyFiles
	}{
		{"the key", func(_, key *newFile) keyFiles { return keyFiles{key: key} }},
		{"the picture", func(picture, _ *newFile) keyFiles { return keyFiles{picture: picture} }},
		{"the key, after the picture", func(picture, key *newFile) keyFiles { return keyFiles{picture: picture, key: key} }},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, dir := newSeat(t), t.TempDir()
			file := func(name string) *newFile {
				n, err := create(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
			files := row.files(file("picture"), file("key"))
			broken := files.key
			if broken == nil {
				broken = files.picture
			}
			broken.file.Close() // so that it cannot be written
			app, err := s.Ceremonies.CreateApp(t.Context(), s.session, "", "phone")
			if err != nil {
				t.Fatal(err)
			}
			defer app.Wipe()
			if err := s.writeDown(t.Context(), app, &files); !mfa.IsCode(err, mfa.CodeStorageFailed) {
				t.Fatalf("got %v", err)
			}
			if left, err := s.Devices.Unassigned(t.Context(), s.session); err != nil || len(left) > 0 {
				t.Errorf("left %v, %v", left, err)
			}
			for _, n := range []*newFile{files.picture, files.key} {
				if n == nil {
					continue
				}
				if _, err := os.Stat(n.path); !os.IsNotExist(err) {
					t.Errorf("%s is there", filepath.Base(n.path))
				}
			}
		})
	}
}

func TestAKeyIsWrittenForItsOwnerAlone(t *testing.T) {
	s, path := newSeat(t), filepath.Join(t.TempDir(), "key")
	n, err := create(path)
	if err != nil {
		t.Fatal(err)
	}
	app, err := s.Ceremonies.CreateApp(t.Context(), s.session, "", "phone")
	if err != nil {
		t.Fatal(err)
	}
	defer app.Wipe()
	if err := s.writeDown(t.Context(), app, &keyFiles{key: n}); err != nil {
		t.Fatal(err)
	}
	n.drop() // a filled one stays
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(text, app.Key.Bytes()) {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != fs.FileMode(0o600) {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// newSeat is root's, in a new sandbox.
func newSeat(t *testing.T) *seat {
	t.Helper()
	var out, errs bytes.Buffer
	term := newTerminal(streams{in: os.Stdin, out: &out, err: &errs}, false)
	house, err := (&houseFlags{sandbox: true}).open(t.Context(), term, &globals{home: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { house.Close() })
	password := mfa.NewSecret([]byte("correct horse"))
	a, root, err := house.Accounts.Create(t.Context(), account.NewAccount{Alias: "acme", Email: "ada@example.org", Password: password, Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := house.Vault.Start(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	return &seat{House: house, session: mfa.Session{ID: mfa.NewID(), PrincipalID: root.ID, StartedAt: time.Now()}, t: term}
}
