package mfa

import (
	"log/slog"
	"time"
)

// Stage is one step of a ceremony as a person sees it. A phone ceremony goes
//
//	needs-bluetooth -> show-qr -> phone-seen -> connecting -> confirm-on-phone
//	                                                                |
//	              done <- name-device (enrolment only) <- verifying <
//
// and one with a security key or this computer begins with
//
//	find-key -> touch-key <-> enter-pin -> choose-account -> verifying
//
// (choose-account only where it found several passkeys and none was named)
// or, where the system's own window asks, with system-dialog alone. Any of them may
// end in failed from every stage.
type Stage string

const (
	StageNeedsBluetooth Stage = "needs-bluetooth"  // asking whether the radio can listen
	StageShowQR         Stage = "show-qr"          // Progress.QR is to be shown until Progress.Until
	StageRingPhone      Stage = "ring-phone"       // linked phone: it is being woken, no code is needed
	StagePhoneSeen      Stage = "phone-seen"       // the advert was heard: take the code off the screen
	StageConnecting     Stage = "connecting"       // tunnel and handshake
	StageConfirm        Stage = "confirm-on-phone" // the request is with the phone
	StageFindKey        Stage = "find-key"         // no key is there yet, or only such that cannot be opened (Progress.Trouble)
	StageTouchKey       Stage = "touch-key"        // Progress.Keys keys wait for a touch; Progress.Key names the one, if it is one
	StageEnterPIN       Stage = "enter-pin"        // Progress.PIN says what is asked
	StageChooseAccount  Stage = "choose-account"   // Progress.Accounts says whose passkeys were found
	StageSystem         Stage = "system-dialog"    // the operating system's own window asks
	StageVerifying      Stage = "verifying"        // the relying party checks the answer
	StageNameDevice     Stage = "name-device"      // "Add <provider> on your phone?"
	StageDone           Stage = "done"
	StageFailed         Stage = "failed"
)

// Progress is one event of a ceremony's typed stream.
type Progress struct {
	Stage Stage
	// QR is the FIDO:/ text, at StageShowQR only. It holds the secret of the
	// transaction: it goes to the screen and nowhere else.
	QR string
	// Until is when the code stops working, at StageShowQR only.
	Until time.Time
	// Radio is the name of the adapter that listens, from StageShowQR on.
	Radio string
	// Signal is the advert's strength in dBm, 0 when unknown, at StagePhoneSeen.
	Signal int
	// Sighting is an advert that was heard: the one that belongs to the code at
	// StagePhoneSeen, and others at StageShowQR and StageRingPhone, where such a
	// report says nothing else.
	Sighting *Sighting
	// Keys is how many security keys are meant, and Key the name of the one, from
	// StageFindKey on.
	Keys int
	Key  string
	// Trouble is why no key can be used yet, at StageFindKey.
	Trouble *Failure
	// PIN is what is asked, at StageEnterPIN only.
	PIN *PINAsk
	// Accounts is what is asked, at StageChooseAccount only.
	Accounts *AccountsAsk
}

// Sighting is one advert that looked like a phone's, for those who want to know
// whether their phone is heard at all.
type Sighting struct {
	Length  int  // bytes of service data: 20, or more from CTAP 2.3 on
	Signal  int  // dBm, 0 when unknown
	Matched bool // it belongs to the code on the screen
}

// LogValue leaves the QR text out.
func (p Progress) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stage", string(p.Stage)), slog.String("radio", p.Radio), slog.Int("signal", p.Signal), slog.Int("keys", p.Keys))
}

// Report receives a ceremony's progress, in order and from one goroutine at a
// time. It must not block for long. A nil Report is allowed.
type Report func(Progress)

// To calls the Report if there is one.
func (r Report) To(p Progress) {
	if r != nil {
		r(p)
	}
}
