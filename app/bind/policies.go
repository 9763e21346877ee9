package bind

import (
	"context"

	"github.com/keyferry/keyferry/backend/admission"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policies"
	"github.com/keyferry/keyferry/backend/policy/lint"
)

// Policies lists the managed policies by name.
func (a *API) Policies() ([]PolicyDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) ([]PolicyDTO, error) {
		all, err := h.Policies.List(ctx, who)
		return each(all, policyOf), err
	})
}

// SavePolicy makes a managed policy, or changes one.
func (a *API) SavePolicy(req SavePolicyRequest) (PolicyDTO, error) {
	return changing(a, func(ctx context.Context, h *desk.House, who mfa.Session) (PolicyDTO, error) {
		draft := policies.Draft{Name: req.Name, Path: req.Path, Document: unmarked(req.Document), Version: req.Version}
		var saved mfa.Policy
		var err error
		if req.Version == 0 {
			saved, err = h.Policies.Create(ctx, who, draft)
		} else {
			saved, err = h.Policies.Update(ctx, who, draft, req.LockOut)
		}
		return policyOf(saved), err
	})
}

// DeletePolicy deletes a policy that is attached to nobody.
func (a *API) DeletePolicy(req DeletePolicyRequest) error {
	return a.done(func(ctx context.Context, h *desk.House, who mfa.Session) error {
		return h.Policies.Delete(ctx, who, req.Name, req.Version)
	})
}

// AttachPolicy attaches a managed policy to a user or to a group, or detaches it.
func (a *API) AttachPolicy(req AttachRequest) error {
	return a.done(func(ctx context.Context, h *desk.House, who mfa.Session) error {
		return h.Policies.SetAttached(ctx, who, mfa.Attachment{Policy: req.Policy, PrincipalID: req.PrincipalID, GroupID: req.GroupID}, req.On, req.LockOut)
	})
}

// PutInline gives a user or a group a policy of their own, or changes it.
func (a *API) PutInline(req InlineRequest) error {
	return a.done(func(ctx context.Context, h *desk.House, who mfa.Session) error {
		return h.Policies.PutInline(ctx, who, req.domain(), req.LockOut)
	})
}

// RemoveInline takes it away.
func (a *API) RemoveInline(req InlineRequest) error {
	return a.done(func(ctx context.Context, h *desk.House, who mfa.Session) error {
		return h.Policies.RemoveInline(ctx, who, req.domain(), req.LockOut)
	})
}

// InlinePolicies lists the policies of one user or group alone.
func (a *API) InlinePolicies(req InlineOwnerRequest) ([]TemplateDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) ([]TemplateDTO, error) {
		all, err := h.Policies.Inline(ctx, who, mfa.InlinePolicy{PrincipalID: req.PrincipalID, GroupID: req.GroupID})
		return each(all, func(p mfa.InlinePolicy) TemplateDTO { return TemplateDTO{Name: p.Name, Document: p.Document} }), err
	})
}

// Granted lists all policies that hold for somebody, for oneself with an empty ID.
func (a *API) Granted(principalID string) ([]GrantedDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) ([]GrantedDTO, error) {
		all, err := h.Policies.Granted(ctx, who, principalID)
		return each(all, granted), err
	})
}

// PolicyUsers says to whom a managed policy is attached.
func (a *API) PolicyUsers(name string) (PolicyUsersDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) (PolicyUsersDTO, error) {
		out := PolicyUsersDTO{Users: []string{}, Groups: []string{}}
		all, err := h.Policies.AttachedTo(ctx, who, name)
		for _, at := range all {
			if at.GroupID != "" {
				out.Groups = append(out.Groups, at.GroupID)
			} else {
				out.Users = append(out.Users, at.PrincipalID)
			}
		}
		return out, err
	})
}

// Groups lists all groups by name.
func (a *API) Groups() ([]GroupDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) ([]GroupDTO, error) {
		all, err := h.Policies.Groups(ctx, who)
		return each(all, group), err
	})
}

// AddGroup makes an empty group.
func (a *API) AddGroup(name string) (GroupDTO, error) {
	return changing(a, func(ctx context.Context, h *desk.House, who mfa.Session) (GroupDTO, error) {
		g, err := h.Accounts.AddGroup(ctx, who, name, mfa.RootPath)
		return group(policies.Group{Group: g}), err
	})
}

// RemoveGroup deletes a group; its members stay.
func (a *API) RemoveGroup(req RemoveGroupRequest) error {
	return a.done(func(ctx context.Context, h *desk.House, who mfa.Session) error {
		return h.Accounts.RemoveGroup(ctx, who, req.ID, req.Version)
	})
}

// SetMember puts a user into a group, or takes them out.
func (a *API) SetMember(req SetMemberRequest) error {
	return a.done(func(ctx context.Context, h *desk.House, who mfa.Session) error {
		return h.Accounts.SetMember(ctx, who, req.GroupID, req.PrincipalID, req.In)
	})
}

// Templates are documents to begin with.
func (a *API) Templates() ([]TemplateDTO, error) {
	return seated(a, func(context.Context, *desk.House, mfa.Session) ([]TemplateDTO, error) {
		return each(policies.Templates(), func(t policies.Template) TemplateDTO { return TemplateDTO(t) }), nil
	})
}

// CheckPolicy says what is wrong with a document, or hardly meant. The editor asks
// after each change.
func (a *API) CheckPolicy(document string) ([]FindingDTO, error) {
	return seated(a, func(context.Context, *desk.House, mfa.Session) ([]FindingDTO, error) {
		return each(policies.Check(unmarked(document)), finding), nil
	})
}

// PolicyWords is what the editor completes.
func (a *API) PolicyWords() (PolicyWordsDTO, error) {
	return seated(a, func(context.Context, *desk.House, mfa.Session) (PolicyWordsDTO, error) {
		return policyWords(lint.Catalogue()), nil
	})
}

// TryPolicy decides a request that nobody makes.
func (a *API) TryPolicy(req TryRequest) (DecisionDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, who mfa.Session) (DecisionDTO, error) {
		d, err := h.Admission.Try(ctx, who, req.Rules.domain(), req.PrincipalID, admission.Trial{Action: req.Action, Resource: req.Resource, Keys: req.Keys})
		return decision(d), err
	})
}

// done is changing for what gives nothing back.
func (a *API) done(do func(context.Context, *desk.House, mfa.Session) error) error {
	_, err := changing(a, func(ctx context.Context, h *desk.House, who mfa.Session) (struct{}, error) {
		return struct{}{}, do(ctx, h, who)
	})
	return err
}
