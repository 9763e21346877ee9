package phonesim_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
)

// TestBehaviours says what the computer sees of each behaviour, when a passkey
// is added and when it is used.
func TestBehaviours(t *testing.T) {
	// Only the wait that the row is about is short: a slow machine must not end another one first.
	unheard, unanswered := patient, patient
	unheard.Code, unanswered.Answer = 300*time.Millisecond, 300*time.Millisecond
	for _, c := range []struct {
		behaviour phonesim.Behaviour
		create    mfa.Code
		signIn    mfa.Code
		phone     phonesim.Phase // where the phone ends up
		timers    hybrid.Timers
		waits     bool // the phone goes on by itself when the computer has given up
	}{
		{behaviour: phonesim.Approve, phone: phonesim.PhaseDone},
		{behaviour: phonesim.Decline, create: mfa.CodeDeclined, signIn: mfa.CodeDeclined, phone: phonesim.PhaseDone},
		{behaviour: phonesim.Wait, create: mfa.CodePhoneSilent, signIn: mfa.CodePhoneSilent, phone: phonesim.PhaseFailed, timers: unanswered},
		{behaviour: phonesim.NoUV, create: mfa.CodeUserVerifyMissing, signIn: mfa.CodeUserVerifyMissing, phone: phonesim.PhaseDone},
		{behaviour: phonesim.UnknownAccount, signIn: mfa.CodeNoCredential, phone: phonesim.PhaseDone},
		{behaviour: phonesim.DropBeforeConnect, create: mfa.CodeTunnelRefused, signIn: mfa.CodeTunnelRefused, phone: phonesim.PhaseFailed, waits: true},
		{behaviour: phonesim.DropAtHandshake, create: mfa.CodeTunnelLost, signIn: mfa.CodeTunnelLost, phone: phonesim.PhaseDone},
		{behaviour: phonesim.DropAfterHandshake, create: mfa.CodeTunnelLost, signIn: mfa.CodeTunnelLost, phone: phonesim.PhaseDone},
		{behaviour: phonesim.DropAfterConnect, create: mfa.CodePhoneHungUp, signIn: mfa.CodePhoneHungUp, phone: phonesim.PhaseDone},
		{behaviour: phonesim.DropAfterRequest, create: mfa.CodePhoneHungUp, signIn: mfa.CodePhoneHungUp, phone: phonesim.PhaseDone},
		{behaviour: phonesim.WrongSignature, create: mfa.CodeAttestationInvalid, signIn: mfa.CodeSignatureInvalid, phone: phonesim.PhaseDone},
		{behaviour: phonesim.Copied, phone: phonesim.PhaseDone},
		{behaviour: phonesim.WrongEID, create: mfa.CodeCodeExpired, signIn: mfa.CodeCodeExpired, phone: phonesim.PhaseFailed, timers: unheard, waits: true},
		{behaviour: phonesim.LegacyUUID, phone: phonesim.PhaseDone},
		{behaviour: phonesim.Suffix, phone: phonesim.PhaseDone},
		{behaviour: phonesim.TooOld, create: mfa.CodePhoneTooOld, signIn: mfa.CodePhoneTooOld, phone: phonesim.PhaseFailed},
	} {
		for _, model := range phonesim.Models() {
			t.Run(string(c.behaviour)+"/"+string(model), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, phonesim.Config{Model: model, Behaviour: phonesim.Approve})
				good, err := w.create(t.Context())
				if err != nil {
					t.Fatal("a good registration first:", err)
				}
				<-w.scanned
				if c.timers != (hybrid.Timers{}) {
					w.client.Timers = c.timers
				}
				if err := w.phone.Configure(c.behaviour, model); err != nil {
					t.Fatal(err)
				}
				w.person.UserHandle = bytes.Repeat([]byte{8}, 32) // another account: the passkey before stays
				_, err = w.create(t.Context())
				w.expect("adding", err, c.create)
				w.person.UserHandle = bytes.Repeat([]byte{7}, 32)
				w.settle(c.waits)
				w.expect("signing in", w.signIn(t.Context(), good, nil), c.signIn)
				w.settle(c.waits)
				if got := w.phone.State(); got.Phase != c.phone {
					t.Errorf("the phone ends in %s (%v), want %s", got.Phase, got.Failure, c.phone)
				}
			})
		}
	}
}

// settle waits until the phone's side of a transaction is over; one that would
// go on by itself is ended.
func (w *world) settle(stop bool) {
	w.t.Helper()
	if stop {
		w.phone.Stop()
	}
	<-w.scanned
}

func (w *world) expect(what string, err error, code mfa.Code) {
	w.t.Helper()
	switch {
	case code == "" && err != nil:
		w.t.Errorf("%s: %v (%s)", what, err, mfa.AsFailure(err).Explain())
	case code == mfa.CodeTunnelRefused && mfa.IsCode(err, mfa.CodeTunnelLost):
		// The relay may notice that the phone is gone before or after the computer comes.
	case code != "" && !mfa.IsCode(err, code):
		w.t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestAskShowsWhoAsks(t *testing.T) {
	for _, c := range []struct {
		name    string
		approve bool
		code    mfa.Code
	}{{"approve", true, ""}, {"decline", false, mfa.CodeDeclined}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, phonesim.Config{})
			w.picture = true
			if err := w.phone.Answer(true); !mfa.IsCode(err, mfa.CodeNotFound) {
				t.Errorf("an answer without a question: %v", err)
			}
			result := make(chan error, 1)
			go func() {
				_, err := w.create(t.Context())
				result <- err
			}()
			s := w.until(phonesim.PhaseAsking)
			if s.Op != phonesim.OpCreate || s.RPID != mfa.SandboxRPID || s.Account != "ada@example.org" || s.Name != phonesim.DefaultName {
				t.Errorf("the question shows %+v", s)
			}
			if err := w.phone.Answer(c.approve); err != nil {
				t.Fatal(err)
			}
			w.expect("adding", <-result, c.code)
			if s := w.until(phonesim.PhaseDone); s.Failure != nil {
				t.Errorf("the phone failed: %v", s.Failure)
			}
		})
	}
}

// A person who gives up on the computer must not leave a question on the phone.
func TestCancelOnTheComputerEndsTheQuestion(t *testing.T) {
	w := newWorld(t, phonesim.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		_, err := w.create(ctx)
		result <- err
	}()
	w.until(phonesim.PhaseAsking)
	cancel()
	w.expect("adding", <-result, mfa.CodeCancelled)
	if s := w.until(phonesim.PhaseFailed); !mfa.IsCode(s.Failure, mfa.CodeComputerHungUp) {
		t.Errorf("the phone says %v", s.Failure)
	}
	if err := w.phone.Answer(true); !mfa.IsCode(err, mfa.CodeNotFound) {
		t.Errorf("the question is still there: %v", err)
	}
}
