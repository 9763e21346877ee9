package policy

import "strings"

// explanation fills in outcomes.
type explanation struct {
	outcomes []Outcome
	resource []string // of the request
	singles  []string // values of single keys by slot, made when the first is needed
	demands  []Demand // with variables replaced
	texts    []string
	memory   strings.Builder
	room     room // what texts and memory may need

	allowed, denied int // the first statement of each effect that matched, or -1
}

// ask looks at resource and conditions of a statement that has the action.
func (e *explanation) ask(st *statement, n int32, b *binding) {
	o := &e.outcomes[n]
	if !st.covers(e.resource[0], b) {
		o.Mismatch = Mismatch{Demand: e.resources(st, b), Got: e.resource}
		return
	}
	if t := st.failing(b); t != nil {
		got, present := e.got(t.slot, b)
		o.Mismatch = Mismatch{Demand: e.values(t, b), Got: got, Absent: !present}
		return
	}
	o.Matched, o.Mismatch = true, Mismatch{Demand: none}
	first := &e.allowed
	if st.deny {
		first = &e.denied
	}
	if *first < 0 || int(n) < *first {
		*first = int(n)
	}
}

func (e *explanation) got(slot int32, b *binding) ([]string, bool) {
	k := &b.slots[slot]
	switch {
	case !k.present:
		return nil, false
	case k.isMulti():
		return k.Multi, true
	case e.singles == nil:
		e.singles = make([]string, len(b.slots))
	}
	e.singles[slot] = k.Single
	return e.singles[slot : slot+1 : slot+1], true
}

func (e *explanation) resources(st *statement, b *binding) *Demand {
	if !st.dynamic {
		return &st.onResource
	}
	first := e.begin()
	for i := range st.resources {
		e.write(st.resources[i].tokens, st.resources[i].dynamic, st.onResource.Want[i], b)
	}
	return e.demand(st.onResource, first)
}

func (e *explanation) values(t *test, b *binding) *Demand {
	if !t.dynamic {
		return &t.demand
	}
	first := e.begin()
	for i := range t.values {
		e.write(t.values[i].tokens, t.values[i].dynamic, t.demand.Want[i], b)
	}
	return e.demand(t.demand, first)
}

// begin makes room for all that may follow, and tells where the next text will be.
func (e *explanation) begin() int {
	if e.texts == nil {
		e.texts = make([]string, 0, e.room.texts)
		e.demands = make([]Demand, 0, e.room.lists)
		e.memory.Grow(e.room.bytes)
	}
	return len(e.texts)
}

// demand is like as it was written, with the texts from first on.
func (e *explanation) demand(written Demand, first int) *Demand {
	written.Want = e.texts[first:len(e.texts):len(e.texts)]
	e.demands = append(e.demands, written)
	return &e.demands[len(e.demands)-1]
}

// write adds a text with its variables replaced; as it was written where one of them
// has no value. All texts of an answer share their memory, as most answers have many.
func (e *explanation) write(tokens []token, dynamic bool, original string, b *binding) {
	begin := e.memory.Len()
	for i := 0; dynamic && i < len(tokens); i++ {
		switch t := &tokens[i]; t.kind {
		case anyNumber:
			e.memory.WriteByte('*')
		case exactly1:
			e.memory.WriteByte('?')
		case variable:
			text, ok := b.value(t)
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
