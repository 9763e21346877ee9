package policy

import "strings"

// explanation fills in outcomes.
type explanation struct {
	outcomes []Outcome
	resource []string // of the request
	b        *binding
	singles  []string // values of single keys by slot, made when the first is needed
	texts    []string // with variables replaced
	memory   strings.Builder

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
	if !st.dynamic {
		return st.resourceText
	}
	first := len(e.texts)
	for i := range st.resources {
		e.write(st.resources[i].tokens, st.resources[i].dynamic, st.resourceText[i])
	}
	return e.texts[first:len(e.texts):len(e.texts)]
}

func (e *explanation) wanted(t *test) []string {
	if !t.dynamic {
		return t.texts
	}
	first := len(e.texts)
	for i := range t.values {
		e.write(t.values[i].tokens, t.values[i].dynamic, t.texts[i])
	}
	return e.texts[first:len(e.texts):len(e.texts)]
}

// write adds a text with its variables replaced; as it was written where one of them
// has no value. All texts of an answer share their memory, as most answers have many.
func (e *explanation) write(tokens []token, dynamic bool, original string) {
	begin := e.memory.Len()
	for i := 0; dynamic && i < len(tokens); i++ {
		switch t := &tokens[i]; t.kind {
		case anyNumber:
			e.memory.WriteByte('*')
		case exactly1:
			e.memory.WriteByte('?')
		case variable:
			text, ok := e.b.value(t)
			if !ok {
				dynamic = false
			}
			e.memory.WriteString(text)
		default:
			e.memory.WriteString(t.text)
		}
	}
	if dynamic {
		original = e.memory.String()[begin:]
	}
	e.texts = append(e.texts, original)
}
