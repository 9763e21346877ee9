package lint

import (
	"maps"
	"slices"

	"github.com/keyferry/keyferry/backend/policy"
)

// Words are what can be completed in an editor, each list sorted.
type Words struct {
	Actions   []string // service:Name
	Keys      []string // those that end in "/" want the name of a tag
	Operators []string
	Variables []string            // ${key}, of keys that requests here have
	Values    map[string][]string // of keys that have a fixed list
	// Ours are the actions that this product asks about and the keys that its requests
	// can have; the others are AWS's.
	Ours map[string]bool
}

// Catalogue gives the words of the language as it is used here.
func Catalogue() Words {
	w := Words{
		Actions:   slices.Clone(actionNames()),
		Keys:      slices.Clone(keyNames()),
		Operators: policy.Operators(),
		Values:    map[string][]string{},
		Ours:      map[string]bool{},
	}
	for a := range maps.Values(actions()) {
		if a.asked {
			w.Ours[a.name] = true
		}
	}
	for _, k := range filledKeys {
		w.Ours[k.name] = true
		w.Variables = append(w.Variables, "${"+k.name+"}")
		if k.values != nil {
			w.Values[k.name] = slices.Clone(k.values)
		}
	}
	slices.Sort(w.Variables)
	return w
}
