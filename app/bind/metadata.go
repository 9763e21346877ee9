package bind

import (
	"bytes"
	"context"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/metadata"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Metadata says which BLOBs were imported, and what is odd about the newest.
func (a *API) Metadata() (MetadataDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (MetadataDTO, error) {
		return as(ctx, b, func(ctx context.Context, h *desk.House, _ mfa.Session) (MetadataDTO, error) {
			out := MetadataDTO{Older: []BlobDTO{}, Odd: []OddDTO{}, Address: metadata.Address}
			m, current, err := h.Metadata.Current(ctx)
			if err != nil || m == nil {
				return out, err
			}
			blobs, err := h.Store.Blobs(ctx)
			if err != nil {
				return out, err
			}
			convert := blobOf(b.Now())
			newest := convert(current)
			out.Current, out.Odd = &newest, each(m.Odd, odd)
			for _, blob := range blobs {
				if blob.Number != current.Number {
					out.Older = append(out.Older, convert(blob))
				}
			}
			return out, nil
		})
	})
}

// ImportMetadata imports a file that was chosen.
func (a *API) ImportMetadata(file string) (ImportedBlobDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (ImportedBlobDTO, error) {
		return as(ctx, b, func(ctx context.Context, h *desk.House, who mfa.Session) (ImportedBlobDTO, error) {
			f, data, err := b.ReadFile(file, mds.MaxBlob)
			if err != nil {
				return ImportedBlobDTO{}, err
			}
			got, err := h.Metadata.Import(ctx, who, bytes.NewReader(data), f.Name)
			return imported(got, b), err
		})
	})
}

// FetchMetadata gets the newest BLOB from FIDO; how far it is comes as the event import.
func (a *API) FetchMetadata() (ImportedBlobDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (ImportedBlobDTO, error) {
		return as(ctx, b, func(ctx context.Context, h *desk.House, who mfa.Session) (got ImportedBlobDTO, err error) {
			tell := b.Progress(desk.DownloadID)
			err = b.Download(ctx, who, func(ctx context.Context) error {
				out, err := h.Metadata.Fetch(ctx, who, func(done, total int64) { tell(int(done), int(total)) })
				got = imported(out, b)
				return err
			})
			return got, err
		})
	})
}

// CancelFetch ends FetchMetadata, if it runs.
func (a *API) CancelFetch() error {
	return run(a, func(_ context.Context, b Backend) error { b.CancelDownload(); return nil })
}

// Models lists the models of the newest BLOB.
func (a *API) Models() ([]ModelDTO, error) {
	return call(a, func(ctx context.Context, b Backend) ([]ModelDTO, error) {
		return as(ctx, b, func(ctx context.Context, h *desk.House, _ mfa.Session) ([]ModelDTO, error) {
			all, err := h.Metadata.Models(ctx)
			return each(all, catalogued(b.Now())), err
		})
	})
}

// Model gives one model in full.
func (a *API) Model(id string) (ModelDetailsDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (ModelDetailsDTO, error) {
		return as(ctx, b, func(ctx context.Context, h *desk.House, _ mfa.Session) (ModelDetailsDTO, error) {
			m, statement, devices, err := h.Metadata.Details(ctx, id)
			if err != nil {
				return ModelDetailsDTO{Reports: []StatusReportDTO{}, Facts: []FactDTO{}}, err
			}
			now := b.Now()
			return ModelDetailsDTO{Model: catalogued(now)(m), Icon: statement.Picture, Reports: each(m.Reports, statusReport(now)),
				Facts: each(statement.Facts, func(f mds.Fact) FactDTO { return FactDTO{Name: f.Name, Values: each(f.Values, text[string])} }), Devices: devices}, nil
		})
	})
}

// MetadataDrift lists enrolled devices for which metadata says something else now.
func (a *API) MetadataDrift() ([]DriftRowDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) ([]DriftRowDTO, error) {
		rows, err := h.Metadata.Drift(ctx, who)
		return each(rows, driftRow), err
	})
}
