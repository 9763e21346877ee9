package seedfile

import (
	"context"
	"encoding/xml"

	"github.com/keyferry/keyferry/backend/totp"
)

// readSafeNet lists the serials of Tokens/Token. The format knows counters only
// (MovingFactor), so no seed is kept.
func (f *File) readSafeNet(ctx context.Context, data []byte) error {
	x := openXML(data)
	if _, err := x.root(); err != nil {
		return err
	}
	err := x.children(ctx, func(start xml.StartElement) error {
		if start.Name.Local != "Token" {
			return x.Skip()
		}
		r := Row{Line: len(f.Rows) + 1, Manufacturer: "SafeNet", Type: totp.HOTP, Params: totp.Default}
		if r.Serial, _ = short([]byte(attribute(start, "serial"))); !validSerial(r.Serial) {
			r.Problem = badRow(r.Line, "serial")
		}
		if err := f.add(r); err != nil {
			return err
		}
		return x.Skip()
	})
	if err != nil {
		return err
	}
	return x.finish()
}
