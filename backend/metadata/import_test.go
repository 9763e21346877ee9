package metadata

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

func TestImportAndNextStart(t *testing.T) {
	eachStore(t, func(w *world) {
		if m, b, err := w.service.Current(w.Context()); m != nil || b.Number != 0 || err != nil {
			t.Fatalf("before the first import: %v %v %v", m, b, err)
		}
		raw := w.blob(7, w.entry(1, mdstest.Status("FIDO_CERTIFIED_L2", "2024-01-02")), w.entry(2))
		got := w.imports(raw)
		if !got.Fresh || got.Blob.Number != 7 || got.Models != 2 || got.Blob.Size != int64(len(raw)) || got.Blob.Source != "blob.jwt" || w.events() != 1 {
			t.Errorf("got %+v, %d events", got, w.events())
		}
		again := w.restarted(w.service.Accounts)
		m, b, err := again.Current(w.Context())
		w.must(err)
		if one, found := m.ByAAGUID(mdstest.Model(1)); !found || b.Number != 7 || b.Hash != got.Blob.Hash {
			t.Errorf("after a restart: %v, %+v", one, b)
		}
		models, err := again.Models(w.Context())
		w.must(err)
		if len(models) != 2 || models[0].FIDO != "L2" || models[1].FIDO != "" {
			t.Errorf("models %+v", models)
		}
		if _, statement, _, err := again.Details(w.Context(), mdstest.Model(1).String()); err != nil || statement.Name != "Acme Key" {
			t.Errorf("details %+v, %v", statement, err)
		}
	})
}

func TestOnlyNewerOnesAreTaken(t *testing.T) {
	eachStore(t, func(w *world) {
		first := w.blob(7, w.entry(1))
		w.imports(first)
		if got := w.imports(first); got.Fresh || got.Blob.Number != 7 {
			t.Errorf("the same file once more: %+v", got)
		}
		for name, number := range map[string]int64{"older": 6, "another of the same number": 7} {
			_, err := w.service.Import(w.Context(), w.root, bytes.NewReader(w.blob(number, w.entry(9))), "x")
			if f := mfa.AsFailure(err); f.Code != mfa.CodeMetadataRollback || f.Params["have"] != "7" {
				t.Errorf("%s: %v", name, f)
			}
		}
		if got := w.imports(w.blob(8, w.entry(2))); !got.Fresh {
			t.Errorf("a newer one: %+v", got)
		}
		if w.events() != 2 {
			t.Errorf("%d events, want 2", w.events())
		}
		blobs, err := w.store.Blobs(w.Context())
		w.must(err)
		if len(blobs) != 2 || blobs[0].Number != 8 || blobs[1].Number != 7 {
			t.Errorf("kept %+v", blobs)
		}
		if old, err := w.service.Open(w.Context(), blobs[1]); err != nil || old.Number != 7 {
			t.Errorf("the old one: %v %v", old, err)
		}
	})
}

// Whatever is wrong with a file, the last good one stays in use.
func TestBadFilesChangeNothing(t *testing.T) {
	w := newWorld(t, storetest.NewMemory())
	good := w.blob(7, w.entry(1))
	w.imports(good)
	forged := mdstest.New(t)
	forged.Number = 99
	for _, row := range []struct {
		name string
		file io.Reader
		want mfa.Code
	}{
		{"empty", bytes.NewReader(nil), mfa.CodeMetadataMalformed},
		{"cut", bytes.NewReader(good[:len(good)/2]), mfa.CodeMetadataMalformed},
		{"under another root", bytes.NewReader(forged.Blob(mdstest.Entry{AAGUID: mdstest.Model(1)})), mfa.CodeMetadataUntrusted},
		{"too large", io.LimitReader(zeros{}, mds.MaxBlob+2), mfa.CodeMetadataTooLarge},
		{"unreadable", iotest.ErrReader(errors.New("disk")), mfa.CodeFileUnreadable},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := w.service.Import(t.Context(), w.root, row.file, "x"); !mfa.IsCode(err, row.want) {
				t.Errorf("got %v, want %s", err, row.want)
			}
			if m, b, err := w.service.Current(t.Context()); err != nil || m.Number != 7 || b.Number != 7 || w.events() != 1 {
				t.Errorf("now %+v, %v, %d events", b, err, w.events())
			}
		})
	}
}

func TestWhoMayImport(t *testing.T) {
	w := newWorld(t, storetest.NewMemory())
	if _, err := w.service.Import(t.Context(), w.alice, bytes.NewReader(w.blob(7)), "x"); !mfa.IsCode(err, mfa.CodeAccessDenied) {
		t.Errorf("a user: %v", err)
	}
}

// A revocation list that somebody gives beside the file is heeded.
func TestRevocationList(t *testing.T) {
	w := newWorld(t, storetest.NewMemory())
	raw := w.blob(7, w.entry(1))
	list := w.fido.Revoke(w.fido.Leaf)
	if _, err := w.service.Import(t.Context(), w.root, bytes.NewReader(raw), "x", list.Raw); !mfa.IsCode(err, mfa.CodeMetadataUntrusted) {
		t.Errorf("revoked: %v", err)
	}
	if _, err := w.service.Import(t.Context(), w.root, bytes.NewReader(raw), "x", []byte("none")); !mfa.IsCode(err, mfa.CodeMetadataMalformed) {
		t.Errorf("no list: %v", err)
	}
	if _, err := w.service.Import(t.Context(), w.root, bytes.NewReader(raw), "x"); err != nil {
		t.Errorf("without a list: %v", err)
	}
	if _, err := w.service.Import(t.Context(), w.root, bytes.NewReader(raw), "x", list.Raw); !mfa.IsCode(err, mfa.CodeMetadataUntrusted) {
		t.Errorf("revoked, of the file that is here already: %v", err)
	}
}

// An index that another version wrote is made anew, and a kept file that was changed is noticed.
func TestIndexOfAnotherVersion(t *testing.T) {
	w := newWorld(t, storetest.NewMemory())
	w.imports(w.blob(7, w.entry(1)))
	w.must(w.store.ReplaceIndex(t.Context(), 7, []byte("from the future")))
	m, _, err := w.restarted(w.service.Accounts).Current(t.Context())
	w.must(err)
	_, index, err := w.store.MetadataIndex(t.Context())
	w.must(err)
	if len(m.Models()) != 1 || !bytes.Equal(index, m.Index()) {
		t.Errorf("%d models, index of %d bytes", len(m.Models()), len(index))
	}
}

// damaged is a store whose kept metadata can be read no more.
type damaged struct{ mfa.Store }

func (damaged) BlobContent(context.Context, int64) ([]byte, error) { return []byte("dust"), nil }

// What is kept and cannot be read stops what needs it, but not the file that mends it; nor
// does it let an older one in.
func TestDamageIsMendedByANewerFile(t *testing.T) {
	w := newWorld(t, storetest.NewMemory())
	w.imports(w.blob(7, w.entry(1)))
	w.must(w.store.ReplaceIndex(t.Context(), 7, []byte("dust")))
	w.store = damaged{w.store}
	w.service = w.restarted(w.service.Accounts)
	if _, _, err := w.service.Current(t.Context()); !mfa.IsCode(err, mfa.CodeDatabaseDamaged) {
		t.Fatalf("damaged: %v", err)
	}
	if _, err := w.service.Import(t.Context(), w.root, bytes.NewReader(w.blob(6, w.entry(1))), "x"); !mfa.IsCode(err, mfa.CodeMetadataRollback) {
		t.Errorf("an older one: %v", err)
	}
	if got := w.imports(w.blob(8, w.entry(2))); !got.Fresh {
		t.Errorf("a newer one: %+v", got)
	}
	if m, _, err := w.restarted(w.service.Accounts).Current(t.Context()); err != nil || m.Number != 8 {
		t.Errorf("after it: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
