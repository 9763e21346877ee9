package account

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The delay grows by doubling from the freeFailures-th wrong password in a row
// and stops at maxDelay: a typo costs nothing, guessing does.
const (
	freeFailures = 4
	maxDelay     = 15 * time.Minute
	maxUnknown   = 1024 // identities remembered that do not exist
)

func delayAfter(failures int) time.Duration {
	if failures <= freeFailures {
		return 0
	}
	d := time.Second << min(failures-freeFailures-1, 20)
	return min(d, maxDelay)
}

// CheckPassword is the first factor. A wrong password and an unknown name get
// the same answer, sign-in-refused, after the same work; too many in a row get
// sign-in-delayed with the seconds to wait, again for both.
//
// One attempt at a time: parallel guesses would otherwise share one count.
func (s *Service) CheckPassword(ctx context.Context, who mfa.Identity, password *mfa.Secret) (mfa.Principal, error) {
	s.oneGuess.Lock()
	defer s.oneGuess.Unlock()
	now := s.clock()
	p, err := s.store.PrincipalByIdentity(ctx, who)
	unknown := mfa.IsCode(err, mfa.CodeNotFound)
	if err != nil && !unknown {
		return mfa.Principal{}, err
	}
	key := string(who.Kind) + "\x00" + mfa.FoldName(who.Name)
	if unknown {
		p = s.unknown.principal(key)
		p.Password = s.decoy()
	}
	if wait := p.LockedTill.Sub(now); wait > 0 {
		return mfa.Principal{}, mfa.Fail(mfa.CodeSignInDelayed, "seconds", fmt.Sprint(int(math.Ceil(wait.Seconds()))))
	}
	if !matches(p.Password, password) || unknown {
		return mfa.Principal{}, s.refuse(ctx, key, p, unknown)
	}
	p.Failures, p.LockedTill = 0, time.Time{}
	if err := s.store.UpdatePrincipal(ctx, p, mfa.Event{At: now, Kind: mfa.EventSignInPassword, PrincipalID: p.ID}); err != nil {
		return mfa.Principal{}, err
	}
	p.Version++
	return p, nil
}

// refuse counts the wrong guess and writes it down: one durable write for names
// that exist and for names that do not, so that both take as long.
func (s *Service) refuse(ctx context.Context, key string, p mfa.Principal, unknown bool) error {
	now := s.clock()
	p.Failures++
	p.LockedTill = now.Add(delayAfter(p.Failures))
	event := mfa.Event{At: now, Kind: mfa.EventSignInRefused, PrincipalID: p.ID, Detail: map[string]string{"code": string(mfa.CodeSignInRefused)}}
	var err error
	if unknown {
		s.unknown.remember(key, p)
		err = s.store.AddEvent(ctx, event)
	} else {
		err = s.store.UpdatePrincipal(ctx, p, event)
	}
	if err != nil {
		return err
	}
	return mfa.Fail(mfa.CodeSignInRefused)
}

// delays remembers failures of names that do not exist, for as long as the
// process runs, so that a delay does not tell which names do.
type delays struct {
	mu sync.Mutex
	by map[string]mfa.Principal
}

func newDelays() *delays { return &delays{by: map[string]mfa.Principal{}} }

func (d *delays) principal(key string) mfa.Principal {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.by[key]
}

func (d *delays) remember(key string, p mfa.Principal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.by) >= maxUnknown {
		for k := range d.by { // any one will do: it only shortens one wait
			delete(d.by, k)
			break
		}
	}
	d.by[key] = p
}
