//go:build e2e

package e2e

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// A backup is made, tried and put back: who was added after it is gone again.
func TestBackup(t *testing.T) {
	s := sit(t, account(t, "erin"))
	const phrase = "four dull grey seals"
	file := filepath.Join(t.TempDir(), "harbour.backup")
	opened := s.Says("backup.l_opens", "users", s.Words.Say("backup.s_users", "n", "1"), "devices", s.Words.Say("backup.s_devices", "n", "0"))
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome, s.Open("settings"), s.Looks("settings"),
		s.Push("backup.s_make"), s.Title("backup.s_make_title"), s.Enter("vault.s_passphrase", phrase), s.Enter("settings.s_again", phrase),
		s.Looks("backup-make"), s.Push("backup.s_save_as"), s.Choose(file))
	must(t, s.Push("backup.s_rehearse"), s.Title("backup.s_rehearse_title"), s.Push("file.s_choose"), s.Choose(file),
		s.Enter("backup.s_passphrase", "not that one, no"), s.Push("backup.s_look"), s.Says("failure.backup-passphrase-wrong.l_what"),
		s.Enter("backup.s_passphrase", phrase), s.Push("backup.s_look"), opened, s.Looks("backup-tried"), s.Push("do.s_close"))
	must(t, s.AddUser("late", userPassword), s.Open("settings"),
		s.Push("backup.s_restore"), s.Title("backup.s_restore_title"), s.Push("file.s_choose"), s.Choose(file),
		s.Enter("backup.s_passphrase", phrase), s.Push("backup.s_look"), opened, s.Looks("backup-restore"), s.Push("backup.s_restore_now"),
		s.SignInScreen, s.RootPassword(walk.Password), s.IsHome, s.Open("users"), s.Shows("erin"))

	if kinds := walk.Kinds(s.trail(t)); !slices.Contains(kinds, "backup-restored") {
		t.Errorf("the trail does not tell of the restoring: %v", kinds)
	}
	var list struct{ Users []user }
	if err := s.ctl(t).Run(&list, "user", "list"); err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(list.Users, func(u user) bool { return u.Name == "late" }) {
		t.Error("who came after the backup is still there")
	}
	if s.user(t, "erin").Name != "erin" {
		t.Error("erin is gone")
	}
}
