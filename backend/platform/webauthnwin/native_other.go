//go:build !windows

package webauthnwin

import (
	"runtime"

	"github.com/keyferry/keyferry/backend/mfa"
)

func load() (native, error) {
	return nil, mfa.Fail(mfa.CodePlatformMissing, "system", runtime.GOOS)
}

// Window is 0: there is nothing to stand before.
func Window() uintptr { return 0 }
