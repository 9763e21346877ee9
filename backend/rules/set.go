package rules

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

// maxSets is how many sets are kept ready. Users with the same policies share one, so an
// account has about as many as it has groups.
const maxSets = 64

// content is what a set was made of.
type content [sha256.Size]byte

// Set is everything that holds for somebody, ready to be evaluated; for root the empty
// set, which denies. It fails with *Unreadable, or as the store does.
func (r *Rules) Set(ctx context.Context, p mfa.Principal) (*policy.Set, error) {
	granted, err := r.store.Granted(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return r.Compile(granted)
}

// Compile makes a set of policies, or finds the one that was made of the same. It fails
// with *Unreadable.
func (r *Rules) Compile(granted []mfa.GrantedPolicy) (*policy.Set, error) {
	key := contentOf(granted)
	r.mu.Lock()
	set := r.sets[key]
	r.mu.Unlock()
	if set != nil {
		return set, nil
	}
	policies := make([]policy.Policy, len(granted))
	for i, g := range granted {
		document, err := policy.Parse([]byte(g.Document))
		if err != nil {
			return nil, &Unreadable{g, err}
		}
		policies[i] = policy.Policy{Name: g.Name, Inline: g.Inline, Group: g.Group, Document: document}
	}
	set = policy.NewSet(policies...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.sets) >= maxSets { // which of them are still asked for shows in the next questions
		clear(r.sets)
	}
	r.sets[key] = set
	return set, nil
}

// contentOf covers all that an explanation tells, each text with its length before it.
func contentOf(granted []mfa.GrantedPolicy) (c content) {
	h := sha256.New()
	var size [8]byte
	for _, g := range granted {
		for _, text := range []string{g.Name, g.Group, g.Document} {
			binary.BigEndian.PutUint64(size[:], uint64(len(text)))
			h.Write(size[:])
			h.Write([]byte(text))
		}
		if g.Inline {
			h.Write([]byte{1})
		} else {
			h.Write([]byte{0})
		}
	}
	return content(h.Sum(c[:0]))
}

func unreadable(op mfa.Operation, err error) error {
	var u *Unreadable
	if !errors.As(err, &u) {
		return err
	}
	return mfa.Fail(mfa.CodeAccessDenied, "operation", string(op), "decision", "unreadable", "policy", u.Policy.Name).Because(u)
}
