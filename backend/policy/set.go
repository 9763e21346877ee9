package policy

import "strings"

// Policy is a document with what it is called in explanations.
type Policy struct {
	Name     string
	Inline   bool
	Group    string // the group through which it holds; empty: the principal's own
	Document *Document
}

// Set is policies made ready to be evaluated together. It is never changed, and
// safe for concurrent use.
type Set struct {
	statements []statement
	slots      map[string]int32 // key, folded and as it was written, to its slot
	slotCount  int
	// An action that some statement names in full leads to those statements. All
	// others, with wildcards or complements, must be asked each time.
	named   map[string]*namedAction // by name, as it was written and folded
	general []int32
	places  []Place // by statement
	room    room
}

// room is how much the texts of an explanation may need, where statements have
// variables.
type room struct{ lists, texts, bytes int }

// guessed is how long the value of a variable is guessed to be.
const guessed = 16

func (r *room) add(texts []string) {
	r.lists++
	for _, t := range texts {
		r.texts++
		r.bytes += len(t) + guessed
	}
}

type namedAction struct {
	folded     string
	statements []int32
}

// statement is a statement made ready.
type statement struct {
	deny        bool
	actions     []action
	notAction   bool
	everything  bool // Resource "*"
	notResource bool
	resources   []resource
	dynamic     bool // there are variables in resources
	tests       []test
	onAction    Demand // what it asks of actions
	onResource  Demand // and of resources, as it is written
}

// action is a folded name, or a folded pattern of names.
type action struct {
	text    string
	pattern []token
}

// resource is a pattern of Resource or NotResource.
type resource struct {
	all     bool
	valid   bool // false: it matches nothing
	dynamic bool
	tokens  []token
}

// test is a condition made ready.
type test struct {
	op      operator
	slot    int32
	values  []value
	dynamic bool   // there are variables in values
	demand  Demand // as it is written
}

// NewSet makes policies ready. Documents are not changed, and must not be changed
// afterwards.
func NewSet(policies ...Policy) *Set {
	s := &Set{slots: map[string]int32{}, named: map[string]*namedAction{}}
	for p, pol := range policies {
		if pol.Document == nil {
			continue
		}
		for i := range pol.Document.Statements {
			st := &pol.Document.Statements[i]
			s.add(st, pol.Document.Version == Version2012)
			s.places = append(s.places, Place{
				Policy: p, Statement: i, Name: pol.Name, Inline: pol.Inline, Group: pol.Group, Sid: st.Sid, Effect: st.Effect, Line: st.Line,
			})
		}
	}
	return s
}

func element(name string, complement bool) string {
	if complement {
		return "Not" + name
	}
	return name
}

func (s *Set) add(st *Statement, variables bool) {
	number := int32(len(s.statements))
	c := statement{
		deny: st.Effect == EffectDeny, notAction: st.NotAction, notResource: st.NotResource,
		onAction:   Demand{Part: PartAction, Operator: element("Action", st.NotAction), Want: texts(st.Actions)},
		onResource: Demand{Part: PartResource, Operator: element("Resource", st.NotResource), Want: texts(st.Resources)},
	}
	general := st.NotAction
	for _, a := range st.Actions {
		if strings.ContainsAny(a.Value, ", \t\n\r") {
			continue // it is no action's name
		}
		folded := fold(a.Value)
		if pattern := template(folded, false, true); !isLiteral(pattern) {
			c.actions = append(c.actions, action{pattern: pattern})
			general = true
		} else {
			c.actions = append(c.actions, action{text: folded})
		}
		if !st.NotAction {
			s.name(a.Value, folded)
		}
	}
	if general {
		s.general = append(s.general, number)
	} else {
		for _, a := range c.actions {
			if n := s.named[a.text]; len(n.statements) == 0 || n.statements[len(n.statements)-1] != number {
				n.statements = append(n.statements, number)
			}
		}
	}
	for _, r := range st.Resources {
		r := s.resource(r.Value, variables)
		c.resources = append(c.resources, r)
		c.dynamic = c.dynamic || r.dynamic
	}
	c.everything = !c.notResource && len(c.resources) > 0 && c.resources[0].all
	for i := range st.Conditions {
		t := s.test(&st.Conditions[i], variables)
		c.tests = append(c.tests, t)
		if t.dynamic {
			s.room.add(t.demand.Want)
		}
	}
	if c.dynamic {
		s.room.add(c.onResource.Want)
	}
	s.statements = append(s.statements, c)
}

func isLiteral(pattern []token) bool {
	_, ok := plain(pattern)
	return ok
}

// name enters an action as it was written beside its folded name, so that requests
// that spell it alike are found without folding.
func (s *Set) name(written, folded string) {
	n := s.named[folded]
	if n == nil {
		n = &namedAction{folded: folded}
		s.named[folded] = n
	}
	s.named[written] = n
}

// resource completes an ARN that has fewer than six segments with "*", as IAM does
// in identity policies. Variables are replaced in the last segment alone.
func (s *Set) resource(text string, variables bool) resource {
	if text != "" && strings.Trim(text, "*") == "" {
		return resource{all: true, valid: true}
	}
	if !strings.HasPrefix(text, "arn:") {
		return resource{}
	}
	head, tail := splitARN(text)
	tokens := template(head, false, true)
	bound(tokens)
	rest := template(tail, variables, true)
	s.bindVariables(rest)
	return resource{valid: true, dynamic: hasVariables(rest), tokens: append(tokens, rest...)}
}

// splitARN divides an ARN behind its fifth colon.
func splitARN(text string) (head, tail string) {
	if missing := arnColons - strings.Count(text, ":"); missing > 0 {
		text += strings.Repeat(":*", missing)
	}
	at := 0
	for range arnColons {
		at += strings.IndexByte(text[at:], ':') + 1
	}
	return text[:at], text[at:]
}

func (s *Set) test(c *Condition, variables bool) test {
	op, _ := operatorNamed(c.Operator.Value)
	t := test{op: op, slot: s.slot(c.Key.Value), demand: Demand{PartCondition, c.Operator.Value, c.Key.Value, texts(c.Values)}}
	for _, text := range t.demand.Want {
		v := compileValue(op.family, text, variables && op.family.takesVariables())
		s.bindVariables(v.tokens)
		t.dynamic = t.dynamic || v.dynamic
		t.values = append(t.values, v)
	}
	return t
}

func (s *Set) bindVariables(tokens []token) {
	for i := range tokens {
		if tokens[i].kind == variable && tokens[i].text != "" {
			tokens[i].slot = s.slot(tokens[i].text)
		}
	}
}

func (s *Set) slot(key string) int32 {
	folded := fold(key)
	n, known := s.slots[folded]
	if !known {
		n = int32(s.slotCount)
		s.slotCount++
		s.slots[folded] = n
	}
	s.slots[key] = n
	return n
}
