package mfa

import "time"

// EventKind names what happened.
type EventKind string

const (
	EventAccountCreated  EventKind = "account-created"
	EventSignInPassword  EventKind = "signed-in-password" // password was right; MFA may follow
	EventSignInMFA       EventKind = "signed-in-mfa"
	EventSignInRefused   EventKind = "sign-in-refused" // detail: code
	EventSignedOut       EventKind = "signed-out"
	EventDeviceAdded     EventKind = "device-added" // detail: name, provider
	EventDeviceRenamed   EventKind = "device-renamed"
	EventDeviceRemoved   EventKind = "device-removed"
	EventDeviceSuspect   EventKind = "device-suspect" // counter went backwards
	EventEnrolmentFailed EventKind = "enrolment-failed"
	EventPhoneLinked     EventKind = "phone-linked"
	EventPhoneUnlinked   EventKind = "phone-unlinked"
	EventUserCreated     EventKind = "user-created"
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
