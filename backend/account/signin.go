package account

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The delay grows by doubling from the freeFailures-th wrong password in a row
// and stops at maxDelay: a typo costs nothing, guessing does.
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

// CheckPassword is the first factor. A wrong password and an unknown name get
// the same answer, sign-in-refused, after the same work: one hash and one durable
// write. Too many in a row get sign-in-delayed with the seconds to wait, again
// for both, and also after a restart, as both are counted in the store.
//
// One attempt at a time: parallel guesses would otherwise share one count.
func (s *Service) CheckPassword(ctx context.Context, who mfa.Identity, password *mfa.Secret) (mfa.Principal, error) {
	s.oneGuess.Lock()
	defer s.oneGuess.Unlock()
	now, key := s.clock(), guessKey(who)
	p, err := s.store.PrincipalByIdentity(ctx, who)
	unknown := mfa.IsCode(err, mfa.CodeNotFound)
	if err != nil && !unknown {
		return mfa.Principal{}, err
	}
	guesses, err := s.store.Guesses(ctx, key)
	if err != nil {
		return mfa.Principal{}, err
	}
	if wait := guesses.LockedTill.Sub(now); wait > 0 {
		return mfa.Principal{}, mfa.Fail(mfa.CodeSignInDelayed, "seconds", fmt.Sprint(int(math.Ceil(wait.Seconds()))))
	}
	if unknown {
		p = mfa.Principal{Password: s.decoy()}
	}
	if !s.matches(p.Password, password) || unknown {
		return mfa.Principal{}, s.refuse(ctx, key, guesses, p.ID)
	}
	if err := s.store.RecordGuesses(ctx, key, mfa.Guesses{}, mfa.Event{At: now, Kind: mfa.EventSignInPassword, PrincipalID: p.ID}); err != nil {
		return mfa.Principal{}, err
	}
	return p, nil
}

// refuse counts the wrong guess and writes it down. The ID is empty for a name
// that nobody has; nothing else differs.
func (s *Service) refuse(ctx context.Context, key []byte, g mfa.Guesses, principalID string) error {
	now := s.clock() // hashing took its time
	g.Count++
	g.LockedTill = now.Add(delayAfter(g.Count))
	event := mfa.Event{At: now, Kind: mfa.EventSignInRefused, PrincipalID: principalID, Detail: map[string]string{"code": string(mfa.CodeSignInRefused)}}
	if err := s.store.RecordGuesses(ctx, key, g, event); err != nil {
		return err
	}
	return mfa.Fail(mfa.CodeSignInRefused)
}

// guessKey stands for a name in the store, which need not keep what somebody
// typed: SHA-256 of the kind, a zero byte and the folded name.
func guessKey(who mfa.Identity) []byte {
	k := sha256.Sum256([]byte(string(who.Kind) + "\x00" + mfa.FoldName(who.Name)))
	return k[:]
}
