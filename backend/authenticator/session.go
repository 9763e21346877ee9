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
	Client
	info ctap2.Info
}

// Exchange keeps to the length of messages that the authenticator takes. Phones take
// all that fits through the tunnel.
func (s session) Exchange(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	if s.hybrid() {
		return s.Authenticator.Exchange(ctx, request, keepalive)
	}
	return ctap2.Bounded(s.Authenticator, s.info).Exchange(ctx, request, keepalive)
}

// hybrid reports that the authenticator is a phone reached over a tunnel.
func (s session) hybrid() bool { return slices.Contains(s.Transports(), "hybrid") }

// name is what the authenticator is called.
func (s session) name() string {
	if n, named := s.Authenticator.(interface{ Name() string }); named {
		return n.Name()
	}
	return ""
}

// confirm tells that the request goes out now, and gives what to call when the
// authenticator says that it waits for a touch. A phone asks on its own screen, and
// this computer has asked already.
func (s session) confirm() (keepalive func(status byte)) {
	switch {
	case s.hybrid():
		s.Report.To(mfa.Progress{Stage: mfa.StageConfirm})
		return nil
	case s.Platform:
		s.Report.To(mfa.Progress{Stage: mfa.StageVerifying})
		return nil
	}
	return s.touch()
}

// touch tells once that a key waits for its owner's hand.
func (s session) touch() func(status byte) {
	told := false
	return func(status byte) {
		if status == ctap2.KeepaliveUPNeeded && !told {
			told = true
			s.Report.To(mfa.Progress{Stage: mfa.StageTouchKey, Keys: 1, Key: s.name()})
		}
	}
}

// ceremony opens an authenticator, lets use work with it, and closes it. The time
// bounds all of it, but use gets at least minAnswer. One context lives through
// both parts, because a transport may tie its connection to the one it was opened
// with. Every error is an mfa.Failure: cancelled when ctx was, timed-out when no
// authenticator was open in time, authenticator-timeout when it did not answer.
func ceremony[T any](ctx context.Context, c Client, w Want, limit time.Duration, use func(context.Context, session) (T, error)) (result T, err error) {
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

	a, err := c.Open(inner, w)
	if err != nil {
		return failed(err)
	}
	defer a.Close()
	if inner.Err() != nil {
		return failed(inner.Err())
	}
	timer.Reset(max(limit-time.Since(start), minAnswer))
	late = mfa.CodeAuthenticatorTimeout
	s := session{Authenticator: a, Client: c}
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
