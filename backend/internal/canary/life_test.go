package canary

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/app/bind"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// A whole life of an account through the calls of the page, each way to fail that can
// be reached included; nothing secret is found in any file, event, failure, log or
// answer, but in the answers that are there to show it.
func TestNoSecretOfALifeIsFoundAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("real passwords are slow to try, on purpose")
	}
	for name, sandbox := range map[string]bool{"real": false, "sandbox": true} {
		t.Run(name, func(t *testing.T) {
			w := newWindow(t, sandbox)
			l := &life{window: w, mail: "root@example.org"}
			l.begins()
			l.hasPeople()
			l.hasAnApp()
			l.hasTokens()
			if sandbox {
				l.hasAPhone()
			}
			l.hasRecoveryCodes()
			l.isLookedAt()
			w.hashes()
			w.trail()
			w.inspect("open")
			l.isLockedOut()
			if !sandbox { // the same code; a backup's passphrase is slow to try, on purpose
				l.isBackedUp()
				w.inspect("restored")
			}
			w.trail()
			w.quit()
			w.inspect("closed")
			t.Logf("%d answers, %d traces", w.calls, len(w.hunt.traces)+len(w.inside.traces)+len(w.rings.traces))
		})
	}
}

// life is what this person does, in this order.
type life struct {
	*window
	mail   string
	root   func() bind.Password
	app    *shows
	appID  string
	tokens map[string]*shows // by serial
	phrase func() bind.Password
}

func (l *life) begins() {
	l.root = l.secretly("root's password", "Canary-root-7hP\"<q")
	short := l.secretly("a short password", "shrt-7x")
	refused(l.CreateAccount(bind.CreateAccountRequest{Alias: "acme-lab", Email: l.mail, Password: short()}))(l.window, "CreateAccount", mfa.CodePasswordShort)
	refused(l.CreateAccount(bind.CreateAccountRequest{Alias: "-", Email: l.mail, Password: l.root()}))(l.window, "CreateAccount", mfa.CodeAliasInvalid)
	strange := l.secretly("a password in Chinese", "金丝雀金丝雀金丝雀")
	refused(l.CreateAccount(bind.CreateAccountRequest{Alias: "acme-lab", Email: l.mail, Password: strange()}))(l.window, "CreateAccount", mfa.CodePasswordInvalid)
	crossed(l.CreateAccount(bind.CreateAccountRequest{Alias: "acme-lab", Email: l.mail, Password: l.root()}))(l.window, "CreateAccount")
	refused(l.CreateAccount(bind.CreateAccountRequest{Alias: "acme-lab", Email: l.mail, Password: l.root()}))(l.window, "CreateAccount", mfa.CodeAccountExists)
}

func (l *life) hasPeople() {
	w := l.window
	ann := l.secretly("ann's password", "Canary-ann-Jk41-zz")
	first := crossed(l.AddUser(bind.AddUserRequest{Name: "ann", Password: ann(), Administrator: true}))(w, "AddUser")
	refused(l.AddUser(bind.AddUserRequest{Name: "ANN", Password: l.secretly("a twin's password", "Canary-twin-88xx")()}))(w, "AddUser", mfa.CodeNameTaken)
	refused(l.AddUser(bind.AddUserRequest{Name: "a b", Password: l.secretly("nobody's password", "Canary-nobody-1y")()}))(w, "AddUser", mfa.CodeNameInvalid)
	// somebody types the password where the name goes
	refused(l.AddUser(bind.AddUserRequest{Name: string(l.secretly("a password as a name", "Canary typed as name!")())}))(w, "AddUser", mfa.CodeNameInvalid)
	refused(l.SetPassword(bind.SetPasswordRequest{ID: first.ID, Version: first.Version + 1, Password: l.secretly("a late password", "Canary-late-55tt")()}))(w, "SetPassword", mfa.CodeConflict)
	crossed(l.SetPassword(bind.SetPasswordRequest{ID: first.ID, Version: first.Version, Password: l.secretly("ann's second password", "Canary-ann-2-Qz")()}))(w, "SetPassword")

	list := "name,password,administrator\nbob," + string(l.secretly("bob's password in a list", "Canary-bob-list-3k")()) + ",no\n" +
		"b b," + string(l.secretly("the password of a bad row", "Canary-badrow-9u")()) + ",no\n" +
		"ann," + string(l.secretly("the password of a known name", "Canary-known-0e")()) + ",\n" +
		"eve," + string(l.secretly("a short one in a list", "shrt9w")()) + ",\n" +
		"cy,\"" + strings.ReplaceAll(string(l.secretly("a quoted password", `Canary "quoted", cy`)()), `"`, `""`) + "\",yes\n" +
		"dee,no," + string(l.secretly("a password one column on", "Canary-column-4m")()) + "\n"
	p := crossed(l.PreviewUsers(w.choose("users.csv", []byte(list))))(w, "PreviewUsers")
	if p.Good != 2 || p.Bad != 4 {
		w.t.Errorf("users: %+v", p)
	}
	refused(l.AddUsers(bind.ImportRequest{ID: p.ID}))(w, "AddUsers", mfa.CodeImportProblems)
	if n := crossed(l.AddUsers(bind.ImportRequest{ID: p.ID, OnlyGood: true}))(w, "AddUsers"); n != 2 {
		w.t.Errorf("%d users", n)
	}
	for name, text := range map[string]string{
		"no heading":         "gus,Canary-noheading-1\n",
		"a password heading": "name,Canary-heading-2\ngus,x\n",
		"an open quote":      "name,password\ngus,\"Canary-openquote-3\n",
		"not UTF-8":          "name,password\ngus,Canary-latin-4\xe9\xff\n",
		"too long":           "name,password\ngus,Canary-long-5" + strings.Repeat("x", 1<<16) + "\n",
		"too many":           "name,password\ngus,Canary-many-6,a,b,c,d,e,f\n",
	} {
		i := strings.Index(text, "Canary-")
		w.hunt.says("a password in a list with "+name, text[i:i+13])
		dto, err := l.PreviewUsers(w.choose("bad.csv", []byte(text)))
		w.looked("PreviewUsers, "+name, dto, err)
		if err == nil && dto.Good > 0 {
			w.t.Errorf("a list with %s has good rows: %+v", name, dto)
		}
	}
	refused(l.ChangePassword(bind.ChangePasswordRequest{Old: l.secretly("a wrong old password", "Canary-wrongold-7")(), New: l.secretly("a new one for a wrong old one", "Canary-newold-8")()}))(w, "ChangePassword", mfa.CodePasswordWrong)
	next := l.secretly("root's second password", "Canary-root-2-Öl&<")
	crossed(l.ChangePassword(bind.ChangePasswordRequest{Old: l.root(), New: next()}))(w, "ChangePassword")
	l.root = next
}

// signIn types the password and the next code.
func (l *life) signIn(shown *shows) {
	w := l.window
	crossed(l.SignIn(bind.SignInRequest{Identity: bind.IdentityDTO{Kind: "root", Name: l.mail}, Password: l.root()}))(w, "SignIn")
	if in := crossed(l.SignInWithCode(w.next(shown)))(w, "SignInWithCode"); !in.Complete {
		w.t.Fatalf("%+v", in)
	}
}

func (l *life) hasAnApp() {
	w := l.window
	app := crossed(l.CreateApp(bind.EnrolmentRequest{Name: "my-app"}))(w, "CreateApp")
	qr := crossed(l.ShowAppCode())(w, "ShowAppCode")
	if qr.Size == 0 {
		w.t.Error("no picture")
	}
	key, err := l.ShowAppKey() // the one answer that is there to show it
	if err != nil {
		w.t.Fatal(err)
	}
	seed, err := totp.ParseBase32(key)
	if err != nil {
		w.t.Fatal(err)
	}
	w.hunt.plant("the app's seed", seed.Bytes())
	w.hunt.plant("the app's key", key)
	l.app, l.appID = &shows{seed: seed, p: totp.Default}, app.Device.ID
	typed := string(l.secretly("a password as a code", "Canary-as-a-code")())
	refused(l.EnableApp(bind.TwoCodesRequest{ID: app.Device.ID, First: typed, Second: w.code(l.app, 0)}))(w, "EnableApp", mfa.CodeCodeFormat)
	refused(l.EnableApp(w.two(app.Device.ID, l.app, 0, 0)))(w, "EnableApp", mfa.CodeCodesEqual)
	refused(l.EnableApp(w.two(app.Device.ID, l.app, 0, -1)))(w, "EnableApp", mfa.CodeCodesSwapped)
	refused(l.EnableApp(w.two(app.Device.ID, l.app, -2, 0)))(w, "EnableApp", mfa.CodeCodesGap)
	refused(l.EnableApp(w.two(app.Device.ID, l.app, 240, 241)))(w, "EnableApp", mfa.CodeCodeClock)
	enabling := w.two(app.Device.ID, l.app, -1, 0)
	crossed(l.EnableApp(enabling))(w, "EnableApp")
	refused(l.ShowAppKey())(w, "ShowAppKey", mfa.CodeNotFound)

	crossed(l.SignOut())(w, "SignOut")
	wrong := l.secretly("a wrong password", "Canary-wrong-pw-0")
	refused(l.SignIn(bind.SignInRequest{Identity: bind.IdentityDTO{Kind: "root", Name: l.mail}, Password: wrong()}))(w, "SignIn", mfa.CodeSignInRefused)
	// the password in the field of the name: it must not be written down as the name
	// that somebody tried
	slip := l.secretly("a password as a user name", "Canary-in-name-field-6")
	refused(l.SignIn(bind.SignInRequest{Identity: bind.IdentityDTO{Kind: "user", Name: string(slip())}, Password: slip()}))(w, "SignIn", mfa.CodeSignInRefused)
	crossed(l.SignIn(bind.SignInRequest{Identity: bind.IdentityDTO{Kind: "root", Name: l.mail}, Password: l.root()}))(w, "SignIn")
	refused(l.SignInWithCode(typed))(w, "SignInWithCode", mfa.CodeCodeFormat)
	in, err := l.SignInWithCode(enabling.Second)
	w.looked("SignInWithCode", in, err)
	if !mfa.IsCode(err, mfa.CodeCodeUsed) && !mfa.IsCode(err, mfa.CodeCodeWrong) { // wrong: on a slow machine it is too old by now
		w.t.Fatalf("what enabled the app signs in: %v", err)
	}
	refused(l.SignInWithCode(w.code(l.app, 5000)))(w, "SignInWithCode", mfa.CodeCodeWrong)
	w.fails("ResyncAtSignIn", mfa.CodeCodeClock, l.ResyncAtSignIn(w.two(l.appID, l.app, 200, 201)))
	crossed(l.SignInWithCode(w.next(l.app)))(w, "SignInWithCode")
}

// seed makes a canary for a token.
func (l *life) seed(serial string) []byte {
	sum := sha256.Sum256([]byte("canary " + serial))
	l.window.hunt.plant("the seed of "+serial, sum[:20])
	l.tokens[serial] = &shows{seed: mfa.NewSecret(bytes.Clone(sum[:20])), p: totp.Default}
	return sum[:20]
}

func b32(seed []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed)
}

func pskc(serial, seed string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage><DeviceInfo>` +
		`<Manufacturer>Acme</Manufacturer><SerialNo>` + serial + `</SerialNo></DeviceInfo><Key Id="` + serial + `" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp">` +
		`<AlgorithmParameters><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters><Data><Secret><PlainValue>` + seed +
		`</PlainValue></Secret><TimeInterval><PlainValue>30</PlainValue></TimeInterval></Data></Key></KeyPackage></KeyContainer>`
}

func (l *life) hasTokens() {
	w := l.window
	l.tokens = map[string]*shows{}
	hexed := func(serial string) string { return hex.EncodeToString(l.seed(serial)) }
	for name, file := range map[string]struct {
		text      string
		good, bad int
	}{
		"OATH CSV": {"HEXTOKEN01," + hexed("HEXTOKEN01") + ",TOTP,6,30\nHEXTOKEN02," + hexed("HEXTOKEN02") + ",TOTP,8,30\nHEXTOKEN03," +
			hexed("HEXTOKEN03") + "zz,TOTP\nHEXTOKEN04," + hexed("HEXTOKEN04") + ",HOTP\nHEXTOKEN01," + hexed("HEXTOKEN05") + ",TOTP\n", 1, 4},
		"Entra CSV": {"upn,serial number,secret key,time interval,manufacturer,model\na@b.c,ENTRATOKEN1," + b32(l.seed("ENTRATOKEN1")) + ",30,Acme,C1\n" +
			"a@b.c,ENTRATOKEN2," + b32(l.seed("ENTRATOKEN2")) + "01,30,Acme,C1\n", 1, 1},
		"PSKC":         {pskc("PSKCTOKEN1", base64.StdEncoding.EncodeToString(l.seed("PSKCTOKEN1"))), 1, 0},
		"otpauth list": {"otpauth://totp/Bank:li?secret=" + b32(l.seed("otpauth/Bank:li")) + "&issuer=Bank\notpauth://totp/Bank:md?secret=" + b32(l.seed("otpauth/Bank:md")) + "&algorithm=MD5\n", 1, 1},
		"Yubico log":   {"OATH-HOTP,1/1/26 10:00 AM,1,,," + hexed("YUBI") + ",,,0,0,0,6,0,0,0,0,0,0\n", 0, 1},
		"SafeNet": {`<?xml version="1.0"?><Tokens><Token serial="SAFENET01"><Applications><Application><Seed>` + hexed("SAFENET01") +
			`</Seed><MovingFactor>0</MovingFactor></Application></Applications></Token></Tokens>`, 0, 1},
	} {
		p, err := l.PreviewTokens(bind.SeedFileRequest{File: w.choose("seeds", []byte(file.text))})
		w.looked("PreviewTokens, "+name, p, err)
		if err != nil || p.Good != file.good || p.Bad != file.bad {
			w.t.Errorf("%s: %d good, %d bad, %v", name, p.Good, p.Bad, err)
			continue
		}
		if codes, err := l.PreviewCodes(bind.PreviewCodesRequest{ID: p.ID, Count: 10}); err != nil || len(codes) != file.good+file.bad {
			w.t.Errorf("%s: %v, %v", name, codes, err)
		}
		if file.bad > 0 {
			refused(l.ImportTokens(bind.ImportRequest{ID: p.ID}))(w, "ImportTokens", mfa.CodeImportProblems)
		}
		if file.good > 0 {
			crossed(l.ImportTokens(bind.ImportRequest{ID: p.ID, OnlyGood: true}))(w, "ImportTokens")
		}
	}
	l.brokenSeedFiles()
	hexToken, entra := l.tokens["HEXTOKEN01"], l.tokens["ENTRATOKEN1"]
	refused(l.AssignToken(w.assign("HEXTOKEN01", "token-1", hexToken, 300, 302)))(w, "AssignToken", mfa.CodeCodeWrong)
	refused(l.AssignToken(w.assign("HEXTOKEN01", "token-1", hexToken, -1, 1)))(w, "AssignToken", mfa.CodeCodesGap)
	crossed(l.AssignToken(w.assign("HEXTOKEN01", "token-1", hexToken, -1, 0)))(w, "AssignToken")
	crossed(l.AssignToken(w.assign("ENTRATOKEN1", "token-2", entra, -1, 0)))(w, "AssignToken")
	crossed(l.SignOut())(w, "SignOut")
	l.signIn(hexToken)
	// the same secret in the serial's field
	refused(l.AssignToken(bind.AssignTokenRequest{Serial: b32(l.seed("typed")), Name: "token-3", First: "000000", Second: "000001"}))(w, "AssignToken", mfa.CodeNotFound)
}

// brokenSeedFiles are refused as a whole, and do not say what stood in them.
func (l *life) brokenSeedFiles() {
	w := l.window
	seed := func(name string) string { return base64.StdEncoding.EncodeToString(l.seed("broken, " + name)) }
	key := l.seed("broken, hex")
	figure6, err := os.ReadFile(filepath.Join("..", "..", "totp", "seedfile", "testdata", "rfc6030-figure6.xml"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.hunt.says("the RFC's seed", "12345678901234567890")
	for name, file := range map[string]struct {
		text, key, password string
		code                mfa.Code
	}{
		"an entity":     {`<!DOCTYPE x [<!ENTITY e "` + seed("entity") + `">]>` + pskc("BROKEN0001", "&e;"), "", "", mfa.CodeSeedFileUnsafe},
		"a cut":         {pskc("BROKEN0002", seed("cut"))[:420], "", "", mfa.CodeSeedFileDamaged},
		"no format":     {"the seed is " + seed("format") + "\n", "", "", mfa.CodeSeedFileUnknown},
		"latin":         {"HEXTOKEN09," + hex.EncodeToString(key) + ",caf\xe9\n", "", "", mfa.CodeSeedFileEncoding},
		"no key":        {string(figure6), "", "", mfa.CodeSeedKeyNeeded},
		"a wrong key":   {string(figure6), "c0ffee00c0ffee00c0ffee00c0ffee77", "", mfa.CodeSeedPasswordWrong},
		"a broken key":  {string(figure6), "c0ffee00c0ffee00c0ffee00c0ffexyz", "", mfa.CodeInvalidInput},
		"a password":    {string(figure6), "", "Canary-pskc-password", ""},
		"an opened one": {string(figure6), "12345678901234567890123456789012", "", ""},
	} {
		if file.key != "" {
			w.hunt.says("the key for "+name, file.key)
		}
		if file.password != "" {
			w.hunt.says("the password for "+name, file.password)
		}
		p, err := l.PreviewTokens(bind.SeedFileRequest{File: w.choose("broken", []byte(file.text)), Key: bind.Password(file.key), Password: bind.Password(file.password)})
		w.looked("PreviewTokens of "+name, p, err)
		if file.code != "" {
			wants(w.t, "a file with "+name, err, file.code)
		}
	}
}

func (l *life) hasAPhone() {
	w := l.window
	answer := func() desk.Ceremony {
		w.t.Helper()
		for {
			select {
			case e := <-w.events:
				switch c := e.Ceremony; {
				case c == nil:
				case c.Stage == mfa.StageShowQR:
					w.show(c.QR)
				case c.Stage == mfa.StageNameDevice:
					w.done("ConfirmDevice", l.ConfirmDevice(true))
				case c.Stage == mfa.StageDone || c.Stage == mfa.StageFailed:
					return *c
				}
			case <-time.After(5 * time.Minute):
				w.t.Fatal("the ceremony does not end")
			}
		}
	}
	for _, behaviour := range []string{"decline", "no-uv", "drop-after-handshake", "wrong-signature", "approve"} {
		crossed(l.SetSimulatedPhone(bind.SetPhoneRequest{Behaviour: behaviour, Model: "android"}))(w, "SetSimulatedPhone")
		crossed(l.BeginEnrolment(bind.PasskeyRequest{Name: "my-phone-" + behaviour, Road: string(mfa.RoadPhone)}))(w, "BeginEnrolment")
		c := answer()
		if behaviour == "approve" && c.Failure != nil {
			w.t.Fatalf("%v (%s)", c.Failure, c.Failure.Explain())
		}
		if c.Failure != nil {
			w.searchFailure("BeginEnrolment, "+behaviour, c.Failure)
		}
		crossed(l.Ceremony())(w, "Ceremony")
	}
	var links []bind.LinkedPhoneDTO
	for end := time.Now().Add(2 * time.Minute); len(links) == 0 && time.Now().Before(end); { // kept in the background
		links = crossed(l.LinkedPhones())(w, "LinkedPhones")
	}
	if len(links) == 0 {
		w.t.Fatal("no link came")
	}
	h, who := w.house()
	stored, err := h.Store.Links(w.t.Context(), who.PrincipalID)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range stored {
		opened, err := h.Vault.Open(mfa.SealLink, s.ID, s.Sealed)
		if err != nil {
			w.t.Fatal(err)
		}
		w.rings.plant("all that rings the phone", opened.Bytes())
		for i := 0; i+16 <= opened.Len(); i += 8 { // any part of it, whatever its form is
			w.rings.plant(fmt.Sprintf("what rings the phone, from %d", i), opened.Bytes()[i:i+16])
		}
		w.inside.plant("a sealed link", s.Sealed)
	}
	crossed(l.SignOut())(w, "SignOut")
	for _, link := range []string{links[0].ID, ""} {
		crossed(l.SignIn(bind.SignInRequest{Identity: bind.IdentityDTO{Kind: "root", Name: l.mail}, Password: l.root()}))(w, "SignIn")
		crossed(l.BeginPhoneSignIn(bind.PhoneSignInRequest{LinkedID: link}))(w, "BeginPhoneSignIn")
		if c := answer(); c.Failure != nil {
			w.t.Fatalf("%v (%s)", c.Failure, c.Failure.Explain())
		}
		crossed(l.SignOut())(w, "SignOut")
	}
	l.signIn(l.tokens["ENTRATOKEN1"])
}

// show holds the screen before the simulated phone.
func (w *window) show(text string) {
	w.t.Helper()
	w.hunt.plant("the phone's code", []byte(text))
	png := drawn(w.t, text)
	crossed(w.ScanWithSimulatedPhone(base64.StdEncoding.EncodeToString(png)))(w, "ScanWithSimulatedPhone")
}

func (l *life) hasRecoveryCodes() {
	w := l.window
	codes, err := l.MakeRecoveryCodes() // there to be shown
	if err != nil || len(codes) != 10 {
		w.t.Fatalf("%d codes, %v", len(codes), err)
	}
	for i, c := range codes {
		w.hunt.says(fmt.Sprintf("recovery code %d", i), string(c))
	}
	crossed(l.SignOut())(w, "SignOut")
	crossed(l.SignIn(bind.SignInRequest{Identity: bind.IdentityDTO{Kind: "root", Name: l.mail}, Password: l.root()}))(w, "SignIn")
	wrong := "CANA-RYCA-NARY-CAN4"
	w.hunt.says("a wrong recovery code", wrong)
	refused(l.SignInWithRecoveryCode(bind.Password(wrong)))(w, "SignInWithRecoveryCode", mfa.CodeRecoveryCodeWrong)
	w.hunt.says("what is no recovery code", "Canary, not a code at all")
	refused(l.SignInWithRecoveryCode(bind.Password("Canary, not a code at all")))(w, "SignInWithRecoveryCode", mfa.CodeRecoveryCodeWrong)
	first := slices.Clone(codes[0])
	crossed(l.SignInWithRecoveryCode(slices.Clone(first)))(w, "SignInWithRecoveryCode")
	crossed(l.SignOut())(w, "SignOut")
	crossed(l.SignIn(bind.SignInRequest{Identity: bind.IdentityDTO{Kind: "root", Name: l.mail}, Password: l.root()}))(w, "SignIn")
	refused(l.SignInWithRecoveryCode(slices.Clone(first)))(w, "SignInWithRecoveryCode", mfa.CodeRecoveryCodeUsed)
	crossed(l.SignInWithRecoveryCode(slices.Clone(codes[1])))(w, "SignInWithRecoveryCode")
}

// isLookedAt asks everything that can be asked.
func (l *life) isLookedAt() {
	w := l.window
	crossed(l.State())(w, "State")
	crossed(l.Me())(w, "Me")
	crossed(l.Clock())(w, "Clock")
	users := crossed(l.Users())(w, "Users")
	for _, u := range users {
		crossed(l.Devices(u.ID))(w, "Devices")
	}
	for _, d := range crossed(l.Devices(""))(w, "Devices") {
		dto, err := l.Drift(d.ID)
		w.looked("Drift", dto, err)
	}
	crossed(l.UnassignedDevices())(w, "UnassignedDevices")
	crossed(l.Tokens())(w, "Tokens")
	crossed(l.LinkedPhones())(w, "LinkedPhones")
	crossed(l.Rehearse(time.Now().AddDate(0, 2, 0).UnixMilli()))(w, "Rehearse")
	crossed(l.Report())(w, "Report")
	crossed(l.Activity(bind.ActivityFilter{Limit: 1000}))(w, "Activity")
	crossed(l.SaveReport(bind.SaveRequest{Title: "Save", Name: "report.csv"}))(w, "SaveReport")
	crossed(l.SaveActivity(bind.SaveActivityRequest{Title: "Save", Name: "activity.jsonl"}))(w, "SaveActivity")
}

// isLockedOut loses the secret store and comes back by passphrase and by file.
func (l *life) isLockedOut() {
	w := l.window
	l.phrase = l.secretly("the vault's passphrase", "Canary-vault-passphrase-2")
	refused(l.SetPassphrase(bind.PassphraseRequest{Passphrase: l.secretly("a short passphrase", "shrt-8k")()}))(w, "SetPassphrase", mfa.CodePassphraseShort)
	crossed(l.SetPassphrase(bind.PassphraseRequest{Passphrase: l.phrase()}))(w, "SetPassphrase")
	w.where = "given"
	crossed(l.SaveRecoveryFile(bind.SaveRequest{Title: "Save", Name: "recovery.txt"}))(w, "SaveRecoveryFile")
	w.where = "saved"
	recovery := filepath.Join(w.dir, "given", "recovery.txt")
	text, err := os.ReadFile(recovery)
	if err != nil {
		w.t.Fatal(err)
	}
	planted := 0
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 2 && strings.Count(f[1], "-") == 3 {
			w.hunt.says("line "+f[0]+" of the recovery file", f[1])
			planted++
		}
	}
	if planted != 4 {
		w.t.Fatalf("%d lines of key in the recovery file", planted)
	}
	w.hashes()
	w.inspect("with three ways")
	wrong := l.secretly("a wrong passphrase", "Canary-wrong-passphrase-1")
	relock := func() {
		crossed(l.SignOut())(w, "SignOut")
		w.quit()
		w.system = newMemory() // another machine
		w.system.fails(0, mfa.Fail(mfa.CodeVaultStoreLocked))
		if w.sandbox {
			if err := os.Remove(filepath.Join(w.dir, "home", "sandbox.keys")); err != nil {
				w.t.Fatal(err)
			}
		}
		w.start()
		if s := crossed(l.State())(w, "State"); s.Vault == nil || s.Vault.State != "locked" {
			w.t.Fatalf("%+v", s)
		}
	}
	relock()
	crossed(l.SignIn(bind.SignInRequest{Identity: bind.IdentityDTO{Kind: "root", Name: l.mail}, Password: l.root()}))(w, "SignIn")
	refused(l.SignInWithCode(w.code(l.app, 1)))(w, "SignInWithCode", mfa.CodeVaultLocked)
	refused(l.SignInWithRecoveryCode(bind.Password("CANA-RYCA-NARY-CAN4")))(w, "SignInWithRecoveryCode", mfa.CodeVaultLocked)
	refused(l.UnlockVault(bind.PassphraseRequest{Passphrase: wrong()}))(w, "UnlockVault", mfa.CodeVaultPassphrase)
	refused(l.UnlockVaultWithFile(w.choose("recovery-bad.txt", bytes.Replace(text, []byte("1   "), []byte("1   0"), 1))))(w, "UnlockVaultWithFile", mfa.CodeRecoveryFile)
	flipped := bytes.Clone(text)
	i := bytes.Index(text, []byte("  1   ")) + 6
	flipped[i] = map[bool]byte{true: '7', false: '8'}[text[i] != '7']
	refused(l.UnlockVaultWithFile(w.choose("recovery-flipped.txt", flipped)))(w, "UnlockVaultWithFile", mfa.CodeRecoveryFile)
	crossed(l.UnlockVaultWithFile(w.again(recovery)))(w, "UnlockVaultWithFile")
	l.comeBack()
	relock()
	crossed(l.UnlockVault(bind.PassphraseRequest{Passphrase: l.phrase()}))(w, "UnlockVault")
	l.comeBack()
	w.hashes()
	w.inspect("after a lost store")
}

// comeBack signs root in by whatever is left.
func (l *life) comeBack() { l.signIn(l.tokens["ENTRATOKEN1"]) }

func (l *life) isBackedUp() {
	w := l.window
	phrase := l.secretly("the backup's passphrase", "Canary-backup-passphrase")
	refused(l.Backup(bind.BackupRequest{Title: "Save", Name: "short.keyferry", Passphrase: l.secretly("a short backup passphrase", "shrt-bk")()}))(w, "Backup", mfa.CodePassphraseShort)
	crossed(l.Backup(bind.BackupRequest{Title: "Save", Name: "all.keyferry", Passphrase: phrase()}))(w, "Backup")
	file := w.again(filepath.Join(w.dir, "saved", "all.keyferry"))
	refused(l.RehearseBackup(bind.RestoreRequest{File: file, Passphrase: l.secretly("a wrong backup passphrase", "Canary-wrong-backup")()}))(w, "RehearseBackup", mfa.CodeBackupPassphrase)
	crossed(l.RehearseBackup(bind.RestoreRequest{File: file, Passphrase: phrase()}))(w, "RehearseBackup")
	if s := crossed(l.RestoreBackup(bind.RestoreRequest{File: file, Passphrase: phrase()}))(w, "RestoreBackup"); s.Phase != "sign-in" || s.Vault.State != "open" {
		w.t.Fatalf("%+v", s)
	}
	l.comeBack()
}
