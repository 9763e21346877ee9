package policy

// Effect is what a decision comes to. The zero value is ImplicitDeny.
type Effect int

const (
	ImplicitDeny Effect = iota // no statement allows it
	Allow
	ExplicitDeny // a statement denies it, whatever others allow
)

// String is allow, explicitDeny or implicitDeny.
func (e Effect) String() string {
	switch e {
	case Allow:
		return "allow"
	case ExplicitDeny:
		return "explicitDeny"
	}
	return "implicitDeny"
}

// Decision is the answer to a request with its reasons.
type Decision struct {
	Effect   Effect
	Decided  *Place    // the first statement that brought the effect about; nil: implicit deny
	Outcomes []Outcome // of all statements, in the order of policies and statements
}

// Place is a statement within a set. It belongs to the set, and must not be changed.
type Place struct {
	Policy    int // from 0, as given to NewSet
	Statement int // from 0
	Name      string
	Inline    bool
	Group     string // the group through which it holds; empty: the principal's own
	Sid       string
	Effect    string // EffectAllow or EffectDeny
	Line      int    // from 1
}

// Outcome is what one statement said to a request.
//
// An answer has one for each statement, most of which are about something else. So
// that long policies are answered as quickly as short ones, what never changes is told
// by reference to the set.
type Outcome struct {
	*Place
	Matched  bool
	Mismatch Mismatch // empty where it matched
}

// Part is the part of a statement that did not match.
type Part string

const (
	PartAction    Part = "action"
	PartResource  Part = "resource"
	PartCondition Part = "condition"
)

// Mismatch is the first thing about a statement that did not match, in the order
// action, resource, conditions as they are written. Its slices must not be changed.
type Mismatch struct {
	*Demand
	Got    []string // what the request brought
	Absent bool     // the request has no such key
}

// Demand is what a part of a statement asks of a request.
type Demand struct {
	Part     Part
	Operator string   // Action, NotAction, Resource, NotResource, or a condition operator
	Key      string   // of a condition, as it is written
	Want     []string // what the statement names, with variables replaced as far as they have values
}

// none is the demand of statements that matched.
var none = &Demand{}
