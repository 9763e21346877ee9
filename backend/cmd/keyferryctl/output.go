package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/sqlite"
)

// terminal is where a command asks and prints. Printing is safe for concurrent
// use, because stages come from other goroutines.
type terminal struct {
	in       *input
	json     bool
	staged   bool          // the command is the ceremony: its stages are its output, a failure the last of them
	attempt  words.Attempt // what did not happen if the command fails; "" once it did
	database string        // the file that the command works on, for advice on damage
	outErr   io.Writer

	mu  sync.Mutex
	out io.Writer
}

func newTerminal(s streams, asJSON bool) *terminal {
	return &terminal{in: newInput(s.in), json: asJSON, out: s.out, outErr: s.err}
}

// say prints a line for people; nothing with --json.
func (t *terminal) say(format string, a ...any) {
	if !t.json {
		t.mu.Lock()
		defer t.mu.Unlock()
		fmt.Fprintf(t.out, format+"\n", a...)
	}
}

// line prints v as one line of JSON, with --json only.
func (t *terminal) line(v any) { t.write(t.out, v) }

// aside prints v as one line of JSON beside the result, with --json only: what is on
// standard output stays one value.
func (t *terminal) aside(v any) { t.write(t.outErr, v) }

func (t *terminal) write(to io.Writer, v any) {
	if t.json {
		t.mu.Lock()
		defer t.mu.Unlock()
		e := json.NewEncoder(to)
		e.SetEscapeHTML(false)
		_ = e.Encode(v) // a closed pipe ends the process by SIGPIPE
	}
}

// document prints v as one indented document, with --json only.
func (t *terminal) document(v any) {
	if t.json {
		t.mu.Lock()
		defer t.mu.Unlock()
		e := json.NewEncoder(t.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		_ = e.Encode(v)
	}
}

// result prints what a command came to. With --json it is one line, as is everything of
// commands that sign in.
func (t *terminal) result(v any) { t.line(v) }

// warn tells of something that went wrong beside the matter.
func (t *terminal) warn(err error) {
	f := mfa.AsFailure(err)
	fmt.Fprintf(t.outErr, "keyferryctl: %s: %s\n", codes(f), words.Of(f))
}

// serviceFailure is what IAM has for all that it has no word for. It is not worth
// showing to people; scripts get it.
const serviceFailure = "ServiceFailure"

// codes names a failure: by IAM's documented error code and ours, or by ours alone.
func codes(f *mfa.Failure) string {
	if iam := f.IAM(); iam != serviceFailure {
		return iam + " (" + string(f.Code) + ")"
	}
	return string(f.Code)
}

// progress tells a person how far something is, on one line; nobody else.
func (t *terminal) progress(verb string) func(done, total int) {
	if t.json || !t.in.isTerminal() {
		return nil
	}
	return func(done, total int) {
		end := ""
		if done == total {
			end = "\n"
		}
		fmt.Fprintf(t.outErr, "\r%s %d of %d%s", verb, done, total, end)
	}
}

// failureJSON is how a failure looks to scripts; the same members as in the
// window's boundary, and the words.
type failureJSON struct {
	Code     mfa.Code          `json:"code"`
	IAM      string            `json:"iam"` // the documented error code of IAM
	Category mfa.Category      `json:"category"`
	Next     mfa.Action        `json:"next"`
	Params   map[string]string `json:"params,omitempty"`
	Detail   string            `json:"detail,omitempty"`
	Message  string            `json:"message"`
	Backups  []string          `json:"backups,omitempty"` // of a damaged database, newest first
}

func asJSON(f *mfa.Failure) *failureJSON {
	if f == nil {
		return nil
	}
	return &failureJSON{Code: f.Code, IAM: f.IAM(), Category: f.Category(), Next: f.Next(), Params: f.Params, Detail: f.Explain(), Message: words.Of(f)}
}

// end prints what went wrong, if anything did, and gives the exit code.
func (t *terminal) end(err error) int {
	code := exitCode(err)
	var wrong errUsage
	switch {
	case err == nil, errors.Is(err, errTold):
	case errors.As(err, &wrong):
		fmt.Fprintf(t.outErr, "keyferryctl: %v\nTry: keyferryctl help\n", wrong)
	case t.json && t.staged:
		f := t.failure(err)
		t.line(stageLine{Stage: mfa.StageFailed, Purpose: string(t.attempt), Message: f.Message, Failure: f})
	case t.json:
		t.line(map[string]any{"failure": t.failure(err)})
	default:
		t.warn(err)
		t.advise(err)
		if closing := words.Closing(t.attempt); closing != "" {
			fmt.Fprintln(t.outErr, closing)
		}
	}
	return code
}

func (t *terminal) failure(err error) *failureJSON {
	f := asJSON(mfa.AsFailure(err))
	if t.unusable(err) {
		f.Backups = sqlite.Backups(t.database)
	}
	return f
}

// unusable says whether err is about the contents of the database file.
func (t *terminal) unusable(err error) bool {
	return t.database != "" && (mfa.IsCode(err, mfa.CodeDatabaseDamaged) || mfa.IsCode(err, mfa.CodeDatabaseForeign))
}

// advise names the backups that can take the place of an unusable database.
func (t *terminal) advise(err error) {
	if !t.unusable(err) {
		return
	}
	backups := sqlite.Backups(t.database)
	if len(backups) == 0 {
		fmt.Fprintf(t.outErr, "There is no backup of %s.\n", t.database)
		return
	}
	fmt.Fprintf(t.outErr, "To restore a backup, move %s away and copy one of these to its place, newest first:\n", t.database)
	for _, b := range backups {
		fmt.Fprintf(t.outErr, "  %s\n", b)
	}
}

// errTold is a failure whose words were printed already.
var errTold = errors.New("told")

// milliseconds is how times look in JSON: Unix milliseconds, 0 for never.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// when is how times look to people.
func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04")
}
