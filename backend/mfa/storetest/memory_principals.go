package storetest

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// AddPrincipal implements mfa.PrincipalStore.
func (m *Memory) AddPrincipal(ctx context.Context, p mfa.Principal, e mfa.Event) error {
	return m.AddPrincipals(ctx, []mfa.Principal{p}, nil, []mfa.Event{e})
}

// AddPrincipals implements mfa.PrincipalStore.
func (m *Memory) AddPrincipals(ctx context.Context, ps []mfa.Principal, attached []mfa.Attachment, es []mfa.Event) error {
	leave, err := m.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if len(es) < len(ps) {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "events")
	}
	if m.account == nil {
		return mfa.Fail(mfa.CodeNoAccount)
	}
	taken := map[string]bool{}
	for _, p := range m.principals {
		if p.Kind == mfa.User {
			taken[mfa.FoldName(p.Name)] = true
		}
	}
	added := make(map[string]bool, len(ps))
	for _, p := range ps {
		added[p.ID] = true
		if p.Kind != mfa.User {
			return mfa.Fail(mfa.CodeInvalidInput, "field", "kind")
		}
		if taken[mfa.FoldName(p.Name)] {
			return mfa.Fail(mfa.CodeNameTaken, "name", p.Name)
		}
		taken[mfa.FoldName(p.Name)] = true
	}
	granted := make([]mfa.Attachment, len(attached))
	for i, a := range attached {
		p := m.policyIndex(a.Policy)
		switch {
		case !added[a.PrincipalID]:
			return notFound("principal")
		case p < 0:
			return notFound("policy")
		}
		a.Policy = m.policies[p].Name
		granted[i] = a
	}
	for _, p := range ps {
		m.principals = append(m.principals, newPrincipal(p))
	}
	for _, a := range granted {
		set(m.attached, a, true)
	}
	for _, e := range es {
		m.append(e)
	}
	return nil
}

// Principal implements mfa.PrincipalStore.
func (m *Memory) Principal(ctx context.Context, id string) (mfa.Principal, error) {
	return m.findPrincipal(ctx, func(p mfa.Principal) bool { return p.ID == id })
}

// PrincipalByIdentity implements mfa.PrincipalStore.
func (m *Memory) PrincipalByIdentity(ctx context.Context, who mfa.Identity) (mfa.Principal, error) {
	return m.findPrincipal(ctx, isIdentity(who))
}

// PrincipalByHandle implements mfa.PrincipalStore.
func (m *Memory) PrincipalByHandle(ctx context.Context, handle []byte) (mfa.Principal, error) {
	return m.findPrincipal(ctx, func(p mfa.Principal) bool { return bytes.Equal(p.UserHandle, handle) })
}

// UpdatePrincipal implements mfa.PrincipalStore.
func (m *Memory) UpdatePrincipal(ctx context.Context, p mfa.Principal, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		i := m.principalIndex(p.ID)
		if i < 0 {
			return notFound("principal")
		}
		q := &m.principals[i]
		if q.Version != p.Version {
			return mfa.Fail(mfa.CodeConflict)
		}
		if q.Kind == mfa.User {
			if o := slices.IndexFunc(m.principals, isIdentity(mfa.Identity{Kind: mfa.User, Name: p.Name})); o >= 0 && o != i {
				return mfa.Fail(mfa.CodeNameTaken, "name", p.Name)
			}
			q.Name, q.Path = p.Name, p.Path
		}
		q.Password, q.PasswordAt, q.MustChange = clonePassword(p.Password), whole(p.PasswordAt), p.MustChange
		q.Version++
		return nil
	})
}

// PasswordAccepted implements mfa.PrincipalStore.
func (m *Memory) PasswordAccepted(ctx context.Context, key []byte, id string, deadline time.Time, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		i := m.principalIndex(id)
		if i < 0 {
			return notFound("principal")
		}
		m.guesses = slices.DeleteFunc(m.guesses, isKey(key))
		m.principals[i].PasswordUsedAt = whole(e.At)
		if m.principals[i].MFADeadline.IsZero() {
			m.principals[i].MFADeadline = whole(deadline)
		}
		return nil
	})
}

// RemovePrincipal implements mfa.PrincipalStore.
func (m *Memory) RemovePrincipal(ctx context.Context, id string, version int64, withDevices bool, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		i := m.principalIndex(id)
		switch {
		case i < 0:
			return notFound("principal")
		case m.principals[i].Kind == mfa.Root:
			return mfa.Fail(mfa.CodeAccessDenied)
		case m.principals[i].Version != version:
			return mfa.Fail(mfa.CodeConflict)
		case !withDevices && m.owned(id) > 0:
			return mfa.Fail(mfa.CodeDeleteConflict, "what", "devices")
		}
		m.principals = slices.Delete(m.principals, i, i+1)
		m.releaseDevices(id)
		m.links = slices.DeleteFunc(m.links, func(l mfa.LinkedPhone) bool { return l.PrincipalID == id })
		m.codes = slices.DeleteFunc(m.codes, func(c recoveryCode) bool { return c.principalID == id })
		m.forgetAccess(id)
		return nil
	})
}

func (m *Memory) findPrincipal(ctx context.Context, fits func(mfa.Principal) bool) (mfa.Principal, error) {
	return read(ctx, m, func() (mfa.Principal, error) {
		i := slices.IndexFunc(m.principals, fits)
		if i < 0 {
			return mfa.Principal{}, notFound("principal")
		}
		return clonePrincipal(m.principals[i]), nil
	})
}

func (m *Memory) principalIndex(id string) int {
	return slices.IndexFunc(m.principals, func(p mfa.Principal) bool { return p.ID == id })
}

func isIdentity(who mfa.Identity) func(mfa.Principal) bool {
	folded := mfa.FoldName(who.Name)
	return func(p mfa.Principal) bool { return p.Kind == who.Kind && mfa.FoldName(p.Label()) == folded }
}

func newPrincipal(p mfa.Principal) mfa.Principal {
	p = clonePrincipal(p)
	p.CreatedAt, p.PasswordAt, p.PasswordUsedAt, p.MFADeadline = whole(p.CreatedAt), whole(p.PasswordAt), whole(p.PasswordUsedAt), whole(p.MFADeadline)
	p.Version = 1
	return p
}

func clonePrincipal(p mfa.Principal) mfa.Principal {
	p.UserHandle, p.Password = bytes.Clone(p.UserHandle), clonePassword(p.Password)
	return p
}

func clonePassword(h mfa.PasswordHash) mfa.PasswordHash {
	h.Salt, h.Hash = bytes.Clone(h.Salt), bytes.Clone(h.Hash)
	return h
}
