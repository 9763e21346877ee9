package mfa

import "context"

// Store keeps one account. mfa/storetest is its contract.
//
// Every method that changes something writes its Event in the same
// transaction: both are there afterwards, or neither. Updates carry the Version
// that was read; when the row has moved on they fail with
// concurrent-modification and change nothing. A successful update raises the
// stored Version by one.
//
// Besides the codes named at each method, all of them can fail with
// storage-failed, disk-full or database-damaged.
type Store interface {
	AccountStore
	PrincipalStore
	GuessStore
	DeviceStore
	LinkStore
	EventStore
	Close() error
}

// AccountStore keeps the account itself.
type AccountStore interface {
	// CreateAccount writes the account and its root user. account-exists.
	CreateAccount(ctx context.Context, a Account, root Principal, e Event) error
	// Account gives the account. no-account.
	Account(ctx context.Context) (Account, error)
	// UpdateAccount changes alias or RPID. concurrent-modification; rp-id-frozen
	// when RPID differs and FrozenAt is set.
	UpdateAccount(ctx context.Context, a Account, e Event) error
}

// PrincipalStore keeps the root user and the users.
type PrincipalStore interface {
	// AddPrincipal adds a user. name-taken.
	AddPrincipal(ctx context.Context, p Principal, e Event) error
	// Principal finds by ID. not-found.
	Principal(ctx context.Context, id string) (Principal, error)
	// PrincipalByIdentity finds root by e-mail or a user by name, without case. not-found.
	PrincipalByIdentity(ctx context.Context, who Identity) (Principal, error)
	// PrincipalByHandle finds by WebAuthn user handle. not-found.
	PrincipalByHandle(ctx context.Context, handle []byte) (Principal, error)
	// UpdatePrincipal changes the password. concurrent-modification, not-found.
	UpdatePrincipal(ctx context.Context, p Principal, e Event) error
}

// GuessStore counts wrong passwords. It does not know whose they are: the key is
// 32 bytes that stand for a name, of which nobody need be called so. What is
// stored and how long it takes therefore does not tell which names exist.
type GuessStore interface {
	// Guesses gives what was recorded last, or nothing counted.
	Guesses(ctx context.Context, key []byte) (Guesses, error)
	// RecordGuesses replaces what is recorded for the key; a Count of 0 forgets it.
	// Beyond MaxGuessed keys it forgets the one recorded longest ago among those
	// that are not locked at the time of the event, or among all if all are. The
	// key that was just recorded stays.
	RecordGuesses(ctx context.Context, key []byte, g Guesses, e Event) error
}

// DeviceStore keeps MFA devices. Names are unique over the account without case.
type DeviceStore interface {
	// AddDevice adds a device and freezes the account's RPID if this is the first
	// passkey. name-taken, credential-registered, device-limit (counted in the
	// same transaction).
	AddDevice(ctx context.Context, d Device, e Event) error
	// Device finds by ID. not-found.
	Device(ctx context.Context, id string) (Device, error)
	// DeviceByCredential finds a passkey by credential ID. not-found.
	DeviceByCredential(ctx context.Context, credentialID []byte) (Device, error)
	// Devices lists a principal's devices, oldest first.
	Devices(ctx context.Context, principalID string) ([]Device, error)
	// DeviceNameTaken reports whether any device of the account has the name.
	DeviceNameTaken(ctx context.Context, name string) (bool, error)
	// UpdateDevice changes name, last use, suspicion and the passkey's counter and
	// backup state. concurrent-modification, not-found, name-taken.
	UpdateDevice(ctx context.Context, d Device, e Event) error
	// RemoveDevice deletes the device. concurrent-modification, not-found.
	RemoveDevice(ctx context.Context, id string, version int64, e Event) error
}

// LinkStore keeps phones that can be rung without a code.
type LinkStore interface {
	// SaveLink adds a link, or replaces the one of the same PublicKey and principal.
	SaveLink(ctx context.Context, l LinkedPhone, e Event) error
	// Links lists a principal's linked phones, newest first.
	Links(ctx context.Context, principalID string) ([]LinkedPhone, error)
	// RemoveLink forgets a phone. not-found.
	RemoveLink(ctx context.Context, id string, e Event) error
}

// EventStore keeps the audit trail.
type EventStore interface {
	// AddEvent appends one event that goes with no other change.
	AddEvent(ctx context.Context, e Event) error
	// Events gives up to limit events with Seq > after, in order.
	Events(ctx context.Context, after int64, limit int) ([]Event, error)
}
