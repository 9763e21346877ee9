package phonesim

import (
	"context"
	"io"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Scan does one transaction with the code in uri and returns when it has ended:
// nil when an answer was given, a "no" included.
func (p *Phone) Scan(ctx context.Context, uri string) error {
	return mfa.Fail(mfa.CodeInternal)
}

// ScanPicture finds the code in a PNG or JPEG picture and scans it:
// picture-unreadable, picture-no-code, not-a-phone-code, phone-code-damaged.
func (p *Phone) ScanPicture(ctx context.Context, r io.Reader) error {
	return mfa.Fail(mfa.CodeInternal)
}

// Serve keeps the push channel open until ctx ends.
func (p *Phone) Serve(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}
