package sqlite

import (
	"context"
	"strconv"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	blobColumns = "number, hash, imported_at, next_update, signer, source, entries, odd, size"
	newestBlob  = "(SELECT max(number) FROM blobs)"
)

func scanBlob(r row, more ...any) (b mfa.Blob, err error) {
	var hash []byte
	var imported, next int64
	err = r.Scan(append([]any{&b.Number, &hash, &imported, &next, &b.Signer, &b.Source, &b.Entries, &b.Odd, &b.Size}, more...)...)
	copy(b.Hash[:], hash)
	b.ImportedAt, b.NextUpdate = audit.FromMicros(imported), audit.FromMicros(next)
	return b, err
}

// SaveBlob implements mfa.MetadataStore.
func (s *Store) SaveBlob(ctx context.Context, b mfa.Blob, raw, index []byte, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		var any bool
		var newest int64
		if err := t.get("SELECT count(*) > 0, ifnull(max(number), 0) FROM blobs", nil, &any, &newest); err != nil {
			return err
		}
		if any && b.Number <= newest {
			return mfa.Fail(mfa.CodeMetadataRollback, "have", strconv.FormatInt(newest, 10), "got", strconv.FormatInt(b.Number, 10))
		}
		_, err := t.exec("INSERT INTO blobs ("+blobColumns+", content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", b.Number, b.Hash[:],
			audit.Micros(b.ImportedAt), audit.Micros(b.NextUpdate), b.Signer, b.Source, b.Entries, b.Odd, b.Size, blob(raw))
		if err != nil {
			return err
		}
		_, err = t.exec("INSERT OR REPLACE INTO metadata_index (one, number, content) VALUES (1, ?, ?)", b.Number, blob(index))
		return err
	})
}

// Blobs implements mfa.MetadataStore.
func (s *Store) Blobs(ctx context.Context) ([]mfa.Blob, error) {
	return many(ctx, s, func(r row) (mfa.Blob, error) { return scanBlob(r) }, "SELECT "+blobColumns+" FROM blobs ORDER BY number DESC")
}

// BlobContent implements mfa.MetadataStore.
func (s *Store) BlobContent(ctx context.Context, number int64) ([]byte, error) {
	return one(ctx, s, notFound("metadata"), func(r row) (content []byte, err error) { return content, r.Scan(&content) },
		"SELECT content FROM blobs WHERE number = ?", number)
}

// MetadataIndex implements mfa.MetadataStore.
func (s *Store) MetadataIndex(ctx context.Context) (mfa.Blob, []byte, error) {
	var index []byte
	b, err := one(ctx, s, notFound("metadata"), func(r row) (mfa.Blob, error) { return scanBlob(r, &index) },
		"SELECT b.number, hash, imported_at, next_update, signer, source, entries, odd, size, i.content FROM metadata_index i JOIN blobs b ON b.number = i.number")
	return b, index, err
}

// ReplaceIndex implements mfa.MetadataStore.
func (s *Store) ReplaceIndex(ctx context.Context, number int64, index []byte) error {
	return s.transact(ctx, func(t tx) error {
		n, err := t.exec("UPDATE metadata_index SET content = ? WHERE number = ?", blob(index), number)
		if err == nil && n == 0 {
			return notFound("metadata")
		}
		return err
	})
}
