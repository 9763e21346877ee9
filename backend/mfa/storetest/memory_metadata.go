package storetest

import (
	"bytes"
	"context"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

type keptBlob struct {
	mfa.Blob
	raw []byte
}

// SaveBlob implements mfa.MetadataStore.
func (m *Memory) SaveBlob(ctx context.Context, b mfa.Blob, raw, index []byte, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		if n := len(m.blobs); n > 0 && b.Number <= m.blobs[n-1].Number {
			return mfa.Fail(mfa.CodeMetadataRollback, "have", strconv.FormatInt(m.blobs[n-1].Number, 10), "got", strconv.FormatInt(b.Number, 10))
		}
		b.ImportedAt, b.NextUpdate = whole(b.ImportedAt), whole(b.NextUpdate)
		m.blobs = append(m.blobs, keptBlob{b, bytes.Clone(raw)})
		m.index = bytes.Clone(index)
		return nil
	})
}

// Blobs implements mfa.MetadataStore.
func (m *Memory) Blobs(ctx context.Context) ([]mfa.Blob, error) {
	return read(ctx, m, func() ([]mfa.Blob, error) {
		var all []mfa.Blob
		for i := range m.blobs {
			all = append(all, m.blobs[len(m.blobs)-1-i].Blob)
		}
		return all, nil
	})
}

// BlobContent implements mfa.MetadataStore.
func (m *Memory) BlobContent(ctx context.Context, number int64) ([]byte, error) {
	return read(ctx, m, func() ([]byte, error) {
		for _, b := range m.blobs {
			if b.Number == number {
				return bytes.Clone(b.raw), nil
			}
		}
		return nil, notFound("metadata")
	})
}

// MetadataIndex implements mfa.MetadataStore.
func (m *Memory) MetadataIndex(ctx context.Context) (mfa.Blob, []byte, error) {
	var index []byte
	b, err := read(ctx, m, func() (mfa.Blob, error) {
		if len(m.blobs) == 0 {
			return mfa.Blob{}, notFound("metadata")
		}
		index = bytes.Clone(m.index)
		return m.blobs[len(m.blobs)-1].Blob, nil
	})
	return b, index, err
}

// ReplaceIndex implements mfa.MetadataStore.
func (m *Memory) ReplaceIndex(ctx context.Context, number int64, index []byte) error {
	_, err := read(ctx, m, func() (struct{}, error) {
		if n := len(m.blobs); n == 0 || m.blobs[n-1].Number != number {
			return struct{}{}, notFound("metadata")
		}
		m.index = bytes.Clone(index)
		return struct{}{}, nil
	})
	return err
}
