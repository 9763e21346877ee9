package lint_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/policy/lint"
)

// write shows findings one a line with the text that they underline, without the
// level of warnings.
func write(document string, found []lint.Finding) string {
	var out strings.Builder
	for _, f := range found {
		if f.Level != lint.Warning {
			fmt.Fprintf(&out, "%s ", f.Level)
		}
		line := []rune(strings.Split(document, "\n")[f.Line-1])
		fmt.Fprintf(&out, "%s %d %s", f.Code, f.Line, string(line[f.Column-1:f.Column-1+f.Length]))
		for _, p := range slices.Sorted(maps.Keys(f.Params)) {
			fmt.Fprintf(&out, " %s=%s", p, f.Params[p])
		}
		fmt.Fprintln(&out)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// document puts statements into lines of their own, the first being line 2.
func document(statements ...string) string {
	return "{\"Version\":\"2012-10-17\",\"Statement\":[\n" + strings.Join(statements, ",\n") + "\n]}"
}

func statement(effect, action, resource, condition string) string {
	s := `{"Effect":"` + effect + `","Action":` + action + `,"Resource":` + resource
	if condition != "" {
		s += `,"Condition":` + condition
	}
	return s + `}`
}

const (
	enable = `"iam:EnableMFADevice"`
	begin  = `{"StringEquals":{"iam:RegisterSecurityKey":"Create"}}`
	end    = `{"StringEquals":{"iam:RegisterSecurityKey":"Activate"}}`
	code   = `{"Null":{"iam:RegisterSecurityKey":"true"}}`
)

func allow(condition string) string { return statement("Allow", enable, `"*"`, condition) }
func deny(condition string) string  { return statement("Deny", enable, `"*"`, condition) }

func TestCheck(t *testing.T) {
	list := `"iam:ListUsers"`
	for _, c := range []struct {
		name, document string
		want           string
	}{
		{"nothing to say", document(allow(begin), allow(end), allow(code)), ""},
		{"all", document(statement("Allow", `"*"`, `"*"`, "")), ""},
		{"unreadable", "{\n\"Statment\":[]}", `error malformed 2 "Statment" wanted=Statement what=unknown-element where=/Statment`},
		{"too large", strings.Repeat(" ", policy.MaxDocument+1), "error too-large 1   limit=262144"},
		{"long", document(statement("Allow", `["iam:ListUsers"`+strings.Repeat(`,"iam:ListUsers"`, 500)+`]`, `"*"`, "")), "long 1 { limit=6144 size=8099"},
		{"no version", `{"Statement":[{"Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::*:user/${aws:username}"}]}`,
			`version-missing 1 { dead=1
dead-variable 1 "arn:aws:iam::*:user/${aws:username}" variable=${aws:username} version=2008-10-17`},
		{"older version", `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*","Condition":{"StringEquals":{"aws:username":"${aws:userid}"}}}]}`,
			`dead-variable 1 "${aws:userid}" variable=${aws:userid} version=2008-10-17`},
		{"empty", document(statement("Allow", `[]`, `[]`, `{"StringEquals":{"aws:username":[]}}`)), `empty 2 "Action" element=Action
empty 2 "Resource" element=Resource
empty 2 "aws:username" element=aws:username`},
		{"no statements", `{"Version":"2012-10-17","Statement":[]}`, `empty 1 "2012-10-17" element=Statement`},
		{"sid", document(`{"Sid":"not so","Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}`), `sid-characters 2 "not so" sid=not so`},

		{"comma in an action", document(statement("Allow", `"iam:ListUsers,iam:GetUser"`, `"*"`, "")), `action-characters 2 "iam:ListUsers,iam:GetUser" action=iam:ListUsers,iam:GetUser`},
		{"no service", document(statement("Allow", `"ListUsers"`, `"*"`, "")), `action-form 2 "ListUsers" action=ListUsers nearest=iam:ListUsers`},
		{"unknown action", document(statement("Allow", `"iam:ListUser"`, `"*"`, "")), `unknown-action 2 "iam:ListUser" action=iam:ListUser nearest=iam:ListUsers`},
		{"unknown pattern", document(statement("Allow", `["iam:*Wifi*","keyferry:*"]`, `"*"`, "")), `unknown-action 2 "iam:*Wifi*" action=iam:*Wifi* nearest=`},
		{"service misspelt", document(statement("Allow", `"ima:ListUsers"`, `"*"`, "")), `unknown-action 2 "ima:ListUsers" action=ima:ListUsers nearest=iam:ListUsers`},
		{"another service", document(statement("Allow", `"s3:GetObject"`, `"*"`, "")), ""},
		{"other case", document(statement("Allow", `"IAM:listusers"`, `"*"`, "")), ""},

		{"no ARN", document(statement("Allow", `"iam:GetUser"`, `"user/alice"`, "")), `resource-form 2 "user/alice" resource=user/alice`},
		{"list on an ARN", document(statement("Allow", list, `"arn:aws:iam::*:user/*"`, "")), `wrong-resource 2 "iam:ListUsers" action=iam:ListUsers on=*`},
		{"enable on a device", document(statement("Allow", enable, `"arn:aws:iam::*:mfa/*"`, "")), `wrong-resource 2 "iam:EnableMFADevice" action=iam:EnableMFADevice on=user`},
		{"enable on both", document(statement("Allow", enable, `["arn:aws:iam::*:mfa/*","arn:aws:iam::*:user/a"]`, "")), ""},
		{"create on a device", document(statement("Allow", `["iam:CreateVirtualMFADevice","iam:DeleteVirtualMFADevice"]`, `"arn:aws:iam::*:mfa/*"`, "")), ""},
		{"a region", document(statement("Allow", `"iam:GetUser"`, `"arn:aws:iam:eu-west-1:*:user/a"`, "")), `wrong-resource 2 "iam:GetUser" action=iam:GetUser on=user`},
		{"pattern with one that fits", document(statement("Allow", `"iam:*MFADevice*"`, `"arn:aws:iam::*:mfa/*"`, "")), ""},
		{"short ARN", document(statement("Allow", `"iam:GetUser"`, `"arn:aws:iam"`, "")), ""},
		{"beginning of a kind", document(statement("Allow", `"iam:GetUser"`, `"arn:aws:iam::*:us*"`, "")), ""},

		{"variable in an action", document(statement("Allow", `"iam:Get${x}"`, `"*"`, "")), `unknown-action 2 "iam:Get${x}" action=iam:Get${x} nearest=
variable-place 2 "iam:Get${x}" variable=${x}`},
		{"variable as the account", document(statement("Allow", `"iam:GetUser"`, `"arn:aws:iam::${aws:PrincipalAccount}:user/a"`, "")), `wrong-resource 2 "iam:GetUser" action=iam:GetUser on=user
variable-place 2 "arn:aws:iam::${aws:PrincipalAccount}:user/a" variable=${aws:PrincipalAccount}`},
		{"variable in a number", document(statement("Allow", list, `"*"`, `{"NumericLessThan":{"aws:MultiFactorAuthAge":"${aws:userid}"}}`)), `value-form 2 "${aws:userid}" operator=NumericLessThan value=${aws:userid}
variable-place 2 "${aws:userid}" variable=${aws:userid}`},
		{"variable without an end", document(statement("Allow", list, `"*"`, `{"StringEquals":{"aws:userid":"${aws:username"}}`)), `variable-form 2 "${aws:username" variable=${aws:username`},
		{"default in the wrong form", document(statement("Allow", list, `"*"`, `{"StringEquals":{"aws:userid":"${aws:username,'x'}"}}`)), `variable-form 2 "${aws:username,'x'}" variable=${aws:username,'x'}`},
		{"defaults", document(statement("Allow", list, `"*"`, `{"StringEquals":{"aws:userid":["${aws:username, 'a}'}${*}","${aws:PrincipalTag/x, ''}"]}}`)), ""},
		{"unknown variable", document(statement("Allow", list, `"*"`, `{"StringEquals":{"aws:userid":"${aws:user}"}}`)), `unknown-variable 2 "${aws:user}" nearest=${aws:userid} variable=${aws:user}`},
		{"variable of an absent key", document(statement("Allow", list, `"*"`, `{"StringEquals":{"aws:userid":"${aws:SourceIp}"}}`)), `absent-key 2 "${aws:SourceIp}" key=aws:SourceIp`},

		{"misspelt key of the fourth sample", document(allow(begin), allow(`{"StringEquals":{"iam:RegisterSecurityKey":"Activate","iam:FIPS-140-2-certification":"L2"}}`), allow(code)),
			`no-activate-step 2 "iam:EnableMFADevice"
unknown-key 3 "iam:FIPS-140-2-certification" key=iam:FIPS-140-2-certification nearest=iam:FIDO-FIPS-140-2-certification`},
		{"key without a service", document(statement("Allow", list, `"*"`, `{"StringEquals":{"username":"x"}}`)), `unknown-key 2 "username" key=username nearest=aws:username`},
		{"key of another service", document(statement("Allow", list, `"*"`, `{"StringEquals":{"s3:prefix":"x"}}`)), ""},
		{"absent key", document(statement("Allow", list, `"*"`, `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`)), `absent-key 2 "aws:SourceIp" key=aws:SourceIp`},
		{"tag", document(statement("Allow", list, `"*"`, `{"StringEquals":{"aws:PrincipalTag/Dept":"x"}}`)), `absent-key 2 "aws:PrincipalTag/Dept" key=aws:PrincipalTag/Dept`},
		{"type of a key", document(statement("Allow", list, `"*"`, `{"StringEquals":{"aws:MultiFactorAuthPresent":"true"}}`)), `operator-type 2 "StringEquals" key=aws:MultiFactorAuthPresent operator=StringEquals type=bool`},
		{"values that cannot be read", document(statement("Allow", list, `"*"`, `{"DateLessThan":{"aws:CurrentTime":"tomorrow"},"Bool":{"aws:MultiFactorAuthPresent":"yes"},"ArnLike":{"aws:PrincipalArn":"*"}}`)),
			`value-form 2 "tomorrow" operator=DateLessThan value=tomorrow
value-form 2 "yes" operator=Bool value=yes
value-form 2 "*" operator=ArnLike value=*`},
		{"wildcard under equals", document(statement("Allow", list, `"*"`, `{"StringEquals":{"aws:username":"a*"}}`)), `wildcard-literal 2 "a*" nearest=StringLike operator=StringEquals value=a*`},
		{"unknown step", document(statement("Deny", enable, `"*"`, `{"StringEquals":{"iam:RegisterSecurityKey":"activate"}}`)),
			`never-matches 2 "iam:RegisterSecurityKey" key=iam:RegisterSecurityKey
unknown-value 2 "activate" key=iam:RegisterSecurityKey nearest=Activate value=activate`},
		{"unknown level", document(allow(begin), allow(`{"StringEquals":{"iam:RegisterSecurityKey":"Activate","iam:FIDO-certification":["L2+","L3","L3plus"]}}`), allow(code)),
			`unknown-value 3 "L2+" key=iam:FIDO-certification nearest=L2 value=L2+`},
		{"pattern of levels", document(allow(begin), allow(`{"StringEquals":{"iam:RegisterSecurityKey":"Activate"},"StringLike":{"iam:FIDO-certification":["L2*","L4*"]}}`), allow(code)),
			`unknown-value 3 "L4*" key=iam:FIDO-certification nearest= value=L4*`},
		{"level is no minimum", document(allow(begin), allow(`{"StringEquals":{"iam:RegisterSecurityKey":"Activate","iam:FIDO-certification":"L1"}}`), allow(code)),
			`not-a-minimum 3 "iam:FIDO-certification" key=iam:FIDO-certification level=L1 missing=L1plus, L2, L2plus, L3, L3plus`},
		{"level in between is missing", document(allow(begin), allow(`{"StringEquals":{"iam:RegisterSecurityKey":"Activate","iam:FIDO-certification":["L2","L3","L3plus"]}}`), allow(code)),
			`not-a-minimum 3 "iam:FIDO-certification" key=iam:FIDO-certification level=L2 missing=L2plus`},
		{"at least", document(allow(begin), allow(`{"StringEquals":{"iam:RegisterSecurityKey":"Activate","iam:FIDO-FIPS-140-3-certification":["L2","L3","L4"]}}`), allow(code)), ""},

		{"no create step", document(allow(end), allow(code)), `no-create-step 2 "iam:EnableMFADevice"`},
		{"no activate step", document(allow(begin), allow(code)), `no-activate-step 2 "iam:EnableMFADevice"`},
		{"codes are shut out", document(allow(begin), allow(end)), `totp-shut-out 2 "iam:EnableMFADevice"`},
		{"codes alone", document(allow(code)), ""},
		{"other actions", document(statement("Allow", `"iam:*"`, `"*"`, "")), ""},
		{"create with a certificate", document(allow(`{"StringEquals":{"iam:RegisterSecurityKey":"Create"},"Null":{"iam:fido-certification":"false"}}`)), `never-matches 2 "iam:RegisterSecurityKey" key=iam:RegisterSecurityKey`},
		{"step of another action", document(statement("Allow", list, `"*"`, begin)), `never-matches 2 "iam:RegisterSecurityKey" key=iam:RegisterSecurityKey`},

		{"deny that hits codes", document(deny(`{"StringNotEquals":{"iam:FIDO-certification":["L1","L1plus","L2","L2plus","L3","L3plus"]}}`)),
			`deny-hits-others 2 "iam:FIDO-certification" create=yes key=iam:FIDO-certification totp=yes`},
		{"deny that hits the step before", document(deny(`{"StringNotLike":{"iam:FIDO-certification":"L*"},"Null":{"iam:RegisterSecurityKey":"false"}}`)),
			`deny-hits-others 2 "iam:FIDO-certification" create=yes key=iam:FIDO-certification totp=no`},
		{"deny of activation alone", document(deny(`{"StringEquals":{"iam:RegisterSecurityKey":"Activate"},"StringNotLike":{"iam:FIDO-certification":"L*"}}`)), ""},
		{"deny of what has a level", document(deny(`{"StringLike":{"iam:FIDO-certification":"L1*"}}`)), ""},

		{"if exists", document(statement("Allow", list, `"*"`, `{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}`)), `if-exists-on-allow 2 "BoolIfExists" key=aws:MultiFactorAuthPresent operator=BoolIfExists`},
		{"if exists, and it must", document(statement("Allow", list, `"*"`, `{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"},"Null":{"AWS:multifactorauthpresent":false}}`)), ""},
		{"if exists on deny", document(statement("Deny", list, `"*"`, `{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`)), ""},
		{"bool on deny", document(statement("Deny", list, `"*"`, `{"Bool":{"aws:MultiFactorAuthPresent":"false"}}`)), `bool-misses-absent 2 "Bool" key=aws:MultiFactorAuthPresent operator=Bool`},
		{"all values", document(statement("Allow", list, `"*"`, `{"ForAllValues:StringEquals":{"aws:username":"x"}}`)), `for-all-on-allow 2 "ForAllValues:StringEquals" key=aws:username operator=ForAllValues:StringEquals`},

		{"deny of all", document(statement("Deny", `"*"`, `"*"`, "")), `shuts-everyone-out 2 "Deny"`},
		{"deny of all by complement", document(`{"Effect":"Deny","NotAction":"s3:*","NotResource":"arn:aws:s3:::x"}`), `shuts-everyone-out 2 "Deny"`},
		{"deny of all by a key that nothing has", document(statement("Deny", `"*"`, `"*"`, `{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}`)), `shuts-everyone-out 2 "Deny"
absent-key 2 "aws:PrincipalOrgID" key=aws:PrincipalOrgID`},
		{"deny of all but some", document(`{"Effect":"Deny","NotAction":"iam:ListUsers","Resource":"*"}`), ""},
		{"deny of all to some", document(statement("Deny", `"*"`, `"*"`, `{"StringNotEquals":{"aws:username":"root"}}`)), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := write(c.document, lint.Check([]byte(c.document))); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestCheckIsBounded(t *testing.T) {
	action := strings.Repeat(`"iam:ListUserz",`, policy.MaxValues/2)
	long := document(statement("Allow", `[`+action+`"a:b"]`, `"*"`, ""))
	var many []string
	for range policy.MaxStatements {
		many = append(many, allow(`{"StringEquals":{"iam:FIDO-certification":"x"}}`))
	}
	for name, d := range map[string]string{"actions": long, "statements": document(many...)} {
		begin := time.Now()
		found := lint.Check([]byte(d))
		if len(found) != lint.MaxFindings {
			t.Errorf("%s: %d findings", name, len(found))
		}
		if took := time.Since(begin); took > time.Minute { // a moment, but on a busy machine
			t.Errorf("%s took %v", name, took)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(document(allow(begin), deny(`{"ForAllValues:StringNotLikeIfExists":{"iam:FIDO-certification":["${a, 'b'}","L*"]}}`))))
	f.Add([]byte(`{"Statement":{"Effect":"Deny","NotAction":"${","NotResource":"arn:${}:${*}"}}`))
	f.Fuzz(func(t *testing.T, d []byte) {
		_, err := policy.Parse(d)
		found := lint.Check(d)
		for _, x := range found {
			if x.Line < 1 || x.Column < 1 || (x.Level == lint.Error) != (err != nil) {
				t.Errorf("%+v", x)
			}
		}
		if err != nil && len(found) != 1 {
			t.Errorf("%v", found)
		}
	})
}

// Every operation of the product is an action that the catalogue knows as ours.
func TestCatalogue(t *testing.T) {
	w := lint.Catalogue()
	for _, name := range operations(t) {
		if !slices.Contains(w.Actions, name) || !w.Ours[name] {
			t.Errorf("%s is not in the catalogue", name)
		}
	}
	for name, list := range map[string][]string{"actions": w.Actions, "keys": w.Keys, "operators": w.Operators, "variables": w.Variables} {
		if len(list) < 10 || !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
			t.Errorf("%s: %q", name, list)
		}
	}
	for name := range w.Ours {
		if !slices.Contains(w.Actions, name) && !slices.Contains(w.Keys, name) {
			t.Errorf("ours, but no word: %s", name)
		}
	}
	if !slices.Contains(w.Values["iam:FIDO-certification"], "L2plus") || !slices.Contains(w.Variables, "${aws:username}") {
		t.Errorf("%+v", w.Values)
	}
}

// operations reads the operations out of the domain's source.
func operations(t *testing.T) []string {
	t.Helper()
	path := filepath.Join("..", "..", "mfa", "access.go")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, is := n.(*ast.ValueSpec); is {
			if name, is := v.Type.(*ast.Ident); is && name.Name == "Operation" {
				out = append(out, strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`))
			}
		}
		return true
	})
	if len(out) < 30 {
		t.Fatalf("%d operations", len(out))
	}
	return out
}
