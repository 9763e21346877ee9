package policy

import "strings"

// binding is the keys of one request, by the slots of a set.
type binding struct{ slots []boundKey }

type boundKey struct {
	Value
	name    string // as the request spells it
	present bool
}

// usual is how many keys sets name as a rule; room for so many stays on the stack.
const usual = 24

func (s *Set) bind(keys Keys, room []boundKey) binding {
	b := binding{room[:min(s.slotCount, len(room))]}
	if s.slotCount > len(room) {
		b.slots = make([]boundKey, s.slotCount)
	}
	for name, v := range keys {
		slot, wanted := s.slots[name]
		if !wanted {
			slot, wanted = s.slotFolded(name)
		}
		if !wanted || v.isAbsent() {
			continue
		}
		if k := &b.slots[slot]; !k.present || name < k.name {
			*k = boundKey{Value: v, name: name, present: true}
		}
	}
	return b
}

func (s *Set) slotFolded(name string) (int32, bool) {
	var room [96]byte
	if len(name) > len(room) {
		n, ok := s.slots[fold(name)]
		return n, ok
	}
	folded := room[:len(name)]
	for i := range len(name) {
		folded[i] = name[i]
		if c := name[i]; c >= 'A' && c <= 'Z' {
			folded[i] = c + 'a' - 'A'
		}
	}
	n, ok := s.slots[string(folded)] // not copied for the look-up
	return n, ok
}

// expand puts values in the place of variables. What is put in is literal. It fails
// where one has no value.
func (b *binding) expand(tokens, into []token) ([]token, bool) {
	for i := range tokens {
		t := &tokens[i]
		if t.kind != variable {
			into = append(into, *t)
			continue
		}
		text, ok := b.value(t)
		if !ok {
			return nil, false
		}
		into = append(into, token{text: text})
	}
	return into, true
}

// written is a text with its variables replaced.
func (b *binding) written(tokens []token) (string, bool) {
	if len(tokens) == 1 {
		return tokens[0].literally(b)
	}
	var out strings.Builder
	for i := range tokens {
		text, ok := tokens[i].literally(b)
		if !ok {
			return "", false
		}
		out.WriteString(text)
	}
	return out.String(), true
}

// resolves reports whether all variables have a value.
func (b *binding) resolves(tokens []token) bool {
	for i := range tokens {
		if t := &tokens[i]; t.kind == variable {
			if _, ok := b.value(t); !ok {
				return false
			}
		}
	}
	return true
}

// value is what a variable stands for: its key's value or its default. A key with
// several values has none here.
func (b *binding) value(t *token) (string, bool) {
	if t.slot >= 0 {
		if k := &b.slots[t.slot]; k.present && !k.isMulti() {
			return k.Single, true
		}
	}
	if t.fallback != nil {
		return *t.fallback, true
	}
	return "", false
}
