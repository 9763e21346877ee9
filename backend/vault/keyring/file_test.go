package keyring

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func code(err error) mfa.Code {
	if err == nil {
		return ""
	}
	return mfa.AsFailure(err).Code
}

func TestFileKeepsKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sandbox.keys")
	f, ctx := File(path), t.Context()
	key := func() *mfa.Secret { return mfa.NewSecret([]byte{0, 1, 2, 0xff}) }
	if _, err := f.Get(ctx, "a"); code(err) != mfa.CodeNotFound {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "a"} {
		if err := f.Set(ctx, name, key()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := File(path).Get(ctx, "a")
	if err != nil || !got.Equal(key()) {
		t.Fatalf("%v", err)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if err := f.Delete(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	if err := f.Delete(ctx, "a"); code(err) != mfa.CodeNotFound {
		t.Fatal(err)
	}
	if _, err := f.Get(ctx, "b"); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("%d files", len(left))
	}
	if err := f.Set(ctx, "c", nil); code(err) != mfa.CodeInvalidInput {
		t.Error(err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := f.Set(gone, "c", key()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestADamagedFileStaysAsItIs(t *testing.T) {
	for name, content := range map[string]string{"nothing": "", "null": "null", "cut": `{"a":"AAEC`, "other": `{"a":1}`,
		"no base64": `{"a":"!"}`, "endless": string(make([]byte, maxFile+1))} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			f := File(path)
			_, err := f.Get(t.Context(), "a")
			if code(err) != mfa.CodeVaultDamaged {
				t.Errorf("Get: %v", err)
			}
			if err := f.Set(t.Context(), "a", mfa.NewSecret([]byte("key"))); code(err) != mfa.CodeVaultDamaged {
				t.Errorf("Set: %v", err)
			}
			if now, _ := os.ReadFile(path); string(now) != content {
				t.Error("the file was changed")
			}
		})
	}
	if _, err := File(t.TempDir()).Get(t.Context(), "a"); code(err) != mfa.CodeVaultStoreLocked {
		t.Errorf("a folder: %v", err)
	}
	if err := File(filepath.Join(t.TempDir(), "no", "keys")).Set(t.Context(), "a", mfa.NewSecret([]byte("k"))); code(err) != mfa.CodeVaultStoreLocked {
		t.Errorf("no folder: %v", err)
	}
}
