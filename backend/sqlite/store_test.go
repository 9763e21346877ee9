package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) mfa.Store {
		return reopen(t, filepath.Join(t.TempDir(), "keyferry.db"))
	})
}

func TestQuota(t *testing.T) {
	storetest.RunQuota(t, func(t *testing.T, maxVirtual int) mfa.Store {
		small := func(c *config) { c.maxVirtual = maxVirtual }
		return reopen(t, filepath.Join(t.TempDir(), "keyferry.db"), small)
	})
}

// reopen opens the database and closes it when the test ends.
func reopen(t testing.TB, path string, opts ...Option) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, opts...)
	if err != nil {
		t.Fatal(describe(err))
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// describe shows the cause, which Error leaves out.
func describe(err error) string {
	if f := mfa.AsFailure(err); f != nil {
		return f.Error() + ": " + f.Explain()
	}
	return "no error"
}
