package tpm

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestNodes(t *testing.T) {
	if _, err := os.Stat("/dev/null"); err != nil {
		t.Skip("no device nodes here")
	}
	_, err := openNode(filepath.Join(t.TempDir(), "none"))
	wantCode(t, err, mfa.CodeTPMMissing)
	_, err = openNode(t.TempDir())
	wantCode(t, err, mfa.CodeTPMMissing)
	denied := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(denied, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(denied, "x")); !errors.Is(err, fs.ErrPermission) {
		t.Skip("this user may read everything")
	}
	_, err = openNode(filepath.Join(denied, "x"))
	if f := wantCode(t, err, mfa.CodeTPMDenied); f.Params["node"] == "" {
		t.Errorf("params %v", f.Params)
	}
}
