package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func testPolicies(t *testing.T, b *bench) {
	ctx := t.Context()
	created, changed, deleted := event(mfa.EventPolicyCreated), event(mfa.EventPolicyChanged), event(mfa.EventPolicyDeleted)
	first := found[[]mfa.Policy](b)(b.Policies(ctx))
	b.same("before anything was added", first, mfa.BuiltInPolicies())
	b.start()
	b.must(b.AddPrincipal(ctx, NewUser("ann"), event(mfa.EventUserCreated)))

	keys := NewPolicy("Keys")
	forged := keys
	forged.BuiltIn, forged.Attached, forged.Version = true, 7, 9
	b.must(b.AddPolicy(ctx, forged, created))
	b.logged(mfa.EventPolicyCreated)
	b.same("as created", found[mfa.Policy](b)(b.Policy(ctx, "kEYS")), keys)
	b.refuses(mfa.CodeNameTaken, func() error { return b.AddPolicy(ctx, NewPolicy("KEYS"), created) })
	b.refuses(mfa.CodeNameTaken, func() error { return b.AddPolicy(ctx, NewPolicy("administratoraccess"), created) })
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.Policy(ctx, "Unheard"); return err })

	next := keys
	next.Name, next.Path, next.Document, next.CreatedAt, next.UpdatedAt, next.BuiltIn = "KEYS", "/quay/", `{"Statement":[]}`, at(9), at(5), true
	b.must(b.UpdatePolicy(ctx, next, changed))
	b.logged(mfa.EventPolicyChanged)
	want := keys
	want.Path, want.Document, want.UpdatedAt, want.Version = "/quay/", `{"Statement":[]}`, at(5), 2
	b.same("only path, document and time of change", found[mfa.Policy](b)(b.Policy(ctx, "Keys")), want)
	b.refuses(mfa.CodeConflict, func() error { return b.UpdatePolicy(ctx, next, changed) })
	b.refuses(mfa.CodeNotFound, func() error { return b.UpdatePolicy(ctx, NewPolicy("Unheard"), changed) })
	builtIn := first[0]
	b.refuses(mfa.CodePolicyBuiltIn, func() error { return b.UpdatePolicy(ctx, builtIn, changed) })
	b.refuses(mfa.CodePolicyBuiltIn, func() error { return b.RemovePolicy(ctx, strings.ToUpper(builtIn.Name), 1, deleted) })

	b.same("attached to nobody", len(found[[]mfa.Attachment](b)(b.Attachments(ctx, "Keys"))), 0)
	toAnn := mfa.Attachment{Policy: "keys", PrincipalID: "USER-ann"}
	b.must(b.SetAttached(ctx, toAnn, true, event(mfa.EventPolicyAttached)))
	b.must(b.AddGroup(ctx, mfa.Group{ID: "G", Name: "pilots", Path: "/"}, event(mfa.EventGroupChanged)))
	b.must(b.SetAttached(ctx, mfa.Attachment{Policy: "KEYS", GroupID: "G"}, true, event(mfa.EventPolicyAttached)))
	to := found[[]mfa.Attachment](b)(b.Attachments(ctx, "kEYS"))
	slices.SortFunc(to, func(a, b mfa.Attachment) int { return strings.Compare(a.GroupID, b.GroupID) })
	b.same("attached, by its own name", to, []mfa.Attachment{{Policy: "Keys", PrincipalID: "USER-ann"}, {Policy: "Keys", GroupID: "G"}})
	want.Attached = 2
	b.same("list", found[[]mfa.Policy](b)(b.Policies(ctx)), []mfa.Policy{first[0], first[1], want, first[2]})
	b.refuses(mfa.CodeDeleteConflict, func() error { return b.RemovePolicy(ctx, "Keys", 2, deleted) })
	b.same("what stands in the way", mfa.AsFailure(b.RemovePolicy(ctx, "Keys", 2, deleted)).Params["what"], "policy")
	b.must(b.SetAttached(ctx, toAnn, false, event(mfa.EventPolicyDetached)))
	b.must(b.RemoveGroup(ctx, "G", 1, event(mfa.EventGroupChanged)))
	b.refuses(mfa.CodeConflict, func() error { return b.RemovePolicy(ctx, "Keys", 1, deleted) })
	b.refuses(mfa.CodeNotFound, func() error { return b.RemovePolicy(ctx, "Unheard", 1, deleted) })
	b.must(b.RemovePolicy(ctx, "keys", 2, deleted))
	b.logged(mfa.EventPolicyDeleted)
	b.same("left", found[[]mfa.Policy](b)(b.Policies(ctx)), first)
}

func testInline(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	changed := event(mfa.EventPolicyChanged)
	b.must(b.AddPrincipal(ctx, NewUser("ann"), event(mfa.EventUserCreated)))
	b.must(b.AddGroup(ctx, mfa.Group{ID: "G", Name: "pilots", Path: "/"}, event(mfa.EventGroupChanged)))
	hers, theirs := mfa.InlinePolicy{PrincipalID: "USER-ann"}, mfa.InlinePolicy{GroupID: "G"}
	policy := func(owner mfa.InlinePolicy, name, document string) mfa.InlinePolicy {
		owner.Name, owner.Document = name, document
		return owner
	}
	put := func(p mfa.InlinePolicy) func() error { return func() error { return b.PutInline(ctx, p, changed) } }
	remove := func(p mfa.InlinePolicy) func() error {
		return func() error { return b.RemoveInline(ctx, p, changed) }
	}
	has := func(owner mfa.InlinePolicy, want ...mfa.InlinePolicy) {
		t.Helper()
		b.same("inline policies", found[[]mfa.InlinePolicy](b)(b.InlinePolicies(ctx, owner)), want)
	}
	has(hers)
	b.refuses(mfa.CodeInvalidInput, put(mfa.InlinePolicy{Name: "P"}))
	b.refuses(mfa.CodeInvalidInput, put(mfa.InlinePolicy{PrincipalID: "USER-ann", GroupID: "G", Name: "P"}))
	b.refuses(mfa.CodeNotFound, put(mfa.InlinePolicy{PrincipalID: "NOBODY", Name: "P"}))
	b.refuses(mfa.CodeNotFound, put(mfa.InlinePolicy{GroupID: "G9", Name: "P"}))
	for _, p := range []mfa.InlinePolicy{policy(hers, "b", "1"), policy(hers, "A", "2"), policy(theirs, "b", "3")} {
		b.must(put(p)())
	}
	b.logged(mfa.EventPolicyChanged)
	has(hers, policy(hers, "A", "2"), policy(hers, "b", "1"))
	b.must(put(policy(hers, "B", "4"))()) // its document; the name stays
	has(hers, policy(hers, "A", "2"), policy(hers, "b", "4"))
	has(theirs, policy(theirs, "b", "3"))
	b.refuses(mfa.CodeNotFound, remove(policy(theirs, "A", "")))
	b.must(remove(policy(hers, "B", ""))())
	b.logged(mfa.EventPolicyChanged)
	has(hers, policy(hers, "A", "2"))
	has(theirs, policy(theirs, "b", "3"))
	b.must(b.RemoveGroup(ctx, "G", 1, event(mfa.EventGroupChanged)))
	b.must(b.AddGroup(ctx, mfa.Group{ID: "G", Name: "pilots", Path: "/"}, event(mfa.EventGroupChanged)))
	has(theirs) // it comes back with nothing
}

func testGranted(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	attached := event(mfa.EventPolicyAttached)
	for _, name := range []string{"ann", "bob"} {
		b.must(b.AddPrincipal(ctx, NewUser(name), event(mfa.EventUserCreated)))
	}
	for _, id := range []string{"pilots", "masters", "empty"} {
		b.must(b.AddGroup(ctx, mfa.Group{ID: id, Name: "The-" + id, Path: "/"}, event(mfa.EventGroupChanged)))
	}
	for _, name := range []string{"P1", "P2"} {
		b.must(b.AddPolicy(ctx, NewPolicy(name), event(mfa.EventPolicyCreated)))
	}
	granted := func(id string, want ...mfa.GrantedPolicy) {
		t.Helper()
		b.same("granted to "+id, found[[]mfa.GrantedPolicy](b)(b.Granted(ctx, id)), want)
	}
	granted("USER-ann")
	granted("NOBODY")
	for _, a := range []mfa.Attachment{{Policy: "P2", PrincipalID: "USER-ann"}, {Policy: "p1", PrincipalID: "USER-ann"}, {Policy: "P1", GroupID: "pilots"},
		{Policy: "P2", GroupID: "masters"}, {Policy: mfa.AdministratorAccess, GroupID: "empty"}} {
		b.must(b.SetAttached(ctx, a, true, attached))
	}
	for _, p := range []mfa.InlinePolicy{{PrincipalID: "USER-ann", Name: "P1", Document: "hers"}, {GroupID: "pilots", Name: "in", Document: "theirs"},
		{GroupID: "empty", Name: "in", Document: "nobody's"}} {
		b.must(b.PutInline(ctx, p, event(mfa.EventPolicyChanged)))
	}
	for _, m := range [][2]string{{"pilots", "USER-ann"}, {"pilots", "USER-bob"}, {"masters", "USER-bob"}} {
		b.must(b.SetMember(ctx, m[0], m[1], true, event(mfa.EventGroupChanged)))
	}
	p1, p2 := NewPolicy("P1").Document, NewPolicy("P2").Document
	pilots := []mfa.GrantedPolicy{{Name: "P1", Group: "The-pilots", Document: p1}, {Name: "in", Inline: true, Group: "The-pilots", Document: "theirs"}}
	granted("USER-ann", append([]mfa.GrantedPolicy{{Name: "P1", Document: p1}, {Name: "P1", Inline: true, Document: "hers"}, {Name: "P2", Document: p2}}, pilots...)...)
	granted("USER-bob", append([]mfa.GrantedPolicy{{Name: "P2", Group: "The-masters", Document: p2}}, pilots...)...)
	granted("ROOT")
	b.must(b.SetMember(ctx, "masters", "USER-bob", false, event(mfa.EventGroupChanged)))
	granted("USER-bob", pilots...)
}

func testPolicyQuotas(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	b.must(b.AddPrincipal(ctx, NewUser("ann"), event(mfa.EventUserCreated)))
	name := func(i int) string { return fmt.Sprint("P", i) }
	for i := range mfa.MaxPolicies {
		b.must(b.AddPolicy(ctx, NewPolicy(name(i)), event(mfa.EventPolicyCreated)))
	}
	b.refuses(mfa.CodePolicyLimit, func() error { return b.AddPolicy(ctx, NewPolicy("OneMore"), event(mfa.EventPolicyCreated)) })
	attach := func(i int) error {
		return b.SetAttached(ctx, mfa.Attachment{Policy: name(i), PrincipalID: "USER-ann"}, true, event(mfa.EventPolicyAttached))
	}
	for i := range mfa.MaxAttached {
		b.must(attach(i))
	}
	b.refuses(mfa.CodePolicyLimit, func() error { return attach(mfa.MaxAttached) })
	b.must(attach(0)) // it is there already
	put := func(i int) error {
		return b.PutInline(ctx, mfa.InlinePolicy{PrincipalID: "USER-ann", Name: name(i), Document: "{}"}, event(mfa.EventPolicyChanged))
	}
	for i := range mfa.MaxInline {
		b.must(put(i))
	}
	b.refuses(mfa.CodePolicyLimit, func() error { return put(mfa.MaxInline) })
	b.must(put(0))
}
