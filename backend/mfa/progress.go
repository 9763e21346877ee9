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
// and may end in failed from every one of them.
type Stage string

const (
	StageNeedsBluetooth Stage = "needs-bluetooth"  // asking whether the radio can listen
	StageShowQR         Stage = "show-qr"          // Progress.QR is to be shown until Progress.Until
	StageRingPhone      Stage = "ring-phone"       // linked phone: it is being woken, no code is needed
	StagePhoneSeen      Stage = "phone-seen"       // the advert was heard: take the code off the screen
	StageConnecting     Stage = "connecting"       // tunnel and handshake
	StageConfirm        Stage = "confirm-on-phone" // the request is with the phone
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
}

// LogValue leaves the QR text out.
func (p Progress) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stage", string(p.Stage)), slog.String("radio", p.Radio), slog.Int("signal", p.Signal))
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
