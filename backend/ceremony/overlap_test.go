package ceremony

import (
	"context"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// during runs one ceremony while the phone of another is open, with a phone of its own.
func (b *bench) during(second func()) {
	b.phones.between = func() {
		first := b.phones.device
		b.phones.between, b.phones.device = nil, virtualauth.New(virtualauth.IPhone())
		second()
		b.phones.device.Close()
		b.phones.device = first
	}
}

// Two enrolments that want the same name get in each other's way once a device is
// there, and not before: from then on the password that began the other is too little.
func TestTwoEnrolmentsOfOneName(t *testing.T) {
	for _, row := range []struct {
		name   string
		second Confirm
		code   mfa.Code // of the first
	}{
		{"the second is refused", func(context.Context, Candidate) (bool, error) { return false, nil }, ""},
		{"the second was faster", yes, mfa.CodeMFANeeded},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t, virtualauth.Android())
			var second error
			b.during(func() {
				_, second = b.Enrol(t.Context(), b.who, "", "phone", mfa.RoadPhone, Person{Confirm: row.second})
			})
			_, err := b.Enrol(t.Context(), b.who, "", "phone", mfa.RoadPhone, Person{Confirm: yes})
			switch {
			case row.code == "" && err != nil:
				t.Errorf("the first: %v", err)
			case row.code != "":
				wants(t, err, row.code)
			}
			if row.code == "" {
				wants(t, second, mfa.CodeCancelled)
			} else if second != nil {
				t.Errorf("the second: %v", second)
			}
			if n := len(b.devices(t)); n != 1 {
				t.Errorf("%d devices", n)
			}
		})
	}
}

// Two sign-ins of one person, in two places, are both theirs.
func TestTwoSignInsAtOnce(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.enrol(t, "phone")
	b.settings(t, func(s *mfa.Settings) { s.Passwordless = true })
	for name, signIn := range map[string]func() error{
		"with a password": func() error {
			_, err := b.SignInWithDevice(t.Context(), b.pending(t), mfa.RoadPhone, nil, Person{})
			return err
		},
		"without": func() error { _, _, err := b.SignInWithPasskey(t.Context(), mfa.RoadPhone, Person{}); return err },
	} {
		t.Run(name, func(t *testing.T) {
			var second error
			b.phones.between = func() {
				b.phones.between = nil
				second = signIn()
			}
			if first := signIn(); first != nil || second != nil {
				t.Errorf("first %v, second %v", first, second)
			}
		})
	}
}
