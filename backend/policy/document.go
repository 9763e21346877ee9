package policy

// Versions of the language. A document without a version is of the older one, in
// which ${…} is plain text.
const (
	Version2008 = "2008-10-17"
	Version2012 = "2012-10-17"
)

// Effects of a statement, in the one spelling that the language takes.
const (
	EffectAllow = "Allow"
	EffectDeny  = "Deny"
)

// Document is a policy that was read, in the order in which it was written.
type Document struct {
	Version    string // Version2008 or Version2012
	Explicit   bool   // the document names its version
	At         Span   // of the value of Version; the document's first brace where there is none
	Statements []Statement
}

// Statement is one statement with the places of its parts.
type Statement struct {
	Sid         string // empty: none
	Effect      string // EffectAllow or EffectDeny
	Line        int    // of its opening brace, from 1
	Column      int    // in characters, from 1
	At          Span
	SidAt       Span // zero: none
	EffectAt    Span
	ActionsAt   Span // the name, Action or NotAction
	NotAction   bool
	Actions     []Text
	ResourcesAt Span // the name, Resource or NotResource
	NotResource bool
	Resources   []Text
	Conditions  []Condition
}

// Condition is one key under one operator.
type Condition struct {
	Operator Text
	Key      Text
	Values   []Text
}

// Text is a text of the document with its place, quotation marks included. Numbers
// and truth values of conditions are texts too, as they were written.
type Text struct {
	Value string
	At    Span
}

// Span is a place in a document: line and column from 1, the column and the length
// in characters. Only U+0020 to U+00FF may stand in a document, so characters
// count the same in UTF-16.
type Span struct {
	Line, Column, Length int
}

// texts gives the values alone.
func texts(list []Text) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.Value
	}
	return out
}
