package ceremony

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

func TestPasskeyAlone(t *testing.T) {
	for name, phone := range map[string]virtualauth.Config{"android": virtualauth.Android(), "iphone": virtualauth.IPhone()} {
		t.Run(name, func(t *testing.T) {
			phone.Counter = virtualauth.Rising
			b := newBench(t, phone)
			ann := b.user(t, "ann")
			d, err := b.Enrol(t.Context(), b.who, ann.ID, "ann-phone", mfa.RoadPhone, Person{Confirm: yes})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = b.SignInWithPasskey(t.Context(), mfa.RoadPhone, Person{})
			wants(t, err, mfa.CodePasswordlessOff)
			b.settings(t, func(s *mfa.Settings) { s.Passwordless = true })
			s := &sweeper{}
			b.Devices = s
			b.phones.link = link()
			var stages []mfa.Stage
			p, session, err := b.SignInWithPasskey(t.Context(), mfa.RoadPhone, Person{Report: func(p mfa.Progress) { stages = append(stages, p.Stage) }})
			if err != nil {
				t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
			}
			if p.ID != ann.ID || session.PrincipalID != ann.ID || session.DeviceID != d.ID || !session.MFAPresent() || session.Limit != mfa.LimitNone {
				t.Errorf("signed in as %s: %+v", p.Name, session)
			}
			if want := []mfa.Stage{mfa.StageShowQR, mfa.StageConfirm, mfa.StageVerifying, mfa.StageDone}; !slices.Equal(stages, want) {
				t.Errorf("stages %v", stages)
			}
			if k := b.kinds(t); !slices.Contains(k, mfa.EventSignInMFA) || b.device(t, d.ID).LastUsedAt.IsZero() || len(s.who) != 1 {
				t.Errorf("audit trail %v, swept %v", k, s.who)
			}
			b.linking.Wait()
			if links, err := b.Store.Links(t.Context(), ann.ID); err != nil || len(links) != 1 {
				t.Errorf("links %v, %v", links, err)
			}
		})
	}
}

// alone is a bench where ann has a passkey and may sign in by it alone.
func alone(t *testing.T, phone virtualauth.Config) (*bench, mfa.Principal, mfa.Device) {
	t.Helper()
	b := newBench(t, phone)
	b.settings(t, func(s *mfa.Settings) { s.Passwordless = true })
	ann := b.user(t, "ann")
	d, err := b.Enrol(t.Context(), b.who, ann.ID, "ann-phone", mfa.RoadPhone, Person{Confirm: yes})
	if err != nil {
		t.Fatal(err)
	}
	return b, ann, d
}

func TestPasskeyAloneIsRefused(t *testing.T) {
	rising := virtualauth.Android()
	rising.Counter = virtualauth.Rising
	for name, c := range map[string]struct {
		arrange func(*testing.T, *bench, mfa.Principal, mfa.Device)
		code    mfa.Code
	}{
		"not verified": {func(_ *testing.T, b *bench, _ mfa.Principal, _ mfa.Device) {
			b.phones.device.SetFaults(virtualauth.Faults{NoUV: true})
		}, mfa.CodeUserVerifyMissing},
		"wrong signature": {func(_ *testing.T, b *bench, _ mfa.Principal, _ mfa.Device) {
			b.phones.device.SetFaults(virtualauth.Faults{WrongSignature: true})
		}, mfa.CodeSignatureInvalid},
		"device removed": {func(t *testing.T, b *bench, _ mfa.Principal, d mfa.Device) {
			if err := b.Store.RemoveDevice(t.Context(), d.ID, d.Version, mfa.Event{At: b.clock.read(), Kind: mfa.EventDeviceRemoved}); err != nil {
				t.Fatal(err)
			}
		}, mfa.CodeCredentialUnknown},
		"user removed": {func(t *testing.T, b *bench, p mfa.Principal, _ mfa.Device) {
			if err := b.Store.RemovePrincipal(t.Context(), p.ID, p.Version, true, mfa.Event{At: b.clock.read(), Kind: mfa.EventUserRemoved}); err != nil {
				t.Fatal(err)
			}
		}, mfa.CodeCredentialUnknown},
		"another phone": {func(_ *testing.T, b *bench, _ mfa.Principal, _ mfa.Device) {
			b.phones.device = virtualauth.New(virtualauth.Android())
		}, mfa.CodeNoCredential},
		"the only device is suspect": {func(t *testing.T, b *bench, _ mfa.Principal, d mfa.Device) {
			d.SuspectAt = b.clock.read()
			if err := b.Store.UpdateDevice(t.Context(), d, mfa.Event{At: b.clock.read(), Kind: mfa.EventDeviceSuspect}); err != nil {
				t.Fatal(err)
			}
		}, mfa.CodeDevicesSuspect},
		"it is suspect, another is not": {func(t *testing.T, b *bench, p mfa.Principal, d mfa.Device) {
			d.SuspectAt = b.clock.read()
			if err := b.Store.UpdateDevice(t.Context(), d, mfa.Event{At: b.clock.read(), Kind: mfa.EventDeviceSuspect}); err != nil {
				t.Fatal(err)
			}
			b.app(t, b.who, p.ID, "ann-app")
		}, mfa.CodeCredentialUnknown},
		"the answer is too late": {func(_ *testing.T, b *bench, _ mfa.Principal, _ mfa.Device) {
			b.phones.between = func() { b.clock.add(time.Hour) }
		}, mfa.CodeChallengeExpired},
	} {
		t.Run(name, func(t *testing.T) {
			b, ann, d := alone(t, rising)
			c.arrange(t, b, ann, d)
			p, s, err := b.SignInWithPasskey(t.Context(), mfa.RoadPhone, Person{})
			wants(t, err, c.code)
			if p.ID != "" || s.ID != "" {
				t.Errorf("%+v, %+v", p, s)
			}
			if k := b.kinds(t); k[len(k)-1] != mfa.EventSignInRefused {
				t.Errorf("audit trail %v", k)
			}
		})
	}
}

func TestPasskeyAloneWithACopy(t *testing.T) {
	phone := virtualauth.Android()
	phone.Counter = virtualauth.Rising
	b, _, d := alone(t, phone)
	if _, _, err := b.SignInWithPasskey(t.Context(), mfa.RoadPhone, Person{}); err != nil {
		t.Fatal(err)
	}
	b.phones.device.SetFaults(virtualauth.Faults{RegressCounter: true})
	_, _, err := b.SignInWithPasskey(t.Context(), mfa.RoadPhone, Person{})
	wants(t, err, mfa.CodeCounterRegressed)
	if b.device(t, d.ID).SuspectAt.IsZero() || mfa.AsFailure(err).Params["device"] != "ann-phone" {
		t.Errorf("device %+v, %v", b.device(t, d.ID), mfa.AsFailure(err).Params)
	}
}

// Two people, one phone: the phone chooses, and its choice is whom it signs for.
func TestPasskeyAloneOfTwoPeople(t *testing.T) {
	phone := virtualauth.Android()
	choose := 0
	phone.Consent = func(context.Context, virtualauth.Prompt) (virtualauth.Decision, error) {
		return virtualauth.Decision{Approve: true, Verified: true, Choose: choose}, nil
	}
	b, ann, _ := alone(t, phone)
	bob := b.user(t, "bob")
	if _, err := b.Enrol(t.Context(), b.who, bob.ID, "bob-phone", mfa.RoadPhone, Person{Confirm: yes}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for choose = range 2 {
		p, s, err := b.SignInWithPasskey(t.Context(), mfa.RoadPhone, Person{})
		if err != nil || s.PrincipalID != p.ID {
			t.Fatalf("%+v, %v", s, err)
		}
		seen[p.ID] = true
	}
	if !seen[ann.ID] || !seen[bob.ID] {
		t.Errorf("signed in as %v", seen)
	}
}

// Two people, one computer: its one PIN would let each of them be the other.
func TestPasskeyAloneOnASharedComputer(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.settings(t, func(s *mfa.Settings) { s.Passwordless = true })
	own := virtualauth.New(virtualauth.Config{Discoverable: true, ClientPIN: true, Transports: []string{"internal"}})
	t.Cleanup(func() { own.Close() })
	opened := 0
	b.Roads.Computer = func(context.Context, authenticator.Want, mfa.Report) (authenticator.Authenticator, error) {
		opened++
		return open{own}, nil
	}
	pin := func(context.Context, mfa.PINAsk) (*mfa.Secret, error) { return mfa.NewSecret([]byte("258025")), nil }
	add := func(name string) mfa.Principal {
		p := b.user(t, name)
		d, err := b.Enrol(t.Context(), b.who, p.ID, name+"-computer", mfa.RoadComputer, Person{Confirm: yes, PIN: pin})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Store.PutLocalPasskey(t.Context(), mfa.LocalPasskey{ID: d.Passkey.ID, RPID: mfa.DefaultRPID, UserHandle: p.UserHandle, Discoverable: true}); err != nil {
			t.Fatal(err) // what platform/tpm does
		}
		return p
	}
	offered := func(want bool) {
		t.Helper()
		if got, err := b.ComputerAlone(t.Context()); err != nil || got != want {
			t.Errorf("offered: %v, %v", got, err)
		}
	}
	offered(false)
	ann := add("ann")
	offered(true)
	p, _, err := b.SignInWithPasskey(t.Context(), mfa.RoadComputer, Person{PIN: pin})
	if err != nil || p.ID != ann.ID {
		t.Fatalf("%q, %v", p.Name, err)
	}
	add("bob")
	offered(false)
	opened = 0
	_, _, err = b.SignInWithPasskey(t.Context(), mfa.RoadComputer, Person{PIN: pin})
	wants(t, err, mfa.CodeComputerShared)
	if opened != 0 {
		t.Error("somebody was asked for a PIN in vain")
	}
}

// Somebody without a password has no password to change.
func TestPasskeyAloneWithoutAPassword(t *testing.T) {
	b, ann, _ := alone(t, virtualauth.Android())
	for _, c := range []struct {
		password *mfa.Secret
		limit    mfa.Limit
	}{{nil, mfa.LimitNone}, {b.pass(), mfa.LimitNewPassword}} {
		p, err := b.Store.Principal(t.Context(), ann.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Accounts.SetPassword(t.Context(), b.who, p.ID, p.Version, c.password, true); err != nil {
			t.Fatal(err)
		}
		if _, s, err := b.SignInWithPasskey(t.Context(), mfa.RoadPhone, Person{}); err != nil || s.Limit != c.limit {
			t.Errorf("%+v, %v", s, err)
		}
	}
	// Not even when the database says so.
	p, err := b.Store.Principal(t.Context(), ann.ID)
	if err != nil {
		t.Fatal(err)
	}
	p.Password, p.MustChange = mfa.PasswordHash{}, true
	if err := b.Store.UpdatePrincipal(t.Context(), p, mfa.Event{At: b.clock.read(), Kind: mfa.EventPasswordSet}); err != nil {
		t.Fatal(err)
	}
	if _, s, err := b.SignInWithPasskey(t.Context(), mfa.RoadPhone, Person{}); err != nil || s.Limit != mfa.LimitNone {
		t.Errorf("%+v, %v", s, err)
	}
}
