package mfa

import "time"

// Purpose says what sealed bytes are, so that one kind never opens as another.
type Purpose string

const (
	SealSeed     Purpose = "seed"
	SealLink     Purpose = "link"
	SealRecovery Purpose = "recovery"
)

// Sealer seals secrets with the account's data key. The ID is that of the row the
// sealed bytes stand in: they open in no other. Both fail with vault-locked until a
// key is there, Open also with vault-damaged.
type Sealer interface {
	Seal(p Purpose, id string, secret *Secret) ([]byte, error)
	Open(p Purpose, id string, sealed []byte) (*Secret, error)
}

// SlotKind is a way to get at the data key.
type SlotKind string

const (
	SlotSystem     SlotKind = "system"     // the operating system's secret store
	SlotPassphrase SlotKind = "passphrase" // typed by a person
	SlotRecovery   SlotKind = "recovery"   // the recovery file
)

// KeySlot is the data key, wrapped for one way. Without the other half it opens
// nothing.
type KeySlot struct {
	ID        string
	Kind      SlotKind
	Params    []byte // JSON: what the way needs, such as argon2id's cost and salt
	Wrapped   []byte
	CreatedAt time.Time
}

// RecoveryCode is one printed code that stands in for root's device once. Only a
// hash of it is kept, and that sealed, for purpose SealRecovery and this ID.
type RecoveryCode struct {
	ID     string
	Sealed []byte
	UsedAt time.Time // zero: it still works
}
