//go:build !linux && !darwin && !windows

package pcsc

import (
	"runtime"

	"github.com/keyferry/keyferry/backend/mfa"
)

func load() (service, error) { return nil, mfa.Fail(mfa.CodeKeyUnsupported, "system", runtime.GOOS) }
