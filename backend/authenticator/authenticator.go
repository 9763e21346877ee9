package authenticator

import (
	"context"

	"github.com/keyferry/keyferry/backend/ctap2"
)

// Authenticator is one opened authenticator: a phone over hybrid, a security key.
type Authenticator interface {
	ctap2.Channel
	// GetInfo is the CBOR of its getInfo answer without the status byte, or nil
	// when it has to be asked.
	GetInfo() []byte
	// Transports are the ways by which it can be reached again, in the words of
	// WebAuthn: "hybrid", "internal", "usb".
	Transports() []string
	// Close lets it go. It may be called twice.
	Close() error
}

// Purpose is what an authenticator is opened for.
type Purpose int

const (
	PurposeCreate Purpose = iota + 1 // a new credential
	PurposeGet                       // a sign-in
)

// Opener finds and opens the authenticator that the person chose, and reports
// the stages up to connecting. It gives an mfa.Failure of the transport, or
// ctx.Err() soon after ctx ended.
type Opener func(ctx context.Context, p Purpose) (Authenticator, error)
