package storetest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// AddPolicy implements mfa.AccessStore.
func (m *Memory) AddPolicy(ctx context.Context, p mfa.Policy, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		own := 0
		for _, o := range m.policies {
			if mfa.FoldName(o.Name) == mfa.FoldName(p.Name) {
				return mfa.Fail(mfa.CodeNameTaken, "name", p.Name)
			}
			if !o.BuiltIn {
				own++
			}
		}
		if own >= mfa.MaxPolicies {
			return policyLimit(mfa.MaxPolicies)
		}
		p.BuiltIn, p.Attached, p.Version = false, 0, 1
		p.CreatedAt, p.UpdatedAt = whole(p.CreatedAt), whole(p.UpdatedAt)
		m.policies = append(m.policies, p)
		return nil
	})
}

// UpdatePolicy implements mfa.AccessStore.
func (m *Memory) UpdatePolicy(ctx context.Context, p mfa.Policy, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		i, err := m.changeablePolicy(p.Name, p.Version)
		if err != nil {
			return err
		}
		now := &m.policies[i]
		now.Path, now.Document, now.UpdatedAt = p.Path, p.Document, whole(p.UpdatedAt)
		now.Version++
		return nil
	})
}

// RemovePolicy implements mfa.AccessStore.
func (m *Memory) RemovePolicy(ctx context.Context, name string, version int64, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		i, err := m.changeablePolicy(name, version)
		if err != nil {
			return err
		}
		if m.attachedTo(m.policies[i].Name) != nil {
			return mfa.Fail(mfa.CodeDeleteConflict, "what", "policy")
		}
		m.policies = slices.Delete(m.policies, i, i+1)
		return nil
	})
}

func (m *Memory) changeablePolicy(name string, version int64) (int, error) {
	i := m.policyIndex(name)
	switch {
	case i < 0:
		return i, notFound("policy")
	case m.policies[i].BuiltIn:
		return i, mfa.Fail(mfa.CodePolicyBuiltIn, "name", m.policies[i].Name)
	case m.policies[i].Version != version:
		return i, mfa.Fail(mfa.CodeConflict)
	}
	return i, nil
}

// Policy implements mfa.AccessStore.
func (m *Memory) Policy(ctx context.Context, name string) (mfa.Policy, error) {
	return read(ctx, m, func() (mfa.Policy, error) {
		i := m.policyIndex(name)
		if i < 0 {
			return mfa.Policy{}, notFound("policy")
		}
		return m.countedPolicy(m.policies[i]), nil
	})
}

// Policies implements mfa.AccessStore.
func (m *Memory) Policies(ctx context.Context) ([]mfa.Policy, error) {
	return read(ctx, m, func() ([]mfa.Policy, error) {
		all := make([]mfa.Policy, len(m.policies))
		for i, p := range m.policies {
			all[i] = m.countedPolicy(p)
		}
		slices.SortFunc(all, func(a, b mfa.Policy) int { return byName(a.Name, b.Name) })
		return all, nil
	})
}

func (m *Memory) countedPolicy(p mfa.Policy) mfa.Policy {
	p.Attached = len(m.attachedTo(p.Name))
	return p
}

// PutInline implements mfa.AccessStore.
func (m *Memory) PutInline(ctx context.Context, p mfa.InlinePolicy, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		if err := m.owns(p.PrincipalID, p.GroupID); err != nil {
			return err
		}
		if i := m.inlineIndex(p); i >= 0 {
			m.inline[i].Document = p.Document
			return nil
		}
		if len(m.inlineOf(p)) >= mfa.MaxInline {
			return policyLimit(mfa.MaxInline)
		}
		m.inline = append(m.inline, p)
		return nil
	})
}

// RemoveInline implements mfa.AccessStore.
func (m *Memory) RemoveInline(ctx context.Context, p mfa.InlinePolicy, e mfa.Event) error {
	return m.change(ctx, e, func() error {
		i := m.inlineIndex(p)
		if i < 0 {
			return notFound("policy")
		}
		m.inline = slices.Delete(m.inline, i, i+1)
		return nil
	})
}

// InlinePolicies implements mfa.AccessStore.
func (m *Memory) InlinePolicies(ctx context.Context, owner mfa.InlinePolicy) ([]mfa.InlinePolicy, error) {
	return read(ctx, m, func() ([]mfa.InlinePolicy, error) { return m.inlineOf(owner), nil })
}

func (m *Memory) inlineOf(owner mfa.InlinePolicy) (found []mfa.InlinePolicy) {
	for _, p := range m.inline {
		if p.PrincipalID == owner.PrincipalID && p.GroupID == owner.GroupID {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b mfa.InlinePolicy) int { return byName(a.Name, b.Name) })
	return found
}

// Attachments implements mfa.AccessStore.
func (m *Memory) Attachments(ctx context.Context, policy string) ([]mfa.Attachment, error) {
	return read(ctx, m, func() ([]mfa.Attachment, error) {
		i := m.policyIndex(policy)
		if i < 0 {
			return nil, nil
		}
		return m.attachedTo(m.policies[i].Name), nil
	})
}

func (m *Memory) attachedTo(policy string) (found []mfa.Attachment) {
	for a := range m.attached {
		if a.Policy == policy {
			found = append(found, a)
		}
	}
	return found
}

// Granted implements mfa.AccessStore.
func (m *Memory) Granted(ctx context.Context, principalID string) ([]mfa.GrantedPolicy, error) {
	return read(ctx, m, func() ([]mfa.GrantedPolicy, error) {
		var found []mfa.GrantedPolicy
		for a := range m.attached {
			if group, ok := m.holds(a.PrincipalID, a.GroupID, principalID); ok {
				found = append(found, mfa.GrantedPolicy{Name: a.Policy, Group: group, Document: m.policies[m.policyIndex(a.Policy)].Document})
			}
		}
		for _, p := range m.inline {
			if group, ok := m.holds(p.PrincipalID, p.GroupID, principalID); ok {
				found = append(found, mfa.GrantedPolicy{Name: p.Name, Inline: true, Group: group, Document: p.Document})
			}
		}
		slices.SortFunc(found, func(a, b mfa.GrantedPolicy) int {
			return cmp.Or(strings.Compare(a.Group, b.Group), strings.Compare(a.Name, b.Name), cmp.Compare(flag(a.Inline), flag(b.Inline)))
		})
		return found, nil
	})
}

// holds reports whether what belongs to an owner holds for a user, and through which group.
func (m *Memory) holds(ownerID, groupID, principalID string) (group string, ok bool) {
	if groupID == "" {
		return "", ownerID == principalID
	}
	if !m.members[membership{groupID, principalID}] {
		return "", false
	}
	return m.groups[m.groupIndex(groupID)].Name, true
}

// owns checks that exactly one owner is named, and is there.
func (m *Memory) owns(principalID, groupID string) error {
	switch {
	case (principalID == "") == (groupID == ""):
		return mfa.Fail(mfa.CodeInvalidInput, "field", "attachment")
	case groupID != "" && m.groupIndex(groupID) < 0:
		return notFound("group")
	case principalID != "" && m.principalIndex(principalID) < 0:
		return notFound("principal")
	}
	return nil
}

func (m *Memory) policyIndex(name string) int {
	return slices.IndexFunc(m.policies, func(p mfa.Policy) bool { return mfa.FoldName(p.Name) == mfa.FoldName(name) })
}

func (m *Memory) inlineIndex(p mfa.InlinePolicy) int {
	return slices.IndexFunc(m.inline, func(o mfa.InlinePolicy) bool {
		return o.PrincipalID == p.PrincipalID && o.GroupID == p.GroupID && mfa.FoldName(o.Name) == mfa.FoldName(p.Name)
	})
}

func policyLimit(most int) *mfa.Failure {
	return mfa.Fail(mfa.CodePolicyLimit, "max", strconv.Itoa(most))
}

func byName(a, b string) int { return strings.Compare(mfa.FoldName(a), mfa.FoldName(b)) }

func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}
