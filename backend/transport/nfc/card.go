package nfc

import "context"

// Card moves APDUs to a card and back, one at a time.
type Card interface {
	// Transmit sends a command APDU and gives the response APDU: data and two bytes
	// of status. It may outlive ctx for as long as the reader needs. An error is
	// ctx.Err() or an mfa.Failure: key-lost, key-busy, key-failed.
	Transmit(ctx context.Context, apdu []byte) ([]byte, error)
	// Close lets the card go, and ends a Transmit that is under way. It may be called
	// twice.
	Close() error
}
