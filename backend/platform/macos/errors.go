package macos

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// nsError is what is kept of an NSError. Its words are in the person's language and for
// nobody to read here.
type nsError struct {
	domain string
	code   int
}

func (e *nsError) Error() string { return fmt.Sprintf("%s %d", e.domain, e.code) }

const (
	domainAuthorization = "com.apple.AuthenticationServices.AuthorizationError"
	domainWebKit        = "WKErrorDomain"
)

// ASAuthorizationError, and the one error of WebKit that shines through in its place
// before macOS 15.
const (
	errorUnknown         = 1000
	errorCanceled        = 1001
	errorInvalidResponse = 1002
	errorNotHandled      = 1003
	errorFailed          = 1004 // among others: nobody vouches for the program
	errorNotInteractive  = 1005
	errorExcluded        = 1006
	errorNotSetUp        = 1010 // no passkeys can be made: no iCloud Keychain, no password manager

	webKitExcluded = 8
)

// failure gives what an error means for the person.
func failure(err error) error {
	var known *mfa.Failure
	var e *nsError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case !errors.As(err, &e):
		return mfa.Fail(mfa.CodePlatformFailed, "code", "internal").Because(err)
	}
	switch {
	case e.domain == domainAuthorization && e.code == errorCanceled:
		return mfa.Fail(mfa.CodeCancelled).Because(err)
	case e.domain == domainAuthorization && e.code == errorExcluded, e.domain == domainWebKit && e.code == webKitExcluded:
		return mfa.Fail(mfa.CodeAlreadyRegistered).Because(err)
	case e.domain == domainAuthorization && e.code == errorNotSetUp:
		return missing(whyNotSetUp).Because(err)
	}
	code := strconv.Itoa(e.code)
	if e.domain != domainAuthorization {
		code = "other " + code
	}
	return mfa.Fail(mfa.CodePlatformFailed, "code", code).Because(err)
}

// Why there is no platform: param why of platform-missing.
const (
	whyNotBuilt      = "not-built"      // compiled without the tag associated, or for another system
	whyNotAssociated = "not-associated" // signed for other domains, for none, or not at all
	whyNoWindow      = "no-window"      // a program without AppKit's loop has nothing to show a sheet on
	whyNotSetUp      = "not-set-up"     // the person has no place for passkeys
)

func missing(why string) *mfa.Failure {
	return mfa.Fail(mfa.CodePlatformMissing, "system", "macOS", "why", why)
}
