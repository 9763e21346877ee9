package policy_test

import (
	"testing"

	"github.com/keyferry/keyferry/backend/policy"
)

func TestOperator(t *testing.T) {
	for name, want := range map[string]policy.OperatorKind{
		"StringNotLike":                     {Family: "StringLike", Negated: true, TakesVariables: true},
		"ForAllValues:ArnEqualsIfExists":    {Family: "Arn", IfExists: true, ForAll: true, TakesVariables: true},
		"ForAnyValue:NumericLessThanEquals": {Family: "Numeric", ForAny: true},
		"Null":                              {Family: "Null"},
	} {
		if got, known := policy.Operator(name); !known || got != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, name := range []string{"", "IfExists", "ForAnyValue:Null", "NullIfExists", "stringequals", "StringEqualsIfExistsIfExists"} {
		if _, known := policy.Operator(name); known {
			t.Errorf("%q is known", name)
		}
	}
}

func TestReadable(t *testing.T) {
	for _, c := range []struct {
		operator, value string
		want            bool
	}{
		{"StringEquals", "", true}, {"NumericEquals", "1e3", true}, {"NumericEquals", "one", false}, {"NumericEquals", "${n}", false},
		{"DateEquals", "2026-02-29", false}, {"Bool", "TRUE", true}, {"Bool", "1", false}, {"Bool", "${b}", true}, {"BinaryEquals", "AA=", false},
		{"IpAddress", "10.0.0.0/33", false}, {"IpAddress", "fe80::1%eth0", false}, {"ArnLike", "arn:*", false}, {"ArnLike", "${a}", true},
		{"Null", "False", true}, {"Null", "", false}, {"Nil", "x", false},
	} {
		if got := policy.Readable(c.operator, c.value, policy.Version2012); got != c.want {
			t.Errorf("%s %q: %v", c.operator, c.value, got)
		}
	}
	if policy.Readable("ArnLike", "${a}", policy.Version2008) {
		t.Error("a variable in the older version")
	}
}

func TestNearest(t *testing.T) {
	known := []string{"Statement", "Version"}
	for word, want := range map[string]string{"statement": "Statement", "Statment": "Statement", "Vrsion": "Version", "Principal": "", "": ""} {
		if got := policy.Nearest(word, known); got != want {
			t.Errorf("%q: %q", word, got)
		}
	}
}
