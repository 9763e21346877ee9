package main

import (
	"context"
	"flag"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
)

type userRowJSON struct {
	Line          int          `json:"line"`
	Name          string       `json:"name"`
	Path          string       `json:"path"`
	Administrator bool         `json:"administrator"`
	Failure       *failureJSON `json:"failure,omitempty"`
}

var userImport = changing("user import", "FILE [--only-good]", "add the users of a CSV file, all or none", func(fs *flag.FlagSet) action {
	onlyGood := fs.Bool("only-good", false, "leave rows with problems out")
	return func(ctx context.Context, s *seat) error {
		data, err := readFile(s.args[0], account.MaxUserFile)
		if err != nil {
			return err
		}
		list, err := account.ReadUsers(data)
		if err != nil {
			return err
		}
		defer list.Wipe()
		if err := s.Accounts.CheckUsers(ctx, s.session, list); err != nil {
			return err
		}
		rows := []userRowJSON{}
		for _, r := range list.Rows {
			rows = append(rows, userRowJSON{Line: r.Line, Name: r.Name, Path: r.Path, Administrator: r.Administrator, Failure: asJSON(r.Problem)})
			s.t.problem(r.Line, r.Name, r.Problem)
		}
		s.t.result(map[string]any{"rows": rows, "good": list.Good(), "bad": list.Bad()})
		added, err := s.Accounts.AddUsers(ctx, s.session, list, *onlyGood, s.t.progress("Added"))
		if err != nil {
			return err
		}
		s.t.result(map[string]any{"added": added})
		s.t.say("Added %s.", plural(added, "user"))
		return nil
	}
})

// problem names a bad row of a file.
func (t *terminal) problem(line int, name string, f *mfa.Failure) {
	if f != nil {
		t.say("line %d  %s  %s: %s", line, printable(name), codes(f), words.Of(f))
	}
}
