package bind

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
	"github.com/keyferry/keyferry/backend/vault/keyring"
)

// window is the page's view of a real back end: SQLite, vault, everything.
type window struct {
	*API
	t       *testing.T
	dir     string
	asked   *answers
	state   StateDTO
	seed    *mfa.Secret // of the app that was added
	backend Backend
	events  []desk.Event
}

// answers is a person who has a place for each dialog.
type answers struct{ open, save string }

func (a *answers) OpenFile(string) (string, error) { return a.open, nil }
func (a *answers) SaveFile(_, name string) (string, error) {
	if a.save == "" {
		return "", nil
	}
	return filepath.Join(a.save, name), nil
}

const rootPassword = "correct horse"

func openWindow(t *testing.T) *window {
	t.Helper()
	w := &window{t: t, dir: t.TempDir(), asked: &answers{}}
	home := filepath.Join(w.dir, "home")
	d, err := assembly.OpenDesk(t.Context(), assembly.Config{Home: home, Secrets: keyring.File(filepath.Join(w.dir, "keys")), Version: "1.2.3", Cheap: true})
	if err != nil {
		t.Fatal(err)
	}
	seat := NewSeat(func() (Backend, error) { return d, nil })
	seat.Open()
	t.Cleanup(func() { seat.Close() })
	w.API, _ = over(t, seat)
	w.c.Dialogs, w.backend = w.asked, d
	d.Subscribe(func(e desk.Event) { w.events = append(w.events, e) })
	w.state = must(w.CreateAccount(CreateAccountRequest{Alias: "acme-lab", Email: "root@example.org", Password: Password(rootPassword)}))(t)
	return w
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
		}
		return v
	}
}

func wants(t *testing.T, err error, code mfa.Code) {
	t.Helper()
	if !mfa.IsCode(err, code) {
		t.Errorf("got %v, want %s", err, code)
	}
}

// choose writes a file and chooses it in the dialog.
func (w *window) choose(name, text string) string {
	w.t.Helper()
	w.asked.open = filepath.Join(w.dir, name)
	if err := os.WriteFile(w.asked.open, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	f := must(w.ChooseFile("Choose"))(w.t)
	if f == nil || f.Name != name || f.Size != int64(len(text)) {
		w.t.Fatalf("chosen: %+v", f)
	}
	return f.ID
}

func (w *window) code(steps int) string {
	w.t.Helper()
	return w.codes(steps)[0]
}

// codes are of one moment: a step may end between two.
func (w *window) codes(steps ...int) (all []string) {
	w.t.Helper()
	now := w.backend.Now()
	for _, n := range steps {
		all = append(all, must(totp.Code(w.seed, totp.Default, now.Add(time.Duration(n)*30*time.Second)))(w.t))
	}
	return all
}

func TestAnAppFromTheWizardToTheSignIn(t *testing.T) {
	w := openWindow(t)
	if s := w.state.Session; s == nil || !s.Administrator || s.Verdict.State != "grace" || s.PrincipalID == "" || w.state.Vault.State != "unset" {
		t.Fatalf("%+v %+v", s, w.state.Vault)
	}
	app := must(w.CreateApp(EnrolmentRequest{Name: "my-app"}))(t)
	if app.Device.Code == nil || app.Device.Code.Period != 30 || app.Device.Passkey != nil || app.Device.AddedAt != 0 || app.Issuer == "" {
		t.Errorf("%+v", app)
	}
	if qr := must(w.ShowAppCode())(t); qr.Size == 0 || len(qr.Rows) != qr.Size {
		t.Errorf("%+v", qr)
	}
	key := must(w.ShowAppKey())(t)
	w.seed = must(totp.ParseBase32(key))(t)
	crossed := must(json.Marshal(key))(t)
	if strings.Trim(string(crossed), "[0123456789,]") != "" || strings.Trim(string(key), "\x00") != "" {
		t.Error("the key must cross as numbers, and be wiped when it was written")
	}
	var back Password
	if err := json.Unmarshal(crossed, &back); err != nil || !must(totp.ParseBase32(back))(t).Equal(w.seed) {
		t.Errorf("the page reads another key (%v)", err)
	}
	pair := w.codes(-1, 0)
	d := must(w.EnableApp(TwoCodesRequest{ID: app.Device.ID, First: pair[0], Second: pair[1]}))(t)
	if d.AddedAt == 0 || d.Name != "my-app" {
		t.Errorf("%+v", d)
	}
	if s := must(w.State())(t); s.Session.Verdict.State != "free" || s.Vault.State != "open" || len(s.Vault.Slots) != 1 {
		t.Errorf("%+v %+v", s.Session, s.Vault)
	}
	_, err := w.ShowAppKey()
	wants(t, err, mfa.CodeNotFound)
	wants(t, w.CheckDeviceName(EnrolmentRequest{Name: "x"}), mfa.CodeMFANeeded)

	if s := must(w.SignOut())(t); s.Phase != "sign-in" || s.Session != nil {
		t.Errorf("%+v", s)
	}
	_, err = w.Devices("")
	wants(t, err, mfa.CodeNotSignedIn)
	in := must(w.SignIn(SignInRequest{Identity: IdentityDTO{"root", "root@example.org"}, Password: Password(rootPassword)}))(t)
	if in.Complete || !slices.Equal(in.Ways, []string{"code"}) || len(in.Devices) != 1 || in.Devices[0] != (WayDeviceDTO{d.ID, "my-app", "app"}) {
		t.Fatalf("%+v", in)
	}
	if c := must(w.Clock())(t); c.Period != 30 || c.Now == 0 {
		t.Errorf("%+v", c)
	}
	in = must(w.SignInWithCode(w.code(1)))(t)
	if !in.Complete || in.State.Session.Device != "my-app" || !in.State.Session.MFAPresent {
		t.Fatalf("%+v", in)
	}
	own := must(w.Devices(""))(t)
	if len(own) != 1 || own[0].LastUsedAt == 0 {
		t.Fatalf("%+v", own)
	}
	drift := must(w.Drift(d.ID))(t)
	if len(drift.Samples) != 2 || drift.Window != 30 || drift.ResyncWindow <= drift.Window {
		t.Errorf("%+v", drift)
	}
	renamed := must(w.RenameDevice(RenameDeviceRequest{ID: d.ID, Version: own[0].Version, Name: "renamed"}))(t)
	if err := w.RemoveDevice(DeviceRequest{ID: d.ID, Version: renamed.Version}); err != nil {
		t.Fatal(err)
	}
	free := must(w.UnassignedDevices())(t)
	if len(free) != 1 || free[0].Name != "renamed" {
		t.Fatalf("%+v", free)
	}
	_, err = w.AssignApp(AssignTokenRequest{Serial: free[0].Serial, First: pair[0], Second: pair[1]}) // no code is good twice
	wants(t, err, mfa.CodeCodeUsed)
	if err := w.DeleteDevice(DeviceRequest{ID: d.ID, Version: free[0].Version}); err != nil {
		t.Fatal(err)
	}
	codes := must(w.MakeRecoveryCodes())(t)
	if me := must(w.Me())(t); len(codes) != 10 || me.RecoveryLeft != 10 || me.Ways != 1 || me.ARN != "arn:aws:iam::"+in.State.Account.ID+":root" {
		t.Errorf("%d codes, %+v", len(codes), me)
	}
}

func TestUsersThroughTheBinding(t *testing.T) {
	w := openWindow(t)
	ann := must(w.AddUser(AddUserRequest{Name: "Ann", Path: "/harbour/", Administrator: true}))(t)
	if ann.HasPassword || !ann.Administrator || !strings.HasSuffix(ann.ARN, ":user/harbour/Ann") {
		t.Errorf("%+v", ann)
	}
	ann = must(w.SetPassword(SetPasswordRequest{ID: ann.ID, Version: ann.Version, Password: Password("battery staple"), MustChange: true}))(t)
	if !ann.HasPassword || !ann.MustChange {
		t.Errorf("%+v", ann)
	}
	ann = must(w.SetAdministrator(SetAdministratorRequest{ID: ann.ID, On: false}))(t)
	ann = must(w.ChangeUser(ChangeUserRequest{ID: ann.ID, Version: ann.Version, Name: "Hannah", Path: "/"}))(t)
	if ann.Administrator || ann.Name != "Hannah" {
		t.Errorf("%+v", ann)
	}
	preview := must(w.PreviewUsers(w.choose("users.csv", "name,path\nbob,/\nhannah,/\n,/\n")))(t)
	if preview.File != "users.csv" || preview.Good != 1 || preview.Bad != 2 || preview.Rows[1].Failure == nil || preview.Rows[1].Failure.Code != "name-taken" {
		t.Fatalf("%+v", preview)
	}
	_, err := w.AddUsers(ImportRequest{ID: preview.ID})
	wants(t, err, mfa.CodeImportProblems)
	if n := must(w.AddUsers(ImportRequest{ID: preview.ID, OnlyGood: true}))(t); n != 1 {
		t.Errorf("%d users", n)
	}
	_, err = w.AddUsers(ImportRequest{ID: preview.ID, OnlyGood: true})
	wants(t, err, mfa.CodeImportGone)
	if !slices.ContainsFunc(w.events, func(e desk.Event) bool { return e.Import != nil && e.Import.ID == preview.ID && e.Import.Done == 1 }) {
		t.Error("the page heard nothing of the import")
	}
	if all := must(w.Users())(t); len(all) != 3 || all[0].Kind != "root" || all[1].Name != "bob" {
		t.Errorf("%+v", all)
	}
	if err := w.RemoveUser(UserRequest{ID: ann.ID, Version: ann.Version}); err != nil {
		t.Fatal(err)
	}
	rows := must(w.Report())(t)
	if len(rows) != 2 || rows[0].User != "<root_account>" || rows[1].User != "bob" {
		t.Errorf("%+v", rows)
	}
	s := w.state.Account.Settings
	s.RequireForUsers = true
	s.Passwords.MinLength = 12
	saved := must(w.SaveSettings(SaveSettingsRequest{Version: must(w.State())(t).Account.Version, Settings: s}))(t)
	if !saved.Account.Settings.RequireForUsers || saved.Account.Settings.Passwords.MinLength != 12 {
		t.Errorf("%+v", saved.Account)
	}
	forecast := must(w.Rehearse(time.Now().AddDate(0, 0, 40).UnixMilli()))(t)
	if len(forecast) != 2 || forecast[0].User.Name != "bob" || forecast[0].Verdict != (VerdictDTO{"blocked", "no-password", 0}) || forecast[1].Verdict.State != "set-up" {
		t.Errorf("%+v", forecast)
	}
	_, err = w.ChangePassword(ChangePasswordRequest{Old: Password("wrong"), New: Password("a new long password")})
	wants(t, err, mfa.CodePasswordWrong)
	if s := must(w.ChangePassword(ChangePasswordRequest{Old: Password(rootPassword), New: Password("a new long password")}))(t); s.Phase != "home" {
		t.Errorf("%+v", s)
	}
	events := must(w.Activity(ActivityFilter{Kinds: []string{"user-created"}, Limit: 9}))(t)
	if len(events) != 2 || events[0].Principal != "root@example.org" || events[0].Detail == nil {
		t.Errorf("%+v", events)
	}
}

func TestTokensThroughTheBinding(t *testing.T) {
	w := openWindow(t)
	const seed = "3132333435363738393031323334353637383930"
	file := w.choose("seeds.csv", "GAHT20000001,"+seed+",TOTP\nGAHT20000001,"+seed+",TOTP\n")
	p := must(w.PreviewTokens(SeedFileRequest{File: file}))(t)
	if p.Format != "oath-csv" && p.Format == "" || p.Good != 1 || p.Bad != 1 || p.Rows[0].Period != 30 || !p.Rows[0].HashAssumed && p.Rows[0].Algorithm != "SHA1" {
		t.Fatalf("%+v", p)
	}
	if text := must(json.Marshal(p))(t); strings.Contains(string(text), seed[:12]) || strings.Contains(string(text), w.dir) {
		t.Error("a seed or a path went to the page")
	}
	w.seed = mfa.NewSecret([]byte("12345678901234567890"))
	before := w.code(0)
	if codes := must(w.PreviewCodes(PreviewCodesRequest{ID: p.ID, Count: 1 << 30}))(t); len(codes) != 2 || codes[0] != before && codes[0] != w.code(0) {
		t.Errorf("%v", codes)
	}
	if n := must(w.ImportTokens(ImportRequest{ID: p.ID, OnlyGood: true}))(t); n != 1 {
		t.Errorf("%d tokens", n)
	}
	stock := must(w.Tokens())(t)
	if len(stock) != 1 || stock[0].Serial != "GAHT20000001" || stock[0].Name != "" || stock[0].Kind != "token" {
		t.Fatalf("%+v", stock)
	}
	pair := w.codes(-1, 0)
	d := must(w.AssignToken(AssignTokenRequest{Serial: "GAHT20000001", Name: "my-token", First: pair[0], Second: pair[1]}))(t)
	if d.Name != "my-token" || d.AddedAt == 0 {
		t.Errorf("%+v", d)
	}
	again := must(w.PreviewTokens(SeedFileRequest{File: file}))(t)
	if again.Good != 0 || again.Rows[0].Failure.Code != "serial-taken" {
		t.Errorf("%+v", again)
	}
	if err := w.ClosePreview(again.ID); err != nil {
		t.Fatal(err)
	}
	_, err := w.PreviewCodes(PreviewCodesRequest{ID: again.ID, Count: 1})
	wants(t, err, mfa.CodeImportGone)
	_, err = w.PreviewTokens(SeedFileRequest{File: filepath.Join(w.dir, "seeds.csv")})
	wants(t, err, mfa.CodeFileUnreadable)
}

func TestWhatIsSaved(t *testing.T) {
	w := openWindow(t)
	for _, row := range []struct {
		name string
		save func() (SavedDTO, error)
		has  string
	}{
		{"report.csv", func() (SavedDTO, error) { return w.SaveReport(SaveRequest{"Save", "report.csv"}) }, "<root_account>"},
		{"activity.jsonl", func() (SavedDTO, error) {
			return w.SaveActivity(SaveActivityRequest{Title: "Save", Name: "activity.jsonl"})
		}, "account-created"},
		{"recovery.txt", func() (SavedDTO, error) {
			if _, err := w.SetPassphrase(PassphraseRequest{Password("a long passphrase")}); err != nil {
				return SavedDTO{}, err
			}
			return w.SaveRecoveryFile(SaveRequest{"Save", "../\nrecovery.txt"})
		}, "acme"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w.asked.save = ""
			if got, err := row.save(); err != nil || got.Saved {
				t.Fatalf("with the dialog closed: %+v, %v", got, err)
			}
			w.asked.save = t.TempDir()
			if got, err := row.save(); err != nil || got != (SavedDTO{true, row.name}) {
				t.Fatalf("%+v, %v", got, err)
			}
			path := filepath.Join(w.asked.save, row.name)
			text, err := os.ReadFile(path)
			if err != nil || row.name != "recovery.txt" && !strings.Contains(string(text), row.has) {
				t.Errorf("%q, %v", text, err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
		})
	}
	w.asked.open = ""
	if f, err := w.ChooseFile("Choose"); f != nil || err != nil {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestBackupAndBack(t *testing.T) {
	w := openWindow(t)
	must(w.AddUser(AddUserRequest{Name: "ann"}))(t)
	must(w.CreateApp(EnrolmentRequest{Name: "my-app"}))(t)
	w.asked.save = w.dir
	phrase := func() Password { return Password("a passphrase for it") }
	for range 2 { // the second replaces the first: the dialog has asked
		if got := must(w.Backup(BackupRequest{"Save", "all.kfbackup", phrase()}))(t); !got.Saved {
			t.Fatalf("%+v", got)
		}
	}
	w.asked.open = filepath.Join(w.dir, "all.kfbackup")
	file := must(w.ChooseFile("Choose"))(t).ID
	sum := must(w.RehearseBackup(RestoreRequest{File: file, Passphrase: phrase()}))(t)
	if sum.Alias != "acme-lab" || sum.Users != 1 || sum.Devices != 1 || sum.Sealed != 1 || sum.MadeAt == 0 {
		t.Errorf("%+v", sum)
	}
	must(w.AddUser(AddUserRequest{Name: "late"}))(t)
	_, err := w.RestoreBackup(RestoreRequest{File: file, Passphrase: Password("another passphrase")})
	wants(t, err, mfa.CodeBackupPassphrase)
	if s := must(w.State())(t); s.Phase != "home" {
		t.Fatalf("a wrong passphrase signs out: %+v", s)
	}
	s := must(w.RestoreBackup(RestoreRequest{File: file, Passphrase: phrase()}))(t)
	if s.Phase != "sign-in" || s.Vault.State != "open" || s.Failure != nil {
		t.Fatalf("%+v", s)
	}
	must(w.SignIn(SignInRequest{Identity: IdentityDTO{"root", "root@example.org"}, Password: Password(rootPassword)}))(t)
	if all := must(w.Users())(t); len(all) != 2 {
		t.Errorf("%+v", all)
	}
	if s := must(w.SignOut())(t); s.Phase != "sign-in" { // the checkpoints go with the new trail
		t.Errorf("%+v", s)
	}
}
