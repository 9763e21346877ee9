package policy

import "strings"

// OperatorKind is what an operator's name says.
type OperatorKind struct {
	Family   string // String, StringLike, Numeric, Date, Bool, Binary, IpAddress, Arn, Null
	Negated  bool
	IfExists bool
	ForAll   bool
	ForAny   bool
	// TakesVariables: ${…} is replaced in its values.
	TakesVariables bool
}

var familyNames = [...]string{
	stringEquals: "String", stringEqualsIgnoreCase: "String", stringLike: "StringLike", numeric: "Numeric", date: "Date",
	boolean: "Bool", binary: "Binary", ipAddress: "IpAddress", arn: "Arn", null: "Null",
}

// Operator takes an operator's name apart; false: there is none of that name.
func Operator(name string) (OperatorKind, bool) {
	op, known := operatorNamed(name)
	return OperatorKind{
		Family: familyNames[op.family], Negated: op.negated, IfExists: op.ifExists,
		ForAll: op.values == forAll, ForAny: op.values == forAny, TakesVariables: op.family.takesVariables(),
	}, known
}

// Readable reports whether an operator can do something with a value of a policy;
// what it cannot read matches nothing. Values with variables are always readable where
// variables are replaced.
func Readable(operator, text string, version string) bool {
	op, known := operatorNamed(operator)
	if !known {
		return false
	}
	v := compileValue(op.family, text, version == Version2012 && op.family.takesVariables())
	if op.family == boolean && !v.dynamic {
		return strings.EqualFold(v.text, "true") || strings.EqualFold(v.text, "false")
	}
	return v.valid
}

// Matches reports whether a pattern with '*' and '?' matches all of a text. Nothing
// is folded, and no variable replaced.
func Matches(pattern, text string) bool { return glob(template(pattern, false, true), text, nil) }
