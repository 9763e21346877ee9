package mfa_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

var (
	categories = []mfa.Category{mfa.CategoryCancelled, mfa.CategoryInput, mfa.CategoryConflict, mfa.CategoryDenied, mfa.CategoryEnvironment,
		mfa.CategoryDevice, mfa.CategorySecurity, mfa.CategoryStorage, mfa.CategoryInternal}
	actions = []mfa.Action{mfa.ActionNone, mfa.ActionRetry, mfa.ActionNewCode, mfa.ActionAnotherWay, mfa.ActionChange, mfa.ActionTurnOnRadio,
		mfa.ActionAllowRadio, mfa.ActionCheckNetwork, mfa.ActionUpdatePhone, mfa.ActionForgetLink, mfa.ActionSignIn, mfa.ActionReload,
		mfa.ActionRemoveDevice, mfa.ActionUpdateApp, mfa.ActionRestoreBackup, mfa.ActionFreeDisk, mfa.ActionCloseOther, mfa.ActionWait,
		mfa.ActionReport, mfa.ActionChoosePicture, mfa.ActionContactOrigin, mfa.ActionUseOtherDevice,
		mfa.ActionAddDevice, mfa.ActionUnlock, mfa.ActionChooseFile,
		mfa.ActionInsertKey, mfa.ActionReplugKey, mfa.ActionInstallRule, mfa.ActionSetPIN, mfa.ActionResetKey}
)

func TestEveryCodeIsComplete(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`)
	for _, code := range mfa.Codes() {
		f := mfa.Fail(code)
		if !slices.Contains(categories, f.Category()) || !slices.Contains(actions, f.Next()) {
			t.Errorf("%s: category %q, action %q", code, f.Category(), f.Next())
		}
		if f.Error() != string(code) || !kebab.MatchString(f.Error()) {
			t.Errorf("%s: Error is %q", code, f.Error())
		}
	}
}

// The constants are read from the source: one that is not in the table would
// panic only when something goes wrong.
func TestEveryConstantIsInTheRegistry(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := map[mfa.Code]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
			value, _ := strconv.Unquote(literal.Value)
			if other := found[mfa.Code(value)]; other != "" {
				t.Errorf("%s and %s are both %q", other, spec.Names[0].Name, value)
			}
			found[mfa.Code(value)] = spec.Names[0].Name
		}
		return true
	})
	codes := mfa.Codes()
	for code, name := range found {
		if !slices.Contains(codes, code) {
			t.Errorf("%s is not in the registry", name)
		}
	}
	if len(codes) != len(found) || len(found) < 50 {
		t.Errorf("%d codes, %d constants", len(codes), len(found))
	}
}

func TestUnknownCodePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	mfa.Fail("no-such-code")
}

func TestFailureKeepsItsCause(t *testing.T) {
	cause := errors.New("cause")
	plain := mfa.Fail(mfa.CodeDiskFull, "free", "0", "odd one out")
	f := plain.Because(cause)
	switch {
	case f.Error() != "disk-full", f.Explain() != "cause", plain.Explain() != "":
		t.Error("Error, Explain or the copy is wrong")
	case !errors.Is(f, cause), !errors.Is(f, mfa.Fail(mfa.CodeDiskFull)), errors.Is(f, mfa.Fail(mfa.CodeInternal)):
		t.Error("errors.Is is wrong")
	case len(f.Params) != 1 || f.Params["free"] != "0":
		t.Errorf("params %v", f.Params)
	}
	f.Params["free"] = "1"
	if plain.Params["free"] != "0" {
		t.Error("Because shares its params")
	}
	wrapped := fmt.Errorf("while saving: %w", f)
	if !mfa.IsCode(wrapped, mfa.CodeDiskFull) || mfa.IsCode(wrapped, mfa.CodeInternal) || mfa.IsCode(nil, mfa.CodeDiskFull) {
		t.Error("IsCode is wrong")
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Error("failed", "failure", f)
	for _, want := range []string{"failure.code=disk-full", "failure.category=storage", "failure.cause=cause"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %s", want)
		}
	}
}

func TestAsFailure(t *testing.T) {
	cause := errors.New("cause")
	rows := []struct {
		name string
		err  error
		code mfa.Code
	}{
		{"failure", mfa.Fail(mfa.CodeDeclined), mfa.CodeDeclined},
		{"wrapped failure", fmt.Errorf("x: %w", mfa.Fail(mfa.CodeDeclined)), mfa.CodeDeclined},
		{"failure because of a cancel", mfa.Fail(mfa.CodeTunnelLost).Because(context.Canceled), mfa.CodeTunnelLost},
		{"cancelled", fmt.Errorf("x: %w", context.Canceled), mfa.CodeCancelled},
		{"too late", fmt.Errorf("x: %w", context.DeadlineExceeded), mfa.CodeTimedOut},
		{"anything", cause, mfa.CodeInternal},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := mfa.AsFailure(row.err)
			if f.Code != row.code {
				t.Errorf("got %s", f.Code)
			}
			if row.err == cause && !errors.Is(f, cause) {
				t.Error("the cause is lost")
			}
		})
	}
	if mfa.AsFailure(nil) != nil {
		t.Error("no error should give no failure")
	}
}

func TestCancelIsNotShoutedAbout(t *testing.T) {
	for _, code := range mfa.Codes() {
		if is := mfa.Fail(code).Category() == mfa.CategoryCancelled; is != (code == mfa.CodeCancelled) {
			t.Errorf("%s", code)
		}
	}
}
