// Package policy is the IAM policy language for identities: it reads documents,
// evaluates requests against sets of them, and explains the answer.
//
// It is pure: no clock, no store, no network. It does not know which policies hold
// for whom (package rules), nor which actions and keys exist (package lint); an
// action or key that nothing has is evaluated literally, as IAM does.
//
// # Reading
//
// JSON is read by a reader of our own (json.go). encoding/json tells neither where a
// token begins nor that a name stands twice in an object, even when the two differ
// by an escape, and puts U+FFFD in the place of what is not UTF-8. All three are
// errors here, told by line, column and JSON pointer, and package lint needs the
// place of every value. A document is at most MaxDocument long; the other bounds
// stand in bounds.go, beside IAM's quotas, which callers check with CheckSize.
//
// Names of elements and operators are taken in their one spelling only; a near miss
// is refused with the right one. Principal, NotPrincipal and Id belong to resource
// policies and are refused. An empty NotAction or NotResource would mean everything,
// and is refused; other empty lists mean nothing.
//
// # Evaluating
//
// An explicit deny wins over any allow, and without an allow it is an implicit deny;
// the order of policies and statements never matters. NewSet makes everything ready
// once. A set is safe for concurrent use.
//
// What AWS leaves open is decided so:
//
//   - Actions with commas or white space match nothing, and resources that are
//     neither "*" nor begin with arn: neither.
//   - An ARN with fewer than six segments is completed with "*" in Resource, not in
//     conditions, where it matches nothing.
//   - A value that its operator cannot read (NumericEquals "many") matches nothing,
//     so the negated operator is met.
//   - A key with several values is never met by an operator without ForAllValues or
//     ForAnyValue, negated or not. A key with an empty list is absent.
//   - A variable without value or default: its text matches nothing. Under
//     NotResource, where that would turn into everything, the statement does not
//     match at all.
//   - Digits alone are seconds since 1970 to a Date operator, four of them too.
//
// Wildcards cost at most pattern times text (glob.go), whatever the pattern.
//
// Reading order: document.go, bounds.go, malformed.go, json.go, grammar.go,
// nearest.go; operator.go, template.go (variables and wildcards), glob.go,
// number.go, date.go, value.go; request.go, set.go (compiling), binding.go,
// evaluate.go, match.go; decision.go, explain.go; inspect.go (for package lint).
//
// Followed: AWS IAM User Guide, "IAM JSON policy element reference" and "Grammar of
// the IAM JSON policy language"; RFC 8259 (JSON), RFC 6901 (JSON pointers), W3C
// NOTE-datetime.
package policy
