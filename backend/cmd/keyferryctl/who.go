package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
)

// who are the flags of commands that sign in. A session lives for one command.
type who struct {
	as       string
	email    string
	password passwordFlags
	phone    phoneFlags
	hand     *hand // of the sandbox's security key
	pins     pinFlags
	code     string
	recovery string
	passkey  bool
	account  accountFlag
	key      bool
	computer bool
	resync   string // signin only
	codes    *twoCodes

	typed *mfa.Secret // the password that was right, for password change
	gone  bool        // the command replaced the account that the session was in
}

func (w *who) flags(fs *flag.FlagSet) {
	fs.StringVar(&w.as, "as", "root", "who signs in: `root|NAME`, or user/NAME for a user who is called root")
	fs.StringVar(&w.email, "email", "", "root's e-mail address, when it is to be checked too")
	fs.StringVar(&w.code, "code", "", "prove it by a `CODE` of an authenticator app or a hardware token")
	fs.StringVar(&w.recovery, "recovery-code-file", "", "prove it by one of root's recovery codes, in the first line of `FILE`")
	fs.BoolVar(&w.passkey, "passkey", false, "sign in by a passkey alone, where the account allows it")
	w.account.flags(fs)
	fs.BoolVar(&w.key, byKey(fs), false, "prove it by a security key (default: by a phone, else a key, else this computer, else a code, as there are devices)")
	fs.BoolVar(&w.computer, "computer", false, "prove it by this computer, which asks for its PIN")
	w.hand = newHand()
	w.hand.flags(fs)
	w.password.flags(fs)
	w.phone.flags(fs)
	w.pins.flags(fs)
}

// byKey is what the flag for security keys is called: commands about policies call
// condition keys so.
func byKey(fs *flag.FlagSet) string {
	if fs.Lookup("key") != nil {
		return "security-key"
	}
	return "key"
}

// resyncFlags bring a device's clock back before the sign-in is complete, where nobody
// else could.
func (w *who) resyncFlags(fs *flag.FlagSet) {
	fs.StringVar(&w.resync, "resync", "", "before signing in, learn the clock of `DEVICE` anew from --codes; then --code is the next one")
	w.codes = codesFlag(fs)
}

func (w *who) resyncPending(ctx context.Context, t *terminal, house *assembly.House, pending ceremony.Pending) error {
	first, second, err := w.codes.get()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(pending.Devices, func(d mfa.Device) bool { return strings.EqualFold(d.Name, w.resync) || d.ID == w.resync })
	if i < 0 {
		return mfa.Fail(mfa.CodeNotFound, "what", "device")
	}
	if err := house.Ceremonies.ResyncPending(ctx, pending, pending.Devices[i].ID, first, second); err != nil {
		return ofPair(err)
	}
	t.say("Resynced %s. These two codes are used up: sign in with the next one.", pending.Devices[i].Name)
	return nil
}

func (w *who) wipe() { w.typed.Wipe() }

func (w *who) check() error {
	ways := 0
	for _, given := range []bool{w.code != "", w.recovery != "", w.passkey || w.key || w.computer} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return usage("--code, --recovery-code-file and passkeys (--passkey, --key, --computer) exclude each other")
	case w.key && w.computer:
		return usage("--key and --computer exclude each other")
	case w.phone.ring && (w.key || w.computer):
		return usage("--ring wakes a phone: leave --key and --computer out")
	}
	if w.account.name != "" && !w.passkey {
		return usage("--account-name is for --passkey: others say who they are by --as")
	}
	if w.passkey && (w.password.file != "" || w.password.stdin || w.as != "root" || w.email != "") {
		return usage("with --passkey no name and no password is given")
	}
	return nil
}

// identity is who signs in. Root's e-mail is not asked for unless it is given:
// whoever can read the data folder can read it there.
func (w *who) identity(ctx context.Context, store mfa.Store) (mfa.Identity, error) {
	switch {
	case w.as != "root" && w.email != "":
		return mfa.Identity{}, usage("--email is for --as root")
	case w.as != "root":
		return userNamed(w.as), nil
	case w.email != "":
		return mfa.Identity{Kind: mfa.Root, Name: w.email}, nil
	}
	root, err := rootOf(ctx, store)
	return mfa.Identity{Kind: mfa.Root, Name: root.Email}, err
}

// rootOf finds root by the first event: account-created.
func rootOf(ctx context.Context, store mfa.Store) (mfa.Principal, error) {
	first, err := store.Events(ctx, 0, 1)
	if err != nil {
		return mfa.Principal{}, err
	}
	if len(first) == 0 {
		return mfa.Principal{}, mfa.Fail(mfa.CodeNoAccount)
	}
	return store.Principal(ctx, first[0].PrincipalID)
}

// signIn does both factors: the password, and a device where there are some.
func (w *who) signIn(ctx context.Context, t *terminal, house *assembly.House) (mfa.Session, error) {
	if err := w.check(); err != nil {
		return mfa.Session{}, err
	}
	if w.passkey {
		road := w.asked()
		shown, err := w.stages(ctx, t, house, "sign-in", road)
		if err != nil {
			return mfa.Session{}, err
		}
		defer shown.end()
		p, session, err := house.Ceremonies.SignInWithPasskey(ctx, house.Road(road), w.person(t, shown))
		if err == nil && !w.account.is(p) {
			return mfa.Session{}, errors.Join(mfa.Fail(mfa.CodeNotFound, "what", "passkey"), house.Ceremonies.SignOut(context.WithoutCancel(ctx), session))
		}
		return session, err
	}
	pending, err := w.firstFactor(ctx, t, house)
	if err != nil {
		return mfa.Session{}, err
	}
	if w.resync != "" {
		if err := w.resyncPending(ctx, t, house, pending); err != nil {
			return mfa.Session{}, err
		}
	}
	return w.secondFactor(ctx, t, house, pending)
}

func (w *who) secondFactor(ctx context.Context, t *terminal, house *assembly.House, pending ceremony.Pending) (mfa.Session, error) {
	switch {
	case pending.Session != nil:
		return *pending.Session, nil
	case w.code != "":
		return house.Ceremonies.SignInWithCode(ctx, pending, w.code)
	case w.recovery != "":
		code, err := fromFile(w.recovery, "recovery-code-file")
		if err != nil {
			return mfa.Session{}, err
		}
		defer code.Wipe()
		return house.Ceremonies.SignInWithRecovery(ctx, pending, code)
	}
	road := w.road(house, pending)
	if road == "" {
		code, err := t.code(ctx)
		if err != nil {
			return mfa.Session{}, err
		}
		return house.Ceremonies.SignInWithCode(ctx, pending, code)
	}
	link, err := w.phone.linked(pending)
	if err != nil {
		return mfa.Session{}, err
	}
	shown, err := w.stages(ctx, t, house, "sign-in", road)
	if err != nil {
		return mfa.Session{}, err
	}
	defer shown.end()
	return house.Ceremonies.SignInWithDevice(ctx, pending, house.Road(road), link, w.person(t, shown))
}

// asked is the road that the flags name: that of phones without one.
func (w *who) asked() mfa.Road {
	switch {
	case w.key:
		return mfa.RoadKey
	case w.computer:
		return mfa.RoadComputer
	}
	return mfa.RoadPhone
}

// road is the one that was asked for, or the first by which one of the devices is met;
// "" for a code. Where no device works any more, asking by phone says so.
func (w *who) road(house *assembly.House, pending ceremony.Pending) mfa.Road {
	if w.key || w.computer || w.phone.ring {
		return w.asked()
	}
	for _, road := range []mfa.Road{mfa.RoadPhone, mfa.RoadKey, mfa.RoadComputer} {
		if slices.ContainsFunc(pending.Devices, func(d mfa.Device) bool { return d.Passkey != nil && d.CanSignIn() && house.Meets(*d.Passkey, road) }) {
			return road
		}
	}
	if slices.ContainsFunc(pending.Devices, mfa.Device.CanSignIn) {
		return ""
	}
	return mfa.RoadPhone
}

// code asks for a code. It is shown while it is typed: it works once.
func (t *terminal) code(ctx context.Context) (string, error) {
	if !t.in.isTerminal() {
		return "", usage("there is no terminal to ask for the code: use --code")
	}
	fmt.Fprint(t.outErr, "Code: ")
	b, err := t.in.line(ctx)
	if errors.Is(err, io.EOF) {
		err = mfa.Fail(mfa.CodeCancelled)
	}
	return strings.TrimSpace(string(b)), err
}

func (w *who) firstFactor(ctx context.Context, t *terminal, house *assembly.House) (ceremony.Pending, error) {
	if _, err := house.Accounts.Account(ctx); err != nil {
		return ceremony.Pending{}, err
	}
	identity, err := w.identity(ctx, house.Store)
	if err != nil {
		return ceremony.Pending{}, err
	}
	if w.typed, err = w.password.password(ctx, t, false); err != nil {
		return ceremony.Pending{}, err
	}
	return house.Ceremonies.Password(ctx, identity, w.typed)
}
