package macos

import (
	"golang.org/x/sys/unix"

	"github.com/keyferry/keyferry/backend/mfa"
)

func productVersion() (string, error) {
	text, err := unix.Sysctl("kern.osproductversion")
	if err != nil {
		return "", mfa.Fail(mfa.CodePlatformFailed, "code", "version").Because(err)
	}
	return text, nil
}
