package main

import (
	"context"
	"flag"
	"slices"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policies"
)

type groupJSON struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
	Path    string `json:"path"`
}

func groupOf(g mfa.Group) groupJSON {
	return groupJSON{ID: g.ID, Version: g.Version, Name: g.Name, Path: g.Path}
}

// group finds a group by name, without case.
func (s *seat) group(ctx context.Context, name string) (mfa.Group, error) {
	all, err := s.Accounts.Groups(ctx, s.session)
	if err != nil {
		return mfa.Group{}, err
	}
	i := slices.IndexFunc(all, func(g mfa.Group) bool { return mfa.FoldName(g.Name) == mfa.FoldName(name) })
	if i < 0 {
		return mfa.Group{}, mfa.Fail(mfa.CodeNotFound, "what", "group")
	}
	return all[i], nil
}

var groupList = signed("group list", "", "list the groups", plain(func(ctx context.Context, s *seat) error {
	all, err := s.Accounts.Groups(ctx, s.session)
	if err != nil {
		return err
	}
	list, table := make([]groupJSON, len(all)), newTable("NAME", "PATH")
	for i, g := range all {
		list[i] = groupOf(g)
		table.row(g.Name, g.Path)
	}
	s.t.result(map[string]any{"groups": list})
	s.t.say("%s", table)
	return nil
}))

var groupShow = signed("group show", "GROUP", "show a group: its members, and the policies that hold for them through it", plain(func(ctx context.Context, s *seat) error {
	all, err := s.Policies.Groups(ctx, s.session)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(g policies.Group) bool { return mfa.FoldName(g.Name) == mfa.FoldName(s.args[0]) })
	if i < 0 {
		return mfa.Fail(mfa.CodeNotFound, "what", "group")
	}
	g, members := all[i], []string{}
	for _, id := range g.Members {
		p, err := s.Store.Principal(ctx, id)
		if err != nil {
			return err
		}
		members = append(members, p.Label())
	}
	slices.Sort(members)
	s.t.result(map[string]any{"group": groupOf(g.Group), "members": members, "policies": append([]string{}, g.Policies...), "inline": append([]string{}, g.Inline...)})
	s.t.say("group     %s", g.Name)
	s.t.say("path      %s", g.Path)
	s.t.say("members   %s", dash(strings.Join(members, ", ")))
	s.t.say("policies  %s", dash(strings.Join(g.Policies, ", ")))
	s.t.say("inline    %s", dash(strings.Join(g.Inline, ", ")))
	return nil
}))

var groupAdd = changing("group add", "GROUP [--path P]", "add a group of users", func(fs *flag.FlagSet) action {
	path := fs.String("path", mfa.RootPath, "the group's `PATH`")
	return func(ctx context.Context, s *seat) error {
		g, err := s.Accounts.AddGroup(ctx, s.session, s.args[0], *path)
		if err != nil {
			return err
		}
		s.t.result(groupOf(g))
		s.t.say("Added group %s.", g.Name)
		return nil
	}
})

var groupRemove = changing("group remove", "GROUP [--yes]", "remove a group; its members lose what was attached to it", func(fs *flag.FlagSet) action {
	yes := yesFlag(fs)
	return func(ctx context.Context, s *seat) error {
		g, err := s.group(ctx, s.args[0])
		if err != nil {
			return err
		}
		if err := s.sure(ctx, *yes, "Remove group "+g.Name+"?"); err != nil {
			return err
		}
		if err := s.Accounts.RemoveGroup(ctx, s.session, g.ID, g.Version); err != nil {
			return err
		}
		s.t.result(map[string]string{"removed": g.ID, "name": g.Name})
		s.t.say("Removed group %s.", g.Name)
		return nil
	}
})

var groupMember = changing("group member", "GROUP USER ON|OFF", "put a user into a group, or take them out", plain(func(ctx context.Context, s *seat) error {
	on, err := onOff(s.args[2])
	if err != nil {
		return err
	}
	g, err := s.group(ctx, s.args[0])
	if err != nil {
		return err
	}
	p, missing := s.find(ctx, s.args[1])
	if mfa.IsCode(missing, mfa.CodeNotFound) {
		p.ID = mfa.NewID() // of nobody: whoever may not ask is not told
	} else if missing != nil {
		return missing
	}
	if err := s.Accounts.SetMember(ctx, s.session, g.ID, p.ID, on); err != nil {
		if missing != nil && mfa.IsCode(err, mfa.CodeNotFound) {
			return missing
		}
		return err
	}
	s.t.result(map[string]any{"group": g.Name, "user": p.Label(), "member": on})
	s.t.say("%s is %s %s.", p.Label(), map[bool]string{true: "in", false: "no longer in"}[on], g.Name)
	return nil
}))

var groupPolicy = changing("group policy", "GROUP POLICY ON|OFF", "attach a managed policy to a group, or detach it", plain(func(ctx context.Context, s *seat) error {
	on, err := onOff(s.args[2])
	if err != nil {
		return err
	}
	g, err := s.group(ctx, s.args[0])
	if err != nil {
		return err
	}
	if err := s.Policies.SetAttached(ctx, s.session, mfa.Attachment{Policy: s.args[1], GroupID: g.ID}, on, false); err != nil {
		return err
	}
	s.t.result(map[string]any{"group": g.Name, "policy": s.args[1], "attached": on})
	s.t.say("%s is %s %s.", s.args[1], nowAttached(on), g.Name)
	return nil
}))
