package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policies"
	"github.com/keyferry/keyferry/backend/policy/lint"
)

// findingJSON is something about a policy, at a place that counts from 1, in characters.
type findingJSON struct {
	Level   string            `json:"level"`
	Code    string            `json:"code"`
	Line    int               `json:"line"`
	Column  int               `json:"column"`
	Length  int               `json:"length"`
	Params  map[string]string `json:"params,omitempty"`
	Message string            `json:"message"`
}

func findingsOf(found []lint.Finding) []findingJSON {
	list := []findingJSON{}
	for _, f := range found {
		list = append(list, findingJSON{Level: string(f.Level), Code: f.Code, Line: f.Line, Column: f.Column, Length: f.Length, Params: f.Params,
			Message: words.Finding(f.Code, f.Params)})
	}
	return list
}

// sayFindings prints one line each, in the form that editors and compilers have made
// known: FILE:LINE:COLUMN: level: words.
func (t *terminal) sayFindings(file string, found []lint.Finding) {
	for _, f := range findingsOf(found) {
		t.say("%s:%d:%d: %s: %s (%s)", file, f.Line, f.Column, f.Level, f.Message, f.Code)
	}
}

var policyCheck = command{
	path: []string{"policy", "check"}, args: "FILE [--strict]", summary: "say what is wrong with a policy or hardly meant; exit code 1 on errors",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		strict := fs.Bool("strict", false, "exit code 1 on warnings, too")
		return func(_ context.Context, t *terminal, args []string) error {
			if err := count("policy check", "FILE", args); err != nil {
				return err
			}
			document, err := readDocument(args[0])
			if err != nil {
				return err
			}
			found := policies.Check(string(document))
			errors := 0
			for _, f := range found {
				if f.Level == lint.Error {
					errors++
				}
			}
			warnings := len(found) - errors
			t.document(map[string]any{"file": args[0], "findings": findingsOf(found), "errors": errors, "warnings": warnings})
			t.sayFindings(args[0], found)
			if len(found) == 0 {
				t.say("No problem found.")
			} else {
				t.say("%s, %s", plural(errors, "error"), plural(warnings, "warning"))
			}
			if errors > 0 || *strict && warnings > 0 {
				return errTold
			}
			return nil
		}
	},
}

// placed names the file that a policy comes from in a failure of its own. Only the place
// in it is in the failure already.
func placed(err error, file string) error {
	return more(err, "file", file, mfa.CodePolicyMalformed, mfa.CodePolicyTooLarge)
}

// countOf is "3 of 5".
func countOf(n, all int) string { return fmt.Sprintf("%d of %d", n, all) }
