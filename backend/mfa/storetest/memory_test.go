package storetest_test

import (
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(t *testing.T) mfa.Store {
		s := storetest.NewMemory()
		t.Cleanup(func() { s.Close() })
		return s
	})
}

func TestMemoryQuota(t *testing.T) {
	storetest.RunQuota(t, func(_ *testing.T, maxVirtual int) mfa.Store { return storetest.NewSmall(maxVirtual) })
}
