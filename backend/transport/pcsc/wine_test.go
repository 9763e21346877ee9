//go:build linux

package pcsc

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheWindowsBinding runs TestWinscard under wine, over a library in C.
func TestTheWindowsBinding(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a library in C and a program, and starts wine")
	}
	wine, err := exec.LookPath("wine64")
	if err != nil {
		wine = "/usr/lib/wine/wine64"
	}
	_, noCompiler := exec.LookPath("x86_64-w64-mingw32-gcc")
	if _, err := os.Stat(wine); err != nil || noCompiler != nil {
		t.Skip("needs wine64 and gcc-mingw-w64-x86-64 (build/setup.sh wine): the Windows binding is only compiled")
	}
	folder := t.TempDir()
	program, library := filepath.Join(folder, "pcsc.test.exe"), filepath.Join(folder, "wine/drive_c/windows/system32/winscard.dll")
	run := func(env []string, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
		return string(out)
	}
	run(nil, "../../../build/wine/prefix.sh", folder)
	if err := os.Remove(library); err != nil && !os.IsNotExist(err) { // a link to wine's own
		t.Fatal(err)
	}
	run(nil, "x86_64-w64-mingw32-gcc", "-shared", "-O1", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", library, "testdata/winscard.c")
	run(append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS="), "go", "test", "-c", "-o", program, ".")

	home := filepath.Join(folder, "home")
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_RUNTIME_DIR=" + home, "TMPDIR=" + home, "LC_ALL=C.UTF-8",
		"WINEPREFIX=" + filepath.Join(folder, "wine"), "WINEARCH=win64", "WINEDEBUG=-all",
		"WINEDLLOVERRIDES=mscoree,mshtml,winemenubuilder.exe=d;winscard=n", "KEYFERRY_FAKE=winscard"}
	t.Cleanup(func() { // the prefix's server would write to the folder when it goes
		for _, server := range []string{"wineserver64", "wineserver", "/usr/lib/wine/wineserver64", "/usr/lib/wine/wineserver"} {
			stop := exec.Command(server, "--kill", "--wait")
			stop.Env = env
			if stop.Run() == nil {
				return
			}
		}
	})
	if out := run(env, wine, program, "-test.v", "-test.run", "^TestWinscard$", "-test.timeout", "5m"); !strings.Contains(out, "--- PASS: TestWinscard") {
		t.Error(out)
	}
}
