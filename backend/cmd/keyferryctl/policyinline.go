package main

import (
	"context"
	"flag"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policies"
)

var policyPutInline = changing("policy put-inline", "NAME FILE --user U | --group G [--lock-out]", "give a user or a group a policy of their own, or change it", func(fs *flag.FlagSet) action {
	var to ownerFlags
	to.flags(fs)
	lockOut := lockOutFlag(fs)
	return func(ctx context.Context, s *seat) error {
		document, err := readDocument(s.args[1])
		if err != nil {
			return err
		}
		p, label, err := to.find(ctx, s, mfa.OpPutUserPolicy)
		if err != nil {
			return err
		}
		p.Name, p.Document = s.args[0], string(document)
		if err := s.Policies.PutInline(ctx, s.session, p, *lockOut); err != nil {
			return err
		}
		found := policies.Check(p.Document)
		s.t.result(map[string]any{"inline": p.Name, "of": label, "findings": findingsOf(found)})
		s.t.say("The inline policy %s holds for %s.", p.Name, label)
		s.t.sayFindings(s.args[1], found)
		return nil
	}
})

var policyRemoveInline = changing("policy remove-inline", "NAME --user U | --group G [--lock-out] [--yes]", "take a policy of their own from a user or a group", func(fs *flag.FlagSet) action {
	var from ownerFlags
	from.flags(fs)
	lockOut, yes := lockOutFlag(fs), yesFlag(fs)
	return func(ctx context.Context, s *seat) error {
		p, label, err := from.find(ctx, s, mfa.OpDeleteUserPolicy)
		if err != nil {
			return err
		}
		if err := s.sure(ctx, *yes, "Remove the inline policy "+s.args[0]+" of "+label+"?"); err != nil {
			return err
		}
		p.Name = s.args[0]
		if err := s.Policies.RemoveInline(ctx, s.session, p, *lockOut); err != nil {
			return err
		}
		s.t.result(map[string]string{"removed": p.Name, "of": label})
		s.t.say("The inline policy %s of %s is gone.", p.Name, label)
		return nil
	}
})

func (s *seat) listInline(ctx context.Context, of ownerFlags) error {
	owner, label, err := of.find(ctx, s, mfa.OpListPolicies)
	if err != nil {
		return err
	}
	all, err := s.Policies.Inline(ctx, s.session, owner)
	if err != nil {
		return err
	}
	list, table := []map[string]string{}, newTable("INLINE POLICY", "OF")
	for _, p := range all {
		list = append(list, map[string]string{"name": p.Name, "document": p.Document})
		table.row(p.Name, label)
	}
	s.t.result(map[string]any{"inline": list, "of": label})
	if len(list) == 0 {
		s.t.say("There is no inline policy of %s.", label)
		return nil
	}
	s.t.say("%s", table)
	return nil
}

func (s *seat) showInline(ctx context.Context, of ownerFlags) error {
	owner, _, err := of.find(ctx, s, mfa.OpListPolicies)
	if err != nil {
		return err
	}
	all, err := s.Policies.Inline(ctx, s.session, owner)
	if err != nil {
		return err
	}
	for _, p := range all {
		if mfa.FoldName(p.Name) == mfa.FoldName(s.args[0]) {
			s.t.result(map[string]string{"name": p.Name, "document": p.Document})
			s.t.say("%s", legible(p.Document))
			return nil
		}
	}
	return mfa.Fail(mfa.CodeNotFound, "what", "policy")
}
