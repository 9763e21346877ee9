package sqlite

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// modernc.org/sqlite is translated against one version of modernc.org/libc and is
// only sound with that one. Its go.mod names it; ours must say the same.
func TestLibcIsTheOneSQLiteWasMadeWith(t *testing.T) {
	var ours struct{ GoMod, Version string }
	list(t, &ours, "go", "list", "-m", "-json", "modernc.org/sqlite")
	var theirs struct {
		Require []struct{ Path, Version string }
	}
	list(t, &theirs, "go", "mod", "edit", "-json", ours.GoMod)
	var libc struct{ Version string }
	list(t, &libc, "go", "list", "-m", "-json", "modernc.org/libc")
	for _, r := range theirs.Require {
		if r.Path == "modernc.org/libc" {
			if r.Version != libc.Version {
				t.Errorf("go.mod has libc %s, sqlite %s wants %s", libc.Version, ours.Version, r.Version)
			}
			return
		}
	}
	t.Error("modernc.org/sqlite names no libc")
}

func list(t *testing.T, into any, command ...string) {
	t.Helper()
	out, err := exec.Command(command[0], command[1:]...).Output()
	if err != nil {
		t.Skip(strings.Join(command, " "), ": ", err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatal(err)
	}
}
