package main

import (
	"context"
	"flag"
	"runtime"
	"slices"
	"strings"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/home"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/simkey"
	"github.com/keyferry/keyferry/backend/transport"
)

// keysOfMachine are the security keys of this computer. Tests put others in their place.
var keysOfMachine = assembly.Keys

// aboutKeys is what helps with every command about security keys.
const aboutKeys = `No account is needed, only the key in your hand, and its PIN for what lies on it.
ID is what the list shows; it can be left out while one key is there. A PIN is asked
for on the terminal, or read from a file; it is never an argument. A key takes three
wrong PINs in a row before it has to be unplugged, and eight in all before it is
blocked and only a reset helps. A file is tried once. With --simulated-key it is the
sandbox's key, which is plugged in and touched by itself. With --computer it is this
computer, whose passkeys belong to the account in the data folder.
`

// holder is where a command works that looks after security keys: it needs no account.
type holder struct {
	*keys.Service
	t    *terminal
	args []string
	pins *pinFlags
	sim  *simkey.Key // nil: they are real

	computer bool  // it is about this computer's own passkeys
	missing  error // what it means that there is none
}

// keyAction is what such a command does.
type keyAction func(ctx context.Context, h *holder) error

// ofKeys makes a command about security keys that asks for the PINs that are named.
func ofKeys(path, args, summary string, asks pinsAsked, set func(fs *flag.FlagSet) keyAction) command {
	return command{path: strings.Fields(path), args: args, summary: summary,
		set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
			var d drawer
			d.flags(fs)
			d.pins.some(fs, asks)
			do := set(fs)
			return func(ctx context.Context, t *terminal, given []string) error {
				if err := count(path, args, given); err != nil {
					return err
				}
				h, err := d.open(ctx, t, g)
				if err != nil {
					return err
				}
				defer d.close()
				h.t, h.args, h.pins = t, given, &d.pins
				return do(ctx, h)
			}
		}}
}

func withAbout(about string, c command) command {
	c.about = about
	return c
}

// drawer says which security keys there are: those that this computer meets, or the
// sandbox's simulated one, which needs no account either; or this computer's own
// passkeys, which lie in the account's database.
type drawer struct {
	sandbox  bool
	computer bool
	hand     *hand
	pins     pinFlags

	opened []func()
}

func (d *drawer) flags(fs *flag.FlagSet) {
	d.hand = newHand()
	fs.BoolVar(&d.sandbox, "sandbox", false, "the simulated key of the data folder's sandbox, not those of this computer")
	fs.BoolVar(&d.computer, "computer", false, "this computer's own passkeys, as the account in the data folder has them")
	d.hand.flags(fs)
}

func (d *drawer) open(ctx context.Context, t *terminal, g *globals) (*holder, error) {
	switch {
	case d.computer && d.hand.model != "":
		return nil, usage("--computer and --simulated-key exclude each other")
	case d.computer:
		return d.openComputer(ctx, t, g)
	case !d.sandbox && d.hand.model == "":
		service, err := keysOfMachine()
		if err != nil {
			return nil, err
		}
		d.opened = append(d.opened, service.Close)
		return &holder{Service: service}, nil
	}
	h := houseFlags{sandbox: d.sandbox}
	dir, err := dataFolder(g)
	if err != nil {
		return nil, err
	}
	if !absent(dir) { // a look makes no folder
		if err := h.choose(ctx, t, g); err != nil {
			return nil, err
		}
	}
	if err := d.hand.check(&h); err != nil {
		return nil, err
	}
	folder, err := openFolder(g)
	if err != nil {
		return nil, err
	}
	d.opened = append(d.opened, func() { folder.Close() })
	key, err := d.take(folder)
	if err != nil {
		d.close()
		return nil, err
	}
	service := keys.New(keys.Config{Buses: []transport.KeyBus{key.Bus()}})
	d.opened = append(d.opened, func() { key.Close() }, d.hand.hold(ctx, key), service.Close)
	return &holder{Service: service, sim: key}, nil
}

// openComputer opens the account, and lets nobody in: what is asked of this computer
// takes its PIN, or, to reset it, no more than who may write the data folder has anyway.
func (d *drawer) openComputer(ctx context.Context, t *terminal, g *globals) (*holder, error) {
	h := houseFlags{sandbox: d.sandbox}
	if err := h.settle(ctx, t, g); err != nil {
		return nil, err
	}
	house, err := h.open(ctx, t, g)
	if err != nil {
		return nil, err
	}
	d.opened = append(d.opened, func() { house.Close() })
	if _, err := house.Accounts.Account(ctx); err != nil {
		d.close()
		return nil, err
	}
	missing := mfa.Fail(mfa.CodeTPMMissing)
	if house.Ceremonies.Roads.Computer == nil {
		missing = mfa.Fail(mfa.CodePlatformMissing, "system", runtime.GOOS)
	}
	return &holder{Service: house.Keys, computer: true, missing: missing}, nil
}

// take takes the simulated key out of the drawer. It is opened once more after that, so
// that it is in the same slot in each command, and so has the same ID.
func (d *drawer) take(folder *home.Home) (*simkey.Key, error) {
	c := simkey.Config{Path: folder.Key()}
	key, err := simkey.Open(c)
	if err != nil {
		return nil, err
	}
	err = d.hand.plugIn(key)
	if cerr := key.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	c.Changed = d.hand.saw
	return simkey.Open(c)
}

// close gives back what was opened, the newest first.
func (d *drawer) close() {
	for i := len(d.opened) - 1; i >= 0; i-- {
		d.opened[i]()
	}
	d.opened = nil
}

// list gives the keys that the command may be about.
func (h *holder) list(ctx context.Context) ([]keys.Key, error) {
	all, err := h.List(ctx)
	meant := slices.DeleteFunc(all, func(k keys.Key) bool { return h.computer != (k.Way == transport.WayInternal) })
	if err == nil && h.computer && len(meant) == 0 {
		err = h.missing
	}
	return meant, err
}

// key finds the key of an ID; without one, the only key that is there. Its trouble, if
// it has some, is the failure.
func (h *holder) key(ctx context.Context, id string) (keys.Key, error) {
	list, err := h.list(ctx)
	if err != nil {
		return keys.Key{}, err
	}
	if id == "" && len(list) > 1 {
		return keys.Key{}, usage("%s are plugged in: say which (keyferryctl keys lists them)", plural(len(list), "security key"))
	}
	for _, k := range list {
		switch {
		case id != "" && k.ID != id:
		case k.Trouble != nil:
			h.t.sayRule(k.Trouble)
			return k, k.Trouble
		default:
			return k, nil
		}
	}
	return keys.Key{}, mfa.Fail(mfa.CodeNotFound, "what", "key")
}

// nameOf is what a key is called when it is spoken of.
func nameOf(k keys.Key) string {
	if k.Way == transport.WayInternal {
		return "this computer"
	}
	return printable(k.Name)
}

// subject is nameOf where it begins a sentence.
func subject(k keys.Key) string {
	if k.Way == transport.WayInternal {
		return "This computer"
	}
	return printable(k.Name)
}

// arg is an argument that may be left out.
func (h *holder) arg(i int) string {
	if i < len(h.args) {
		return h.args[i]
	}
	return ""
}
