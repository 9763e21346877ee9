package main

import (
	"context"
	"flag"
	"strings"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
)

// seat is where a command works that acts for somebody: an open account, their
// session, and what was given to the command.
type seat struct {
	*assembly.House
	session mfa.Session
	t       *terminal
	args    []string
	who     *who
}

// action is what such a command does once somebody is signed in.
type action func(ctx context.Context, s *seat) error

// signed makes a command that signs in, does one thing and signs out. path is the
// command's words, args its arguments for the help text: those before the first flag
// are needed.
func signed(path, args, summary string, set func(fs *flag.FlagSet) action) command {
	return acting("", path, args, summary, set)
}

// changing is signed for a command that changes something: when it fails it says that
// nothing was changed.
func changing(path, args, summary string, set func(fs *flag.FlagSet) action) command {
	return acting(words.Change, path, args, summary, set)
}

func acting(attempt words.Attempt, path, args, summary string, set func(fs *flag.FlagSet) action) command {
	return command{path: strings.Fields(path), args: args, summary: summary,
		set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
			var w withSession
			w.flags(fs)
			do := set(fs)
			return func(ctx context.Context, t *terminal, given []string) error {
				if err := count(path, args, given); err != nil {
					return err
				}
				t.attempt = attempt
				return w.run(ctx, t, g, func(house *assembly.House, session mfa.Session) error {
					if err := do(ctx, &seat{House: house, session: session, t: t, args: given, who: &w.w}); err != nil {
						return err
					}
					t.attempt = "" // what fails after this changes nothing about it
					return nil
				})
			}
		}}
}

// either makes a command that needs an account only sometimes: it signs in when needs,
// asked once the flags are parsed, says so. Otherwise the seat has no house, and nobody
// sits there.
func either(path, args, summary string, set func(fs *flag.FlagSet) (needs func(given []string) bool, do action)) command {
	return command{path: strings.Fields(path), args: args, summary: summary,
		set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
			var w withSession
			needs, do := set(fs) // first: see byKey
			w.flags(fs)
			return func(ctx context.Context, t *terminal, given []string) error {
				if err := count(path, args, given); err != nil {
					return err
				}
				if !needs(given) {
					return do(ctx, &seat{t: t, args: given, who: &w.w})
				}
				return w.run(ctx, t, g, func(house *assembly.House, session mfa.Session) error {
					return do(ctx, &seat{House: house, session: session, t: t, args: given, who: &w.w})
				})
			}
		}}
}

// answer prints what was asked for. Without a sign-in nothing stands before it, and it is
// a document.
func (s *seat) answer(v any) {
	if s.House == nil {
		s.t.document(v)
		return
	}
	s.t.result(v)
}

// arg is an argument that may be left out.
func (s *seat) arg(i int) string {
	if i < len(s.args) {
		return s.args[i]
	}
	return ""
}

func count(path, args string, given []string) error {
	if least, most := positional(args); len(given) < least || len(given) > most {
		return usage("use: keyferryctl %s", strings.TrimSpace(path+" "+args))
	}
	return nil
}

// positional counts the arguments before the first flag; those in brackets may be left
// out.
func positional(args string) (least, most int) {
	for _, word := range strings.Fields(args) {
		if strings.HasPrefix(strings.TrimLeft(word, "["), "-") {
			break
		}
		most++
		if word[0] != '[' {
			least++
		}
	}
	return least, most
}

// plain is a command without flags of its own.
func plain(do action) func(*flag.FlagSet) action {
	return func(*flag.FlagSet) action { return do }
}

// principal finds somebody by name to whom op is to be done; see find. Access comes
// first: whoever may not do it does not learn who exists, and is asked for nothing.
func (s *seat) principal(ctx context.Context, op mfa.Operation, name string) (mfa.Principal, error) {
	p, missing := s.find(ctx, name)
	id := p.ID
	switch {
	case mfa.IsCode(missing, mfa.CodeNotFound):
		id = mfa.NewID() // of nobody
	case missing != nil:
		return mfa.Principal{}, missing
	}
	if _, err := s.Accounts.May(ctx, s.session, op, id); err != nil && !mfa.IsCode(err, mfa.CodeNotFound) {
		return mfa.Principal{}, err
	}
	return p, missing
}

// find finds somebody by name: root, or a user's name without case. Empty is whoever is
// signed in.
func (s *seat) find(ctx context.Context, name string) (mfa.Principal, error) {
	switch name {
	case "":
		return s.Store.Principal(ctx, s.session.PrincipalID)
	case "root":
		return rootOf(ctx, s.Store)
	}
	p, err := s.Store.PrincipalByIdentity(ctx, userNamed(name))
	if mfa.IsCode(err, mfa.CodeNotFound) {
		return p, mfa.Fail(mfa.CodeNotFound, "what", "user").Because(err)
	}
	return p, err
}

// userNamed is a user's identity. user/NAME, as in ARNs, is NAME: a user may be called
// root, and could not be told from root otherwise.
func userNamed(name string) mfa.Identity {
	return mfa.Identity{Kind: mfa.User, Name: strings.TrimPrefix(name, "user/")}
}

// target is the ID of whom op is done to: "" for oneself, as use cases want it.
func (s *seat) target(ctx context.Context, op mfa.Operation, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	p, err := s.principal(ctx, op, name)
	if p.ID == s.session.PrincipalID {
		return "", err
	}
	return p.ID, err
}

// userFlag says for whom a command works.
func userFlag(fs *flag.FlagSet) *string {
	return fs.String("user", "", "for whom: `NAME|root`, or user/NAME (default: who signs in)")
}

// sure asks before something is taken away. Without an answer it fails with cancelled.
func (s *seat) sure(ctx context.Context, yes bool, question string) error {
	return s.t.sure(ctx, yes, question)
}

func yesFlag(fs *flag.FlagSet) *bool { return fs.Bool("yes", false, "do not ask") }

// onOff reads the last word of commands that switch something.
func onOff(word string) (bool, error) {
	switch word {
	case "on", "yes", "true":
		return true, nil
	case "off", "no", "false":
		return false, nil
	}
	return false, usage("%q is neither on nor off", word)
}
