package readiness

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/transport"
)

// answers is everything that was heard, for one report.
type answers struct {
	system   string
	now      time.Time
	options  Options
	radio    answer[string]
	usb      answer[[]transport.Slot]
	cards    answer[onReaders]
	computer answer[Own]
	windows  answer[int]
	vault    answer[struct{}]
	machine  answer[Facts]
	hosts    []answer[reached]
	names    []string
	vaulted  bool // an account is open
}

// Check asks everything at once and builds the ladders. It takes at most Limit, less
// when ctx ends before; what did not answer by then is unknown.
func (k *Checker) Check(ctx context.Context, o Options) Report {
	k.turn.Lock()
	defer k.turn.Unlock()
	ctx, stop := context.WithTimeout(ctx, Limit)
	defer stop()

	radio, usb, cards := k.radio.start(ctx), k.usb.start(ctx), k.cards.start(ctx)
	machine, vault := k.machine.start(ctx), k.vault.start(ctx)
	computer, windows := constant(answer[Own]{}), constant(answer[int]{})
	if k.System == "windows" {
		windows = k.windows.start(ctx)
	} else {
		computer = k.computer.start(ctx)
	}
	hosts := make([]func() answer[reached], len(k.hosts))
	for i := range k.hosts {
		hosts[i] = constant(answer[reached]{why: WhyNotAsked})
		if o.Online {
			hosts[i] = k.hosts[i].start(ctx)
		}
	}

	a := answers{system: k.System, now: k.Clock(), options: o, names: k.Hosts, vaulted: k.Vault != nil,
		radio: radio(), usb: usb(), cards: cards(), computer: computer(), windows: windows(), vault: vault(), machine: machine()}
	for _, wait := range hosts {
		a.hosts = append(a.hosts, wait())
	}
	return a.report()
}

func (a *answers) report() Report {
	facts := a.machine.value
	facts.System = a.system
	return Report{At: a.now, System: a.system, Machine: facts.list(), Facts: facts,
		Ladders: []Ladder{a.phone(), a.keys(), a.nfc(), a.thisComputer(), a.codes()}}
}
