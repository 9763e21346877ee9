package policy_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

// statement wraps the elements of one statement; they begin at column 15.
func statement(elements string) string { return `{"Statement":{` + elements + `}}` }

const rest = `"Action":"*","Resource":"*"`

func TestMalformed(t *testing.T) {
	for _, c := range []struct {
		name, document string
		want           string // what wanted where line:column+length
	}{
		{"nothing", ``, `end "" "" 1:1+1`},
		{"blank", " \n ", `end "" "" 2:2+1`},
		{"byte order mark", "\ufeff{}", `character "" "" 1:1+1`},
		{"no JSON", `policy`, `syntax "" "" 1:1+1`},
		{"two documents", `{"Statement":[]} {}`, `trailing "" "" 1:18+1`},
		{"not an object", `[{}]`, `type "object" "" 1:1+1`},
		{"comma at the end", `{"Statement":[],}`, `syntax "" "" 1:17+1`},
		{"comma at a list's end", `{"Statement":[{},]}`, `syntax "" "/Statement/1" 1:18+1`},
		{"no comma", "{\"Version\":\"2012-10-17\"\n \"Statement\":[]}", `syntax "" "" 2:2+1`},
		{"no colon", `{"Statement" []}`, `syntax "" "/Statement" 1:14+1`},
		{"cut", `{"Statement":[{"Effect":"All`, `end "" "/Statement/0/Effect" 1:29+1`},
		{"word", `{"Statement":nul}`, `syntax "" "/Statement" 1:17+1`},
		{"number", statement(`"Effect":01`), `syntax "" "/Statement" 1:25+1`},
		{"single quotes", `{'Statement':[]}`, `syntax "" "" 1:2+1`},
		{"comment", `{/* all */"Statement":[]}`, `syntax "" "" 1:2+1`},
		{"invalid UTF-8", statement("\"Sid\":\"a\xffb\""), `utf8 "" "/Statement/Sid" 1:23+1`},
		{"overlong UTF-8", statement("\"Sid\":\"a\xc0\xafb\""), `utf8 "" "/Statement/Sid" 1:23+1`},
		{"snowman", statement("\"Sid\":\"é☃\""), `character "" "/Statement/Sid" 1:23+1`},
		{"line break in a text", statement("\"Sid\":\"a\nb\""), `syntax "" "/Statement/Sid" 1:23+1`},
		{"nought", statement("\"Sid\":\"a\x00b\""), `character "" "/Statement/Sid" 1:23+1`},
		{"escape", statement(`"Sid":"a\x62"`), `escape "" "/Statement/Sid" 1:23+1`},
		{"half a pair", statement(`"Sid":"a\ud800"`), `escape "" "/Statement/Sid" 1:23+1`},
		{"halves in the wrong order", statement(`"Sid":"\udc00\ud800"`), `escape "" "/Statement/Sid" 1:22+1`},

		{"name twice", statement(`"Effect":"Allow",` + rest + ",\n\"Effect\":\"Deny\""), `duplicate "1" "/Statement/Effect" 2:1+8`},
		{"name twice by an escape", statement(`"Effect":"Allow",` + rest + `,"\u0045ffect":"Deny"`), `duplicate "1" "/Statement/Effect" 1:60+13`},
		{"key twice by case", statement(`"Effect":"Allow",` + rest + `,"Condition":{"Null":{"aws:a":true,"AWS:A":true}}`), `duplicate "1" "/Statement/Condition/Null/AWS:A" 1:94+7`},
		{"pointer with a slash", statement(`"Effect":"Allow",` + rest + `,"Condition":{"Null":{"aws:tag/a~":null}}`), `type "value" "/Statement/Condition/Null/aws:tag~1a~0" 1:94+4`},

		{"no statement", `{"Version":"2012-10-17"}`, `missing-element "Statement" "" 1:1+1`},
		{"version", `{"Version":"2012-10-18","Statement":[]}`, `version "2012-10-17" "/Version" 1:12+12`},
		{"version as a number", `{"Version":2012,"Statement":[]}`, `type "text" "/Version" 1:12+4`},
		{"case of an element", `{"statement":[]}`, `unknown-element "Statement" "/statement" 1:2+11`},
		{"spelling of an element", statement(`"Efect":"Allow",` + rest), `unknown-element "Effect" "/Statement/Efect" 1:15+7`},
		{"principal", statement(`"Effect":"Allow","Principal":"*",` + rest), `not-in-identity "" "/Statement/Principal" 1:32+11`},
		{"not principal", statement(`"Effect":"Allow","NotPrincipal":"*",` + rest), `not-in-identity "" "/Statement/NotPrincipal" 1:32+14`},
		{"id", `{"Id":"x","Statement":[]}`, `not-in-identity "" "/Id" 1:2+4`},
		{"effect in lower case", statement(`"Effect":"allow",` + rest), `effect "Allow" "/Statement/Effect" 1:24+7`},
		{"effect misspelt", "{\n \"Statement\": [\n  {\n   \"Effect\": \"Denny\",\n   \"Action\": \"*\", \"Resource\": \"*\"}]}", `effect "Deny" "/Statement/0/Effect" 4:14+7`},
		{"effect as a truth value", statement(`"Effect":true,` + rest), `type "text" "/Statement/Effect" 1:24+4`},
		{"no effect", statement(rest), `missing-element "Effect" "/Statement" 1:14+1`},
		{"no action", statement(`"Effect":"Allow","Resource":"*"`), `missing-element "Action" "/Statement" 1:14+1`},
		{"no resource", statement(`"Effect":"Allow","Action":"*"`), `missing-element "Resource" "/Statement" 1:14+1`},
		{"action and its complement", statement(`"Effect":"Allow",` + rest + `,"NotAction":"a:b"`), `both-elements "Action" "/Statement/NotAction" 1:60+11`},
		{"resource and its complement", statement(`"NotResource":"*","Effect":"Allow",` + rest), `both-elements "NotResource" "/Statement/Resource" 1:63+10`},
		{"empty complement", statement(`"Effect":"Allow","NotAction":[],"Resource":"*"`), `empty "" "/Statement/NotAction" 1:44+2`},
		{"number in a list", statement(`"Effect":"Allow","Action":["a:b",7],"Resource":"*"`), `type "text" "/Statement/Action/1" 1:48+1`},
		{"action as an object", statement(`"Effect":"Allow","Action":{"a":"b"},"Resource":"*"`), `type "text-or-list" "/Statement/Action" 1:41+1`},
		{"sid twice", `{"Statement":[{"Sid":"A","Effect":"Allow",` + rest + "},\n{\"Sid\":\"A\",\"Effect\":\"Deny\"," + rest + `}]}`, `sid-duplicate "1" "/Statement/1/Sid" 2:8+3`},
		{"statement as a text", `{"Statement":"x"}`, `type "list" "/Statement" 1:14+3`},
		{"statement in the list as a text", `{"Statement":["x"]}`, `type "object" "/Statement/0" 1:15+3`},
		{"operator", statement(`"Effect":"Allow",` + rest + `,"Condition":{"StringEqual":{"a:b":"c"}}`), `unknown-operator "StringEquals" "/Statement/Condition/StringEqual" 1:73+13`},
		{"case of an operator", statement(`"Effect":"Allow",` + rest + `,"Condition":{"stringequals":{"a:b":"c"}}`), `unknown-operator "StringEquals" "/Statement/Condition/stringequals" 1:73+14`},
		{"null with IfExists", statement(`"Effect":"Allow",` + rest + `,"Condition":{"NullIfExists":{"a:b":"c"}}`), `unknown-operator "BoolIfExists" "/Statement/Condition/NullIfExists" 1:73+14`},
		{"operator without an object", statement(`"Effect":"Allow",` + rest + `,"Condition":{"Bool":[]}`), `type "object" "/Statement/Condition/Bool" 1:80+1`},
		{"condition as a list", statement(`"Effect":"Allow",` + rest + `,"Condition":[]`), `type "object" "/Statement/Condition" 1:72+1`},
		{"condition value as an object", statement(`"Effect":"Allow",` + rest + `,"Condition":{"Bool":{"a:b":[true,{}]}}`), `type "value" "/Statement/Condition/Bool/a:b/1" 1:93+1`},
		{"empty key", statement(`"Effect":"Allow",` + rest + `,"Condition":{"Bool":{"":true}}`), `empty "" "/Statement/Condition/Bool/" 1:81+2`},

		{"deep", strings.Repeat(`{"Statement":`, 40), `depth "" "` + strings.Repeat("/Statement", 16) + `" 1:209+1`},
		{"deep in a value", `{"Statement":` + strings.Repeat("[", 100_000), `depth "" "/Statement` + strings.Repeat("/0", 15) + `" 1:29+1`},
		{"long text", statement(`"Sid":"` + strings.Repeat("a", policy.MaxText+1) + `"`), `length "" "/Statement/Sid" 1:21+1`},
		{"long number", statement(`"Sid":` + strings.Repeat("1", policy.MaxText+1)), `length "" "/Statement/Sid" 1:21+1`},
		{"many statements", `{"Statement":[` + strings.Repeat("0,", policy.MaxStatements) + `0]}`, `count "" "/Statement/1000" 1:2015+1`},
		{"many values", statement(`"Effect":"Allow","Action":[` + strings.Repeat(`"",`, policy.MaxValues) + `""],"Resource":"*"`), `count "" "/Statement/Action/20000" 1:60042+1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := policy.Parse([]byte(c.document))
			var bad *policy.Malformed
			if !mfa.IsCode(err, mfa.CodePolicyMalformed) || !errors.As(err, &bad) {
				t.Fatalf("%v", err)
			}
			got := fmt.Sprintf("%s %q %q %d:%d+%d", bad.What, bad.Wanted, bad.Where, bad.At.Line, bad.At.Column, bad.At.Length)
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			p := mfa.AsFailure(err).Params
			if at := p["line"] + ":" + p["column"]; p["what"] != bad.What || p["where"] != bad.Where || !strings.Contains(got, " "+at+"+") {
				t.Errorf("params %v", p)
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	for name, document := range map[string][]byte{
		"10 MB of brackets": []byte(strings.Repeat("[", 10<<20)),
		"10 MB of blanks":   []byte(strings.Repeat(" ", 10<<20)),
		"a byte too much":   []byte(`{"Statement":[]}` + strings.Repeat(" ", policy.MaxDocument-15)),
	} {
		// It is refused by its length: nothing is read, so next to nothing is made.
		made := testing.AllocsPerRun(1, func() {
			if _, err := policy.Parse(document); !mfa.IsCode(err, mfa.CodePolicyTooLarge) {
				t.Errorf("%s: %v", name, err)
			}
		})
		if made > 100 {
			t.Errorf("%s took %v allocations", name, made)
		}
	}
	if _, err := policy.Parse([]byte(`{"Statement":[]}` + strings.Repeat(" ", policy.MaxDocument-16))); err != nil {
		t.Errorf("the longest: %v", err)
	}
}

func TestSize(t *testing.T) {
	if n := policy.Size([]byte("{ \"a\" :\r\n\t\"é\" }")); n != 9 {
		t.Errorf("%d characters", n)
	}
	half := []byte(strings.Repeat("x ", policy.MaxUserInline/2))
	if err := policy.CheckSize(policy.MaxUserInline, half, half); err != nil {
		t.Error(err)
	}
	err := policy.CheckSize(policy.MaxUserInline, half, half, []byte("x"))
	if !mfa.IsCode(err, mfa.CodePolicyTooLarge) || mfa.AsFailure(err).Params["limit"] != "2048" {
		t.Error(err)
	}
}

func TestMalformedCorpus(t *testing.T) {
	var corpus struct {
		Items []struct {
			ID, Target, Expect, Hex string
			Gen                     struct {
				Prefix, Unit, Suffix string
				Count                int
			}
		}
	}
	shared(t, "malformed.json", &corpus)
	n := 0
	for _, item := range corpus.Items {
		if item.Target != "iam_policy" {
			continue
		}
		n++
		t.Run(item.ID, func(t *testing.T) {
			raw := append(unhex(t, item.Hex), unhex(t, item.Gen.Prefix)...)
			for range item.Gen.Count {
				raw = append(raw, unhex(t, item.Gen.Unit)...)
			}
			raw = append(raw, unhex(t, item.Gen.Suffix)...)
			begin := time.Now()
			d, err := policy.Parse(raw)
			if item.Expect == "reject" && err == nil {
				t.Error("taken")
			}
			if err == nil {
				policy.NewSet(policy.Policy{Document: d}).Evaluate(policy.Request{Action: "a:b", Resource: "*"})
			}
			if took := time.Since(begin); took > time.Minute { // a moment, but on a busy machine
				t.Errorf("took %v", took)
			}
		})
	}
	if n == 0 {
		t.Error("no items for iam_policy")
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPlaces(t *testing.T) {
	d := parse(t, "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [{\n    \"Sid\": \"Caf\u00e9\", \"Effect\": \"Deny\",\n    \"NotAction\": [\"a:b\", \"c:d\\u0065\"],\n    \"Resource\": \"*\",\n    \"Condition\": {\"NumericEquals\": {\"k:n\": [1.50, \"2\"]}, \"Bool\": {\"k:b\": true}}\n  }]\n}")
	s := d.Statements[0]
	for name, got := range map[string]struct {
		text policy.Text
		want string
	}{
		"version":   {policy.Text{Value: d.Version, At: d.At}, "2012-10-17 2:14+12"},
		"sid":       {policy.Text{Value: s.Sid, At: s.SidAt}, "Café 4:12+6"},
		"effect":    {policy.Text{Value: s.Effect, At: s.EffectAt}, "Deny 4:30+6"},
		"statement": {policy.Text{At: s.At}, " 3:17+182"},
		"actions":   {policy.Text{At: s.ActionsAt}, " 5:5+11"},
		"action":    {s.Actions[1], "c:de 5:26+11"},
		"resource":  {s.Resources[0], "* 6:17+3"},
		"operator":  {s.Conditions[0].Operator, "NumericEquals 7:19+15"},
		"key":       {s.Conditions[0].Key, "k:n 7:37+5"},
		"number":    {s.Conditions[0].Values[0], "1.50 7:45+4"},
		"text":      {s.Conditions[0].Values[1], "2 7:51+3"},
		"truth":     {s.Conditions[1].Values[0], "true 7:74+4"},
	} {
		at := got.text.At
		if have := fmt.Sprintf("%s %d:%d+%d", got.text.Value, at.Line, at.Column, at.Length); have != got.want {
			t.Errorf("%s: got %s, want %s", name, have, got.want)
		}
	}
	if !s.NotAction || s.NotResource || !d.Explicit || s.Line != 3 || s.Column != 17 {
		t.Errorf("%+v", s)
	}
}
