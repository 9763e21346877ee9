package policy

// Decide answers a request without reasons, and looks no further than it must.
func (s *Set) Decide(r Request) Effect {
	var room [usual]boundKey
	b := s.bind(r.Keys, room[:])
	named, action := s.candidates(r.Action)
	effect := ImplicitDeny
	for _, n := range named {
		if st := &s.statements[n]; st.deny || effect != Allow {
			if !st.covers(r.Resource, &b) || st.failing(&b) != nil {
				continue
			}
			if st.deny {
				return ExplicitDeny
			}
			effect = Allow
		}
	}
	for _, n := range s.general {
		if st := &s.statements[n]; st.deny || effect != Allow {
			if st.acts(action) == st.notAction || !st.covers(r.Resource, &b) || st.failing(&b) != nil {
				continue
			}
			if st.deny {
				return ExplicitDeny
			}
			effect = Allow
		}
	}
	return effect
}

// Evaluate answers a request with reasons. The same request always gets the same
// answer.
func (s *Set) Evaluate(r Request) Decision {
	var room [usual]boundKey
	b := s.bind(r.Keys, room[:])
	d := Decision{Outcomes: make([]Outcome, len(s.statements))}
	got := []string{r.Action, r.Resource}
	for i := range d.Outcomes {
		d.Outcomes[i] = Outcome{Place: &s.places[i], Mismatch: Mismatch{Demand: &s.statements[i].onAction, Got: got[:1:1]}}
	}
	e := explanation{outcomes: d.Outcomes, resource: got[1:], room: s.room, allowed: -1, denied: -1}
	named, action := s.candidates(r.Action)
	for _, n := range named {
		e.ask(&s.statements[n], n, &b)
	}
	for _, n := range s.general {
		if st := &s.statements[n]; st.acts(action) != st.notAction {
			e.ask(st, n, &b)
		}
	}
	switch {
	case e.denied >= 0:
		d.Effect, d.Decided = ExplicitDeny, &s.places[e.denied]
	case e.allowed >= 0:
		d.Effect, d.Decided = Allow, &s.places[e.allowed]
	}
	return d
}

// candidates are the statements that name an action in full, and its folded name.
func (s *Set) candidates(action string) ([]int32, string) {
	n := s.named[action]
	if n == nil {
		folded := fold(action)
		if n = s.named[folded]; n == nil {
			return nil, folded
		}
	}
	return n.statements, n.folded
}

// acts reports whether a statement's list has the action, complement or not.
func (st *statement) acts(folded string) bool {
	for i := range st.actions {
		if a := &st.actions[i]; a.pattern == nil && a.text == folded || a.pattern != nil && glob(a.pattern, folded, nil) {
			return true
		}
	}
	return false
}

// covers reports whether a statement is about the resource. A variable without a
// value makes its pattern match nothing; under NotResource, where that would mean
// everything, it keeps the whole statement from matching.
func (st *statement) covers(resource string, b *binding) bool {
	if st.everything {
		return true
	}
	for i := range st.resources {
		r := &st.resources[i]
		if st.notResource && r.dynamic && !b.resolves(r.tokens) {
			return false
		}
		if r.all || r.valid && glob(r.tokens, resource, b) {
			return !st.notResource
		}
	}
	return st.notResource
}

// failing is the first condition that is not met, or nil.
func (st *statement) failing(b *binding) *test {
	for i := range st.tests {
		if t := &st.tests[i]; !t.holds(b) {
			return t
		}
	}
	return nil
}

// holds decides one condition: all of its key's rules about absence and number.
func (t *test) holds(b *binding) bool {
	k := &b.slots[t.slot]
	switch {
	case t.op.family == null:
		for i := range t.values {
			if v := &t.values[i]; v.valid && (v.text == "true") == !k.present {
				return true
			}
		}
		return false
	case !k.present:
		return t.op.ifExists || t.op.values == forAll || t.op.negated && t.op.values == single
	case t.op.values == single:
		return !k.isMulti() && t.matches(k.Single, b) != t.op.negated
	case !k.isMulti():
		return t.matches(k.Single, b) != t.op.negated
	}
	for _, s := range k.Multi {
		if met := t.matches(s, b) != t.op.negated; met != (t.op.values == forAll) {
			return met
		}
	}
	return t.op.values == forAll
}
