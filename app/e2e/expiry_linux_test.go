//go:build e2e

package e2e

import (
	"slices"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// A code that nobody scans runs out; the next one works. It takes as long as a
// code lives (two minutes) and runs beside the others.
func TestExpiredCode(t *testing.T) {
	s := sit(t)
	must(t, s.CreateAccount, s.BeginAdding("pixel"), s.Expired, s.NewCode, s.Scan, s.Answer(true), s.Accept("pixel"))
	kinds := walk.Kinds(s.trail(t))
	if !slices.Contains(kinds, "device-added") {
		t.Errorf("no device was added: %v", kinds)
	}
}
