package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/policy"
)

// applies evaluates an Allow statement with one condition.
func applies(t *testing.T, version, condition string, keys policy.Keys) bool {
	t.Helper()
	d := parse(t, `{`+version+`"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+condition+`}}`)
	s := policy.NewSet(policy.Policy{Document: d})
	r := policy.Request{Action: "iam:X", Resource: "*", Keys: keys}
	got := s.Evaluate(r)
	if s.Decide(r) != got.Effect || got.Outcomes[0].Matched != (got.Effect == policy.Allow) {
		t.Errorf("Decide and Evaluate differ")
	}
	return got.Effect == policy.Allow
}

const v2012 = `"Version":"2012-10-17",`

func TestConditions(t *testing.T) {
	one, many := policy.One, policy.Many
	alice := policy.Keys{"aws:username": one("alice"), "aws:PrincipalTag/Dept": one("a*b"), "aws:TagKeys": many("x", "y"), "aws:PrincipalArn": one("arn:aws:iam::1:user/a:b"), "aws:true": one("TRUE")}
	for _, c := range []struct {
		name, condition string
		value           policy.Value
		want            bool
	}{
		{"equals", `{"StringEquals":{"k":"a"}}`, one("a"), true},
		{"equals, case", `{"StringEquals":{"k":"A"}}`, one("a"), false},
		{"equals, no wildcard", `{"StringEquals":{"k":"a*"}}`, one("ab"), false},
		{"equals, a star", `{"StringEquals":{"k":"a*"}}`, one("a*"), true},
		{"one of a list", `{"StringEquals":{"k":["b","a"]}}`, one("a"), true},
		{"not equals", `{"StringNotEquals":{"k":"b"}}`, one("a"), true},
		{"none of a list", `{"StringNotEquals":{"k":["b","a"]}}`, one("a"), false},
		{"key name without case", `{"StringEquals":{"K":"a"}}`, one("a"), true},
		{"operators and", `{"StringEquals":{"k":"a"},"StringLike":{"k":"b*"}}`, one("a"), false},
		{"keys and", `{"StringEquals":{"k":"a","l":"a"}}`, one("a"), false},
		{"empty condition", `{}`, one("a"), true},
		{"empty operator", `{"StringEquals":{}}`, one("a"), true},
		{"no values", `{"StringEquals":{"k":[]}}`, one("a"), false},
		{"not of no values", `{"StringNotEquals":{"k":[]}}`, one("a"), true},
		{"number as text", `{"StringEquals":{"k":12}}`, one("12"), true},
		{"ignore case", `{"StringEqualsIgnoreCase":{"k":"ÀB"}}`, one("àb"), true},
		{"not ignore case", `{"StringNotEqualsIgnoreCase":{"k":"AB"}}`, one("ab"), false},
		{"like", `{"StringLike":{"k":"L2*"}}`, one("L2plus"), true},
		{"like nothing more", `{"StringLike":{"k":"L2*"}}`, one("L2"), true},
		{"like one more", `{"StringLike":{"k":"L2?"}}`, one("L2"), false},
		{"like one character of two bytes", `{"StringLike":{"k":"L?x"}}`, one("Léx"), true},
		{"like, case", `{"StringLike":{"k":"l2*"}}`, one("L2"), false},
		{"not like", `{"StringNotLike":{"k":"L2*"}}`, one("L1"), true},

		{"less", `{"NumericLessThan":{"k":"3600"}}`, one("120"), true},
		{"not less as text", `{"NumericLessThan":{"k":"3600"}}`, one("999999"), false},
		{"less with fewer digits", `{"NumericLessThan":{"k":"3600"}}`, one("999"), true},
		{"less by a hair", `{"NumericLessThan":{"k":9007199254740993}}`, one("9007199254740992.9"), true},
		{"not less", `{"NumericLessThan":{"k":5}}`, one("5.0"), false},
		{"less or equal", `{"NumericLessThanEquals":{"k":5}}`, one("5.0"), true},
		{"greater", `{"NumericGreaterThan":{"k":-2}}`, one("-1.5"), true},
		{"greater or equal", `{"NumericGreaterThanEquals":{"k":"0"}}`, one("-0"), true},
		{"equal numbers", `{"NumericEquals":{"k":1.50}}`, one("+001.5"), true},
		{"equal by exponent", `{"NumericEquals":{"k":12e-1}}`, one("1.2"), true},
		{"unequal numbers", `{"NumericNotEquals":{"k":1}}`, one("1.0"), false},
		{"exponent out of reach", `{"NumericLessThan":{"k":"1e999"}}`, one("1"), false},
		{"policy is no number", `{"NumericEquals":{"k":"many"}}`, one("many"), false},
		{"request is no number", `{"NumericLessThan":{"k":9}}`, one("0x1"), false},
		{"no number is unequal", `{"NumericNotEquals":{"k":9}}`, one("x"), true},

		{"date before", `{"DateLessThan":{"k":"2026-01-01T00:00:00Z"}}`, one("2025-12-31T23:59:59.9Z"), true},
		{"date equal across zones", `{"DateEquals":{"k":"2026-01-01T01:00:00+01:00"}}`, one("2026-01-01T00:00Z"), true},
		{"date, day", `{"DateEquals":{"k":"2026-01-01"}}`, one("1767225600"), true},
		{"date, month", `{"DateEquals":{"k":"2026-01"}}`, one("2026-01-01"), true},
		{"date, seconds", `{"DateGreaterThan":{"k":1767225600}}`, one("2026-01-01T00:00:01Z"), true},
		{"date, digits are seconds", `{"DateGreaterThan":{"k":"2026"}}`, one("1970-01-01T00:33:47Z"), true},
		{"date, fraction", `{"DateGreaterThanEquals":{"k":"2026-01-01T00:00:00.000000001Z"}}`, one("2026-01-01T00:00:00Z"), false},
		{"date at the latest", `{"DateLessThanEquals":{"k":"2026-01-01T00:00:00-00:30"}}`, one("2026-01-01T00:30:00Z"), true},
		{"date without zone", `{"DateLessThan":{"k":"2027-01-01T00:00:00"}}`, one("2026-01-01"), false},
		{"date that is none", `{"DateLessThan":{"k":"2027-02-30"}}`, one("2026-01-01"), false},
		{"date with a wildcard", `{"DateEquals":{"k":"2026-*"}}`, one("2026-01-01"), false},
		{"date not equal", `{"DateNotEquals":{"k":"2026-01-01"}}`, one("2026-01-02"), true},

		{"bool", `{"Bool":{"k":true}}`, one("TRUE"), true},
		{"bool false", `{"Bool":{"k":"False"}}`, one("false"), true},
		{"bool other", `{"Bool":{"k":"true"}}`, one("false"), false},
		{"binary", `{"BinaryEquals":{"k":"QmluYXJ5"}}`, one("QmluYXJ5"), true},
		{"binary, case", `{"BinaryEquals":{"k":"QmluYXJ5"}}`, one("qmluYXJ5"), false},
		{"binary, not base64", `{"BinaryEquals":{"k":"?"}}`, one("?"), false},

		{"address in a block", `{"IpAddress":{"k":"203.0.113.77/24"}}`, one("203.0.113.5"), true},
		{"address outside", `{"IpAddress":{"k":"203.0.113.0/24"}}`, one("203.0.114.5"), false},
		{"address alone", `{"IpAddress":{"k":"203.0.113.5"}}`, one("203.0.113.5"), true},
		{"address of version 6", `{"IpAddress":{"k":"2001:DB8::/32"}}`, one("2001:db8:0:1::9"), true},
		{"address mapped", `{"IpAddress":{"k":"203.0.113.0/24"}}`, one("::ffff:203.0.113.5"), true},
		{"address with a wildcard", `{"IpAddress":{"k":"203.0.113.*"}}`, one("203.0.113.5"), false},
		{"not address", `{"NotIpAddress":{"k":["203.0.113.0/24","10.0.0.0/8"]}}`, one("10.1.1.1"), false},
		{"not that address", `{"NotIpAddress":{"k":"203.0.113.0/24"}}`, one("10.1.1.1"), true},

		{"arn", `{"ArnEquals":{"k":"arn:aws:iam::*:user/*"}}`, one("arn:aws:iam::1:user/a/b:c"), true},
		{"arn, star does not cross", `{"ArnLike":{"k":"arn:aws:*:user/a"}}`, one("arn:aws:iam::1:user/a"), false},
		{"arn, five segments", `{"ArnLike":{"k":"arn:aws:iam::*"}}`, one("arn:aws:iam::1:user/a"), false},
		{"arn, one segment", `{"ArnLike":{"k":"*"}}`, one("arn:aws:iam::1:user/a"), false},
		{"arn, request is none", `{"ArnLike":{"k":"*:*:*:*:*:*"}}`, one("alice"), false},
		{"arn, case", `{"ArnLike":{"k":"arn:aws:iam::1:user/A"}}`, one("arn:aws:iam::1:user/a"), false},
		{"not arn", `{"ArnNotLike":{"k":"arn:aws:iam::2:*"}}`, one("arn:aws:iam::1:user/a"), true},
		{"arn of a variable", `{"ArnEquals":{"k":"${aws:PrincipalArn}"}}`, one("arn:aws:iam::1:user/a:b"), true},
		{"arn, star before a variable", `{"ArnEquals":{"k":"*:aws:*:${none, ''}:1:*"}}`, one("arn:aws:iam::1:user/a:b"), true},

		{"null of what is there", `{"Null":{"k":"true"}}`, one(""), false},
		{"not null", `{"Null":{"k":false}}`, one(""), true},
		{"null of an empty list", `{"Null":{"k":"true"}}`, many(), true},
		{"null or not", `{"Null":{"k":["true","FALSE"]}}`, one("x"), true},
		{"null of something else", `{"Null":{"k":"yes"}}`, one("x"), false},

		{"several values under a plain operator", `{"StringEquals":{"k":"a"}}`, many("a"), false},
		{"several values under a plain negation", `{"StringNotEquals":{"k":"b"}}`, many("a"), false},
		{"several values under IfExists", `{"StringEqualsIfExists":{"k":"a"}}`, many("a"), false},
		{"all", `{"ForAllValues:StringEquals":{"k":["a","b","c"]}}`, many("a", "b"), true},
		{"not all", `{"ForAllValues:StringEquals":{"k":["a","c"]}}`, many("a", "b"), false},
		{"all of one", `{"ForAllValues:StringEquals":{"k":["a"]}}`, one("a"), true},
		{"all of none", `{"ForAllValues:StringEquals":{"k":["a"]}}`, many(), true},
		{"all are none of these", `{"ForAllValues:StringNotEquals":{"k":["c"]}}`, many("a", "b"), true},
		{"one is one of these", `{"ForAllValues:StringNotEquals":{"k":["b"]}}`, many("a", "b"), false},
		{"any", `{"ForAnyValue:StringLike":{"k":"b*"}}`, many("a", "bc"), true},
		{"not any", `{"ForAnyValue:StringLike":{"k":"c"}}`, many("a", "bc"), false},
		{"any of none", `{"ForAnyValue:StringLike":{"k":"*"}}`, many(), false},
		{"any is none of these", `{"ForAnyValue:StringNotEquals":{"k":"a"}}`, many("a", "b"), true},
		{"any of none, if it exists", `{"ForAnyValue:StringEqualsIfExists":{"k":"a"}}`, many(), true},
		{"all numbers", `{"ForAllValues:NumericLessThan":{"k":3}}`, many("1", "2"), true},

		{"variable", `{"StringEquals":{"k":"${aws:username}"}}`, one("alice"), true},
		{"variable without case", `{"StringEquals":{"k":"x-${AWS:UserName}-y"}}`, one("x-alice-y"), true},
		{"variable, ignoring case", `{"StringEqualsIgnoreCase":{"k":"X${aws:username}"}}`, one("xALICE"), true},
		{"variable in a pattern", `{"StringLike":{"k":"${aws:username}/*"}}`, one("alice/x"), true},
		{"what is put in is no pattern", `{"StringLike":{"k":"${aws:principaltag/dept}"}}`, one("axxb"), false},
		{"what is put in is literal", `{"StringLike":{"k":"${aws:principaltag/dept}"}}`, one("a*b"), true},
		{"variable with several values", `{"StringLike":{"k":"${aws:TagKeys}"}}`, one("x"), false},
		{"default for several values", `{"StringLike":{"k":"${aws:TagKeys, 'z'}"}}`, one("z"), true},
		{"variable without value", `{"StringEquals":{"k":"${aws:none}"}}`, one("${aws:none}"), false},
		{"negated variable without value", `{"StringNotEquals":{"k":"${aws:none}"}}`, one("x"), true},
		{"default", `{"StringEquals":{"k":"a-${aws:none, 'de}f'}-b"}}`, one("a-de}f-b"), true},
		{"default unused", `{"StringEquals":{"k":"${aws:username, 'x'}"}}`, one("alice"), true},
		{"default is literal", `{"StringLike":{"k":"${aws:none, '*'}"}}`, one("x"), false},
		{"star itself", `{"StringLike":{"k":"a${*}"}}`, one("ab"), false},
		{"star, question mark, dollar", `{"StringLike":{"k":"*${*}${?}${$}{x}"}}`, one("12*?${x}"), true},
		{"dollar itself under equals", `{"StringEquals":{"k":"${$}{aws:username}"}}`, one("${aws:username}"), true},
		{"never ends", `{"StringEquals":{"k":"${aws:username"}}`, one("${aws:username"), true},
		{"empty variable", `{"StringEquals":{"k":"${}"}}`, one(""), false},
		{"bool of a variable", `{"Bool":{"k":"${aws:true}"}}`, one("true"), true},
		{"no variables in numbers", `{"NumericEquals":{"k":"${k}"}}`, one("1"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys := policy.Keys{"k": c.value}
			for k, v := range alice {
				keys[k] = v
			}
			if got := applies(t, v2012, c.condition, keys); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
	t.Run("variables are text in the older version", func(t *testing.T) {
		for _, version := range []string{"", `"Version":"2008-10-17",`} {
			condition := `{"StringEquals":{"k":"${aws:username}${*}"}}`
			if applies(t, version, condition, policy.Keys{"k": one("alice*"), "aws:username": one("alice")}) ||
				!applies(t, version, condition, policy.Keys{"k": one("${aws:username}${*}")}) {
				t.Errorf("version %q", version)
			}
		}
	})
}

// Every operator, with a key that the request does not have.
func TestAbsentKeys(t *testing.T) {
	for _, name := range policy.Operators() {
		want := strings.HasSuffix(name, "IfExists") || strings.HasPrefix(name, "ForAllValues:") || name == "Null" ||
			strings.Contains(name, "Not") && !strings.Contains(name, ":")
		operator, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := applies(t, v2012, `{`+string(operator)+`:{"k":"true"}}`, nil); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if n := len(policy.Operators()); n != 26*6+1 {
		t.Errorf("%d operators", n)
	}
}

func TestKeysThatDifferByCase(t *testing.T) {
	for range 20 {
		if !applies(t, v2012, `{"StringEquals":{"aws:username":"A"}}`, policy.Keys{"aws:username": policy.One("b"), "AWS:username": policy.One("A")}) {
			t.Fatal("the one that sorts first did not count")
		}
	}
}
