package authenticator

import (
	"context"
	"crypto/rand"
	"io"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Authenticator is one opened authenticator: a phone over hybrid, a security key, this
// computer's own. One that has a method Name() string is called by that name.
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

// Want is what an authenticator is looked for.
type Want struct {
	Purpose Purpose
	RPID    string
	// Credentials are the IDs that would do at PurposeGet; none: any of the relying
	// party's. At PurposeCreate they are those that must not be there already.
	Credentials [][]byte
}

// Opener finds and opens the authenticator that the person chose, and reports
// the stages up to connecting. It gives an mfa.Failure of the transport, or
// ctx.Err() soon after ctx ended.
type Opener func(ctx context.Context, w Want) (Authenticator, error)

// Client is what a browser is on a web page: it runs one ceremony with one
// authenticator. It may be used again.
type Client struct {
	Open Opener
	// Platform is set for this computer's own authenticator, and for no other.
	Platform bool
	Report   mfa.Report // may be nil
	// PIN asks the person for the PIN of a security key or of this computer. nil: there
	// is nobody to ask, and pin-needed says so. Phones are not asked this way.
	PIN mfa.AskPIN
	// Choose asks the person whose passkey it shall be, where a sign-in names none and an
	// authenticator that cannot ask by itself has several. nil: the newest is taken.
	Choose mfa.ChooseAccount
	Rand   io.Reader // nil: crypto/rand
}

func (c Client) rand() io.Reader {
	if c.Rand == nil {
		return rand.Reader
	}
	return c.Rand
}
