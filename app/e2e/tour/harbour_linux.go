package main

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// The account that the pictures show. The passwords protect nothing.
const (
	alias        = "harbour-lab"
	userPassword = "quiet harbour 9"
	givenByRoot  = "given by root 1"
)

const people = `name,path,password,administrator,must_change
alice,/ops/,` + userPassword + `,yes,no
bob,/ops/,` + userPassword + `,no,no
carol,/ops/night/,` + userPassword + `,no,no
dave,/lab/,` + userPassword + `,no,no
erin,/lab/,` + userPassword + `,no,no
frank,/,` + givenByRoot + `,no,yes
grace.okafor@harbour.example,/,` + userPassword + `,no,no
heidi,/lab/,` + userPassword + `,no,no
ivan,/,,no,no
judy,/ops/,` + userPassword + `,no,no
niaj,/ops/night/,` + userPassword + `,no,no
olivia,/,` + userPassword + `,no,no
`

// morePeople has rows with problems.
const morePeople = `name,path,password,administrator,must_change
peggy,/lab/,` + userPassword + `,no,yes
Bob,/ops/,` + userPassword + `,no,no
rupert jones,/lab/,` + userPassword + `,no,no
sybil,/lab,short,no,no
trent,/ops/,,no,no
`

// harbour is what is in the data folder before the window is opened.
type harbour struct {
	ctl    walk.Ctl
	dir    string // of the files that the person chooses
	tokens []token
}

// token is a hardware token as its seed file describes it.
type token struct {
	serial, maker, model string
	walk.Authenticator
}

func (h *harbour) file(name string) string { return filepath.Join(h.dir, name) }

// build makes the account, its people, their devices and a stock of tokens.
func (h *harbour) build() error {
	for n := range 9 {
		t := token{serial: fmt.Sprintf("2301177%06d", 170+7*n), maker: "Feitian", model: "OTP c200", Authenticator: walk.Authenticator{Secret: fmt.Appendf(nil, "harbour token no %03d", n)}}
		if n >= 6 {
			t.serial, t.maker, t.model, t.Period = fmt.Sprintf("SID%08d", 40221+3*n), "SafeID", "Classic", time.Minute
		}
		h.tokens = append(h.tokens, t)
	}
	files := map[string]string{"people.csv": people, "more-people.csv": morePeople, "tokens.xml": pskc(h.tokens[:8]), "more-tokens.csv": h.badCSV()}
	for name, text := range files {
		if err := os.WriteFile(h.file(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return errors.Join(h.ctl.Account(alias), h.ctl.Run(nil, "user", "import", h.file("people.csv")), h.ctl.Run(nil, "token", "import", h.file("tokens.xml")),
		h.phone("alice", "alices-pixel"), h.app("alice", "alices-aegis"), h.phone("bob", "bobs-iphone", "--model", "iphone"),
		h.app("carol", "2fas-on-carols-phone"), h.app("dave", "daves-app"), h.phone("grace.okafor@harbour.example", "graces-pixel"),
		h.phone("heidi", "heidis-pixel"), h.assign("heidi", h.tokens[1]), h.assign("judy", h.tokens[2]),
		h.phone("niaj", "niajs-pixel", "--behaviour", "copied"), h.suspect("niaj"))
}

// suspect signs in with a phone that acts as the copy of another: its counter goes
// back, which is refused and makes the device suspect.
func (h *harbour) suspect(user string) error {
	err := h.ctl.As(user, userPassword, "signin", "--simulated-phone", "--behaviour", "copied")
	if err == nil || !strings.Contains(err.Error(), "counter-regressed") {
		return fmt.Errorf("a copied passkey was not refused for its counter: %w", cmp.Or(err, errors.New("it signed in")))
	}
	return nil
}

func (h *harbour) phone(user, name string, more ...string) error {
	args := append([]string{"enroll", "phone", "--user", user, "--name", name, "--simulated-phone", "--yes"}, more...)
	return h.ctl.Run(nil, args...)
}

func (h *harbour) app(user, name string) error {
	var made struct{ Serial string }
	key := h.file(name + ".key")
	if err := h.ctl.Run(&made, "virtual", "create", "--user", user, "--name", name, "--key-file", key); err != nil {
		return err
	}
	text, err := os.ReadFile(key)
	if err != nil {
		return err
	}
	app, err := walk.FromKey(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	now := app.Step(time.Now())
	return h.ctl.Run(nil, "devices", "enable", made.Serial, "--user", user, "--codes", app.Code(now-1), app.Code(now))
}

func (h *harbour) assign(user string, t token) error {
	now := t.Step(time.Now())
	return h.ctl.Run(nil, "token", "assign", t.serial, "--user", user, "--name", user+"-token", "--codes", t.Code(now-1), t.Code(now))
}

// badCSV is a seed file with good rows and rows with problems.
func (h *harbour) badCSV() string {
	var b strings.Builder
	for n := range 4 {
		fmt.Fprintf(&b, "FT-23%05d,%s,TOTP,6,%d\n", 41+n, hex.EncodeToString(fmt.Appendf(nil, "another token, no %02d", n)), 30+n%2*30)
	}
	fmt.Fprintf(&b, "FT-2300045,not a seed,TOTP,6,30\nFT-2300046,%s,TOTP,8,30\n%s,%s,TOTP,6,30\n",
		hex.EncodeToString([]byte("eight digits, it has")), h.tokens[0].serial, hex.EncodeToString([]byte("a serial that is here")))
	return b.String()
}

// pskc writes a seed file (RFC 6030) without encryption.
func pskc(tokens []token) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">` + "\n")
	for _, t := range tokens {
		secret, _ := json.Marshal(t.Secret) // base64 in quotes; cannot fail
		fmt.Fprintf(&b, `<KeyPackage><DeviceInfo><Manufacturer>%s</Manufacturer><SerialNo>%s</SerialNo><Model>%s</Model></DeviceInfo>`+
			`<Key Id="%s" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp"><AlgorithmParameters><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters>`+
			`<Data><Secret><PlainValue>%s</PlainValue></Secret><TimeInterval><PlainValue>%d</PlainValue></TimeInterval></Data></Key></KeyPackage>`+"\n",
			t.maker, t.serial, t.model, t.serial, strings.Trim(string(secret), `"`), int(max(t.Period, 30*time.Second)/time.Second))
	}
	b.WriteString("</KeyContainer>\n")
	return b.String()
}
