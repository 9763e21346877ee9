package main

import (
	"context"
	"flag"
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

// stages prints the stages of one ceremony and lets the built-in phone scan.
type stages struct {
	ctx      context.Context
	stop     context.CancelFunc
	t        *terminal
	purpose  string
	image    string
	invert   bool
	builtIn  *phonesim.Phone // nil when a phone of its own is expected
	scanning sync.WaitGroup
}

// stageLine is one stage in JSON. URI is the secret of the transaction; it is
// printed because a script asked for machine-readable output in place of a code.
type stageLine struct {
	Stage   mfa.Stage     `json:"stage"`
	Purpose string        `json:"purpose,omitempty"`
	Message string        `json:"message"`
	URI     string        `json:"uri,omitempty"`
	Until   int64         `json:"until,omitempty"`
	Radio   string        `json:"radio,omitempty"`
	Signal  int           `json:"signal,omitempty"`
	Device  *deviceJSON   `json:"device,omitempty"`
	Session *sessionJSON  `json:"session,omitempty"`
	Failure *failureJSON  `json:"failure,omitempty"`
	Found   *foundPasskey `json:"candidate,omitempty"`
}

// foundPasskey is what the person is asked to accept.
type foundPasskey struct {
	Provider string `json:"provider"`
	AAGUID   string `json:"aaguid"`
	Synced   bool   `json:"synced"`
	OnPhone  bool   `json:"on_phone"`
}

func (p *phoneFlags) stages(ctx context.Context, t *terminal, house *assembly.House, purpose string) *stages {
	s := &stages{t: t, purpose: purpose, image: p.image, invert: p.invert, builtIn: house.Phone}
	s.ctx, s.stop = context.WithCancel(ctx)
	return s
}

func (s *stages) end() {
	s.stop()
	s.scanning.Wait()
}

func (s *stages) report(p mfa.Progress) {
	if p.Stage == mfa.StageDone || p.Stage == mfa.StageNameDevice {
		return // the command prints these, with what came of it
	}
	s.t.line(stageLine{Stage: p.Stage, Purpose: s.purpose, Message: words.Stage(p.Stage), URI: p.QR, Until: milliseconds(p.Until), Radio: p.Radio, Signal: p.Signal})
	if p.Stage != mfa.StageShowQR {
		s.t.say("%s", words.Stage(p.Stage))
		return
	}
	s.t.say("%s (until %s)", words.Stage(p.Stage), p.Until.Local().Format("15:04:05"))
	if err := s.show(p.QR); err != nil {
		s.t.warn(err)
	}
	if s.builtIn != nil {
		uri := p.QR
		s.scanning.Go(func() { _ = s.builtIn.Scan(s.ctx, uri) }) // what matters is what this side sees
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
