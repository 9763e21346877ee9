package authenticator

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// minAnswer is what is left for the person to confirm, however long it took to
// open the authenticator (Chromium's phone side waits as long).
const minAnswer = time.Minute

var errTime = errors.New("authenticator: the ceremony's time is over")

// session is one opened authenticator within one ceremony.
type session struct {
	Authenticator
	info   ctap2.Info
	report mfa.Report
}

// hybrid reports that the authenticator is a phone reached over a tunnel.
func (s session) hybrid() bool { return slices.Contains(s.Transports(), "hybrid") }

// confirm tells that the request goes out now.
func (s session) confirm() { s.report.To(mfa.Progress{Stage: mfa.StageConfirm}) }

// ceremony opens an authenticator, lets use work with it, and closes it. The time
// bounds all of it, but use gets at least minAnswer. One context lives through
// both parts, because a transport may tie its connection to the one it was opened
// with. Every error is an mfa.Failure: cancelled when ctx was, timed-out when no
// authenticator was open in time, authenticator-timeout when it did not answer.
func ceremony[T any](ctx context.Context, p Purpose, limit time.Duration, open Opener, report mfa.Report,
	use func(context.Context, session) (T, error)) (result T, err error) {
	var none T
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	start := time.Now()
	late := mfa.CodeTimedOut
	timer := time.AfterFunc(limit, func() { cancel(errTime) })
	defer timer.Stop()
	failed := func(err error) (T, error) {
		switch {
		case ctx.Err() != nil:
			return none, mfa.AsFailure(ctx.Err())
		case errors.Is(context.Cause(inner), errTime):
			return none, mfa.Fail(late).Because(errTime)
		}
		return none, mfa.AsFailure(err)
	}

	a, err := open(inner, p)
	if err != nil {
		return failed(err)
	}
	defer a.Close()
	if inner.Err() != nil {
		return failed(inner.Err())
	}
	timer.Reset(max(limit-time.Since(start), minAnswer))
	late = mfa.CodeAuthenticatorTimeout
	s := session{Authenticator: a, report: report}
	if s.info, err = infoOf(inner, a); err != nil {
		return failed(err)
	}
	if result, err = use(inner, s); err != nil {
		return failed(err)
	}
	return result, nil
}

// infoOf reads what the authenticator told while it was opened, or asks it.
func infoOf(ctx context.Context, a Authenticator) (ctap2.Info, error) {
	raw := a.GetInfo()
	if raw == nil {
		return ctap2.GetInfo(ctx, a)
	}
	info, err := ctap2.ParseInfo(raw)
	if err != nil {
		return info, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(err)
	}
	return info, nil
}
