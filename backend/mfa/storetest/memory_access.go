package storetest

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

type membership struct{ groupID, principalID string }

// AddGroup implements mfa.AccessStore.
func (m *Memory) AddGroup(ctx context.Context, g mfa.Group, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		for _, o := range m.groups {
			if mfa.FoldName(o.Name) == mfa.FoldName(g.Name) {
				return mfa.Fail(mfa.CodeNameTaken, "name", g.Name)
			}
		}
		g.Version = 1
		m.groups = append(m.groups, g)
		return nil
	})
}

// RemoveGroup implements mfa.AccessStore.
func (m *Memory) RemoveGroup(ctx context.Context, id string, version int64, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		i := m.groupIndex(id)
		if i < 0 {
			return notFound("group")
		}
		if m.groups[i].Version != version {
			return mfa.Fail(mfa.CodeConflict)
		}
		m.groups = slices.Delete(m.groups, i, i+1)
		maps.DeleteFunc(m.members, func(k membership, _ bool) bool { return k.groupID == id })
		maps.DeleteFunc(m.attached, func(a mfa.Attachment, _ bool) bool { return a.GroupID == id })
		m.inline = slices.DeleteFunc(m.inline, func(p mfa.InlinePolicy) bool { return p.GroupID == id })
		return nil
	})
}

// Groups implements mfa.AccessStore.
func (m *Memory) Groups(ctx context.Context) ([]mfa.Group, error) {
	return read(ctx, m, func() ([]mfa.Group, error) {
		return slices.SortedFunc(slices.Values(m.groups), func(a, b mfa.Group) int {
			return strings.Compare(mfa.FoldName(a.Name), mfa.FoldName(b.Name))
		}), nil
	})
}

// SetMember implements mfa.AccessStore.
func (m *Memory) SetMember(ctx context.Context, groupID, principalID string, in bool, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		if m.groupIndex(groupID) < 0 {
			return notFound("group")
		}
		if m.principalIndex(principalID) < 0 {
			return notFound("principal")
		}
		set(m.members, membership{groupID, principalID}, in)
		return nil
	})
}

// SetAttached implements mfa.AccessStore.
func (m *Memory) SetAttached(ctx context.Context, a mfa.Attachment, on bool, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		if err := m.owns(a.PrincipalID, a.GroupID); err != nil {
			return err
		}
		i := m.policyIndex(a.Policy)
		if i < 0 {
			return notFound("policy")
		}
		a.Policy = m.policies[i].Name
		if on && !m.attached[a] && m.countAttached(a) >= mfa.MaxAttached {
			return policyLimit(mfa.MaxAttached)
		}
		set(m.attached, a, on)
		return nil
	})
}

func (m *Memory) countAttached(to mfa.Attachment) (n int) {
	for a := range m.attached {
		if a.PrincipalID == to.PrincipalID && a.GroupID == to.GroupID {
			n++
		}
	}
	return n
}

// Members implements mfa.AccessStore.
func (m *Memory) Members(ctx context.Context, groupID string) ([]string, error) {
	return read(ctx, m, func() ([]string, error) {
		var ids []string
		for k := range m.members {
			if k.groupID == groupID {
				ids = append(ids, k.principalID)
			}
		}
		return ids, nil
	})
}

// PoliciesOf implements mfa.AccessStore.
func (m *Memory) PoliciesOf(ctx context.Context, principalID string) ([]string, error) {
	return read(ctx, m, func() ([]string, error) { return m.policiesOf(principalID), nil })
}

func (m *Memory) policiesOf(principalID string) []string {
	var names []string
	for a := range m.attached {
		if a.PrincipalID == principalID || a.GroupID != "" && m.members[membership{a.GroupID, principalID}] {
			names = append(names, a.Policy)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (m *Memory) forgetAccess(principalID string) {
	maps.DeleteFunc(m.members, func(k membership, _ bool) bool { return k.principalID == principalID })
	maps.DeleteFunc(m.attached, func(a mfa.Attachment, _ bool) bool { return a.PrincipalID == principalID })
	m.inline = slices.DeleteFunc(m.inline, func(p mfa.InlinePolicy) bool { return p.PrincipalID == principalID })
}

func (m *Memory) groupIndex(id string) int {
	return slices.IndexFunc(m.groups, func(g mfa.Group) bool { return g.ID == id })
}

func set[K comparable](of map[K]bool, k K, in bool) {
	if in {
		of[k] = true
	} else {
		delete(of, k)
	}
}
