package mfa

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
)

// Code names one thing that can go wrong. The codes, their categories and the
// next action of each stand in registry.go; the words stand in the UI.
type Code string

// Category groups codes by what they mean for the person.
type Category string

const (
	CategoryCancelled   Category = "cancelled"   // the person stopped it; nothing to shout about
	CategoryInput       Category = "input"       // something typed or given must be changed
	CategoryConflict    Category = "conflict"    // it clashes with what exists already
	CategoryDenied      Category = "denied"      // not allowed, or not proven
	CategoryEnvironment Category = "environment" // this machine or its network is not ready
	CategoryDevice      Category = "device"      // the phone or key said no, or went away
	CategorySecurity    Category = "security"    // a check failed that an attacker would fail
	CategoryStorage     Category = "storage"     // the data on disk cannot be read or written
	CategoryInternal    Category = "internal"    // a fault of this program
)

// Action is the one thing to offer next. The UI turns it into a button.
type Action string

const (
	ActionNone           Action = "none"
	ActionRetry          Action = "retry"
	ActionNewCode        Action = "new-code"
	ActionAnotherWay     Action = "another-way"
	ActionChange         Action = "change-input"
	ActionTurnOnRadio    Action = "turn-on-bluetooth"
	ActionAllowRadio     Action = "allow-bluetooth"
	ActionCheckNetwork   Action = "check-network"
	ActionUpdatePhone    Action = "update-phone"
	ActionForgetLink     Action = "forget-phone"
	ActionSignIn         Action = "sign-in"
	ActionReload         Action = "reload"
	ActionRemoveDevice   Action = "remove-device"
	ActionUpdateApp      Action = "update-app"
	ActionRestoreBackup  Action = "restore-backup"
	ActionFreeDisk       Action = "free-disk"
	ActionCloseOther     Action = "close-other"
	ActionWait           Action = "wait"
	ActionReport         Action = "report"
	ActionChoosePicture  Action = "choose-picture"
	ActionContactOrigin  Action = "contact-administrator"
	ActionUseOtherDevice Action = "use-other-device"
	ActionAddDevice      Action = "add-device"
	ActionUnlock         Action = "unlock"
	ActionChooseFile     Action = "choose-file"
	ActionInsertKey      Action = "insert-key"
	ActionReplugKey      Action = "replug-key"
	ActionInstallRule    Action = "install-rule"
	ActionSetPIN         Action = "set-pin"
	ActionResetKey       Action = "reset-key"
)

// Failure is the only error that crosses the boundary to a person. Error gives
// the code, never prose and never a secret; Params carry short public facts
// (a device name, a limit) for the words in the UI.
type Failure struct {
	Code   Code
	Params map[string]string
	cause  error
}

// Fail makes a Failure. Params are key, value, key, value. An unknown code is a
// programming fault and panics, so that the registry stays complete.
func Fail(code Code, params ...string) *Failure {
	if _, known := registry[code]; !known {
		panic(fmt.Sprintf("mfa: failure code %q is not in the registry", code))
	}
	f := &Failure{Code: code}
	for i := 0; i+1 < len(params); i += 2 {
		if f.Params == nil {
			f.Params = make(map[string]string, len(params)/2)
		}
		f.Params[params[i]] = params[i+1]
	}
	return f
}

// Because returns a copy that keeps err as its cause, for logs and errors.Is.
// The cause must not hold a secret.
func (f *Failure) Because(err error) *Failure {
	c := *f
	c.Params = maps.Clone(f.Params)
	c.cause = err
	return &c
}

// Error is the code and nothing else.
func (f *Failure) Error() string { return string(f.Code) }

// Unwrap gives the cause, if one was kept.
func (f *Failure) Unwrap() error { return f.cause }

// Is matches another Failure by its code, so errors.Is(err, mfa.Fail(code)) works.
func (f *Failure) Is(target error) bool {
	other, ok := target.(*Failure)
	return ok && other.Code == f.Code
}

// Category says what the failure means for the person.
func (f *Failure) Category() Category { return registry[f.Code].Category }

// Next is the one action to offer.
func (f *Failure) Next() Action { return registry[f.Code].Next }

// Explain is the cause's chain for "Details" and logs. It can be empty.
func (f *Failure) Explain() string {
	if f.cause == nil {
		return ""
	}
	return f.cause.Error()
}

// LogValue logs code, category and cause.
func (f *Failure) LogValue() slog.Value {
	return slog.GroupValue(slog.String("code", string(f.Code)),
		slog.String("category", string(f.Category())), slog.String("cause", f.Explain()))
}

// AsFailure converts any error once, at the boundary. A cancelled context is
// CodeCancelled, a passed deadline CodeTimedOut, anything unknown CodeInternal.
// A nil error gives nil.
func AsFailure(err error) *Failure {
	var f *Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.Canceled):
		return Fail(CodeCancelled).Because(err)
	case errors.Is(err, context.DeadlineExceeded):
		return Fail(CodeTimedOut).Because(err)
	default:
		return Fail(CodeInternal).Because(err)
	}
}

// IsCode reports whether err is, or wraps, a Failure with this code.
func IsCode(err error, code Code) bool {
	var f *Failure
	return errors.As(err, &f) && f.Code == code
}
