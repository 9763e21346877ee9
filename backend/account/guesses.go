package account

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The delay grows by doubling from the freeFailures-th wrong answer in a row and
// stops at maxDelay: a typo costs nothing, guessing does.
const (
	freeFailures = 4
	maxDelay     = 15 * time.Minute
)

func delayAfter(failures int) time.Duration {
	if failures <= freeFailures {
		return 0
	}
	d := time.Second << min(failures-freeFailures-1, 20)
	return min(d, maxDelay)
}

// guessKey stands for a name in the store, which need not keep what somebody
// typed: SHA-256 of the kind, a zero byte and the folded name.
func guessKey(who mfa.Identity) []byte {
	k := sha256.Sum256([]byte(string(who.Kind) + "\x00" + mfa.FoldName(who.Name)))
	return k[:]
}

// codeKey stands for the second factor of a principal. It is not the key of their
// password: that one is forgotten by each right password, and whoever knows the
// password would guess codes without end.
func codeKey(principalID string) []byte {
	k := sha256.Sum256([]byte("code\x00" + principalID))
	return k[:]
}

// gate gives the guesses of a key: sign-in-delayed (params: seconds) while it is
// locked. To try all the same is an event as any other attempt, and nothing more: it
// costs no hash and makes the wait no longer.
func (s *Service) gate(ctx context.Context, key []byte, principalID string) (mfa.Guesses, error) {
	g, err := s.store.Guesses(ctx, key)
	if err != nil {
		return mfa.Guesses{}, err
	}
	if wait := s.waits.left(key, g, s.clock()); wait > 0 {
		tried := mfa.Event{At: s.clock(), Kind: mfa.EventSignInRefused, PrincipalID: principalID, Detail: map[string]string{"code": string(mfa.CodeSignInDelayed)}}
		if err := s.store.AddEvent(ctx, tried); err != nil {
			return g, err
		}
		return g, mfa.Fail(mfa.CodeSignInDelayed, "seconds", fmt.Sprint(int(math.Ceil(wait.Seconds()))))
	}
	return g, nil
}

// wrong counts one more and writes it down, at the time it is now: what led here
// may have taken its time.
func (s *Service) wrong(ctx context.Context, key []byte, g mfa.Guesses, e mfa.Event) (int, error) {
	e.At = s.clock()
	g.Count++
	g.LockedTill = e.At.Add(delayAfter(g.Count))
	if err := s.store.RecordGuesses(ctx, key, g, e); err != nil {
		return g.Count, err
	}
	s.waits.begin(key, g, e.At)
	return g.Count, nil
}

// GuessGate lets a code of somebody's second factor be tried: sign-in-delayed
// (params: seconds) after too many wrong ones in a row, also after a restart. It gives
// what was counted so far.
func (s *Service) GuessGate(ctx context.Context, principalID string) (mfa.Guesses, error) {
	return s.gate(ctx, codeKey(principalID), principalID)
}

// WrongCode counts a wrong code of any of the principal's devices, or a wrong recovery
// code, and writes the event; its At is set here. It gives how many were wrong in a row.
func (s *Service) WrongCode(ctx context.Context, principalID string, e mfa.Event) (int, error) {
	s.oneGuess.Lock()
	defer s.oneGuess.Unlock()
	key := codeKey(principalID)
	g, err := s.store.Guesses(ctx, key)
	if err != nil {
		return 0, err
	}
	return s.wrong(ctx, key, g, e)
}

// RightCode forgets the wrong codes and writes the event; its At is set here. With
// nothing to forget it writes nothing.
func (s *Service) RightCode(ctx context.Context, principalID string, e mfa.Event) error {
	s.oneGuess.Lock()
	defer s.oneGuess.Unlock()
	key := codeKey(principalID)
	g, err := s.store.Guesses(ctx, key)
	if err != nil || g.Count == 0 {
		return err
	}
	e.At = s.clock()
	return s.store.RecordGuesses(ctx, key, mfa.Guesses{}, e)
}
