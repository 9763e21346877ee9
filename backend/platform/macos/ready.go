package macos

import (
	"context"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Oldest is the version of macOS from which on AuthenticationServices has all that is
// used here: cancelling a sheet came last.
const Oldest = 13

// New gives the system's WebAuthn client. window says which NSWindow the sheet stands
// before; nil or 0 means the one in front. It fails with platform-missing (params system,
// why) or platform-too-old (params have, need).
func New(window func() uintptr) (authenticator.Native, error) {
	s, err := available()
	if err != nil {
		return nil, err
	}
	return newClient(s, window), nil
}

// Available is nil where New gives a client, and fails as New does: for readiness. Param
// why is not-built, not-associated or no-window.
func Available(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := available()
	return err
}

func available() (services, error) {
	s, err := load()
	if err != nil {
		return nil, err
	}
	have, err := Version()
	if err != nil {
		return nil, err
	}
	if err := newEnough(have); err != nil {
		return nil, err
	}
	if !s.signed().any() {
		return nil, missing(whyNotAssociated)
	}
	return s, nil
}

func newEnough(have int) error {
	if have < Oldest {
		return mfa.Fail(mfa.CodePlatformTooOld, "have", strconv.Itoa(have), "need", strconv.Itoa(Oldest))
	}
	return nil
}

// Version is the first number of macOS's version, such as 15. It fails with
// platform-missing on other systems.
func Version() (int, error) {
	text, err := productVersion()
	if err != nil {
		return 0, err
	}
	return majorOf(text)
}

// majorOf reads the first number of a version such as 15.1.1. The system that calls itself
// 10.16 to old programs is 11.
func majorOf(text string) (int, error) {
	first, rest, _ := strings.Cut(text, ".")
	n, err := strconv.ParseUint(first, 10, 16)
	if err != nil {
		return 0, mfa.Fail(mfa.CodePlatformFailed, "code", "version").Because(err)
	}
	if second, _, _ := strings.Cut(rest, "."); n == 10 && second == "16" {
		return 11, nil
	}
	return int(n), nil
}
