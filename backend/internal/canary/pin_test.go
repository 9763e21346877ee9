package canary

import (
	"crypto/sha256"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/app/bind"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// keyHolder has the sandbox's security key in the hand, and PINs in the head.
type keyHolder struct {
	*window
	hashes *hunt // of PINs: in the key's own memory only, which is another device
}

// pin makes a PIN that is remembered as a canary, and its hash as a key keeps it (CTAP
// 2.2 section 6.5.5).
func (k *keyHolder) pin(name, text string) func() bind.Password {
	hash := sha256.Sum256([]byte(text))
	k.hashes.plant("the hash of "+name, hash[:16])
	k.hashes.plant("the whole hash of "+name, hash[:])
	return k.secretly(name, text)
}

// runs holds the key through a ceremony, gives one of pins whenever one is asked for and
// closes the window's dialog when none is left.
func (k *keyHolder) runs(pins ...func() bind.Password) desk.Ceremony {
	k.t.Helper()
	for {
		select {
		case e := <-k.events:
			if e.SimKey != nil && e.SimKey.Waiting {
				_ = k.TouchSimulatedKey() // it may have given up meanwhile
			}
			switch c := e.Ceremony; {
			case c == nil:
			case c.Stage == mfa.StageEnterPIN && c.PIN != nil && len(pins) == 0:
				k.done("CancelCeremony", k.CancelCeremony())
			case c.Stage == mfa.StageEnterPIN && c.PIN != nil:
				k.done("GivePIN", k.GivePIN(pins[0]()))
				pins = pins[1:]
			case c.Stage == mfa.StageNameDevice:
				k.done("ConfirmDevice", k.ConfirmDevice(true))
			case c.Stage == mfa.StageDone || c.Stage == mfa.StageFailed:
				crossed(k.Ceremony())(k.window, "Ceremony")
				if c.Failure != nil {
					k.searchFailure("the ceremony", c.Failure)
				}
				return *c
			}
		case <-k.t.Context().Done():
			k.t.Fatal("the ceremony does not end")
		}
	}
}

// ends is runs for a ceremony that ends with a code; "" for done.
func (k *keyHolder) ends(what string, code mfa.Code, pins ...func() bind.Password) {
	k.t.Helper()
	c := k.runs(pins...)
	if code == "" && c.Failure != nil || code != "" && (c.Failure == nil || c.Failure.Code != code) {
		k.t.Fatalf("%s: %v, want %q", what, c.Failure, code)
	}
}

// The PIN of a security key, typed right and wrong, too short, too long and where nobody
// asked, is in no file, event, failure, log or answer. Only the key keeps its hash.
func TestNoPINIsFoundAnywhere(t *testing.T) {
	w := newWindow(t, true)
	k := &keyHolder{window: w, hashes: newHunt()}
	root := k.secretly("root's password", "Canary-root-7hP\"<q")
	crossed(k.CreateAccount(bind.CreateAccountRequest{Alias: "acme-lab", Email: rootMail, Password: root()}))(w, "CreateAccount")
	crossed(k.SetSimulatedKey("plain"))(w, "SetSimulatedKey")
	crossed(k.PlugSimulatedKey(true))(w, "PlugSimulatedKey")
	list := crossed(k.Keys())(w, "Keys")
	if len(list) == 0 {
		t.Fatal("no key is there")
	}
	id := list[0].ID

	first, second := k.pin("the first PIN", "pin-one-2580"), k.pin("the second PIN", "PIN two äöü \"13579\"")
	wrong, short, long := k.pin("a wrong PIN", "pin-wrong-0000"), k.secretly("a short PIN", "金丝雀"), k.secretly("a long PIN", strings.Repeat("long-pin", 9))
	set := func(old, fresh func() bind.Password) bind.KeyPINRequest {
		r := bind.KeyPINRequest{ID: id, New: fresh()}
		if old != nil {
			r.Old = old()
		}
		return r
	}
	refused(k.SetKeyPIN(set(nil, long)))(w, "SetKeyPIN", mfa.CodePINLength)
	refused(k.SetKeyPIN(set(nil, short)))(w, "SetKeyPIN", mfa.CodePINLength)
	refused(k.SetKeyPIN(set(wrong, first)))(w, "SetKeyPIN", mfa.CodePINNotSet)
	crossed(k.SetKeyPIN(set(nil, first)))(w, "SetKeyPIN")
	refused(k.SetKeyPIN(set(nil, second)))(w, "SetKeyPIN", mfa.CodePINSet)
	refused(k.SetKeyPIN(set(wrong, second)))(w, "SetKeyPIN", mfa.CodePINWrong)
	refused(k.SetKeyPIN(set(first, long)))(w, "SetKeyPIN", mfa.CodePINLength)
	crossed(k.SetKeyPIN(set(first, second)))(w, "SetKeyPIN")
	refused(k.KeyPasskeys(bind.KeyPasskeysRequest{ID: id, PIN: wrong()}))(w, "KeyPasskeys", mfa.CodePINWrong)
	crossed(k.KeyPasskeys(bind.KeyPasskeysRequest{ID: id, PIN: second()}))(w, "KeyPasskeys")
	k.done("CloseKey", k.CloseKey(id))
	// somebody types it where an ID goes
	refused(k.KeyPasskeys(bind.KeyPasskeysRequest{ID: "0:nobody's", PIN: second()}))(w, "KeyPasskeys", mfa.CodeKeyLost)
	k.fails("GivePIN", mfa.CodeNotFound, k.GivePIN(second()))

	enrol := func(name string) {
		t.Helper()
		crossed(k.BeginEnrolment(bind.PasskeyRequest{Name: name, Road: string(mfa.RoadKey)}))(w, "BeginEnrolment")
	}
	enrol("blue")
	k.ends("an enrolment that was closed", mfa.CodeCancelled, wrong)
	enrol("blue")
	k.ends("an enrolment", "", wrong, second)
	crossed(k.SignOut())(w, "SignOut")
	signIn := func() {
		t.Helper()
		crossed(k.SignIn(bind.SignInRequest{Identity: bind.IdentityDTO{Kind: string(mfa.Root), Name: rootMail}, Password: root()}))(w, "SignIn")
		crossed(k.BeginKeySignIn(string(mfa.RoadKey)))(w, "BeginKeySignIn")
	}
	signIn()
	k.ends("three wrong in a row", mfa.CodePINLocked, wrong, wrong, wrong)
	crossed(k.PlugSimulatedKey(false))(w, "PlugSimulatedKey")
	crossed(k.PlugSimulatedKey(true))(w, "PlugSimulatedKey")
	signIn()
	for asked := false; !asked; {
		e := <-k.events
		asked = e.Ceremony != nil && e.Ceremony.Stage == mfa.StageEnterPIN && e.Ceremony.PIN != nil
	}
	k.fails("GivePIN", mfa.CodePINLength, k.GivePIN(long()))
	k.done("GivePIN", k.GivePIN(second()))
	k.ends("a sign-in", "")
	crossed(k.SignOut())(w, "SignOut")
	signIn()
	k.ends("a sign-in with slips", "", wrong, short, second)

	list = crossed(k.Keys())(w, "Keys")
	id = list[0].ID
	stored := crossed(k.KeyPasskeys(bind.KeyPasskeysRequest{ID: id, PIN: second()}))(w, "KeyPasskeys")
	if len(stored) != 1 {
		t.Fatalf("%d passkeys on the key", len(stored))
	}
	k.done("DeleteKeyPasskey", k.DeleteKeyPasskey(bind.KeyPasskeyRequest{ID: id, Passkey: stored[0].ID}))
	w.trail()
	w.inspect("open")
	w.quit()
	w.inspect("closed")
	k.hashes.searchFolder(t, filepath.Join(w.dir, "home"), "simulated-key.json")
	k.hashes.search(t, "the log", w.log.Bytes())
	k.hashes.search(t, "what the page was told", w.heard)
}

// The hash is found where it is: the search above is not blind.
func TestAPINsHashIsFound(t *testing.T) {
	k := &keyHolder{window: &window{t: t, hunt: newHunt()}, hashes: newHunt()}
	k.pin("a PIN", "pin-one-2580")
	hash := sha256.Sum256([]byte("pin-one-2580"))
	if len(k.hashes.found(hash[:])) == 0 || len(k.hunt.found([]byte("x pin-one-2580 x"))) == 0 || len(k.hashes.found([]byte("pin-one-2580"))) != 0 {
		t.Error("what was planted is not found")
	}
}
