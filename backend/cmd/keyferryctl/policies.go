package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policies"
	"github.com/keyferry/keyferry/backend/policy"
)

// The commands of IAM's policies: managed ones, to whom they are attached, and inline
// ones.

type policyJSON struct {
	Name      string `json:"name"`
	Path      string `json:"path"`
	BuiltIn   bool   `json:"built_in"`
	CreatedAt int64  `json:"created_at"`
	UpdatedAt int64  `json:"updated_at"`
	Version   int64  `json:"version"`
	Attached  int    `json:"attached"`
	Document  string `json:"document,omitempty"`
}

func policyOf(p mfa.Policy) policyJSON {
	return policyJSON{Name: p.Name, Path: p.Path, BuiltIn: p.BuiltIn, CreatedAt: milliseconds(p.CreatedAt), UpdatedAt: milliseconds(p.UpdatedAt),
		Version: p.Version, Attached: p.Attached}
}

// readDocument reads a policy. One that is too long is for the language to refuse: it is
// read one byte further than it may be.
//
// Some editors put a byte order mark before a text. The language has none (RFC 8259
// section 8.1), so it is left out here.
func readDocument(path string) ([]byte, error) {
	document, err := readFile(path, policy.MaxDocument)
	return bytes.TrimPrefix(document, []byte("\ufeff")), err
}

func lockOutFlag(fs *flag.FlagSet) *bool {
	return fs.Bool("lock-out", false, "do it although nobody but root could manage policies afterwards")
}

// ownerFlags name one user or one group.
type ownerFlags struct{ user, group string }

func (o *ownerFlags) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.user, "user", "", "the user, by `NAME`")
	fs.StringVar(&o.group, "group", "", "the group, by `NAME`")
}

func (o *ownerFlags) given() bool { return o.user != "" || o.group != "" }

// find gives the IDs, one of which is set, and what the owner is called.
func (o *ownerFlags) find(ctx context.Context, s *seat, op mfa.Operation) (of mfa.InlinePolicy, label string, err error) {
	if (o.user == "") == (o.group == "") {
		return of, "", usage("one of --user and --group is needed")
	}
	if o.group != "" {
		g, err := s.group(ctx, o.group)
		return mfa.InlinePolicy{GroupID: g.ID}, "group " + g.Name, err
	}
	p, err := s.principal(ctx, op, o.user)
	return mfa.InlinePolicy{PrincipalID: p.ID}, p.Label(), err
}

var policyList = signed("policy list", "[--user U | --group G]", "list the managed policies, or the inline ones of somebody", func(fs *flag.FlagSet) action {
	var of ownerFlags
	of.flags(fs)
	return func(ctx context.Context, s *seat) error {
		if of.given() {
			return s.listInline(ctx, of)
		}
		all, err := s.Policies.List(ctx, s.session)
		if err != nil {
			return err
		}
		list, table := make([]policyJSON, len(all)), newTable("NAME", "PATH", "ATTACHED TO", "CHANGED")
		for i, p := range all {
			list[i] = policyOf(p)
			changed := when(p.UpdatedAt)
			if p.BuiltIn {
				changed = "never changes"
			}
			table.row(p.Name, p.Path, strconv.Itoa(p.Attached), changed)
		}
		s.t.result(map[string]any{"policies": list})
		s.t.say("%s", table)
		return nil
	}
})

var policyShow = signed("policy show", "NAME [--user U | --group G] [--document]", "show a policy and to whom it is attached", func(fs *flag.FlagSet) action {
	var of ownerFlags
	of.flags(fs)
	only := fs.Bool("document", false, "print the document and nothing else, for a file")
	return func(ctx context.Context, s *seat) error {
		if of.given() {
			return s.showInline(ctx, of)
		}
		p, err := s.Policies.Get(ctx, s.session, s.args[0])
		if err != nil {
			return err
		}
		if *only {
			return s.t.raw([]byte(strings.TrimRight(p.Document, "\n") + "\n"))
		}
		users, groups, err := s.attachedTo(ctx, p.Name)
		if err != nil {
			return err
		}
		j := policyOf(p)
		j.Document = p.Document
		s.t.result(map[string]any{"policy": j, "users": users, "groups": groups})
		s.t.say("policy   %s", p.Name)
		s.t.say("path     %s", p.Path)
		s.t.say("users    %s", dash(strings.Join(users, ", ")))
		s.t.say("groups   %s", dash(strings.Join(groups, ", ")))
		s.t.say("%s", legible(p.Document))
		return nil
	}
})

// legible is printable for text of several lines.
func legible(text string) string {
	lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\t", "    "), "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// attachedTo gives the names of those that a policy is attached to.
func (s *seat) attachedTo(ctx context.Context, name string) (users, groups []string, err error) {
	users, groups = []string{}, []string{}
	all, err := s.Policies.AttachedTo(ctx, s.session, name)
	if err != nil {
		return nil, nil, err
	}
	known, err := s.Policies.Groups(ctx, s.session)
	if err != nil && !mfa.IsCode(err, mfa.CodeAccessDenied) {
		return nil, nil, err
	}
	for _, a := range all {
		if a.PrincipalID != "" {
			p, err := s.Store.Principal(ctx, a.PrincipalID)
			if err != nil {
				return nil, nil, err
			}
			users = append(users, p.Label())
		}
		for _, g := range known {
			if g.ID == a.GroupID {
				groups = append(groups, g.Name)
			}
		}
	}
	return users, groups, nil
}

var policyCreate = changing("policy create", "NAME FILE [--path P]", "make a managed policy of a document", func(fs *flag.FlagSet) action {
	path := fs.String("path", mfa.RootPath, "the policy's `PATH`")
	return func(ctx context.Context, s *seat) error {
		document, err := readDocument(s.args[1])
		if err != nil {
			return err
		}
		p, err := s.Policies.Create(ctx, s.session, policies.Draft{Name: s.args[0], Path: *path, Document: string(document)})
		if err != nil {
			return err
		}
		s.savedPolicy(p, "Made policy %s. It holds for nobody until it is attached.", document)
		return nil
	}
})

var policyUpdate = changing("policy update", "NAME FILE [--path P] [--lock-out]", "give a managed policy another document", func(fs *flag.FlagSet) action {
	path := fs.String("path", "", "the policy's new `PATH`")
	lockOut := lockOutFlag(fs)
	return func(ctx context.Context, s *seat) error {
		document, err := readDocument(s.args[1])
		if err != nil {
			return err
		}
		before, err := s.Policies.Get(ctx, s.session, s.args[0])
		if err != nil {
			return err
		}
		p, err := s.Policies.Update(ctx, s.session, policies.Draft{Name: before.Name, Path: *path, Document: string(document), Version: before.Version}, *lockOut)
		if err != nil {
			return err
		}
		s.savedPolicy(p, "Changed policy %s.", document)
		return nil
	}
})

// savedPolicy tells what was written, and what about it is hardly meant.
func (s *seat) savedPolicy(p mfa.Policy, done string, document []byte) {
	found := policies.Check(string(document))
	s.t.result(map[string]any{"policy": policyOf(p), "findings": findingsOf(found)})
	s.t.say(done, p.Name)
	s.t.sayFindings(s.args[1], found)
}

var policyDelete = changing("policy delete", "NAME [--yes]", "delete a managed policy that is attached to nobody", func(fs *flag.FlagSet) action {
	yes := yesFlag(fs)
	return func(ctx context.Context, s *seat) error {
		p, err := s.Policies.Get(ctx, s.session, s.args[0])
		if err != nil {
			return err
		}
		if err := s.sure(ctx, *yes, "Delete policy "+p.Name+"?"); err != nil {
			return err
		}
		if err := s.Policies.Delete(ctx, s.session, p.Name, p.Version); err != nil {
			return err
		}
		s.t.result(map[string]string{"deleted": p.Name})
		s.t.say("Deleted policy %s.", p.Name)
		return nil
	}
})

var (
	policyAttach = changing("policy attach", "NAME --user U | --group G", "attach a managed policy to a user or a group", setAttached(true))
	policyDetach = changing("policy detach", "NAME --user U | --group G [--lock-out]", "detach it", setAttached(false))
)

func setAttached(on bool) func(*flag.FlagSet) action {
	op := mfa.OpDetachUserPolicy
	if on {
		op = mfa.OpAttachUserPolicy
	}
	return func(fs *flag.FlagSet) action {
		var to ownerFlags
		to.flags(fs)
		lockOut := lockOutFlag(fs)
		return func(ctx context.Context, s *seat) error {
			owner, label, err := to.find(ctx, s, op)
			if err != nil {
				return err
			}
			a := mfa.Attachment{Policy: s.args[0], PrincipalID: owner.PrincipalID, GroupID: owner.GroupID}
			if err := s.Policies.SetAttached(ctx, s.session, a, on, *lockOut); err != nil {
				return err
			}
			s.t.result(map[string]any{"policy": s.args[0], "of": label, "attached": on})
			s.t.say("%s is %s %s.", s.args[0], nowAttached(on), label)
			return nil
		}
	}
}

// nowAttached tells what was done as done: "not attached" reads like a refusal.
func nowAttached(on bool) string {
	if on {
		return "attached to"
	}
	return "no longer attached to"
}

var policyGranted = signed("policy granted", "[--user U]", "list all policies that hold for a user, and why", func(fs *flag.FlagSet) action {
	user := userFlag(fs)
	return func(ctx context.Context, s *seat) error {
		target, err := s.target(ctx, mfa.OpSimulate, *user)
		if err != nil {
			return err
		}
		all, err := s.Policies.Granted(ctx, s.session, target)
		if err != nil {
			return err
		}
		list, table := []map[string]any{}, newTable("POLICY", "KIND", "THROUGH")
		for _, g := range all {
			list = append(list, map[string]any{"name": g.Name, "inline": g.Inline, "group": g.Group, "document": g.Document})
			through := "the user"
			if g.Group != "" {
				through = "group " + g.Group
			}
			table.row(g.Name, map[bool]string{true: "inline", false: "managed"}[g.Inline], through)
		}
		s.t.result(map[string]any{"granted": list})
		if len(list) == 0 {
			s.t.say("No policy. Root needs none: policies do not concern it.")
			return nil
		}
		s.t.say("%s", table)
		return nil
	}
})

// isFile reports a path that something stands at.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
