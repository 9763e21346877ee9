package policy

import (
	"slices"
	"strconv"
	"strings"
)

// Parse reads a policy document for an identity (a user or a group). It fails with
// policy-too-large (param: limit, in bytes), or with policy-malformed for the first
// thing that is wrong (params: what, where, line, column, wanted; the cause is a
// *Malformed).
//
// What the language allows but what cannot do what it seems to do (an action that
// nothing has, a number that is none) is read, and told by package lint.
func Parse(document []byte) (*Document, error) {
	if len(document) > MaxDocument {
		return nil, tooLarge(MaxDocument)
	}
	root, bad := readJSON(document)
	if bad != nil {
		return nil, bad.failure()
	}
	d, bad := readDocument(root)
	if bad != nil {
		return nil, bad.failure()
	}
	return d, nil
}

var (
	documentElements  = []string{"Version", "Statement"}
	statementElements = []string{"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
	resourcePolicy    = []string{"Id", "Principal", "NotPrincipal"}
)

// grammar reads the meaning of JSON. values counts what Bounds speaks of.
type grammar struct{ values int }

func readDocument(root node) (*Document, *Malformed) {
	g := &grammar{}
	if root.kind != isObject {
		return nil, wrongType(root, nil, "object")
	}
	d := &Document{Version: Version2008, At: Span{root.at.Line, root.at.Column, 1}}
	var statements *node
	for i := range root.members {
		m := &root.members[i]
		where := (*pointer)(nil).member(m.name.Value)
		switch m.name.Value {
		case "Version":
			v, bad := textOf(m.value, where)
			if bad != nil {
				return nil, bad
			}
			if v.Value != Version2008 && v.Value != Version2012 {
				return nil, &Malformed{What: WrongVersion, Where: where.String(), Wanted: Version2012, At: v.At}
			}
			d.Version, d.Explicit, d.At = v.Value, true, v.At
		case "Statement":
			statements = &m.value
		default:
			return nil, wrongElement(m.name, where, documentElements)
		}
	}
	if statements == nil {
		return nil, &Malformed{What: WrongMissing, Wanted: "Statement", At: Span{root.at.Line, root.at.Column, 1}}
	}
	return d, g.statements(d, *statements)
}

func (g *grammar) statements(d *Document, n node) *Malformed {
	where := (*pointer)(nil).member("Statement")
	switch n.kind {
	case isObject:
		s, bad := g.statement(n, where)
		d.Statements = []Statement{s}
		return bad
	case isList:
	default:
		return wrongType(n, where, "list")
	}
	if len(n.items) > MaxStatements {
		return &Malformed{What: WrongCount, Where: where.item(MaxStatements).String(), At: n.items[MaxStatements].at}
	}
	sids := map[string]int{}
	d.Statements = make([]Statement, 0, len(n.items))
	for i, item := range n.items {
		s, bad := g.statement(item, where.item(i))
		if bad != nil {
			return bad
		}
		if s.Sid != "" {
			if first, twice := sids[s.Sid]; twice {
				return &Malformed{What: WrongSid, Where: where.item(i).member("Sid").String(), Wanted: strconv.Itoa(first), At: s.SidAt}
			}
			sids[s.Sid] = s.SidAt.Line
		}
		d.Statements = append(d.Statements, s)
	}
	return nil
}

func (g *grammar) statement(n node, where *pointer) (Statement, *Malformed) {
	s := Statement{Line: n.at.Line, Column: n.at.Column, At: n.at}
	if n.kind != isObject {
		return s, wrongType(n, where, "object")
	}
	var bad *Malformed
	seen := map[string]bool{}
	for _, m := range n.members {
		inside := where.member(m.name.Value)
		seen[m.name.Value] = true
		switch m.name.Value {
		case "Sid":
			var t Text
			t, bad = textOf(m.value, inside)
			s.Sid, s.SidAt = t.Value, t.At
		case "Effect":
			s.Effect, s.EffectAt, bad = effectOf(m.value, inside)
		case "Action", "NotAction":
			if other := excluded(m.name.Value, "Action"); seen[other] {
				return s, &Malformed{What: WrongBoth, Where: inside.String(), Wanted: other, At: m.name.At}
			}
			s.ActionsAt, s.NotAction = m.name.At, m.name.Value == "NotAction"
			s.Actions, bad = g.list(m.value, inside, s.NotAction)
		case "Resource", "NotResource":
			if other := excluded(m.name.Value, "Resource"); seen[other] {
				return s, &Malformed{What: WrongBoth, Where: inside.String(), Wanted: other, At: m.name.At}
			}
			s.ResourcesAt, s.NotResource = m.name.At, m.name.Value == "NotResource"
			s.Resources, bad = g.list(m.value, inside, s.NotResource)
		case "Condition":
			s.Conditions, bad = g.conditions(m.value, inside)
		default:
			bad = wrongElement(m.name, inside, statementElements)
		}
		if bad != nil {
			return s, bad
		}
	}
	for _, e := range []string{"Effect", "Action", "Resource"} {
		if !seen[e] && !seen["Not"+e] {
			return s, &Malformed{What: WrongMissing, Where: where.String(), Wanted: e, At: Span{n.at.Line, n.at.Column, 1}}
		}
	}
	return s, nil
}

func excluded(name, plain string) string {
	if name == plain {
		return "Not" + plain
	}
	return plain
}

func effectOf(n node, where *pointer) (string, Span, *Malformed) {
	t, bad := textOf(n, where)
	if bad == nil && t.Value != EffectAllow && t.Value != EffectDeny {
		bad = &Malformed{What: WrongEffect, Where: where.String(), Wanted: Nearest(t.Value, []string{EffectAllow, EffectDeny}), At: t.At}
	}
	return t.Value, t.At, bad
}

// list reads one text or a list of them. An empty list means nothing; under a
// complement it would mean everything, and is refused.
func (g *grammar) list(n node, where *pointer, complement bool) ([]Text, *Malformed) {
	if n.kind == isText {
		return []Text{{n.text, n.at}}, g.count(n, where)
	}
	if n.kind != isList {
		return nil, wrongType(n, where, "text-or-list")
	}
	if complement && len(n.items) == 0 {
		return nil, &Malformed{What: WrongEmpty, Where: where.String(), At: n.at}
	}
	out := make([]Text, 0, len(n.items))
	for i, item := range n.items {
		t, bad := textOf(item, where.item(i))
		if bad == nil {
			bad = g.count(item, where.item(i))
		}
		if bad != nil {
			return nil, bad
		}
		out = append(out, t)
	}
	return out, nil
}

func (g *grammar) conditions(n node, where *pointer) ([]Condition, *Malformed) {
	if n.kind != isObject {
		return nil, wrongType(n, where, "object")
	}
	var out []Condition
	for _, op := range n.members {
		inside := where.member(op.name.Value)
		if _, known := operatorNamed(op.name.Value); !known {
			return nil, &Malformed{What: WrongOperator, Where: inside.String(), Wanted: Nearest(op.name.Value, Operators()), At: op.name.At}
		}
		if op.value.kind != isObject {
			return nil, wrongType(op.value, inside, "object")
		}
		keys := map[string]int{}
		for _, k := range op.value.members {
			at := inside.member(k.name.Value)
			if k.name.Value == "" {
				return nil, &Malformed{What: WrongEmpty, Where: at.String(), At: k.name.At}
			}
			if first, twice := keys[fold(k.name.Value)]; twice {
				return nil, &Malformed{What: WrongDuplicate, Where: at.String(), Wanted: strconv.Itoa(first), At: k.name.At}
			}
			keys[fold(k.name.Value)] = k.name.At.Line
			values, bad := g.scalars(k.value, at)
			if bad != nil {
				return nil, bad
			}
			out = append(out, Condition{Operator: op.name, Key: k.name, Values: values})
		}
	}
	return out, nil
}

// scalars reads the values of a condition: texts, numbers, truth values.
func (g *grammar) scalars(n node, where *pointer) ([]Text, *Malformed) {
	items := []node{n}
	if n.kind == isList {
		items = n.items
	}
	out := make([]Text, 0, len(items))
	for i, item := range items {
		inside := where
		if n.kind == isList {
			inside = where.item(i)
		}
		if item.kind != isText && item.kind != isNumber && item.kind != isBool {
			return nil, wrongType(item, inside, "value")
		}
		if bad := g.count(item, inside); bad != nil {
			return nil, bad
		}
		out = append(out, Text{item.text, item.at})
	}
	return out, nil
}

func (g *grammar) count(n node, where *pointer) *Malformed {
	if g.values++; g.values > MaxValues {
		return &Malformed{What: WrongCount, Where: where.String(), At: n.at}
	}
	return nil
}

func textOf(n node, where *pointer) (Text, *Malformed) {
	if n.kind != isText {
		return Text{}, wrongType(n, where, "text")
	}
	return Text{n.text, n.at}, nil
}

func wrongType(n node, where *pointer, wanted string) *Malformed {
	at := n.at
	if n.kind == isObject || n.kind == isList {
		at.Length = 1 // its opening bracket, not all that is in it
	}
	return &Malformed{What: WrongType, Where: where.String(), Wanted: wanted, At: at}
}

func wrongElement(name Text, where *pointer, known []string) *Malformed {
	if slices.Contains(resourcePolicy, name.Value) {
		return &Malformed{What: WrongPrincipal, Where: where.String(), At: name.At}
	}
	return &Malformed{What: WrongElement, Where: where.String(), Wanted: Nearest(name.Value, known), At: name.At}
}

// fold is a name as it is compared: ASCII letters in lower case.
func fold(s string) string {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return strings.Map(foldRune, s)
		}
	}
	return s
}

func foldRune(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}
