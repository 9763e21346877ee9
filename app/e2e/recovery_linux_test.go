//go:build e2e

package e2e

import (
	"regexp"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// Root's phone is lost: a printed code signs in instead, once.
func TestRecoveryCode(t *testing.T) {
	s := sit(t, account(t))
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome,
		s.BeginAdding("pixel"), s.Scan, s.Answer(true), s.Accept("pixel"),
		s.SignOut, s.BeginSignIn, s.Scan, s.Answer(true), s.IsHome, // what protects a device asks for one
		s.Push("recovery.s_make"), s.Says("recovery.p_what"), s.Looks("recovery-codes-before"), s.Push("recovery.s_make"),
		s.Says("recovery.l_once"), s.Looks("recovery-codes"))
	sheet, err := s.Everything(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b`).FindAllString(sheet, -1)
	slices.Sort(codes) // what is around a text may hold it, too
	codes = slices.Compact(codes)
	if len(codes) != 10 {
		t.Fatalf("%d codes are on the screen, not 10:\n%s", len(codes), sheet)
	}
	use := func(code string) walk.Step {
		return walk.All(s.SignOut, s.RootPassword(walk.Password), s.Push("second.s_recovery"), s.Title("recovery.s_title"),
			s.Enter("recovery.s_code", code), s.Looks("sign-in-recovery"), s.Push("signin.s_title"))
	}
	must(t, s.Push("recovery.s_have"), s.IsHome, use(codes[3]), s.IsHome, s.Says("home.p_recovered", "n", "9"), s.Looks("home-recovered"),
		use(codes[3]), s.Says("failure.recovery-code-used.l_what"), s.Looks("recovery-code-used"))

	trail := s.trail(t)
	kinds := walk.Kinds(trail)
	if !slices.Contains(kinds, "recovery-codes-made") {
		t.Errorf("the trail does not tell of the codes: %v", kinds)
	}
	used := slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return k != "signed-in-recovery" })
	if len(used) != 1 {
		t.Errorf("%d codes signed in, not 1: %v", len(used), kinds)
	}
	if last := trail[len(trail)-1]; last.Kind != "sign-in-refused" || last.Detail["code"] != "recovery-code-used" {
		t.Errorf("the last event is %+v, not the refusal", last)
	}
}
