package main

import (
	"cmp"
	"context"
	"flag"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/admission"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/examine"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/hello"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

var verify = command{
	path: []string{"verify"}, args: "FILE [--options FILE] [--mds FILE] [--policy FILE] ...", summary: "check one registration or assertion, as JSON of a browser, and explain; exit code 1 if it fails",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var v verifyFlags
		v.flags(fs)
		return func(ctx context.Context, t *terminal, args []string) error {
			if err := count("verify", "FILE", args); err != nil {
				return err
			}
			c, err := v.read(args[0])
			if err != nil {
				return err
			}
			report, err := examine.Examine(ctx, c)
			if err != nil {
				return err
			}
			t.document(reportOf(report))
			t.sayReport(report)
			if !report.Accepted() {
				return errTold
			}
			return nil
		}
	},
}

// verifyFlags are what a response is held against.
type verifyFlags struct {
	options, mds, policy    string
	rpID, origin, challenge string
	verification, at        string
	key, credential         string
	via, system             string
	crossOrigin, ruleOut    bool
}

func (v *verifyFlags) flags(fs *flag.FlagSet) {
	fs.StringVar(&v.options, "options", "", "the options that it answers, JSON in `FILE`")
	fs.StringVar(&v.mds, "mds", "", "a BLOB of FIDO metadata in `FILE`")
	fs.StringVar(&v.policy, "policy", "", "an IAM policy in `FILE`, asked for Create and Activate")
	fs.StringVar(&v.rpID, "rp-id", "", "the relying party's `ID`")
	fs.StringVar(&v.origin, "origin", "", "the `ORIGIN` of the page (default: https:// and the relying party's ID)")
	fs.StringVar(&v.challenge, "challenge", "", "the challenge, `BASE64URL`")
	fs.StringVar(&v.verification, "uv", "", "user verification: `required|preferred|discouraged` (default: as the options say, or preferred)")
	fs.StringVar(&v.at, "at", "", "judge certificates at this `TIME`, as 2026-08-01T12:00:00Z (default: now)")
	fs.StringVar(&v.key, "public-key", "", "assertions: the public key in `FILE` (PEM, DER or COSE)")
	fs.StringVar(&v.credential, "credential", "", "assertions: the registration in `FILE`, or JSON with id, public_key and sign_count")
	fs.BoolVar(&v.crossOrigin, "allow-cross-origin", false, "it may be made in another site's frame")
	fs.StringVar(&v.via, "via", "", "how it came in: `hybrid|usb|nfc|platform` (default: nobody knows)")
	fs.StringVar(&v.system, "system", "", "with --via platform: the computer's `SYSTEM`, windows, darwin or linux (default: this one's)")
	fs.BoolVar(&v.ruleOut, "rule-out-hello", false, "refuse what may be in Windows Hello, too")
}

// read gathers the case. Later ones win: what the file says, the options, the flags.
func (v *verifyFlags) read(file string) (examine.Case, error) {
	c := examine.Case{At: time.Now(), Path: hello.Path(v.via), System: v.system, RuleOut: v.ruleOut}
	if !slices.Contains([]hello.Path{"", hello.PathHybrid, hello.PathUSB, hello.PathNFC, hello.PathPlatform}, c.Path) {
		return c, usage("--via is hybrid, usb, nfc or platform")
	}
	if c.Path == hello.PathPlatform && c.System == "" {
		c.System = runtime.GOOS
	}
	if v.at != "" {
		var err error
		if c.At, err = time.Parse(time.RFC3339, v.at); err != nil {
			return c, usage("--at is a time as 2026-08-01T12:00:00Z")
		}
	}
	text, err := readFile(file, examine.MaxInput)
	if err != nil {
		return c, err
	}
	in, err := examine.Read(text)
	if err != nil {
		return c, err
	}
	c.Response, c.Kind = in.Response, in.Kind
	if c.Expect, err = v.expect(in); err != nil {
		return c, err
	}
	c.Expect.At = c.At
	if c.Kind == examine.Assertion {
		return c, v.stored(&c, in)
	}
	return c, v.against(&c)
}

func (v *verifyFlags) expect(in examine.Input) (rp.Expectation, error) {
	e := rp.Expectation{UserVerification: "preferred"}
	options := in.Options
	if v.options != "" {
		var err error
		if options, err = readFile(v.options, examine.MaxInput); err != nil {
			return e, err
		}
	}
	if options != nil {
		var err error
		if e, err = examine.Options(options, in.Kind); err != nil {
			return e, err
		}
	}
	if in.Challenge != nil {
		e.Challenge = in.Challenge
	}
	if v.challenge != "" {
		var err error
		if e.Challenge, err = examine.Bytes("challenge", v.challenge); err != nil {
			return e, err
		}
	}
	e.RPID, e.Origin = cmp.Or(v.rpID, in.RPID, e.RPID), cmp.Or(v.origin, in.Origin)
	if e.Origin == "" && e.RPID != "" {
		e.Origin = mfa.OriginOf(e.RPID)
	}
	if v.verification != "" {
		if !slices.Contains([]string{"required", "preferred", "discouraged"}, v.verification) {
			return e, usage("--uv is required, preferred or discouraged")
		}
		e.UserVerification = v.verification
	}
	e.AllowCrossOrigin = v.crossOrigin
	return e, nil
}

// stored reads the key of an assertion.
func (v *verifyFlags) stored(c *examine.Case, in examine.Input) error {
	if v.key != "" && v.credential != "" {
		return usage("--public-key and --credential exclude each other")
	}
	if v.key != "" {
		text, err := readFile(v.key, examine.MaxInput)
		if err != nil {
			return err
		}
		c.Stored = &mfa.Credential{}
		c.Stored.PublicKey, err = examine.ReadKey(text)
		return err
	}
	text := in.Stored
	if v.credential != "" {
		var err error
		if text, err = readFile(v.credential, examine.MaxInput); err != nil {
			return err
		}
	}
	if text == nil {
		return usage("an assertion needs the key that was registered: --credential or --public-key")
	}
	credential, handle, err := examine.ReadStored(text)
	if err != nil {
		return err
	}
	c.Stored, c.Expect.UserHandle = &credential, handle
	return nil
}

// against reads what registrations alone are held against.
func (v *verifyFlags) against(c *examine.Case) error {
	if v.mds != "" {
		m, _, err := openBlob(v.mds, c.At)
		if err != nil {
			return err
		}
		c.Metadata = m
	}
	if v.policy != "" {
		document, err := readDocument(v.policy)
		if err != nil {
			return err
		}
		if c.Policy, err = admission.NewOffline(filepath.Base(v.policy), document, c.At); err != nil {
			return placed(err, v.policy)
		}
	}
	return nil
}

type stepJSON struct {
	Check    string        `json:"check"`
	State    string        `json:"state"` // holds, fails, unproven, not-judged
	Message  string        `json:"message"`
	Facts    []factJSON    `json:"facts"`
	Failure  *failureJSON  `json:"failure,omitempty"`
	Decision *decisionJSON `json:"decision,omitempty"`
}

type examinedJSON struct {
	Kind     string     `json:"kind"`
	Accepted bool       `json:"accepted"`
	Steps    []stepJSON `json:"steps"`
}

func reportOf(r examine.Report) examinedJSON {
	j := examinedJSON{Kind: string(r.Kind), Accepted: r.Accepted(), Steps: []stepJSON{}}
	for _, s := range r.Steps {
		step := stepJSON{Check: string(s.Check), State: string(s.State), Message: words.Check(string(s.Check)), Facts: []factJSON{}, Failure: asJSON(s.Failure)}
		for _, f := range s.Facts {
			if n := len(step.Facts); n > 0 && step.Facts[n-1].Name == f.Name {
				step.Facts[n-1].Values = append(step.Facts[n-1].Values, f.Value)
				continue
			}
			step.Facts = append(step.Facts, factJSON{f.Name, []string{f.Value}})
		}
		if s.Decision != nil {
			d := decisionOf(*s.Decision)
			step.Decision = &d
		}
		j.Steps = append(j.Steps, step)
	}
	return j
}

var marks = map[examine.State]string{examine.Holds: "ok  ", examine.Fails: "FAIL", examine.Unproven: "?   ", examine.NotJudged: "-   "}

// sayReport prints a line for each check, with what was seen and why it fails below it.
func (t *terminal) sayReport(r examine.Report) {
	fails, open := 0, 0
	for _, s := range r.Steps {
		t.say("%s  %s", marks[s.State], words.Check(string(s.Check)))
		for _, f := range s.Facts {
			t.say("        %s: %s", f.Name, printable(said(f)))
		}
		if s.Decision != nil {
			t.say("        %s", verdictLine(*s.Decision))
			if s.State == examine.Fails {
				t.say("        %s", strings.ReplaceAll(explanation(*s.Decision), "\n", "\n        "))
			}
		}
		switch s.State {
		case examine.Fails:
			fails++
			t.say("        %s: %s", codes(s.Failure), words.Of(s.Failure))
			if why := s.Failure.Explain(); why != "" && why != string(s.Failure.Code) {
				t.say("        %s", printable(why))
			}
		case examine.NotJudged:
			open++
		}
	}
	verdict := "Accepted: nothing fails."
	if fails > 0 {
		verdict = "Refused: " + plural(fails, "check") + " failed."
	}
	if open > 0 {
		verdict += " Not judged: " + plural(open, "check") + "."
	}
	t.say("%s", verdict)
}

// said is a fact in words where it is a code.
func said(f examine.Fact) string {
	if f.Name == "unproven" {
		return words.Unproven(mfa.Unproven(f.Value))
	}
	return f.Value
}
