package policy

// binding is the keys of one request, by the slots of a set.
type binding struct {
	slots []boundKey
	room  [24]boundKey
}

type boundKey struct {
	Value
	name    string // as the request spells it
	present bool
}

func (s *Set) bind(b *binding, keys Keys) {
	if s.slotCount <= len(b.room) {
		b.slots = b.room[:s.slotCount]
	} else {
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
// where a variable has neither a value nor a default; a key with several values has
// none here.
func (b *binding) expand(tokens, into []token) ([]token, bool) {
	for i := range tokens {
		t := tokens[i]
		if t.kind == variable {
			switch k := b.key(t.slot); {
			case k != nil && k.present && !k.isMulti():
				t = token{text: k.Single}
			case t.fallback != nil:
				t = token{text: *t.fallback}
			default:
				return nil, false
			}
		}
		into = append(into, t)
	}
	return into, true
}

func (b *binding) key(slot int32) *boundKey {
	if slot < 0 {
		return nil
	}
	return &b.slots[slot]
}
