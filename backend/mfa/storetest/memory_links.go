package storetest

import (
	"bytes"
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// SaveLink implements mfa.LinkStore.
func (m *Memory) SaveLink(ctx context.Context, l mfa.LinkedPhone, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		if m.principalIndex(l.PrincipalID) < 0 {
			return notFound("principal")
		}
		m.links = slices.DeleteFunc(m.links, func(o mfa.LinkedPhone) bool {
			return o.PrincipalID == l.PrincipalID && bytes.Equal(o.PublicKey, l.PublicKey)
		})
		l = cloneLink(l)
		l.CreatedAt = whole(l.CreatedAt)
		m.links = append(m.links, l)
		return nil
	})
}

// Links implements mfa.LinkStore.
func (m *Memory) Links(ctx context.Context, principalID string) ([]mfa.LinkedPhone, error) {
	return read(ctx, m, func() ([]mfa.LinkedPhone, error) {
		var found []mfa.LinkedPhone
		for _, l := range slices.Backward(m.links) {
			if l.PrincipalID == principalID {
				found = append(found, cloneLink(l))
			}
		}
		slices.SortStableFunc(found, func(a, b mfa.LinkedPhone) int { return b.CreatedAt.Compare(a.CreatedAt) })
		return found, nil
	})
}

// RemoveLink implements mfa.LinkStore.
func (m *Memory) RemoveLink(ctx context.Context, id string, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		i := slices.IndexFunc(m.links, func(l mfa.LinkedPhone) bool { return l.ID == id })
		if i < 0 {
			return notFound("phone")
		}
		m.links = slices.Delete(m.links, i, i+1)
		return nil
	})
}

// cloneLink leaves out what rings the phone: a store keeps it sealed only.
func cloneLink(l mfa.LinkedPhone) mfa.LinkedPhone {
	l.ContactID, l.LinkID, l.Secret = nil, nil, nil
	l.Sealed, l.PublicKey = bytes.Clone(l.Sealed), bytes.Clone(l.PublicKey)
	return l
}
