package main

import (
	"context"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/metadata"
	"github.com/keyferry/keyferry/backend/mfa"
)

// maxCRL is the longest revocation list that is read, in bytes.
const maxCRL = 16 << 20

type blobJSON struct {
	Number     int64  `json:"number"`
	Hash       string `json:"hash"` // SHA-256, hex
	ImportedAt int64  `json:"imported_at,omitempty"`
	NextUpdate string `json:"next_update"` // YYYY-MM-DD
	Overdue    bool   `json:"overdue"`
	Signer     string `json:"signer"`
	Source     string `json:"source"`
	Entries    int    `json:"entries"`
	Odd        int    `json:"odd"`
	Size       int64  `json:"size"`
}

func blobOf(b mfa.Blob) blobJSON {
	return blobJSON{Number: b.Number, Hash: hex.EncodeToString(b.Hash[:]), ImportedAt: milliseconds(b.ImportedAt), NextUpdate: day(b.NextUpdate),
		Overdue: b.IsOverdue(time.Now()), Signer: b.Signer, Source: b.Source, Entries: b.Entries, Odd: b.Odd, Size: b.Size}
}

// day is how days look, in JSON and to people; "" for none.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// many are the values of a flag that may be given several times.
type many []string

func (m *many) String() string     { return "" }
func (m *many) Set(v string) error { *m = append(*m, v); return nil }

var mdsImport = changing("mds import", "FILE [--crl FILE]...", "import a BLOB of the FIDO Metadata Service", func(fs *flag.FlagSet) action {
	var crls many
	fs.Var(&crls, "crl", "a revocation list (DER or PEM) to hold its certificates against, in `FILE`; may be repeated")
	return func(ctx context.Context, s *seat) error {
		lists := make([][]byte, len(crls))
		for i, path := range crls {
			var err error
			if lists[i], err = readFile(path, maxCRL); err != nil {
				return err
			}
		}
		f, err := os.Open(s.args[0])
		if err != nil {
			return mfa.Fail(mfa.CodeFileUnreadable).Because(err)
		}
		defer f.Close()
		got, err := s.Metadata.Import(ctx, s.session, f, filepath.Base(s.args[0]), lists...)
		if err != nil {
			return err
		}
		s.imported(got)
		return nil
	}
})

var mdsFetch = changing("mds fetch", "", "fetch the newest BLOB from "+metadata.Address+" and import it", plain(func(ctx context.Context, s *seat) error {
	shown := s.t.progress("Fetched")
	got, err := s.Metadata.Fetch(ctx, s.session, func(done, total int64) {
		if shown != nil && total > 0 {
			shown(int(done), int(total))
		}
	})
	if err != nil {
		return err
	}
	s.imported(got)
	return nil
}))

func (s *seat) imported(got metadata.Imported) {
	s.t.result(map[string]any{"blob": blobOf(got.Blob), "fresh": got.Fresh, "models": got.Models, "drifted": got.Drifted})
	if !got.Fresh {
		s.t.say("BLOB %d is here already. Nothing was changed.", got.Blob.Number)
		return
	}
	s.t.say("Imported BLOB %d: %s.", got.Blob.Number, plural(got.Models, "model"))
	if got.Blob.Odd > 0 {
		s.t.say("Entries that could not be used: %d. See keyferryctl mds show.", got.Blob.Odd)
	}
	s.sayOverdue(got.Blob)
	if got.Drifted > 0 {
		s.t.say("It says something else than before about %s: keyferryctl mds drift", plural(got.Drifted, "enrolled device"))
	}
}

func (s *seat) sayOverdue(b mfa.Blob) {
	if b.IsOverdue(time.Now()) {
		s.t.say("A newer one was to come out by %s. That makes this one old, not wrong.", day(b.NextUpdate))
	}
}

// metadataFlag is where metadata comes from: the account, or a file, which needs none.
type metadataFlag struct{ file string }

func (m *metadataFlag) flags(fs *flag.FlagSet) {
	fs.StringVar(&m.file, "mds", "", "read the metadata from a BLOB in `FILE`, and no account's")
}

// open gives the metadata and where it comes from; nil when the account has none.
func (m *metadataFlag) open(ctx context.Context, s *seat) (*mds.Metadata, mfa.Blob, error) {
	if m.file == "" {
		return s.Metadata.Current(ctx)
	}
	return openBlob(m.file, time.Now())
}

// openBlob reads a BLOB and verifies it, as an import at that moment would. The rest of
// what mds.Open can refuse, and file-unreadable.
func openBlob(path string, at time.Time) (*mds.Metadata, mfa.Blob, error) {
	raw, err := readFile(path, mds.MaxBlob)
	if err != nil {
		return nil, mfa.Blob{}, err
	}
	got, err := mds.Open(raw, anchors(), at)
	if err != nil {
		return nil, mfa.Blob{}, err
	}
	return got, mfa.Blob{Number: got.Number, Hash: got.Hash, NextUpdate: got.NextUpdate, Signer: got.Signer, Source: filepath.Base(path),
		Entries: len(got.Models()), Odd: got.Unread(), Size: got.Size}, nil
}

type oddJSON struct {
	Position int    `json:"position"`
	ID       string `json:"id"`
	Why      string `json:"why"`
	Used     bool   `json:"used"`
}

var mdsShow = either("mds show", "[MODEL] [--mds FILE]", "show the metadata, or all about one model", func(fs *flag.FlagSet) (func([]string) bool, action) {
	var from metadataFlag
	from.flags(fs)
	return func([]string) bool { return from.file == "" }, func(ctx context.Context, s *seat) error {
		if s.arg(0) != "" {
			return from.showModel(ctx, s, s.arg(0))
		}
		m, current, err := from.open(ctx, s)
		if err != nil {
			return err
		}
		if m == nil {
			return mfa.Fail(mfa.CodeMetadataMissing)
		}
		older, err := s.olderBlobs(ctx, current)
		if err != nil {
			return err
		}
		odd := []oddJSON{}
		for _, o := range m.Odd {
			odd = append(odd, oddJSON(o))
		}
		s.answer(map[string]any{"current": blobOf(current), "validity": m.Validity, "revocation_lists": m.Lists, "legal": m.Legal, "odd": odd, "older": older})
		s.showBlob(m, current)
		for _, b := range older {
			s.t.say("older    BLOB %d, %s", b.Number, b.Source)
		}
		return nil
	}
})

func (s *seat) olderBlobs(ctx context.Context, current mfa.Blob) ([]blobJSON, error) {
	older := []blobJSON{}
	if s.House == nil {
		return older, nil
	}
	all, err := s.Store.Blobs(ctx)
	for _, b := range all {
		if b.Number != current.Number {
			older = append(older, blobOf(b))
		}
	}
	return older, err
}

func (s *seat) showBlob(m *mds.Metadata, b mfa.Blob) {
	s.t.say("BLOB     %d, %s", b.Number, printable(b.Source))
	s.t.say("signer   %s (%s)", printable(m.Signer), m.Algorithm)
	if m.Validity == mds.ValidInPeriod {
		s.t.say("         Its certificates were valid in the metadata's own time, and are not now.")
	}
	s.t.say("models   %d", b.Entries)
	s.t.say("SHA-256  %s", hex.EncodeToString(b.Hash[:]))
	if !b.ImportedAt.IsZero() {
		s.t.say("imported %s", when(b.ImportedAt))
	}
	s.t.say("next     %s", day(b.NextUpdate))
	s.sayOverdue(b)
	if len(m.Odd) > 0 {
		table := newTable("ENTRY", "ID", "ODD", "USED")
		for _, o := range m.Odd {
			table.row(strconv.Itoa(o.Position), o.ID, o.Why, yesNo(o.Used))
		}
		s.t.say("%s", table)
	}
}

// statement reads what metadata says of a model beyond the index. metadata-missing,
// not-found.
func (m *metadataFlag) statement(ctx context.Context, s *seat, id string) (metadata.Model, mds.Statement, int, error) {
	if m.file == "" {
		return s.Metadata.Details(ctx, id)
	}
	raw, err := readFile(m.file, mds.MaxBlob)
	if err != nil {
		return metadata.Model{}, mds.Statement{}, 0, err
	}
	now := time.Now()
	blob, err := mds.Open(raw, anchors(), now)
	if err != nil {
		return metadata.Model{}, mds.Statement{}, 0, err
	}
	model, found := blob.ByID(id)
	if !found {
		return metadata.Model{}, mds.Statement{}, 0, mfa.Fail(mfa.CodeNotFound, "what", "model")
	}
	statement, err := mds.Details(raw, model)
	return judged(model, now), statement, 0, err
}

// judged is a model as the catalogue has it.
func judged(m *mds.Model, at time.Time) metadata.Model {
	certificates, _ := m.Certificates(at, 0)
	_, refused := m.Refused(at, 0, nil)
	return metadata.Model{Model: m, Certificates: certificates, Refused: refused}
}
