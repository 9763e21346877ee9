package lint

import (
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/policy"
)

func (c *checker) check() {
	d := c.document
	if len(d.Statements) == 0 {
		c.warn(CodeEmpty, d.At, "element", "Statement")
	}
	for i := range d.Statements {
		if len(c.found) < MaxFindings {
			c.statement(&d.Statements[i])
		}
	}
	c.registration()
	if !d.Explicit {
		c.warn(CodeVersionMissing, d.At, "dead", strconv.Itoa(c.dead))
	}
}

func (c *checker) statement(st *policy.Statement) {
	for _, r := range st.Sid {
		if r > 'z' || r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' {
			c.warn(CodeSidCharacters, st.SidAt, "sid", st.Sid)
			break
		}
	}
	if len(st.Actions) == 0 {
		c.warn(CodeEmpty, st.ActionsAt, "element", "Action")
	}
	if len(st.Resources) == 0 {
		c.warn(CodeEmpty, st.ResourcesAt, "element", "Resource")
	}
	for _, a := range st.Actions {
		c.action(st, a)
	}
	for _, r := range st.Resources {
		c.resource(r)
	}
	for i := range st.Conditions {
		c.condition(st, &st.Conditions[i])
	}
	c.shutsOut(st)
}

func (c *checker) action(st *policy.Statement, a policy.Text) {
	if len(c.found) >= MaxFindings {
		return
	}
	name := a.Value
	c.variables(a, nowhere)
	switch {
	case strings.ContainsAny(name, ", \t\r\n"):
		c.warn(CodeActionCharacters, a.At, "action", name)
		return
	case strings.Trim(name, "*") == "" && name != "":
	case !strings.Contains(name, ":") && !strings.Contains(name, "*"):
		c.warn(CodeActionForm, a.At, "action", name, "nearest", policy.Nearest("iam:"+name, actionNames()))
		return
	}
	matching := matchingActions(name)
	if len(matching) == 0 {
		service, _, _ := strings.Cut(strings.ToLower(name), ":")
		nearest := policy.Nearest(name, actionNames())
		// Other services have actions that are not known here.
		if service == "iam" || service == "keyferry" || nearest != "" && strings.EqualFold(nearest[strings.Index(nearest, ":"):], name[max(0, strings.Index(name, ":")):]) {
			c.warn(CodeUnknownAction, a.At, "action", name, "nearest", nearest)
		}
		return
	}
	if !st.NotAction && !st.NotResource && len(st.Resources) > 0 {
		c.fits(a, matching, st.Resources)
	}
}

// matchingActions are those that exist among what a pattern names.
func matchingActions(pattern string) []action {
	if a, known := actions()[strings.ToLower(pattern)]; known {
		return []action{a}
	}
	if !strings.ContainsAny(pattern, "*?") {
		return nil
	}
	var out []action
	for _, name := range actionNames() {
		if policy.Matches(strings.ToLower(pattern), strings.ToLower(name)) {
			out = append(out, actions()[strings.ToLower(name)])
		}
	}
	return out
}

// fits warns of an action none of whose resources can be among those of the
// statement.
func (c *checker) fits(a policy.Text, matching []action, resources []policy.Text) {
	for _, m := range matching {
		if m.other {
			return
		}
		for _, r := range resources {
			if couldBe(r.Value, m.on) {
				return
			}
		}
	}
	on := "*"
	if kinds := matching[0].on; len(kinds) > 0 {
		on = strings.Join(kinds, ", ")
	}
	c.warn(CodeWrongResource, a.At, "action", a.Value, "on", on)
}

// couldBe reports whether a resource pattern can match the ARN of one of these kinds.
// When in doubt it can.
func couldBe(pattern string, kinds []string) bool {
	if strings.Trim(pattern, "*") == "" || !strings.HasPrefix(pattern, "arn:") {
		return true // everything, or told as CodeResourceForm
	}
	segments := strings.SplitN(pattern, ":", 6)
	for i, want := range []string{"arn", "aws", "iam", ""} {
		if i < len(segments) && !policy.Matches(segments[i], want) {
			return false
		}
	}
	for _, k := range kinds {
		if len(segments) < 6 || beginsAs(segments[5], k+"/") {
			return true
		}
	}
	return false
}

// beginsAs reports whether what a pattern matches can begin with prefix.
func beginsAs(pattern, prefix string) bool {
	fixed := pattern
	if i := strings.IndexAny(pattern, "*?$"); i >= 0 {
		fixed = pattern[:i]
	}
	return strings.HasPrefix(fixed, prefix) || len(fixed) < len(pattern) && strings.HasPrefix(prefix, fixed)
}

func (c *checker) resource(r policy.Text) {
	switch {
	case strings.Trim(r.Value, "*") == "" && r.Value != "":
	case !strings.HasPrefix(r.Value, "arn:"):
		c.warn(CodeResourceForm, r.At, "resource", r.Value)
		c.variables(r, nowhere)
	default:
		c.variables(r, lastSegment)
	}
}

// shutsOut warns of a deny of all that can be done here, to everybody: its
// conditions, if any, ask for keys that no request has.
func (c *checker) shutsOut(st *policy.Statement) {
	if st.Effect != policy.EffectDeny {
		return
	}
	for _, cond := range st.Conditions {
		if k, known := keyNamed(cond.Key.Value); known && k.filled {
			return
		}
	}
	one := policy.NewSet(policy.Policy{Document: &policy.Document{Version: c.document.Version, Statements: []policy.Statement{*st}}})
	for _, a := range actions() {
		if a.asked && one.Decide(policy.Request{Action: a.name, Resource: example(a.on)}) != policy.ExplicitDeny {
			return
		}
	}
	c.warn(CodeShutsOut, st.EffectAt)
}

// example is an ARN of the first kind.
func example(kinds []string) string {
	if len(kinds) == 0 {
		return "*"
	}
	return "arn:aws:iam::123456789012:" + kinds[0] + "/example"
}
