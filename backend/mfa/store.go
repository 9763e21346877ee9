package mfa

import (
	"context"
	"time"
)

// Store keeps one account. mfa/storetest is its contract.
//
// Every method that changes something writes its Event in the same
// transaction: both are there afterwards, or neither (LocalStore writes none). Updates carry the Version
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
	AccessStore
	MetadataStore
	RecoveryStore
	VaultStore
	LocalStore
	EventStore
	Close() error
}

// AccountStore keeps the account itself.
type AccountStore interface {
	// CreateAccount writes the account and its root user. account-exists.
	CreateAccount(ctx context.Context, a Account, root Principal, e Event) error
	// Account gives the account. no-account.
	Account(ctx context.Context) (Account, error)
	// UpdateAccount changes alias, RPID or settings. concurrent-modification;
	// rp-id-frozen when RPID differs and FrozenAt is set.
	UpdateAccount(ctx context.Context, a Account, e Event) error
	// HighestTime is the latest At of any event that was ever written, give or take
	// an hour: a clock that was turned back does not turn it back. Zero before the
	// first event.
	HighestTime(ctx context.Context) (time.Time, error)
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
	// AddPrincipals adds users and attaches policies to them, all or none. The events
	// may be more than the users, not fewer. name-taken, not-found (params: what).
	AddPrincipals(ctx context.Context, ps []Principal, attached []Attachment, es []Event) error
	// UpdatePrincipal changes name, path, password, PasswordAt and MustChange.
	// concurrent-modification, not-found, name-taken.
	UpdatePrincipal(ctx context.Context, p Principal, e Event) error
	// PasswordAccepted forgets the guesses of the key, notes when the password was
	// used and sets the deadline, but only if none is set; it does not raise the
	// Version. A zero deadline sets none. not-found.
	PasswordAccepted(ctx context.Context, key []byte, id string, deadline time.Time, e Event) error
	// RemovePrincipal deletes a user with their memberships, attachments, inline policies,
	// recovery codes and linked phones. While the user has devices it fails with
	// delete-conflict (params: what), unless withDevices is set: then passkeys and
	// virtual devices are deleted and tokens go back to stock.
	// concurrent-modification, not-found; access-denied for root.
	RemovePrincipal(ctx context.Context, id string, version int64, withDevices bool, e Event) error
	// Overviews lists root and all users, root first, then by name without case.
	Overviews(ctx context.Context) ([]Overview, error)
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

// DeviceStore keeps MFA devices. Names and serials are unique over the account
// without case.
type DeviceStore interface {
	// AddDevice adds a device, assigned or not, and freezes the account's RPID if it
	// is the first passkey. name-taken, serial-taken, credential-registered,
	// device-limit (params: max): the owner has MaxDevices, or, of a KindApp device,
	// the account MaxVirtual, assigned or not. Both are counted in the same transaction.
	// A KindApp device that is unassigned first sweeps all other unassigned ones, in the
	// same transaction, and only then its name is looked for and the devices are counted. How many were swept
	// stands in the event (detail: swept) unless it is none.
	AddDevice(ctx context.Context, d Device, e Event) error
	// AddTokens adds tokens to the stock, all or none. serial-taken (params: serial).
	AddTokens(ctx context.Context, ds []Device, e Event) error
	// Device finds by ID. not-found.
	Device(ctx context.Context, id string) (Device, error)
	// DeviceBySerial finds by serial number, without case. not-found.
	DeviceBySerial(ctx context.Context, serial string) (Device, error)
	// DeviceByCredential finds a passkey by credential ID. not-found.
	DeviceByCredential(ctx context.Context, credentialID []byte) (Device, error)
	// Devices lists a principal's devices, oldest first.
	Devices(ctx context.Context, principalID string) ([]Device, error)
	// Unassigned lists the devices of a kind that belong to nobody, oldest first.
	Unassigned(ctx context.Context, k DeviceKind) ([]Device, error)
	// KnownSerials gives those of serials that a device has, folded.
	KnownSerials(ctx context.Context, serials []string) (map[string]bool, error)
	// DeviceNameTaken reports whether any device of the account has the name.
	DeviceNameTaken(ctx context.Context, name string) (bool, error)
	// UpdateDevice changes name, last use (to a later one only: AcceptCode may have
	// noted one since d was read), suspicion and the passkey's counter and backup
	// state. concurrent-modification, not-found, name-taken.
	UpdateDevice(ctx context.Context, d Device, e Event) error
	// AssignDevice gives an unassigned device with codes to d.PrincipalID under
	// d.Name, with EnabledAt, Drift and LastStep of d, and starts its drift history.
	// not-found, concurrent-modification, device-assigned, device-limit, name-taken.
	AssignDevice(ctx context.Context, d Device, e Event) error
	// UnassignDevice takes an assigned device with codes from its owner. An app keeps
	// its name, a token loses it; dates of enabling and use, drift and its history
	// are forgotten, LastStep stays. concurrent-modification, not-found.
	UnassignDevice(ctx context.Context, id string, version int64, e Event) error
	// AcceptCode notes an accepted code if its step is above LastStep, and fails with
	// code-used otherwise, or with not-found when the device is gone or unassigned.
	// It keeps the drift sample and does not raise the Version. When used is set it
	// is also the device's last use.
	AcceptCode(ctx context.Context, id string, u CodeUse, used bool, e Event) error
	// DriftHistory gives the newest MaxDriftSamples, oldest first.
	DriftHistory(ctx context.Context, id string) ([]DriftSample, error)
	// RemoveDevice deletes a passkey, or a device with codes that is unassigned;
	// delete-conflict (params: what) while it is assigned. concurrent-modification,
	// not-found.
	RemoveDevice(ctx context.Context, id string, version int64, e Event) error
	// SweepUnassigned deletes all unassigned KindApp devices and says how many, also in
	// the event (detail: count). With none it writes no event.
	SweepUnassigned(ctx context.Context, e Event) (int, error)
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

// AccessStore keeps groups, policies and to whom they are attached. It does not read
// the documents. Names of policies are found without case, and given as they were
// created. AdministratorAccess, ManageOwnDevices and EnableAnyDevice are there from
// the start.
type AccessStore interface {
	// AddGroup adds a group. name-taken.
	AddGroup(ctx context.Context, g Group, e Event) error
	// RemoveGroup deletes a group with its members, attachments and inline policies.
	// not-found, concurrent-modification.
	RemoveGroup(ctx context.Context, id string, version int64, e Event) error
	// Groups lists all groups by name.
	Groups(ctx context.Context) ([]Group, error)
	// Members gives the IDs of a group's users, in no order. Nobody is in a group that
	// is not there.
	Members(ctx context.Context, groupID string) ([]string, error)
	// SetMember puts a user into a group or takes them out. not-found.
	SetMember(ctx context.Context, groupID, principalID string, in bool, e Event) error
	// SetAttached attaches a policy or detaches it. not-found (params: what: policy,
	// principal, group), policy-limit (params: max) of MaxAttached.
	SetAttached(ctx context.Context, a Attachment, on bool, e Event) error
	// PoliciesOf names the policies that are attached to a user or to their groups.
	PoliciesOf(ctx context.Context, principalID string) ([]string, error)

	// AddPolicy adds a managed policy; whatever it says of BuiltIn, it is none. name-taken,
	// policy-limit (params: max) of MaxPolicies, which built-in ones do not count for.
	AddPolicy(ctx context.Context, p Policy, e Event) error
	// UpdatePolicy changes path, document and UpdatedAt. concurrent-modification,
	// not-found, policy-built-in (params: name).
	UpdatePolicy(ctx context.Context, p Policy, e Event) error
	// RemovePolicy deletes a managed policy. delete-conflict (params: what: policy) while it is
	// attached, concurrent-modification, not-found, policy-built-in (params: name).
	RemovePolicy(ctx context.Context, name string, version int64, e Event) error
	// Policy gives a managed policy. not-found.
	Policy(ctx context.Context, name string) (Policy, error)
	// Policies lists the managed policies by name.
	Policies(ctx context.Context) ([]Policy, error)
	// PutInline adds an inline policy, or replaces the document of the owner's one of
	// this name. not-found (params: what), policy-limit (params: max) of MaxInline;
	// invalid-input unless exactly one owner is named.
	PutInline(ctx context.Context, p InlinePolicy, e Event) error
	// RemoveInline deletes the owner's policy of this name. not-found.
	RemoveInline(ctx context.Context, p InlinePolicy, e Event) error
	// InlinePolicies lists the policies of the owner that is named, by name.
	InlinePolicies(ctx context.Context, owner InlinePolicy) ([]InlinePolicy, error)
	// Attachments lists to whom a managed policy is attached, in no order.
	Attachments(ctx context.Context, policy string) ([]Attachment, error)
	// Granted gives all policies that hold for a user at one moment: their own and those
	// of their groups, managed and inline. Equal grants come in equal order. One that
	// comes in two ways is there twice. Nobody has any whom the store does not know.
	Granted(ctx context.Context, principalID string) ([]GrantedPolicy, error)
}

// MetadataStore keeps FIDO metadata. It does not read what is in it.
type MetadataStore interface {
	// SaveBlob keeps a BLOB that was accepted, its bytes, which the caller has compressed,
	// and its index. metadata-rollback (params: have, got) unless its Number is above
	// those of all that are kept.
	SaveBlob(ctx context.Context, b Blob, raw, index []byte, e Event) error
	// Blobs lists what is kept, newest first.
	Blobs(ctx context.Context) ([]Blob, error)
	// BlobContent gives the compressed bytes. not-found.
	BlobContent(ctx context.Context, number int64) ([]byte, error)
	// MetadataIndex gives the newest BLOB and its index. not-found when there is none.
	MetadataIndex(ctx context.Context) (Blob, []byte, error)
	// ReplaceIndex puts another index in the place of the newest BLOB's, which an older
	// version of the program has made. It writes no event, as nothing was said anew.
	// not-found unless the number is the newest one.
	ReplaceIndex(ctx context.Context, number int64, index []byte) error
}

// RecoveryStore keeps recovery codes.
type RecoveryStore interface {
	// ReplaceRecoveryCodes puts new codes in the place of all old ones. not-found.
	ReplaceRecoveryCodes(ctx context.Context, principalID string, codes []RecoveryCode, e Event) error
	// RecoveryCodes lists a principal's codes, used ones too.
	RecoveryCodes(ctx context.Context, principalID string) ([]RecoveryCode, error)
	// UseRecoveryCode notes that a code was used. recovery-code-used, not-found.
	UseRecoveryCode(ctx context.Context, id string, e Event) error
}

// VaultStore keeps the wrapped data key.
type VaultStore interface {
	// KeySlots lists the slots, oldest first.
	KeySlots(ctx context.Context) ([]KeySlot, error)
	// ReplaceKeySlots puts slots in the place of those with the IDs in gone. It fails
	// with concurrent-modification when one of those is not there any more.
	ReplaceKeySlots(ctx context.Context, gone []string, slots []KeySlot, e Event) error
}

// EventStore keeps the audit trail.
type EventStore interface {
	// AddEvent appends one event that goes with no other change.
	AddEvent(ctx context.Context, e Event) error
	// Events gives up to limit events with Seq > after, in order.
	Events(ctx context.Context, after int64, limit int) ([]Event, error)
	// FindEvents gives events that the filter chooses, newest first.
	FindEvents(ctx context.Context, f EventFilter) ([]Event, error)
}
