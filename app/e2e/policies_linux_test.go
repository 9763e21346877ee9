//go:build e2e

package e2e

import (
	"slices"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

const (
	anyDevice = "EnableAnyDevice" // what a new user may do until somebody decides otherwise
	fipsOnly  = "FipsKeysOnly"
)

// Root lets bob add nothing but keys with FIPS 140-2. The wizard tells bob that a phone
// would be refused; bob goes on all the same, uses the phone, and reads what was needed,
// what the phone brought, and what stayed behind on it. Nothing was added.
func TestCertifiedKeysOnly(t *testing.T) {
	file := blob(t)
	s := sit(t, account(t, "bob"))
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome, s.ImportMetadata(file, blobNumber, blobModels),
		s.NewPolicy("fips-140-2-l2", fipsOnly, "2"), s.Says("finding.totp-shut-out.p_what"),
		s.Push("policies.s_admits"), s.Says("policies.l_admitted", "n", "3", "all", blobFIDO), s.Looks("policy-admits"),
		s.OpenUser("bob"), s.Exchange("bob", anyDevice, fipsOnly))

	needed := s.Words.Say("policies.s_fips2", "level", "L2")
	why := s.Words.Say("trust.l_why_no-attestation")
	must(t, s.SignOut, s.UserPassword("bob", userPassword), s.IsHome,
		s.NameDevice("bobs-phone"), s.Says("trust.s_doomed"), s.Says("trust.p_doomed", "needs", needed), s.Looks("add-device-doomed"),
		s.Push("do.s_continue"), s.Title("ceremony.s_enrol"), s.Scan, s.Answer(true), s.Failed("device-not-admitted"),
		s.Says("trust.s_needed"), s.Shows(needed), s.Says("trust.l_unproven", "why", why), s.Says("trust.l_admitted", "n", "3"),
		s.Says("trust.s_left"), s.NothingAdded)

	trail := s.trail(t)
	addedNothing(t, trail)
	last := trail[len(trail)-1]
	if last.Kind != "enrolment-failed" || last.Detail["code"] != "device-not-admitted" {
		t.Errorf("the last event is %+v, not the refused enrolment", last)
	}
	if bob := s.user(t, "bob"); bob.Passkeys != 0 {
		t.Errorf("bob has %d passkeys", bob.Passkeys)
	}
	if held := s.held(t, "bob"); !slices.Equal(held, []string{fipsOnly, "ManageOwnDevices"}) {
		t.Errorf("for bob hold %v", held)
	}
}

// A phone proves nothing of itself, which is said where its owner looks; where any
// device may be added it is one all the same.
func TestPhoneIsUnproven(t *testing.T) {
	s := sit(t, account(t, "alice"))
	must(t, s.OpenSandboxAgain, s.UserPassword("alice", userPassword), s.IsHome,
		s.BeginAdding("alices-phone"), s.Scan, s.Answer(true), s.Accept("alices-phone"),
		s.Push("device.l_details_named", "name", "alices-phone"), s.Says("trust.s_certificates"),
		s.Says("trust.l_unproven", "why", s.Words.Say("trust.l_why_no-attestation")), s.Looks("device-unproven"))
	s.close(t)
	if alice := s.user(t, "alice"); alice.Passkeys != 1 {
		t.Errorf("alice has %d passkeys", alice.Passkeys)
	}
	if held := s.held(t, "alice"); !slices.Contains(held, anyDevice) {
		t.Errorf("for alice hold %v", held)
	}
}

// held lists the policies that hold for a user, by name.
func (s *seat) held(t *testing.T, name string) []string {
	t.Helper()
	var answer struct{ Granted []struct{ Name string } }
	if err := s.ctl(t).Run(&answer, "policy", "granted", "--user", name); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range answer.Granted {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}
