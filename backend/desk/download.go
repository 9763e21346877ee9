package desk

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
)

// DownloadID is what the progress of a download is told under.
const DownloadID = "metadata"

// download is a preview without content: only what runs on it matters.
type download struct{}

func (download) Wipe() {}

// Download runs do as the one download of this visit. It is cancelled, and waited for,
// when the session ends, CancelDownload is called or another one begins: cancelled.
func (d *Desk) Download(ctx context.Context, session mfa.Session, do func(context.Context) error) error {
	id, err := show(d, session, download{}, func(v *visit) **preview[download] { return &v.download })
	if err != nil {
		return err
	}
	d.mu.Lock()
	var p *preview[download]
	if d.visit != nil {
		p = d.visit.download
	}
	d.mu.Unlock()
	err = p.use(ctx, id, func(ctx context.Context, _ download) error { return do(ctx) })
	if mfa.IsCode(err, mfa.CodeImportGone) {
		return mfa.Fail(mfa.CodeCancelled)
	}
	return err
}

// CancelDownload ends the download, if one runs, and waits for its end.
func (d *Desk) CancelDownload() {
	d.mu.Lock()
	var gone *preview[download]
	if d.visit != nil {
		gone, d.visit.download = d.visit.download, nil
	}
	d.mu.Unlock()
	gone.wipe()
}
