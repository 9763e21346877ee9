package policy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// What can be wrong with a document: the values of the param what of
// policy-malformed.
const (
	WrongSyntax    = "syntax"           // this cannot stand here; JSON, RFC 8259
	WrongEnd       = "end"              // the document ends too early
	WrongTrailing  = "trailing"         // something follows the document
	WrongUTF8      = "utf8"             // not UTF-8
	WrongCharacter = "character"        // outside tab, LF, CR and U+0020 to U+00FF
	WrongEscape    = "escape"           // an escape that JSON does not know, or half a surrogate pair
	WrongDepth     = "depth"            // nested too deeply
	WrongCount     = "count"            // too many statements or values
	WrongLength    = "length"           // one text is too long
	WrongDuplicate = "duplicate"        // a name stands twice in one object; wanted: the line of the first
	WrongType      = "type"             // wanted: object, list, text, text-or-list, value
	WrongElement   = "unknown-element"  // wanted: the nearest element
	WrongMissing   = "missing-element"  // wanted: the element that is missing
	WrongBoth      = "both-elements"    // wanted: the other one, which it excludes
	WrongPrincipal = "not-in-identity"  // Principal, NotPrincipal and Id belong to resource policies
	WrongVersion   = "version"          // wanted: 2012-10-17
	WrongEffect    = "effect"           // wanted: Allow or Deny
	WrongSid       = "sid-duplicate"    // wanted: the line of the first
	WrongEmpty     = "empty"            // a list or text that would mean everything, or nothing at all
	WrongOperator  = "unknown-operator" // wanted: the nearest operator
)

// Malformed is the cause of policy-malformed: what is wrong, and where.
type Malformed struct {
	What   string
	Where  string // JSON pointer (RFC 6901) of the innermost thing that is wrong; empty: the document
	Wanted string // what would be right, where one thing would; see What
	At     Span
}

func (m *Malformed) Error() string {
	return fmt.Sprintf("policy: %s at line %d column %d (%s)", m.What, m.At.Line, m.At.Column, m.Where)
}

func (m *Malformed) failure() error {
	params := []string{"what", m.What, "where", m.Where,
		"line", strconv.Itoa(m.At.Line), "column", strconv.Itoa(m.At.Column)}
	if m.Wanted != "" {
		params = append(params, "wanted", m.Wanted)
	}
	return mfa.Fail(mfa.CodePolicyMalformed, params...).Because(m)
}

// pointer is a JSON pointer that is built only when something is wrong.
type pointer struct {
	parent *pointer
	name   string // empty with a parent: index says it
	index  int
	named  bool
}

func (p *pointer) member(name string) *pointer { return &pointer{parent: p, name: name, named: true} }
func (p *pointer) item(index int) *pointer     { return &pointer{parent: p, index: index} }

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

func (p *pointer) String() string {
	if p == nil {
		return ""
	}
	if p.named {
		return p.parent.String() + "/" + escapePointer.Replace(p.name)
	}
	return p.parent.String() + "/" + strconv.Itoa(p.index)
}
