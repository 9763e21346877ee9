//go:build e2e

package e2e

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// An administrator adds a user, who changes the password that somebody else knows
// and adds a phone. The phone is lost: the administrator deactivates it, and
// saves a report that says so.
func TestUser(t *testing.T) {
	s := sit(t, account(t))
	const given, own = "given by root 1", "chosen by carol 2"
	report := filepath.Join(t.TempDir(), "report.csv")
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome, s.AddUser("carol", given), s.SignOut,
		s.UserPassword("carol", given), s.ChangePassword(given, own), s.IsHome, s.Says("home.s_empty"),
		s.BeginAdding("carols-phone"), s.Scan, s.Answer(true), s.Accept("carols-phone"), s.SignOut)
	must(t, s.RootPassword(walk.Password), s.IsHome, s.OpenUser("carol"), s.Shows("carols-phone"), s.Looks("user-with-device"),
		s.Push("device.l_more", "name", "carols-phone"), s.Push("device.s_remove_menu"),
		s.Title("users.l_off_title", "device", "carols-phone", "name", "carol"), s.Looks("deactivate"), s.Push("users.s_off"), s.Says("home.s_empty"))
	must(t, s.Push("users.s_all"), s.Push("users.s_report"), s.Title("users.s_report"), s.Looks("report"),
		s.Push("report.s_save"), s.Choose(report), s.Says("file.l_saved", "name", "report.csv"))

	kinds := walk.Kinds(s.trail(t))
	var told []string
	for _, k := range []string{"user-created", "password-changed", "device-added", "device-removed", "report-made"} {
		if slices.Contains(kinds, k) {
			told = append(told, k)
		}
	}
	if len(told) != 5 {
		t.Errorf("of what happened, the trail tells only %v: %v", told, kinds)
	}
	if carol := s.user(t, "carol"); carol.Passkeys != 0 || carol.MustChange {
		t.Errorf("carol is %+v: no passkey, and a password of her own", carol)
	}
	f, err := os.Open(report)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 3 || rows[1][0] != "<root_account>" || rows[2][0] != "carol" {
		t.Fatalf("the report holds %v (%v)", rows, err)
	}
	if at := slices.Index(rows[0], "mfa_active"); at < 0 || rows[2][at] != "false" {
		t.Errorf("the report says that carol is %v under %v", rows[2], rows[0])
	}
}
