package rp

import (
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
)

// errorf is a cause: one sentence for "Details" and the log. It never quotes
// bytes that came from outside at length, nor a challenge.
func errorf(format string, args ...any) error { return fmt.Errorf("rp: "+format, args...) }

// malformed says which part of a response cannot be read, and why.
func malformed(part, format string, args ...any) error {
	return mfa.Fail(mfa.CodeResponseMalformed, "part", part).Because(errorf(part+": "+format, args...))
}

// refuse gives code with its cause.
func refuse(code mfa.Code, format string, args ...any) error {
	return mfa.Fail(code).Because(errorf(format, args...))
}

// unusable is key-unusable; why is a short word for the interface.
func unusable(why, format string, args ...any) error {
	return mfa.Fail(mfa.CodeKeyUnusable, "why", why).Because(errorf("credential key: "+format, args...))
}
