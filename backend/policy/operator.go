package policy

import (
	"slices"
	"strings"
)

// family is how two values are compared.
type family uint8

const (
	stringEquals family = iota
	stringEqualsIgnoreCase
	stringLike
	numeric
	date
	boolean
	binary
	ipAddress
	arn
	null
)

// order is what Numeric and Date operators ask.
type order uint8

const (
	equal order = iota
	less
	lessEqual
	greater
	greaterEqual
)

// quantifier is what an operator asks of a key with several values.
type quantifier uint8

const (
	single quantifier = iota
	forAll
	forAny
)

// operator is a condition operator, taken apart.
type operator struct {
	family   family
	order    order
	negated  bool
	ifExists bool
	values   quantifier
}

const (
	forAllValues = "ForAllValues:"
	forAnyValue  = "ForAnyValue:"
	ifExists     = "IfExists"
)

var plainOperators = map[string]operator{
	"StringEquals":              {family: stringEquals},
	"StringNotEquals":           {family: stringEquals, negated: true},
	"StringEqualsIgnoreCase":    {family: stringEqualsIgnoreCase},
	"StringNotEqualsIgnoreCase": {family: stringEqualsIgnoreCase, negated: true},
	"StringLike":                {family: stringLike},
	"StringNotLike":             {family: stringLike, negated: true},
	"NumericEquals":             {family: numeric},
	"NumericNotEquals":          {family: numeric, negated: true},
	"NumericLessThan":           {family: numeric, order: less},
	"NumericLessThanEquals":     {family: numeric, order: lessEqual},
	"NumericGreaterThan":        {family: numeric, order: greater},
	"NumericGreaterThanEquals":  {family: numeric, order: greaterEqual},
	"DateEquals":                {family: date},
	"DateNotEquals":             {family: date, negated: true},
	"DateLessThan":              {family: date, order: less},
	"DateLessThanEquals":        {family: date, order: lessEqual},
	"DateGreaterThan":           {family: date, order: greater},
	"DateGreaterThanEquals":     {family: date, order: greaterEqual},
	"Bool":                      {family: boolean},
	"BinaryEquals":              {family: binary},
	"IpAddress":                 {family: ipAddress},
	"NotIpAddress":              {family: ipAddress, negated: true},
	"ArnEquals":                 {family: arn},
	"ArnLike":                   {family: arn},
	"ArnNotEquals":              {family: arn, negated: true},
	"ArnNotLike":                {family: arn, negated: true},
	"Null":                      {family: null},
}

// operatorNamed takes an operator's name apart. Null has no other forms.
func operatorNamed(name string) (operator, bool) {
	rest, values := name, single
	if r, cut := strings.CutPrefix(rest, forAllValues); cut {
		rest, values = r, forAll
	} else if r, cut := strings.CutPrefix(rest, forAnyValue); cut {
		rest, values = r, forAny
	}
	rest, exists := strings.CutSuffix(rest, ifExists)
	op, known := plainOperators[rest]
	if !known || op.family == null && rest != name {
		return operator{}, false
	}
	op.values, op.ifExists = values, exists
	return op, true
}

var allOperators = func() []string {
	var out []string
	for name, op := range plainOperators {
		out = append(out, name)
		if op.family == null {
			continue
		}
		for _, prefix := range []string{"", forAllValues, forAnyValue} {
			out = append(out, prefix+name+ifExists)
			if prefix != "" {
				out = append(out, prefix+name)
			}
		}
	}
	slices.Sort(out)
	return out
}()

// Operators are the names of all condition operators, sorted.
func Operators() []string { return slices.Clone(allOperators) }

// takesVariables: in values of these families ${…} is replaced.
func (f family) takesVariables() bool { return f <= stringLike || f == boolean || f == arn }
