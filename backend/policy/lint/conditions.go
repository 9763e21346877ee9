package lint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/keyferry/keyferry/backend/policy"
)

func (c *checker) condition(st *policy.Statement, cond *policy.Condition) {
	if len(c.found) >= MaxFindings {
		return
	}
	op, _ := policy.Operator(cond.Operator.Value)
	k, known := keyNamed(cond.Key.Value)
	c.key(cond, k, known)
	if len(cond.Values) == 0 {
		c.warn(CodeEmpty, cond.Key.At, "element", cond.Key.Value)
	}
	if known && k.filled && !comparable(op.Family, k.of) {
		c.warn(CodeOperatorType, cond.Operator.At, "operator", cond.Operator.Value, "key", k.name, "type", string(k.of))
	}
	for _, v := range cond.Values {
		c.value(cond, op, k, v)
	}
	if k.values != nil && k.of == textKey && op.Family == "String" && op.Negated == (st.Effect == policy.EffectDeny) {
		c.minimum(cond, k)
	}
	c.absence(st, cond, op, k)
}

func (c *checker) key(cond *policy.Condition, k key, known bool) {
	name := cond.Key.Value
	if known {
		if !k.filled {
			c.warn(CodeAbsentKey, cond.Key.At, "key", name)
		}
		return
	}
	service, _, form := strings.Cut(strings.ToLower(name), ":")
	nearest := policy.Nearest(name, keyNames())
	if !form {
		nearest = cmp.Or(nearest, policy.Nearest("aws:"+name, keyNames()), policy.Nearest("iam:"+name, keyNames()))
	}
	// Other services have keys that are not known here.
	if !form || service == "iam" || service == "aws" || service == "keyferry" || strings.HasPrefix(strings.ToLower(nearest), "iam:") {
		c.warn(CodeUnknownKey, cond.Key.At, "key", name, "nearest", nearest)
	}
}

// comparable reports whether an operator family compares what a key's values are.
// Text is compared as text whatever it means, but for truth values, which come in
// any case.
func comparable(family string, of valueType) bool {
	switch family {
	case "Null":
		return true
	case "String", "StringLike":
		return of != boolKey
	case "Numeric":
		return of == numberKey
	case "Date":
		return of == dateKey
	case "Bool":
		return of == boolKey
	case "Arn":
		return of == arnKey
	case "IpAddress":
		return of == addressKey
	}
	return false
}

func (c *checker) value(cond *policy.Condition, op policy.OperatorKind, k key, v policy.Text) {
	operator := cond.Operator.Value
	if op.TakesVariables {
		c.variables(v, everywhere)
	} else {
		c.variables(v, nowhere)
	}
	switch hasVariable := op.TakesVariables && strings.Contains(v.Value, "${"); {
	case hasVariable:
	case !policy.Readable(operator, v.Value, c.document.Version):
		c.warn(CodeValueForm, v.At, "operator", operator, "value", v.Value)
	case op.Family == "String" && strings.ContainsAny(v.Value, "*?"):
		c.warn(CodeWildcardLiteral, v.At, "operator", operator, "value", v.Value, "nearest", likeFor(operator))
	case k.values != nil && k.of == textKey && !c.oneOf(operator, k, v.Value):
		c.warn(CodeUnknownValue, v.At, "key", k.name, "value", v.Value, "nearest", policy.Nearest(v.Value, k.values))
	}
}

// likeFor is the operator with wildcards in the place of an exact one.
func likeFor(operator string) string {
	for _, exact := range []string{"EqualsIgnoreCase", "Equals"} {
		if before, after, found := strings.Cut(operator, exact); found {
			return before + "Like" + after
		}
	}
	return operator
}

// oneOf reports whether a value can be met by one that the key can have.
func (c *checker) oneOf(operator string, k key, v string) bool {
	op, _ := policy.Operator(operator)
	return op.Family == "Null" || slices.ContainsFunc(k.values, func(known string) bool {
		return op.Family == "StringLike" && policy.Matches(v, known) ||
			op.Family == "String" && (v == known || strings.Contains(operator, "IgnoreCase") && strings.EqualFold(v, known)) ||
			op.Family != "String" && op.Family != "StringLike"
	})
}

// minimum warns of lists of levels that leave out higher ones: a level is a label.
func (c *checker) minimum(cond *policy.Condition, k key) {
	if !isCertification(k.name) {
		return
	}
	lowest := -1
	var missing []string
	for i, level := range k.values {
		listed := slices.ContainsFunc(cond.Values, func(v policy.Text) bool { return strings.EqualFold(v.Value, level) })
		switch {
		case listed && lowest < 0:
			lowest = i
		case !listed && lowest >= 0:
			missing = append(missing, level)
		}
	}
	if len(missing) > 0 {
		c.warn(CodeNotMinimum, cond.Key.At, "key", k.name, "level", k.values[lowest], "missing", strings.Join(missing, ", "))
	}
}

// absence warns of what an absent key does to a condition, where that is seldom
// meant.
func (c *checker) absence(st *policy.Statement, cond *policy.Condition, op policy.OperatorKind, k key) {
	allow := st.Effect == policy.EffectAllow
	params := []string{"operator", cond.Operator.Value, "key", cond.Key.Value}
	switch {
	case allow && op.IfExists && !requires(st, cond.Key.Value):
		c.warn(CodeIfExistsOnAllow, cond.Operator.At, params...)
	case allow && op.ForAll && !requires(st, cond.Key.Value):
		c.warn(CodeForAllOnAllow, cond.Operator.At, params...)
	case !allow && op.Family == "Bool" && !op.IfExists && k.name == keyMFA && slices.ContainsFunc(cond.Values, func(v policy.Text) bool { return strings.EqualFold(v.Value, "false") }):
		c.warn(CodeBoolMissesAbsent, cond.Operator.At, params...)
	}
}

// requires reports whether another condition of the statement demands that the key
// is there: Null false.
func requires(st *policy.Statement, name string) bool {
	return slices.ContainsFunc(st.Conditions, func(other policy.Condition) bool {
		return other.Operator.Value == "Null" && strings.EqualFold(other.Key.Value, name) &&
			!slices.ContainsFunc(other.Values, func(v policy.Text) bool { return !strings.EqualFold(v.Value, "false") })
	})
}
