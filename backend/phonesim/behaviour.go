package phonesim

import (
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Model is the kind of phone that is imitated: its getInfo answer, its flags
// and counters, and whether it gives linking data.
type Model string

const (
	Android Model = "android" // getInfo of Google Play services; links
	IPhone  Model = "iphone"  // getInfo of iOS, synced passkeys; does not link
)

// Models lists the models, the default first.
func Models() []Model { return []Model{Android, IPhone} }

// Behaviour is what the phone does with the next request. Everything but Ask,
// Decline and Wait approves by itself as far as it gets.
type Behaviour string

const (
	Ask                Behaviour = "ask"                  // shows the question; Answer answers
	Approve            Behaviour = "approve"              // says yes at once
	Decline            Behaviour = "decline"              // says no at once (CTAP2_ERR_OPERATION_DENIED)
	Wait               Behaviour = "wait"                 // never answers
	NoUV               Behaviour = "no-uv"                // signs without user verification
	UnknownAccount     Behaviour = "unknown-account"      // has no credential when asked to sign in
	DropBeforeConnect  Behaviour = "drop-before-connect"  // adverts, then closes the tunnel before a client is there
	DropAtHandshake    Behaviour = "drop-at-handshake"    // closes when message 1 came
	DropAfterHandshake Behaviour = "drop-after-handshake" // closes after message 2
	DropAfterConnect   Behaviour = "drop-after-connect"   // closes after its post-handshake message
	DropAfterRequest   Behaviour = "drop-after-request"   // closes when it has the request
	WrongSignature     Behaviour = "wrong-signature"      // signs something else
	Copied             Behaviour = "copied"               // counts, and once used is one behind, as the copy of a passkey
	WrongEID           Behaviour = "wrong-eid"            // adverts with another code's key
	LegacyUUID         Behaviour = "legacy-uuid"          // adverts under 0xFDE2
	Suffix             Behaviour = "suffix"               // adverts with a CTAP 2.3 suffix
	TooOld             Behaviour = "too-old"              // speaks revision 0, as phones did before 2022
)

// Behaviours lists all behaviours, the default first.
func Behaviours() []Behaviour {
	return []Behaviour{Ask, Approve, Decline, Wait, NoUV, UnknownAccount, DropBeforeConnect, DropAtHandshake,
		DropAfterHandshake, DropAfterConnect, DropAfterRequest, WrongSignature, Copied, WrongEID, LegacyUUID, Suffix, TooOld}
}

func check(b Behaviour, m Model) error {
	if !slices.Contains(Behaviours(), b) {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "behaviour")
	}
	if !slices.Contains(Models(), m) {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "model")
	}
	return nil
}
