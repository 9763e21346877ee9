package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/auditverify"
	"github.com/keyferry/keyferry/backend/mfa"
)

// auditFlags choose events.
type auditFlags struct{ from, to, kinds, user string }

func (f *auditFlags) flags(fs *flag.FlagSet) {
	fs.StringVar(&f.from, "from", "", "at or after this `TIME`: YYYY-MM-DD or RFC 3339")
	fs.StringVar(&f.to, "to", "", "before this `TIME`")
	fs.StringVar(&f.kinds, "kind", "", "of these `KINDS`, with commas between")
	fs.StringVar(&f.user, "user", "", "by `NAME|root`")
}

func (f *auditFlags) filter(ctx context.Context, s *seat) (mfa.EventFilter, error) {
	var filter mfa.EventFilter
	var err error
	if filter.From, err = moment("from", f.from); err != nil {
		return filter, err
	}
	if filter.To, err = moment("to", f.to); err != nil {
		return filter, err
	}
	if filter.Kinds, err = kindsOf(f.kinds); err != nil {
		return filter, err
	}
	if f.user != "" {
		// Reading the trail is a matter of the account, whoever is looked for in it.
		if _, err := s.Accounts.May(ctx, s.session, mfa.OpReadActivity, ""); err != nil {
			return filter, err
		}
		p, err := s.find(ctx, f.user)
		if err != nil {
			return filter, err
		}
		filter.PrincipalID = p.ID
	}
	return filter, nil
}

func moment(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		return time.Time{}, mfa.Fail(mfa.CodeInvalidInput, "field", field)
	}
	return day, nil
}

var auditList = signed("audit list", "[--from T] [--to T] [--kind K] [--user U] [--limit N]", "list what happened, newest first", func(fs *flag.FlagSet) action {
	var f auditFlags
	f.flags(fs)
	limit := fs.Int("limit", 100, "at most `N` events, 1 to 1000")
	before := fs.Int64("before", 0, "events with a number below `N`")
	return func(ctx context.Context, s *seat) error {
		filter, err := f.filter(ctx, s)
		if err != nil {
			return err
		}
		filter.Limit, filter.Before = *limit, *before
		entries, err := s.Activity.Find(ctx, s.session, filter)
		if err != nil {
			return err
		}
		list := make([]eventJSON, len(entries))
		for i, e := range entries {
			list[i] = eventOf(e.Event)
			list[i].Name = e.Principal
			s.t.say("%6d  %s  %s  %s%s", e.Seq, when(e.At), e.Kind, e.Principal, details(e.Detail))
		}
		if len(list) == 0 {
			s.t.say("No events.")
		}
		s.t.result(map[string]any{"events": list})
		return nil
	}
})

var auditExport = signed("audit export", "[--out FILE] [--from T] [--to T] [--kind K] [--user U]", "write the trail as JSON Lines; without a filter it can be verified", func(fs *flag.FlagSet) action {
	var f auditFlags
	f.flags(fs)
	out := fs.String("out", "", "write to `FILE`, which must not exist (default: standard output)")
	return func(ctx context.Context, s *seat) error {
		filter, err := f.filter(ctx, s)
		if err != nil {
			return err
		}
		if *out == "" {
			_, err := s.Activity.Export(ctx, s.session, s.t.out, filter)
			return err
		}
		var text bytes.Buffer
		n, err := s.Activity.Export(ctx, s.session, &text, filter)
		if err != nil {
			return err
		}
		if err := writeNew(*out, text.Bytes()); err != nil {
			return err
		}
		s.t.result(map[string]any{"saved": *out, "events": n})
		s.t.say("Saved %s: %s.", *out, plural(n, "event"))
		return nil
	}
})

// auditVerify asks nobody to sign in, and takes the data folder from nobody: it only
// reads, with code of its own (package auditverify).
var auditVerify = command{
	path: []string{"audit", "verify"}, args: "[--export FILE | --database FILE] [--checkpoints FILE]",
	summary: "check the chain of the trail, and checkpoints of it, by code that shares nothing with what writes it",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var h houseFlags
		h.flags(fs)
		database := fs.String("database", "", "the database `FILE` (default: that of the data folder, when no window is open with it)")
		export := fs.String("export", "", "an export, `FILE` or - for standard input, in place of a database")
		checkpoints := fs.String("checkpoints", "", "`FILE` of checkpoints (default: that of the data folder, if the database is its)")
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) > 0 || *database != "" && *export != "" {
				return usage("audit verify takes --database or --export, and nothing else")
			}
			var result auditverify.Result
			var err error
			switch {
			case *export != "":
				if result, err = verifyExport(ctx, t, *export, *checkpoints); err == nil && result.Events == 0 {
					err = &auditverify.Broken{Seq: 1, What: "number"} // a trail begins with its account
				}
			case *database != "":
				result, err = auditverify.VerifyDatabase(ctx, *database, *checkpoints)
			default:
				result, err = h.verifyOwn(ctx, t, g, *checkpoints)
			}
			err = t.verified(result, err)
			if *export != "" {
				err = more(err, "in", "export", mfa.CodeChainBroken)
			}
			return err
		}
	},
}

func verifyExport(ctx context.Context, t *terminal, path, checkpoints string) (auditverify.Result, error) {
	if path == "-" {
		return auditverify.VerifyExport(ctx, t.in.lines, checkpoints)
	}
	f, err := os.Open(path)
	if err != nil {
		return auditverify.Result{}, mfa.Fail(mfa.CodeFileUnreadable).Because(errors.Unwrap(err))
	}
	defer f.Close()
	return auditverify.VerifyExport(ctx, f, checkpoints)
}

// verifyOwn checks the data folder's own database, against its checkpoints if there
// are some.
func (h *houseFlags) verifyOwn(ctx context.Context, t *terminal, g *globals, checkpoints string) (auditverify.Result, error) {
	if err := h.settle(ctx, t, g); err != nil {
		return auditverify.Result{}, err
	}
	folder, err := openFolder(g)
	if err != nil {
		return auditverify.Result{}, err
	}
	defer folder.Close()
	path, own := folder.Database(), folder.Checkpoints()
	if h.sandbox {
		path, own = folder.SandboxDatabase(), folder.SandboxCheckpoints()
	}
	if !exists(path) {
		return auditverify.Result{}, mfa.Fail(mfa.CodeNoAccount)
	}
	if checkpoints == "" && exists(own) {
		checkpoints = own
	}
	return auditverify.VerifyDatabase(ctx, path, checkpoints)
}

// verified says what came out.
func (t *terminal) verified(r auditverify.Result, err error) error {
	var broken *auditverify.Broken
	switch {
	case err == nil && r.Events == 0:
		return mfa.Fail(mfa.CodeNoAccount)
	case err == nil:
		t.document(map[string]any{"whole": true, "events": r.Events, "hash": r.Hash, "checkpoints": r.Checkpoints})
		t.say("The chain is whole: %d events, last hash %s. Checkpoints compared: %d.", r.Events, r.Hash, r.Checkpoints)
		return nil
	case errors.As(err, &broken) && broken.What == "checkpoint":
		return mfa.Fail(mfa.CodeCheckpoint, "seq", strconv.FormatInt(broken.Seq, 10)).Because(err)
	case errors.As(err, &broken):
		return mfa.Fail(mfa.CodeChainBroken, "seq", strconv.FormatInt(broken.Seq, 10)).Because(err)
	case errors.Is(err, context.Canceled), mfa.IsCode(err, mfa.CodeCancelled):
		return err
	}
	if f := (*mfa.Failure)(nil); errors.As(err, &f) {
		return err
	}
	return mfa.Fail(mfa.CodeFileUnreadable).Because(err)
}

var auditCheckpoint = command{
	path: []string{"audit", "checkpoint"}, summary: "write a checkpoint of the trail outside of the database, and print it to be kept elsewhere",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var h houseFlags
		h.flags(fs)
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) > 0 {
				return usage("audit checkpoint takes no arguments")
			}
			return h.visit(ctx, t, g, func(house *assembly.House, _ mfa.Account) error {
				if err := house.Activity.Checkpoint(ctx); err != nil {
					return err
				}
				mark, _, err := house.Activity.LastMark()
				if err != nil {
					return err
				}
				t.document(mark)
				t.say("%d %s %s", mark.Seq, mark.Hash, mark.Time.Format(time.RFC3339Nano))
				return nil
			})
		}
	},
}

// raw writes bytes as they are, with --json and without.
func (t *terminal) raw(b []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := io.Copy(t.out, bytes.NewReader(b))
	return err
}
