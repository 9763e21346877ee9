package ceremony

import (
	"context"
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// codeDigits is how many digits every code has here, as IAM's pattern says.
const codeDigits = 6

// resyncAfter is from how many wrong codes in a row on a device is offered to be
// resynchronised: people mistype once or twice, not five times.
const resyncAfter = 5

// checkSyntax refuses what is no code before anybody is looked up. What is refused here
// is a slip of the hand: it counts as no guess.
func checkSyntax(codes ...string) error {
	for _, code := range codes {
		ok := len(code) == codeDigits
		for i := range len(code) {
			ok = ok && '0' <= code[i] && code[i] <= '9'
		}
		if !ok {
			return mfa.Fail(mfa.CodeCodeFormat, "digits", strconv.Itoa(codeDigits))
		}
	}
	return nil
}

// otp is a device with codes whose seed is open.
type otp struct {
	mfa.Device
	seed   *mfa.Secret
	params totp.Params
	state  totp.State
}

// open opens the seed of a device with codes; wipe closes it. vault-locked,
// vault-damaged.
func (s *Service) open(d mfa.Device) (otp, error) {
	seed, err := s.Vault.Open(mfa.SealSeed, d.ID, d.OneTime.Sealed)
	if err != nil {
		return otp{}, err
	}
	o := d.OneTime
	return otp{Device: d, seed: seed, params: totp.Params{Algorithm: totp.Algorithm(o.Algorithm), Digits: o.Digits, Period: o.Period},
		state: totp.State{Drift: o.Drift, LastStep: o.LastStep}}, nil
}

func (o otp) wipe() { o.seed.Wipe() }

// ahead is by how much a device is ahead of this machine.
func (o otp) ahead(drift int) time.Duration { return time.Duration(drift) * o.params.Period }

// use is what the store keeps of an accepted code.
func use(a totp.Accepted, now time.Time) mfa.CodeUse {
	return mfa.CodeUse{Drift: a.State.Drift, Step: a.State.LastStep, At: now}
}

// after is a device as it is once a code, or a pair, was accepted.
func after(d mfa.Device, a totp.Accepted) mfa.Device {
	codes := *d.OneTime // the caller's copy stays as it was
	codes.Drift, codes.LastStep = a.State.Drift, a.State.LastStep
	d.OneTime = &codes
	return d
}

// tried lets try at a code of somebody's second factor, one at a time: two that run
// side by side would pass the gate on one count. The gate comes first, then try; what is
// counted afterwards is try's to say.
func (s *Service) tried(ctx context.Context, principalID string, try func() error) error {
	s.oneCode.Lock()
	defer s.oneCode.Unlock()
	if _, err := s.Accounts.GuessGate(ctx, principalID); err != nil {
		return err
	}
	return try()
}

// wrong counts a wrong code, or a wrong pair, with the event that says so, and gives how
// many there were in a row and the failure again. The count must be written even when
// the person has cancelled meanwhile.
func (s *Service) wrong(ctx context.Context, principalID string, e mfa.Event, cause error) (int, error) {
	count, err := s.Accounts.WrongCode(context.WithoutCancel(ctx), principalID, because(e, cause))
	if err != nil {
		return 0, err
	}
	return count, cause
}

// because says in an event which failure it was.
func because(e mfa.Event, cause error) mfa.Event {
	return e.With("code", string(mfa.AsFailure(cause).Code))
}

// right forgets the wrong codes before a right one, and writes how many there were. With
// none it writes nothing.
func (s *Service) right(ctx context.Context, principalID string) error {
	guesses, err := s.Accounts.GuessGate(ctx, principalID)
	if err != nil || guesses.Count == 0 {
		return err
	}
	return s.Accounts.RightCode(ctx, principalID, mfa.Event{Kind: mfa.EventGuessesForgot, PrincipalID: principalID,
		Detail: map[string]string{"count": strconv.Itoa(guesses.Count)}})
}

// with gives a failure one more parameter.
func with(f *mfa.Failure, key, value string) *mfa.Failure {
	more := f.Because(f.Unwrap()) // a copy
	if more.Params == nil {
		more.Params = map[string]string{}
	}
	more.Params[key] = value
	return more
}
