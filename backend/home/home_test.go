package home

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// childFolder makes the test binary a second process that holds a home.
const childFolder = "KEYFERRY_TEST_HOME"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		if _, err := Open(dir); err != nil {
			os.Stdout.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Stdout.WriteString("held\n")
		select {}
	}
	os.Exit(m.Run())
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func open(t *testing.T, dir string) *Home {
	t.Helper()
	h, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func TestFolderIsMadeAndPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	h := open(t, dir)
	if h.Dir() != dir {
		t.Errorf("folder %s", h.Dir())
	}
	seen := map[string]bool{}
	for _, path := range []string{h.Database(), h.SandboxDatabase(), h.Phone(), h.Window()} {
		if filepath.Dir(path) != dir || seen[path] {
			t.Errorf("path %s", path)
		}
		seen[path] = true
	}
	if runtime.GOOS == "windows" {
		return
	}
	if m := mode(t, dir); m != 0o700 {
		t.Errorf("folder has mode %o", m)
	}
	if m := mode(t, filepath.Join(dir, lockName)); m != 0o600 {
		t.Errorf("lock has mode %o", m)
	}
}

func TestOpenFolderIsClosedToOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are not how Windows keeps others out")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if m := mode(t, dir); m != 0o700 {
		t.Errorf("folder has mode %o", m)
	}
}

func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	if _, err := Open(dir); !mfa.IsCode(err, mfa.CodeAlreadyRunning) {
		t.Errorf("second home: %v", err)
	}
	open(t, t.TempDir()) // another folder is free
	for range 2 {
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir)
}

func TestKilledProcessGivesTheLockBack(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFolder+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if line != "held\n" {
		child.Process.Kill()
		t.Fatalf("child said %q", line)
	}
	_, held := Open(dir)
	child.Process.Kill()
	child.Wait()
	if !mfa.IsCode(held, mfa.CodeAlreadyRunning) {
		t.Errorf("while the child lived: %v", held)
	}
	open(t, dir)
}

func TestFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if _, err := Open(dir); !mfa.IsCode(err, mfa.CodeStorageDenied) {
			t.Errorf("%s: %v", filepath.Base(dir), err)
		}
	}
}

func TestDefaultDir(t *testing.T) {
	t.Setenv("HOME", "/somebody")
	t.Setenv("XDG_CONFIG_HOME", "/somebody/settings")
	t.Setenv("AppData", `C:\somebody`)
	if dir, err := DefaultDir(); err != nil || filepath.Base(dir) != "keyferry" || !filepath.IsAbs(dir) {
		t.Errorf("%q, %v", dir, err)
	}
}
