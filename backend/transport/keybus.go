package transport

import "context"

// The ways to a security key, in the words of WebAuthn.
const (
	WayUSB      = "usb"
	WayNFC      = "nfc"
	WayInternal = "internal" // this computer's own, looked after like a key
)

// KeyBus is where security keys show up: the USB ports, the card readers, the
// sandbox. It must not block for long: what is slow is Open.
type KeyBus interface {
	// List gives the keys that are there now, in a steady order. An empty list is no
	// failure. The error is an mfa.Failure that says why this bus cannot work at all:
	// reader-service-missing, reader-denied, key-unsupported, key-failed.
	List(ctx context.Context) ([]Slot, error)
	// Watch calls changed once when it has begun to watch, and after each change of
	// what List gives, from one goroutine at a time, until ctx ends; it then returns
	// ctx.Err(). Other errors are those of List.
	Watch(ctx context.Context, changed func()) error
	// Open opens the key in a slot: key-lost (it is gone), reader-missing (its reader is),
	// key-permission, key-busy, key-protocol.
	Open(ctx context.Context, slotID string) (Key, error)
}

// Slot is a place in which a key is.
type Slot struct {
	ID      string // names the slot as long as the key stays in it: a device node, a card on a reader
	Name    string // what the key calls itself, from outside: bounded, printable; may be empty
	Way     string // WayUSB or WayNFC
	Vendor  uint16 // USB only
	Product uint16
	Serial  string // of the USB descriptor, bounded, printable; empty: none, or this system does not say
	// Trouble says why Open would fail, nil when nothing is known to stand in the way:
	// an mfa.Failure such as key-permission (params node, vendor, product).
	Trouble error
}

// Key is an opened security key. Exchanges are sequential; ending ctx is the
// transport's own cancel, and the exchange then returns soon with ctx.Err(). Other
// errors are an mfa.Failure: key-lost, reader-missing, key-busy, key-protocol, key-silent,
// key-failed.
type Key interface {
	// Exchange carries one CTAP2 message each way: see ctap2.Channel.
	Exchange(ctx context.Context, request []byte, keepalive func(status byte)) (response []byte, err error)
	// APDU carries one CTAP1 (U2F) message each way: an extended-length command APDU
	// out, data and two status bytes in.
	APDU(ctx context.Context, command []byte) (response []byte, err error)
	// Speaks says which of the two the key offers.
	Speaks() (ctap2, ctap1 bool)
	// Wink makes the key show itself where it can; a key that cannot does nothing.
	Wink(ctx context.Context) error
	// Way is WayUSB or WayNFC.
	Way() string
	// Close lets the key go. It may be called twice.
	Close() error
}
