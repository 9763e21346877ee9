package policies

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Group is a group with all that hangs on it.
type Group struct {
	mfa.Group
	Members  []string // principal IDs, in no order
	Policies []string // names of managed policies
	Inline   []string // names of inline policies
}

// Groups lists all groups by name. As account.May fails.
func (s *Service) Groups(ctx context.Context, who mfa.Session) ([]Group, error) {
	groups, err := s.Accounts.Groups(ctx, who)
	if err != nil {
		return nil, err
	}
	managed, err := s.managedOfGroups(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Group, len(groups))
	for i, g := range groups {
		all[i] = Group{Group: g, Policies: managed[g.ID]}
		if all[i].Members, err = s.Store.Members(ctx, g.ID); err != nil {
			return nil, err
		}
		inline, err := s.Store.InlinePolicies(ctx, mfa.InlinePolicy{GroupID: g.ID})
		if err != nil {
			return nil, err
		}
		for _, p := range inline {
			all[i].Inline = append(all[i].Inline, p.Name)
		}
	}
	return all, nil
}

func (s *Service) managedOfGroups(ctx context.Context) (map[string][]string, error) {
	policies, err := s.Store.Policies(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string][]string{}
	for _, p := range policies {
		if p.Attached == 0 {
			continue
		}
		to, err := s.Store.Attachments(ctx, p.Name)
		if err != nil {
			return nil, err
		}
		for _, a := range to {
			if a.GroupID != "" {
				names[a.GroupID] = append(names[a.GroupID], p.Name)
			}
		}
	}
	return names, nil
}
