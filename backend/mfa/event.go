package mfa

import (
	"maps"
	"time"
)

// EventKind names what happened.
type EventKind string

const (
	EventAccountCreated  EventKind = "account-created"
	EventSignInPassword  EventKind = "signed-in-password" // password was right; MFA may follow. Detail: mfa_deadline, when it sets one
	EventSignInMFA       EventKind = "signed-in-mfa"
	EventSignInRefused   EventKind = "sign-in-refused"       // detail: code
	EventSignInRecovery  EventKind = "signed-in-recovery"    // uses a recovery code up; detail: left
	EventGuessesForgot   EventKind = "wrong-codes-forgotten" // a right one came; detail: count
	EventSignedOut       EventKind = "signed-out"
	EventDeviceAdded     EventKind = "device-added" // detail: name, provider
	EventDeviceRenamed   EventKind = "device-renamed"
	EventDeviceRemoved   EventKind = "device-removed"
	EventDeviceSuspect   EventKind = "device-suspect" // counter went backwards
	EventEnrolmentFailed EventKind = "enrolment-failed"
	EventPhoneLinked     EventKind = "phone-linked"
	EventPhoneUnlinked   EventKind = "phone-unlinked"
	EventUserCreated     EventKind = "user-created"
	EventUserChanged     EventKind = "user-changed" // detail: from, to, path
	EventUserRemoved     EventKind = "user-removed"
	EventPasswordSet     EventKind = "password-set"     // by an administrator
	EventPasswordChanged EventKind = "password-changed" // by the person
	EventPolicyAttached  EventKind = "policy-attached"  // detail: policy, to
	EventPolicyDetached  EventKind = "policy-detached"
	EventGroupChanged    EventKind = "group-changed"
	EventSettingsChanged EventKind = "settings-changed" // detail: what, from, to

	EventVirtualCreated    EventKind = "virtual-created" // an authenticator app, not enabled yet. Detail: swept, by the store
	EventVirtualSwept      EventKind = "virtual-swept"   // detail: count, by the store
	EventDeviceDeactivated EventKind = "device-deactivated"
	EventDeviceDeleted     EventKind = "device-deleted" // an unassigned one
	EventDeviceResynced    EventKind = "device-resynced"
	EventResyncFailed      EventKind = "resync-failed"   // detail: code
	EventTokensImported    EventKind = "tokens-imported" // detail: count, format

	EventRecoveryMade     EventKind = "recovery-codes-made"
	EventSessionExpired   EventKind = "session-expired" // idle
	EventVaultChanged     EventKind = "vault-changed"   // detail: slots
	EventBackupMade       EventKind = "backup-made"
	EventBackupRestored   EventKind = "backup-restored" // detail: made
	EventReportMade       EventKind = "report-made"
	EventActivityExported EventKind = "activity-exported"

	EventPolicyCreated    EventKind = "policy-created"
	EventPolicyChanged    EventKind = "policy-changed" // detail: policy, owner (of an inline one)
	EventPolicyDeleted    EventKind = "policy-deleted"
	EventMetadataImported EventKind = "metadata-imported" // detail: number, hash, entries, odd, source
)

// Event is one line of the audit trail. It never holds a secret. The store
// numbers events and chains them: each Hash covers the event and the Hash
// before it, so a line that is changed or taken out shows.
type Event struct {
	Seq         int64 // from 1, no gaps; set by the store
	At          time.Time
	Kind        EventKind
	PrincipalID string
	DeviceID    string
	Detail      map[string]string
	Hash        []byte // SHA-256; set by the store
}

// With gives the event with one more detail; e itself stays as it is.
func (e Event) With(key, value string) Event {
	e.Detail = maps.Clone(e.Detail)
	if e.Detail == nil {
		e.Detail = map[string]string{}
	}
	e.Detail[key] = value
	return e
}

// EventFilter chooses events. Zero members choose all.
type EventFilter struct {
	From, To    time.Time // At within [From, To)
	Kinds       []EventKind
	PrincipalID string // who did it, or to whom it was done (detail: user_id)
	Before      int64  // Seq below this; 0: from the newest
	Limit       int    // 1 to 1000
}
