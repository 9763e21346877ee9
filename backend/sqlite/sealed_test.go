package sqlite

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// What rings a phone is given to the store in the clear too, and must not get into
// any of its files: database, WAL, copies.
func TestLinkIsKeptSealedOnly(t *testing.T) {
	const contact, link, secret = "canary-contact", "canary-l", "canary-secret-of-a-linked-phone"
	path := example(t, 20)
	s := reopen(t, path, func(c *config) { c.dailyKept = 0 })
	l := storetest.NewLink("ROOT", 1)
	l.ContactID, l.LinkID, l.Secret = []byte(contact), []byte(link), mfa.NewSecret([]byte(secret))
	l.Sealed = []byte("what the vault made of it")
	for range 2 { // and again, which replaces it
		if err := s.SaveLink(t.Context(), l, mfa.Event{Kind: mfa.EventPhoneLinked}); err != nil {
			t.Fatal(describe(err))
		}
	}
	if links, err := s.Links(t.Context(), "ROOT"); err != nil || len(links) != 1 || !bytes.Equal(links[0].Sealed, l.Sealed) ||
		links[0].ContactID != nil || links[0].LinkID != nil || links[0].Secret != nil {
		t.Error(len(links), describe(err))
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Snapshot(t.Context(), copied); err != nil {
		t.Fatal(describe(err))
	}
	search := func(files ...string) {
		t.Helper()
		sealed := false
		for _, name := range files {
			content := read(t, name)
			sealed = sealed || bytes.Contains(content, l.Sealed)
			for _, canary := range []string{contact, link, secret} {
				if bytes.Contains(content, []byte(canary)) {
					t.Errorf("%q is in %s", canary, filepath.Base(name))
				}
			}
		}
		if !sealed {
			t.Error("not even the sealed form is there: this looked at the wrong files")
		}
	}
	search(path, path+"-wal")
	search(copied)
	s.Close()
	search(path)
}

// What is taken away is overwritten, sealed or not.
func TestWhatIsRemovedIsOverwritten(t *testing.T) {
	canary := []byte("canary-sealed-seed-that-was-removed")
	ctx, e := t.Context(), mfa.Event{Kind: "x"}
	path := example(t, 20)
	session := func(steps ...func(s *Store) error) {
		t.Helper()
		s := reopen(t, path, func(c *config) { c.dailyKept = 0 })
		for i, step := range append(steps, (*Store).Close) {
			if err := step(s); err != nil {
				t.Fatal(i, describe(err))
			}
		}
	}
	app := storetest.NewApp("", "app")
	app.OneTime.Sealed = canary
	session(
		func(s *Store) error { return s.AddDevice(ctx, app, e) },
		func(s *Store) error {
			return s.ReplaceRecoveryCodes(ctx, "ROOT", []mfa.RecoveryCode{{ID: "C", Sealed: canary}}, e)
		},
		func(s *Store) error {
			return s.ReplaceKeySlots(ctx, nil, []mfa.KeySlot{{ID: "S", Kind: mfa.SlotPassphrase, Wrapped: canary}}, e)
		})
	if n := bytes.Count(read(t, path), canary); n != 3 {
		t.Fatalf("it was there %d times", n)
	}
	session(
		func(s *Store) error { _, err := s.SweepUnassigned(ctx, e); return err },
		func(s *Store) error { return s.ReplaceRecoveryCodes(ctx, "ROOT", nil, e) },
		func(s *Store) error { return s.ReplaceKeySlots(ctx, []string{"S"}, nil, e) })
	if bytes.Contains(read(t, path), canary) {
		t.Error("it is still in the file")
	}
}
