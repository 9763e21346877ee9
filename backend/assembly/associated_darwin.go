//go:build associated

package assembly

import (
	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/platform/macos"
)

// passkeys is the client of macOS that keeps passkeys of this computer: in a build whose
// signature a domain vouches for. The sheet stands before the window in front.
func passkeys() authenticator.Native {
	return late(func() (authenticator.Native, error) { return macos.New(nil) })
}
