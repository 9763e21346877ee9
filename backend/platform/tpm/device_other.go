//go:build !linux

package tpm

import (
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/keyferry/keyferry/backend/mfa"
)

// SystemDevice is tpm-missing: where the system brings a platform authenticator of
// its own, that one is used.
func SystemDevice() (transport.TPMCloser, error) { return nil, mfa.Fail(mfa.CodeTPMMissing) }
