package policy

// explanation fills in outcomes.
type explanation struct {
	outcomes []Outcome
	resource []string // of the request
	b        *binding
	singles  []string // values of single keys by slot, made when the first is needed

	allowed, denied int // the first statement of each effect that matched, or -1
}

// ask looks at resource and conditions of a statement that has the action.
func (e *explanation) ask(st *statement, n int32) {
	o := &e.outcomes[n]
	if !st.covers(e.resource[0], e.b) {
		o.Mismatch = Mismatch{Part: PartResource, Operator: element("Resource", st.notResource), Want: e.resources(st), Got: e.resource}
		return
	}
	if t := st.failing(e.b); t != nil {
		got, present := e.got(t.slot)
		o.Mismatch = Mismatch{Part: PartCondition, Operator: t.operator, Key: t.key, Want: e.wanted(t), Got: got, Absent: !present}
		return
	}
	o.Matched, o.Mismatch = true, Mismatch{}
	first := &e.allowed
	if st.deny {
		first = &e.denied
	}
	if *first < 0 || int(n) < *first {
		*first = int(n)
	}
}

func (e *explanation) got(slot int32) ([]string, bool) {
	k := &e.b.slots[slot]
	switch {
	case !k.present:
		return nil, false
	case k.isMulti():
		return k.Multi, true
	case e.singles == nil:
		e.singles = make([]string, len(e.b.slots))
	}
	e.singles[slot] = k.Single
	return e.singles[slot : slot+1 : slot+1], true
}

func (e *explanation) resources(st *statement) []string {
	out := st.resourceText
	for i := range st.resources {
		if r := &st.resources[i]; r.dynamic {
			out = e.replaced(out, st.resourceText, i, r.tokens)
		}
	}
	return out
}

func (e *explanation) wanted(t *test) []string {
	out := t.texts
	for i := range t.values {
		if v := &t.values[i]; v.dynamic {
			out = e.replaced(out, t.texts, i, v.tokens)
		}
	}
	return out
}

// replaced is list with one text written out, in a copy; list may be the copy.
func (e *explanation) replaced(list, original []string, i int, tokens []token) []string {
	expanded, ok := e.b.expand(tokens, nil)
	if !ok {
		return list
	}
	if &list[0] == &original[0] {
		list = append([]string{}, original...)
	}
	list[i] = written(expanded)
	return list
}

// written is a pattern as text.
func written(tokens []token) string {
	out := make([]byte, 0, 64)
	for i := range tokens {
		switch t := &tokens[i]; t.kind {
		case anyNumber:
			out = append(out, '*')
		case exactly1:
			out = append(out, '?')
		default:
			out = append(out, t.text...)
		}
	}
	return string(out)
}
