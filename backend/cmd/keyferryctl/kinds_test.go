package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// TestEveryKindCanBeAskedFor reads the kinds where they are declared.
func TestEveryKindCanBeAskedFor(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../mfa/event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "EventKind" {
			return true
		}
		for _, v := range spec.Values {
			text, err := strconv.Unquote(v.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found++
			if !slices.Contains(kinds, mfa.EventKind(text)) {
				t.Errorf("%s is not among the kinds", text)
			}
		}
		return true
	})
	if found != len(kinds) {
		t.Errorf("%d kinds are declared, %d can be asked for", found, len(kinds))
	}
}
