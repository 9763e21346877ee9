package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/keyferry/keyferry/backend/home"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/transport/ble"
)

// phoneFolder stands in the data folder: the phone is another device, and has
// its own lock.
const phoneFolder = "phone"

var simulatedPhone = command{
	path: []string{"phone"}, args: "--image PNG | --uri FIDO:/...", summary: "be a simulated phone that scans a code, in a process of its own",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var c phoneCommand
		fs.StringVar(&c.image, "image", "", "read the code from a picture (`PNG` or JPEG)")
		fs.StringVar(&c.uri, "uri", "", "read the code from its text (`FIDO:/...`)")
		fs.BoolVar(&c.serve, "serve", false, "then wait to be rung by computers that hold a link, until stopped")
		fs.StringVar(&c.radio, "radio", "", "loopback radio of the computer, `127.0.0.1:PORT`")
		fs.StringVar(&c.tunnel, "tunnel", "", "tunnel server, `ws://127.0.0.1:PORT`")
		fs.StringVar(&c.behaviour, "behaviour", string(phonesim.Ask), "`B`: "+joined(phonesim.Behaviours()))
		fs.StringVar(&c.model, "model", string(phonesim.Android), "`M`: "+joined(phonesim.Models()))
		fs.StringVar(&c.name, "name", phonesim.DefaultName, "what the phone calls itself")
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) > 0 || c.image != "" && c.uri != "" || c.image == "" && c.uri == "" && !c.serve {
				return usage("phone needs --image or --uri (or --serve), and nothing else")
			}
			if c.radio == "" || c.tunnel == "" {
				return usage("phone needs --radio and --tunnel: a simulated phone has no Bluetooth and no internet")
			}
			return c.run(ctx, t, g)
		}
	},
}

func joined[T ~string](list []T) string {
	var b strings.Builder
	for i, v := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(v))
	}
	return b.String()
}

type phoneCommand struct {
	image, uri       string
	serve            bool
	radio, tunnel    string
	behaviour, model string
	name             string
}

func (c *phoneCommand) run(ctx context.Context, t *terminal, g *globals) error {
	if err := loopback("radio", c.radio); err != nil {
		return err
	}
	if err := loopbackURL(c.tunnel); err != nil {
		return err
	}
	dir, err := dataFolder(g)
	if err != nil {
		return err
	}
	folder, err := home.Open(filepath.Join(dir, phoneFolder))
	if err != nil {
		return err
	}
	defer folder.Close()

	screen := newScreen(t)
	phone, err := phonesim.Open(phonesim.Config{
		Name: c.name, Advertiser: ble.LoopbackAdvertiser{Addr: c.radio},
		DomainURL: func(uint16) (string, error) { return c.tunnel, nil },
		Path:      folder.Phone(), Model: phonesim.Model(c.model), Behaviour: phonesim.Behaviour(c.behaviour),
		Changed: screen.show,
		Reachable: func() {
			t.line(map[string]string{"phase": "reachable"})
			t.say("Waiting to be rung")
		},
	})
	if err != nil {
		return err
	}
	defer phone.Close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	answering := screen.answer(ctx, phone)
	defer func() { stop(); answering.Wait() }()

	switch {
	case c.uri != "":
		err = phone.Scan(ctx, c.uri)
	case c.image != "":
		err = c.scanPicture(ctx, phone)
	}
	if err != nil || !c.serve {
		return err
	}
	return phone.Serve(ctx)
}

func (c *phoneCommand) scanPicture(ctx context.Context, phone *phonesim.Phone) error {
	f, err := os.Open(c.image)
	if err != nil {
		return mfa.Fail(mfa.CodePictureUnreadable).Because(err)
	}
	defer f.Close()
	return phone.ScanPicture(ctx, f)
}

// screen prints what the phone shows and, when it asks, asks the person here.
type screen struct {
	t         *terminal
	questions chan phonesim.State
}

func newScreen(t *terminal) *screen { return &screen{t: t, questions: make(chan phonesim.State, 16)} }

var phases = map[phonesim.Phase]string{
	phonesim.PhaseReading: "Reading the code", phonesim.PhaseConnecting: "Connecting", phonesim.PhaseDone: "Done",
}

// phaseJSON is one line of the phone's screen.
type phaseJSON struct {
	Phase   phonesim.Phase `json:"phase"`
	Op      string         `json:"op,omitempty"`
	RPID    string         `json:"rp_id,omitempty"`
	Account string         `json:"account,omitempty"`
	Failure *failureJSON   `json:"failure,omitempty"`
}

// show must not block: questions are answered elsewhere.
func (s *screen) show(state phonesim.State) {
	s.t.line(phaseJSON{Phase: state.Phase, Op: state.Op, RPID: state.RPID, Account: state.Account, Failure: asJSON(state.Failure)})
	if text := phases[state.Phase]; text != "" {
		s.t.say("%s", text)
	}
	if state.Phase != phonesim.PhaseAsking {
		return
	}
	s.t.say("%s", question(state))
	if state.Behaviour == phonesim.Ask {
		select {
		case s.questions <- state:
		default:
		}
	}
}

func question(s phonesim.State) string {
	account := ""
	if s.Account != "" {
		account = " as " + s.Account
	}
	if s.Op == phonesim.OpCreate {
		return fmt.Sprintf("%s wants to add a passkey%s", s.RPID, account)
	}
	return fmt.Sprintf("%s wants you to sign in%s", s.RPID, account)
}

// answer asks the person until ctx ends.
func (s *screen) answer(ctx context.Context, phone *phonesim.Phone) *sync.WaitGroup {
	var asking sync.WaitGroup
	asking.Go(func() {
		for {
			select {
			case <-s.questions:
				yes, err := s.t.yes(ctx, "Approve?", "--behaviour approve")
				if err != nil {
					return
				}
				_ = phone.Answer(yes) // the question may be gone by now
			case <-ctx.Done():
				return
			}
		}
	})
	return &asking
}
