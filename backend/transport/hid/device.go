package hid

import "context"

// Device moves whole HID reports, without the report number that some systems put
// before them. Reads come from one goroutine at a time, and so do writes; a read
// and a write may run together.
type Device interface {
	// Read gives the next report, which then belongs to the caller. It returns
	// ctx.Err() soon after ctx ended. Any other error means that the device is gone.
	Read(ctx context.Context) ([]byte, error)
	// Write sends one report of the size that Sizes gives as out, and does not keep
	// it. Errors are those of Read.
	Write(ctx context.Context, report []byte) error
	// Sizes are the lengths of the reports that Read gives and that Write takes, in
	// bytes: 8 to 1024 each, 64 with nearly every key.
	Sizes() (in, out int)
	// Close ends reads and writes that wait. It may be called twice.
	Close() error
}
