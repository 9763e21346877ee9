package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/admission"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/policy/lint"
	"github.com/keyferry/keyferry/backend/rules"
)

// trial is a request that nobody makes, as flags say it.
type trial struct {
	action, resource string
	keys, without    many
	user, policy     string
}

func (t *trial) flags(fs *flag.FlagSet) {
	fs.StringVar(&t.action, "action", "", "`SERVICE:NAME`, as iam:EnableMFADevice")
	fs.StringVar(&t.resource, "resource", "", "the `ARN` that it is done to (default: what the action acts on for the user)")
	fs.Var(&t.keys, "key", "a condition key, `KEY=VALUE`; may be repeated, and gives one key several values when that is")
	fs.Var(&t.without, "without", "a `KEY` that the request does not have, though the user's would")
	fs.StringVar(&t.user, "user", "", "as this user, signed in with MFA; without FILE, against all that holds for `NAME`")
	fs.StringVar(&t.policy, "policy", "", "against the account's managed policy `NAME`, instead of FILE")
}

// set reads --key and --without. A name is taken in the spelling that requests have: keys
// are compared without case.
func (t *trial) set() (map[string][]string, error) {
	out := map[string][]string{}
	for _, pair := range t.keys {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, usage("--key %q is not KEY=VALUE", pair)
		}
		name = spelt(name)
		out[name] = append(out[name], value)
	}
	for _, name := range t.without {
		out[spelt(name)] = nil
	}
	return out, nil
}

func spelt(name string) string {
	for _, known := range lint.Catalogue().Keys {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	return name
}

// decide puts the trial to FILE, or to policies of the account.
func (t *trial) decide(ctx context.Context, s *seat) (policy.Request, policy.Decision, error) {
	var request policy.Request
	if t.action == "" {
		return request, policy.Decision{}, usage("--action is needed, as iam:EnableMFADevice")
	}
	keys, err := t.set()
	if err != nil {
		return request, policy.Decision{}, err
	}
	if s.House != nil {
		d, err := t.inAccount(ctx, s, keys)
		return policy.Request{Action: t.action, Resource: t.resource}, d, err
	}
	if t.policy != "" {
		return request, policy.Decision{}, usage("FILE and --policy exclude each other")
	}
	document, err := readDocument(s.args[0])
	if err != nil {
		return request, policy.Decision{}, err
	}
	parsed, err := policy.Parse(document)
	if err != nil {
		return request, policy.Decision{}, placed(err, s.args[0])
	}
	if request, err = t.request(ctx, keys, time.Now()); err != nil {
		return request, policy.Decision{}, err
	}
	set := policy.NewSet(policy.Policy{Name: filepath.Base(s.args[0]), Document: parsed})
	return request, set.Evaluate(request), nil
}

func (t *trial) inAccount(ctx context.Context, s *seat, keys map[string][]string) (policy.Decision, error) {
	if t.policy == "" && t.user == "" {
		return policy.Decision{}, usage("FILE, --policy or --user is needed")
	}
	of, id := admission.Subject{Policy: t.policy}, ""
	if t.user != "" {
		p, err := s.principal(ctx, mfa.OpSimulate, t.user)
		if err != nil {
			return policy.Decision{}, err
		}
		id = p.ID
	}
	if t.policy == "" {
		of.PrincipalID = id
	}
	return s.Admission.Try(ctx, s.session, of, id, admission.Trial{Action: t.action, Resource: t.resource, Keys: keys})
}

// request makes a request without an account: what is given, and what a user of that name
// would have.
func (t *trial) request(ctx context.Context, keys map[string][]string, now time.Time) (policy.Request, error) {
	r := policy.Request{Action: t.action, Resource: t.resource, Keys: policy.Keys{}}
	if t.user != "" {
		p := mfa.Principal{ID: t.user, Kind: mfa.User, Name: t.user, Path: mfa.RootPath}
		a := mfa.Access{Operation: mfa.Operation(t.action), Caller: p, Target: p, Resource: t.resource, Session: mfa.Session{PrincipalID: p.ID, StartedAt: now, MFAAt: now}}
		if a.Resource == "" {
			a.Resource = account.Resource(example, a.Operation, p)
		}
		var err error
		if r, err = rules.New(noAccount{}, func() time.Time { return now }).Request(ctx, a); err != nil {
			return r, err
		}
	}
	if r.Resource == "" {
		return r, usage("--resource is needed, or --user")
	}
	for name, values := range keys {
		delete(r.Keys, name)
		switch len(values) {
		case 0:
		case 1:
			r.Keys[name] = policy.One(values[0])
		default:
			r.Keys[name] = policy.Many(values...)
		}
	}
	if r.Keys[rules.KeyMFAPresent].Single != "true" && keys[rules.KeyMFAAge] == nil {
		delete(r.Keys, rules.KeyMFAAge) // a session without MFA has no age
	}
	return r, nil
}

// example is the account of AWS's examples, where there is none.
var example = mfa.Account{ID: "123456789012"}

// noAccount is what rules ask who is nowhere.
type noAccount struct{}

func (noAccount) Account(context.Context) (mfa.Account, error) { return example, nil }

func (noAccount) HighestTime(context.Context) (time.Time, error) { return time.Time{}, nil }

func (noAccount) Granted(context.Context, string) ([]mfa.GrantedPolicy, error) { return nil, nil }

type outcomeJSON struct {
	Policy    string   `json:"policy"`
	Inline    bool     `json:"inline"`
	Group     string   `json:"group"`
	Statement int      `json:"statement"` // from 1
	Sid       string   `json:"sid"`
	Line      int      `json:"line"`
	Effect    string   `json:"effect"`
	Matched   bool     `json:"matched"`
	Part      string   `json:"part"` // the first that did not match: action, resource, condition
	Operator  string   `json:"operator"`
	Key       string   `json:"key"`
	Want      []string `json:"want"`
	Got       []string `json:"got"`
	Absent    bool     `json:"absent"`
}

func outcomeOf(o policy.Outcome) outcomeJSON {
	m := o.Mismatch
	return outcomeJSON{Policy: o.Name, Inline: o.Inline, Group: o.Group, Statement: o.Statement + 1, Sid: o.Sid, Line: o.Line, Effect: o.Effect, Matched: o.Matched,
		Part: string(m.Part), Operator: m.Operator, Key: m.Key, Want: append([]string{}, m.Want...), Got: append([]string{}, m.Got...), Absent: m.Absent}
}

type decisionJSON struct {
	Effect   string        `json:"effect"`
	Decided  int           `json:"decided"` // index into outcomes, -1: no statement
	Outcomes []outcomeJSON `json:"outcomes"`
}

func decisionOf(d policy.Decision) decisionJSON {
	j := decisionJSON{Effect: d.Effect.String(), Decided: -1, Outcomes: []outcomeJSON{}}
	for i, o := range d.Outcomes {
		if o.Place == d.Decided {
			j.Decided = i
		}
		j.Outcomes = append(j.Outcomes, outcomeOf(o))
	}
	return j
}

// statementOf names a statement for people.
func statementOf(p policy.Place) string {
	name := printable(words.Clip(p.Sid))
	if name == "" {
		name = fmt.Sprintf("statement %d", p.Statement+1)
	}
	where := p.Name
	if where == "" {
		where = "line"
	}
	name += fmt.Sprintf(" (%s:%d", printable(where), p.Line)
	if p.Group != "" {
		name += ", by group " + p.Group
	}
	return name + ")"
}

// verdictLine says what a decision comes to, and why.
func verdictLine(d policy.Decision) string {
	switch {
	case d.Decided != nil:
		return d.Effect.String() + ": by " + statementOf(*d.Decided)
	case d.Effect == policy.Allow:
		return "allow: policies do not concern root"
	}
	return d.Effect.String() + ": no statement allows it"
}

// mismatchLine says why a statement did not match.
func mismatchLine(o policy.Outcome) string {
	m := o.Mismatch
	switch {
	case o.Matched:
		return "matches"
	case m.Part != policy.PartCondition:
		verb := "is not of"
		if strings.HasPrefix(m.Operator, "Not") {
			verb = "is of"
		}
		return fmt.Sprintf("%s %s %s %s %s", m.Part, quoted(m.Got), verb, m.Operator, quoted(m.Want))
	case m.Absent:
		return fmt.Sprintf("%s %s wants %s, and the key is absent", m.Operator, printable(words.Clip(m.Key)), quoted(m.Want))
	}
	return fmt.Sprintf("%s %s wants %s, got %s", m.Operator, printable(words.Clip(m.Key)), quoted(m.Want), quoted(m.Got))
}

// maxQuoted is how many values are shown in a line; --json has all.
const maxQuoted = 12

func quoted(values []string) string {
	var out []string
	for i, v := range values {
		if i == maxQuoted {
			out = append(out, fmt.Sprintf("and %d more", len(values)-i))
			break
		}
		out = append(out, fmt.Sprintf("%q", words.Clip(v)))
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}

// explanation has a line for each statement; > is before the one that decided.
func explanation(d policy.Decision) string {
	var b strings.Builder
	for _, o := range d.Outcomes {
		mark := " "
		if o.Place == d.Decided {
			mark = ">"
		}
		fmt.Fprintf(&b, "%s %s %s: %s\n", mark, o.Effect, statementOf(*o.Place), mismatchLine(o))
	}
	return strings.TrimRight(b.String(), "\n")
}

const trialArgs = "[FILE] --action A [--resource ARN] [--key K=V]... [--user U] [--policy NAME]"

var (
	policyEvaluate = trying("policy evaluate", "decide a request against a policy, or against all that holds for a user", false)
	policyExplain  = trying("policy explain", "the same, with the first thing about each statement that did not match", true)
)

func trying(path, summary string, all bool) command {
	return either(path, trialArgs, summary, func(fs *flag.FlagSet) (func([]string) bool, action) {
		var what trial
		what.flags(fs)
		return func(given []string) bool { return len(given) == 0 && (what.policy != "" || what.user != "") }, func(ctx context.Context, s *seat) error {
			if s.House == nil && len(s.args) == 0 {
				return usage("FILE, --policy or --user is needed")
			}
			r, d, err := what.decide(ctx, s)
			if err != nil {
				return err
			}
			shown := d
			if !all {
				shown.Outcomes = slices.DeleteFunc(slices.Clone(d.Outcomes), func(o policy.Outcome) bool { return !o.Matched })
			}
			s.answer(map[string]any{"action": r.Action, "resource": r.Resource, "decision": decisionOf(shown)})
			s.t.say("%s", verdictLine(d))
			if text := explanation(d); all && text != "" {
				s.t.say("%s", text)
			}
			return nil
		}
	})
}
