package vectors_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/vectors"
)

// sharedFile reads a file of the neighbour folder ../shared/vectors, or skips.
func sharedFile(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	data, err := os.ReadFile(filepath.Join(dir, "..", "shared", "vectors", name))
	if err != nil {
		t.Skip("shared/vectors not present")
	}
	return data
}

func TestSharedFiles(t *testing.T) {
	for _, c := range []struct {
		file       string
		notCovered int // as many as are allowed
	}{
		{"hybrid.json", 3}, // traffic_old, l2cap_split
		{"webauthn.json", 0},
		{"webauthn_real.json", 0},
		{"webauthn_negative.json", 0},
		{"ctap2.json", 17},
		{"malformed.json", 7},
		{"aaguids.json", 0},
		{"totp.json", 0},
		{"iam_policy.json", 28},
	} {
		t.Run(c.file, func(t *testing.T) {
			var s vectors.Summary
			err := vectors.Run(t.Context(), c.file, sharedFile(t, c.file), func(r vectors.Result) {
				s.Add(r)
				if r.Covered && !r.Match {
					t.Errorf("%s (%s): %s %s, expected %s: %s", r.ID, r.Kind, r.Decision, r.Code, r.Expect, r.Detail)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if s.Items == 0 || s.NotCovered > c.notCovered {
				t.Errorf("%+v, want at most %d not covered", s, c.notCovered)
			}
		})
	}
}
