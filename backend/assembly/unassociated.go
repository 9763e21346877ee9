//go:build !darwin || !associated

package assembly

import "github.com/keyferry/keyferry/backend/authenticator"

// passkeys is nil: see associated_darwin.go.
func passkeys() authenticator.Native { return nil }
