package metadata

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Imported is what an import led to.
type Imported struct {
	Blob    mfa.Blob
	Fresh   bool // false: this very file is the newest already
	Models  int
	Drifted int // enrolled devices for which something changed
}

// Import reads one BLOB, at most mds.MaxBlob bytes, and makes it the newest. source is
// where it came from, for people. crls are revocation lists (DER or PEM) that somebody
// has beside it; without them nothing is known of revocations.
//
// As account.May fails; as mds.Open fails; metadata-rollback (have, got) unless its
// number is above that of the newest.
func (s *Service) Import(ctx context.Context, who mfa.Session, blob io.Reader, source string, crls ...[]byte) (Imported, error) {
	acting, err := s.Accounts.May(ctx, who, mfa.OpImportMetadata, "")
	if err != nil {
		return Imported{}, err
	}
	anchors, err := s.anchors(crls)
	if err != nil {
		return Imported{}, err
	}
	raw, err := read(blob)
	if err != nil {
		return Imported{}, err
	}
	s.importing.Lock()
	defer s.importing.Unlock()
	return s.accept(ctx, acting.Caller, raw, anchors, source)
}

func (s *Service) accept(ctx context.Context, by mfa.Principal, raw []byte, anchors mds.Anchors, source string) (Imported, error) {
	// Not Current: where what is kept can be read no more, a newer file mends it.
	kept, err := s.Store.Blobs(ctx)
	if err != nil {
		return Imported{}, err
	}
	hash := sha256.Sum256(raw)
	same := len(kept) > 0 && hash == kept[0].Hash
	already := func() (Imported, error) { return Imported{Blob: kept[0], Models: kept[0].Entries}, nil }
	if same && len(anchors.CRLs) == 0 {
		return already()
	}
	now := s.Clock()
	m, err := mds.Open(raw, anchors, now)
	if err != nil {
		return Imported{}, err
	}
	if same { // the lists that came with it had nothing to say
		return already()
	}
	if len(kept) > 0 && m.Number <= kept[0].Number {
		return Imported{}, mfa.Fail(mfa.CodeMetadataRollback, "have", number(kept[0].Number), "got", number(m.Number))
	}
	compressed, err := compress(raw)
	if err != nil {
		return Imported{}, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	newest := mfa.Blob{Number: m.Number, Hash: hash, ImportedAt: now, NextUpdate: m.NextUpdate, Signer: m.Signer, Source: source,
		Entries: len(m.Models()), Odd: m.Unread(), Size: int64(len(raw))}
	event := mfa.Event{At: now, Kind: mfa.EventMetadataImported, PrincipalID: by.ID, Detail: map[string]string{
		"number": number(m.Number), "hash": hex.EncodeToString(hash[:]), "entries": strconv.Itoa(newest.Entries), "odd": strconv.Itoa(newest.Odd), "source": source}}
	if err := s.Store.SaveBlob(ctx, newest, compressed, m.Index(), event); err != nil {
		return Imported{}, err
	}
	s.use(m, newest)
	rows, err := s.drift(ctx, m)
	if err != nil { // it is imported all the same; the drift can be asked for again
		rows = nil
	}
	return Imported{Blob: newest, Fresh: true, Models: newest.Entries, Drifted: len(rows)}, nil
}

// anchors adds revocation lists. metadata-malformed for what is none.
func (s *Service) anchors(crls [][]byte) (mds.Anchors, error) {
	a := s.Anchors
	a.CRLs = slices.Clone(a.CRLs)
	for _, data := range crls {
		list, err := mds.ReadCRL(data)
		if err != nil {
			return a, err
		}
		a.CRLs = append(a.CRLs, list)
	}
	return a, nil
}

// read takes at most mds.MaxBlob bytes.
func read(from io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(from, mds.MaxBlob+1))
	switch {
	case err != nil:
		var f *mfa.Failure
		if errors.As(err, &f) {
			return nil, f
		}
		return nil, mfa.Fail(mfa.CodeFileUnreadable).Because(err)
	case len(raw) > mds.MaxBlob:
		return nil, mfa.Fail(mfa.CodeMetadataTooLarge, "limit", strconv.Itoa(mds.MaxBlob>>20)+" MB")
	}
	return raw, nil
}

func compress(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}

// bytes gives a kept BLOB as it was imported. database-damaged when it is not.
func (s *Service) bytes(ctx context.Context, blob mfa.Blob) ([]byte, error) {
	compressed, err := s.Store.BlobContent(ctx, blob.Number)
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, mfa.Fail(mfa.CodeDatabaseDamaged).Because(err)
	}
	raw := make([]byte, 0, min(blob.Size, mds.MaxBlob))
	out := bytes.NewBuffer(raw)
	if _, err := io.Copy(out, io.LimitReader(r, mds.MaxBlob+1)); err != nil {
		return nil, mfa.Fail(mfa.CodeDatabaseDamaged).Because(err)
	}
	if hash := sha256.Sum256(out.Bytes()); hash != blob.Hash {
		return nil, mfa.Fail(mfa.CodeDatabaseDamaged).Because(errors.New("metadata: a kept BLOB is not what was imported"))
	}
	return out.Bytes(), nil
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
