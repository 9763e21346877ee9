package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"sync"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/qrpicture"
)

// phoneFlags say how a phone is met.
type phoneFlags struct {
	image     string
	invert    bool
	ring      bool
	simulated bool
	behaviour string
	model     string
}

func (p *phoneFlags) flags(fs *flag.FlagSet) {
	fs.StringVar(&p.image, "qr-image", "", "also write the code as a PNG to `FILE`")
	fs.BoolVar(&p.invert, "invert", false, "draw the code for a terminal with dark text on a light ground")
	fs.BoolVar(&p.ring, "ring", false, "sign in by waking the phone that was linked last, without a code")
	fs.BoolVar(&p.simulated, "simulated-phone", false, sandboxOnly+"the built-in phone scans the code (so it does without --radio)")
	fs.StringVar(&p.behaviour, "behaviour", "", sandboxOnly+"what the built-in phone does (`B`, default approve; see help phone)")
	fs.StringVar(&p.model, "model", "", sandboxOnly+"which phone the built-in one resembles: `android|iphone`")
}

// check refuses a simulated phone outside of the sandbox.
func (p *phoneFlags) check(h *houseFlags) error {
	asked := p.simulated || p.behaviour != "" || p.model != ""
	switch {
	case asked && !h.sandbox:
		return mfa.Fail(mfa.CodeAccessDenied, "needs", "--sandbox")
	case asked && h.radio != "":
		return usage("with --radio the phone is in another process: --simulated-phone, --behaviour and --model belong there")
	case p.behaviour == string(phonesim.Ask):
		return usage("the built-in phone has no screen here to ask on: use keyferryctl phone for that")
	}
	return h.check()
}

// configure prepares the built-in phone, if there is one.
func (p *phoneFlags) configure(house *assembly.House) error {
	if house.Phone == nil {
		return nil
	}
	b, m := phonesim.Behaviour(p.behaviour), phonesim.Model(p.model)
	if b == "" {
		b = phonesim.Approve
	}
	if m == "" {
		m = phonesim.Android
	}
	return house.Phone.Configure(b, m)
}

// linked gives the phone to ring, nil for a code.
func (p *phoneFlags) linked(pending ceremony.Pending) (*mfa.LinkedPhone, error) {
	if !p.ring {
		return nil, nil
	}
	if len(pending.Links) == 0 {
		return nil, mfa.Fail(mfa.CodeNotFound, "what", "linked phone")
	}
	return &pending.Links[0], nil // newest first
}

// stages prints the stages of one ceremony, lets the built-in phone scan, and the hand
// touch the sandbox's key.
type stages struct {
	ctx     context.Context
	stop    context.CancelFunc
	t       *terminal
	purpose string
	image   string
	invert  bool
	builtIn *phonesim.Phone // nil when a phone of its own is expected
	pins    *pinFlags
	account *accountFlag
	helping sync.WaitGroup
}

// stageLine is one stage in JSON. URI is the secret of the transaction; it is
// printed because a script asked for machine-readable output in place of a code.
type stageLine struct {
	Stage    mfa.Stage      `json:"stage"`
	Purpose  string         `json:"purpose,omitempty"`
	Message  string         `json:"message"`
	URI      string         `json:"uri,omitempty"`
	Until    int64          `json:"until,omitempty"`
	Radio    string         `json:"radio,omitempty"`
	Signal   int            `json:"signal,omitempty"`
	Keys     int            `json:"keys,omitempty"`    // security keys that wait for a touch
	Key      string         `json:"key,omitempty"`     // the name of the one
	Trouble  *failureJSON   `json:"trouble,omitempty"` // why none can be used yet
	Rule     string         `json:"rule,omitempty"`    // of udev, where that is the trouble
	PIN      *pinJSON       `json:"pin,omitempty"`
	Accounts []foundAccount `json:"accounts,omitempty"` // whose passkeys there are, the newest first
	Device   *deviceJSON    `json:"device,omitempty"`
	Session  *sessionJSON   `json:"session,omitempty"`
	Failure  *failureJSON   `json:"failure,omitempty"`
	Found    *foundPasskey  `json:"candidate,omitempty"`
}

// foundPasskey is what the person is asked to accept.
type foundPasskey struct {
	Provider string   `json:"provider"`
	AAGUID   string   `json:"aaguid"`
	Synced   bool     `json:"synced"`
	OnPhone  bool     `json:"on_phone"`
	Road     mfa.Road `json:"road"`
}

// stages begins a ceremony on a road.
func (w *who) stages(ctx context.Context, t *terminal, house *assembly.House, purpose string, road mfa.Road) (*stages, error) {
	s := &stages{t: t, purpose: purpose, image: w.phone.image, invert: w.phone.invert, builtIn: house.Phone, pins: &w.pins, account: &w.account}
	s.ctx, s.stop = context.WithCancel(ctx)
	if road == mfa.RoadKey && house.SimKey != nil {
		if err := w.hand.plugIn(house.SimKey); err != nil {
			s.stop()
			return nil, err
		}
		s.helping.Go(func() { w.hand.touch(s.ctx, house.SimKey) })
	}
	return s, nil
}

// person is how somebody is reached at this terminal.
func (w *who) person(t *terminal, s *stages) ceremony.Person {
	return ceremony.Person{Report: s.report, PIN: w.pins.asking(t), Choose: w.account.choosing(t)}
}

func (s *stages) end() {
	s.stop()
	s.helping.Wait()
}

func (s *stages) report(p mfa.Progress) {
	if p.Stage == mfa.StageDone || p.Stage == mfa.StageNameDevice {
		return // the command prints these, with what came of it
	}
	line := s.t.aside
	if s.t.staged {
		line = s.t.line
	}
	line(stageLine{Stage: p.Stage, Purpose: s.purpose, Message: strings.Join(stageWords(p), " "), URI: p.QR, Until: milliseconds(p.Until), Radio: p.Radio, Signal: p.Signal,
		Keys: p.Keys, Key: p.Key, Trouble: asJSON(p.Trouble), Rule: ruleFor(p.Trouble), PIN: pinOf(p.PIN), Accounts: accountsOf(p.Accounts)})
	switch {
	case p.Stage == mfa.StageEnterPIN && p.PIN != nil:
		s.pins.say(s.t, *p.PIN)
		return
	case p.Stage == mfa.StageChooseAccount && s.account.name != "":
		return // it is known already
	case p.Stage != mfa.StageShowQR:
		for _, line := range stageWords(p) {
			s.t.say("%s", line)
		}
		s.t.sayRule(p.Trouble)
		return
	}
	s.t.say("%s (until %s)", words.Stage(p.Stage), p.Until.Local().Format("15:04:05"))
	if err := s.show(p.QR); err != nil {
		s.t.warn(err)
	}
	if s.builtIn != nil {
		uri := p.QR
		s.helping.Go(func() { _ = s.builtIn.Scan(s.ctx, uri) }) // what matters is what this side sees
	}
}

// stageWords are the words for a stage; the last line is what to do.
func stageWords(p mfa.Progress) []string {
	switch {
	case p.Stage == mfa.StageEnterPIN && p.PIN != nil:
		return words.PIN(*p.PIN)
	case p.Stage == mfa.StageChooseAccount && p.Accounts != nil:
		return words.Accounts(*p.Accounts)
	case p.Stage == mfa.StageFindKey && p.Trouble != nil:
		return []string{words.Of(p.Trouble), words.Stage(p.Stage)}
	case p.Stage == mfa.StageTouchKey && p.Keys > 1:
		return []string{fmt.Sprintf("Touch the security key that you mean: %d are plugged in", p.Keys)}
	case p.Stage == mfa.StageTouchKey && p.Key != "":
		return []string{"Touch " + printable(p.Key)}
	}
	return []string{words.Stage(p.Stage)}
}

// ruleFor is the udev rule that would end a key's trouble, "" where none would.
func ruleFor(f *mfa.Failure) string {
	if f == nil || f.Code != mfa.CodeKeyPermission {
		return ""
	}
	return udevRule(f.Params["vendor"])
}

// sayRule tells a person of that rule.
func (t *terminal) sayRule(f *mfa.Failure) {
	if rule := ruleFor(f); rule != "" {
		t.say("The rule, for %s (then: sudo udevadm control --reload):\n\n%s", rulePath, indented(rule))
	}
}

func (s *stages) show(uri string) error {
	code, err := qrpicture.Draw(uri)
	if err != nil {
		return err
	}
	if s.builtIn == nil {
		s.t.say("\n%s", code.Terminal(s.invert))
	}
	if s.image == "" {
		return nil
	}
	return writePrivately(s.image, code.PNG(pixelsPerModule, qrpicture.QuietZone))
}

// pixelsPerModule makes a picture of 360 pixels, which cameras read from a screen.
const pixelsPerModule = 8
