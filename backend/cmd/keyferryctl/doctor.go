package main

import (
	"context"
	"flag"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/readiness"
)

var doctor = command{
	path: []string{"doctor"}, args: "[WAY]... [--offline] [--report FILE]",
	summary: "say what this computer can do for each way (phone, key, nfc, computer, code) and what stands in its way; exit code 1 if none of the ways asked for can work",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var d doctorFlags
		fs.BoolVar(&d.offline, "offline", false, "do not ask for the names of the tunnel servers, nor connect to them")
		fs.StringVar(&d.report, "report", "", "also write a report without names of people, computers and folders to `FILE`, which must not exist: JSON if it ends in .json, else Markdown")
		fs.Func("result", "what came of a step of docs/HARDWARE-CHECKS.md, for the report, as `A3=WORDS`; repeatable", d.addResult)
		return func(ctx context.Context, t *terminal, args []string) error { return d.run(ctx, t, args) }
	},
}

type doctorFlags struct {
	offline bool
	report  string
	results []stepResult
}

// The whole of a doctor's visit, as scripts get it.
type (
	visitJSON struct {
		At      int64        `json:"at"`
		Version string       `json:"version"`
		System  string       `json:"system"`
		Online  bool         `json:"online"`
		Machine []aboutJSON  `json:"machine"`
		Ladders []ladderJSON `json:"ladders"`
		Guide   guideJSON    `json:"guide"`
		Results []stepResult `json:"results,omitempty"`
	}
	aboutJSON struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	ladderJSON struct {
		Way   readiness.Way     `json:"way"`
		State readiness.Verdict `json:"state"`
		Rungs []rungJSON        `json:"rungs"`
	}
	rungJSON struct {
		ID      string            `json:"id"`
		State   readiness.State   `json:"state"`
		Params  map[string]string `json:"params,omitempty"`
		Failure *failureJSON      `json:"failure,omitempty"`
		Message string            `json:"message"`
		Repair  string            `json:"repair,omitempty"`
		Rule    string            `json:"rule,omitempty"` // of udev
	}
	guideJSON struct {
		Source  string          `json:"source"`
		Address string          `json:"address"`
		Ways    []documentedWay `json:"ways"`
	}
	documentedWay struct {
		Way      readiness.Way     `json:"way"`
		Support  readiness.Support `json:"support"`
		Browsers []string          `json:"browsers,omitempty"`
		Note     string            `json:"note,omitempty"`
		Message  string            `json:"message"`
		Here     readiness.Verdict `json:"here"`
	}
	// stepResult is what a person saw at one step of a check.
	stepResult struct {
		Step  string `json:"step"`
		Words string `json:"words"`
	}
)

func (d *doctorFlags) run(ctx context.Context, t *terminal, args []string) error {
	asked, err := askedWays(args)
	if err != nil {
		return err
	}
	if len(d.results) > 0 && d.report == "" {
		return usage("--result belongs into a --report")
	}
	r := readiness.New(doctorParts()).Check(ctx, readiness.Options{Online: !d.offline, NotBefore: builtAt()})
	if err := ctx.Err(); err != nil {
		return err
	}
	visit := visitOf(r, !d.offline, mfaFailure)
	if d.report != "" {
		if err := writeNew(d.report, d.compose(r)); err != nil {
			return err
		}
	}
	shown := visit
	shown.Ladders = slices.DeleteFunc(slices.Clone(visit.Ladders), func(l ladderJSON) bool { return !slices.Contains(asked, l.Way) })
	t.document(shown)
	t.say("%s", strings.TrimRight(shown.text(len(args) == 0), "\n"))
	if d.report != "" {
		t.say("\nSaved %s.", d.report)
	}
	if len(args) == 0 { // codes can nearly always be used, and are no passkey
		asked = slices.DeleteFunc(asked, func(w readiness.Way) bool { return w == readiness.WayCode })
	}
	for _, way := range asked {
		if r.Ladder(way).State != readiness.NotReady {
			return nil
		}
	}
	return errTold
}

func askedWays(args []string) ([]readiness.Way, error) {
	if len(args) == 0 {
		return readiness.Ways(), nil
	}
	var asked []readiness.Way
	for _, a := range args {
		if !slices.Contains(readiness.Ways(), readiness.Way(a)) {
			return nil, usage("there is no way %q: use %s", a, joined(readiness.Ways()))
		}
		asked = append(asked, readiness.Way(a))
	}
	return asked, nil
}

// mfaFailure is a failure as it is.
func mfaFailure(f *mfa.Failure) *mfa.Failure { return f }

// visitOf puts words to a report. of gives the failures as they are to be told.
func visitOf(r readiness.Report, online bool, of func(*mfa.Failure) *mfa.Failure) visitJSON {
	v := visitJSON{At: milliseconds(r.At), Version: buildVersion(), System: r.System, Online: online,
		Guide: guideJSON{Source: readiness.Guide.Title, Address: readiness.Guide.Address}}
	for _, f := range r.Machine {
		v.Machine = append(v.Machine, aboutJSON{f.Name, f.Value})
	}
	for _, l := range r.Ladders {
		ladder := ladderJSON{Way: l.Way, State: l.State, Rungs: []rungJSON{}}
		for _, rung := range l.Rungs {
			ladder.Rungs = append(ladder.Rungs, rungOf(rung, r.System, of(rung.Failure)))
		}
		v.Ladders = append(v.Ladders, ladder)
	}
	for _, c := range r.Compare() {
		v.Guide.Ways = append(v.Guide.Ways, documentedWay{c.Way, c.Support, c.Browsers, c.Note,
			words.Guide(string(c.Support), c.Note, strings.Join(c.Browsers, ", ")), c.Here})
	}
	return v
}

func rungOf(r readiness.Rung, system string, f *mfa.Failure) rungJSON {
	j := rungJSON{ID: r.ID, State: r.State, Params: r.Params, Failure: asJSON(f), Message: words.Rung(r.ID, string(r.State), told(r.Params))}
	if f != nil {
		j.Message, j.Repair, j.Rule = words.Of(f), words.Repair(system, f), ruleFor(f)
	}
	return j
}

// told is params with their times as people read them here.
func told(params map[string]string) map[string]string {
	params = maps.Clone(params)
	for _, name := range []string{"computer", "least"} {
		if at, err := time.Parse(time.RFC3339, params[name]); err == nil {
			params[name] = when(at)
		}
	}
	return params
}

// builtAt is when this program was made, as far as it knows: the clock cannot be before.
func builtAt() time.Time {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" {
				at, _ := time.Parse(time.RFC3339, s.Value)
				return at
			}
		}
	}
	return time.Time{}
}
