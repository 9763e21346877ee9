package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/hello"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy/lint"
)

// constants reads the texts of a file's constants whose names begin with prefix.
func constants(t *testing.T, file, prefix string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(file), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is {
			return true
		}
		for i, name := range spec.Names {
			if literal, is := valueAt(spec, i).(*ast.BasicLit); is && strings.HasPrefix(name.Name, prefix) {
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				texts = append(texts, text)
			}
		}
		return true
	})
	if len(texts) < 5 {
		t.Fatalf("only %d constants in %s", len(texts), file)
	}
	return texts
}

func valueAt(spec *ast.ValueSpec, i int) ast.Expr {
	if i < len(spec.Values) {
		return spec.Values[i]
	}
	return nil
}

func TestEveryFindingHasWords(t *testing.T) {
	for _, code := range constants(t, "../../../policy/lint/finding.go", "Code") {
		if text := words.Finding(code, nil); text == "" && code != lint.CodeMalformed {
			t.Errorf("finding %s has no words", code)
		} else if len(text) > 220 {
			t.Errorf("finding %s: %d characters is more than one reads", code, len(text))
		}
	}
	for _, what := range constants(t, "../../../policy/malformed.go", "Wrong") {
		if words.Finding(lint.CodeMalformed, map[string]string{"what": what}) == "" {
			t.Errorf("policy-malformed, what %s, has no words", what)
		}
	}
}

// What findings say must be filled in by what they carry.
func TestFindingsAreFilledIn(t *testing.T) {
	for _, document := range []string{
		`{"Statement":[{"Effect":"Allow","Action":["iam:EnableMFADevise","Nothing","iam:List Users"],"Resource":["arn:aws:iam::*:user/${aws:username}","x"]}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"iam:FIPS-140-2-certification":"L2","iam:FIDO-certification":"L1"}}}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*","Condition":{"StringEquals":{"iam:RegisterSecurityKey":"Activate","iam:FIDO-certification":"L*"},"BoolIfExists":{"aws:MultiFactorAuthPresent":"yes"},"NumericLessThan":{"aws:SourceIp":"many"}}}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"allow"}]}`, `{"Version":"2012-10-17","Statements":[]}`, `{"Statement":7}`, `[`, `{"Statement":[],"Statement":[]}`,
	} {
		for _, f := range lint.Check([]byte(document)) {
			if text := words.Finding(f.Code, f.Params); text == "" || strings.ContainsAny(strings.ReplaceAll(text, "${", ""), "{") {
				t.Errorf("%s %v: %q", f.Code, f.Params, text)
			}
		}
	}
}

func TestEveryVerdictHasWords(t *testing.T) {
	for _, u := range constants(t, "../../../mfa/trust.go", "Unproven") {
		if words.Unproven(mfa.Unproven(u)) == "" {
			t.Errorf("unproven %s has no words", u)
		}
	}
	if n := len(constants(t, "../../../hello/evidence.go", "")); n == 0 {
		t.Error("no constants")
	}
	for _, e := range []hello.Evidence{{AAGUID: mfa.AAGUID{0x08, 0x98, 0x70, 0x58, 0xca, 0xdc, 0x4b, 0x81, 0xb6, 0xe1, 0x30, 0xde, 0x50, 0xdc, 0xbe, 0x96}},
		{Formats: []string{"tpm"}}, {Path: hello.PathHybrid}, {Path: hello.PathUSB}, {Path: hello.PathNFC}, {Path: hello.PathFile}, {Path: hello.PathPlatform},
		{Path: hello.PathPlatform, System: "linux"}, {Path: hello.PathPlatform, System: "windows", Transports: []string{"internal"}},
		{Path: hello.PathPlatform, System: "windows", Transports: []string{"usb"}}, {Path: hello.PathFile, Proven: true}} {
		if h := hello.Judge(e); words.Hello(h) == "not judged" {
			t.Errorf("%+v has no words", h)
		}
	}
}
