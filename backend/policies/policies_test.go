package policies

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/rules"
)

var now = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

const (
	nothing = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
	manager = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}`
	never   = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`
)

type bench struct {
	*Service
	store             mfa.Store
	root, admin, user mfa.Session
	adminID, userID   string
	group             mfa.Group
}

// newBench is an account with an administrator, a user and an empty group.
func newBench(t *testing.T) *bench {
	t.Helper()
	clock := func() time.Time { return now }
	b := &bench{store: storetest.NewMemory()}
	t.Cleanup(func() { b.store.Close() })
	access := rules.New(b.store, clock)
	watch := NewWatch(b.store, access)
	accounts := account.New(account.Config{Store: b.store, Rules: access, Managed: watch, Clock: clock, Rand: rand.Reader, Cost: account.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	_, root, err := accounts.Create(t.Context(), account.NewAccount{Alias: "acme-lab", Email: "root@example.org", Password: secret()})
	if err != nil {
		t.Fatal(err)
	}
	b.root = mfa.Session{PrincipalID: root.ID, MFAAt: now}
	b.Service = New(Config{Store: b.store, Accounts: accounts, Rules: access, Watch: watch, Clock: clock})
	add := func(n account.NewUser) (string, mfa.Session) {
		n.Password = secret()
		o, err := accounts.AddUser(t.Context(), b.root, n)
		if err != nil {
			t.Fatal(err)
		}
		return o.ID, mfa.Session{PrincipalID: o.ID, MFAAt: now}
	}
	b.adminID, b.admin = add(account.NewUser{Name: "Admin", Administrator: true})
	b.userID, b.user = add(account.NewUser{Name: "ann"})
	if b.group, err = accounts.AddGroup(t.Context(), b.root, "staff", ""); err != nil {
		t.Fatal(err)
	}
	return b
}

func secret() *mfa.Secret { return mfa.NewSecret([]byte("correct horse")) }

func wants(t *testing.T, err error, code mfa.Code) *mfa.Failure {
	t.Helper()
	if !mfa.IsCode(err, code) {
		t.Fatalf("got %v (%s), want %s", err, mfa.AsFailure(err).Explain(), code)
	}
	return mfa.AsFailure(err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v: %s", err, mfa.AsFailure(err).Explain())
	}
}

func (b *bench) create(t *testing.T, name, document string) mfa.Policy {
	t.Helper()
	p, err := b.Create(t.Context(), b.root, Draft{Name: name, Document: document})
	must(t, err)
	return p
}

// wrote runs what and gives the events that it wrote.
func (b *bench) wrote(t *testing.T, what func() error) []string {
	t.Helper()
	before, err := b.store.Events(t.Context(), 0, 1000)
	must(t, err)
	must(t, what())
	after, err := b.store.Events(t.Context(), int64(len(before)), 1000)
	must(t, err)
	var lines []string
	for _, e := range after {
		keys := []string{}
		for k, v := range e.Detail {
			if k != "user_id" {
				keys = append(keys, k+"="+v)
			}
		}
		slices.Sort(keys)
		lines = append(lines, strings.TrimSpace(string(e.Kind)+" "+strings.Join(keys, " ")))
	}
	return lines
}

func (b *bench) user1(policy string) mfa.Attachment {
	return mfa.Attachment{Policy: policy, PrincipalID: b.userID}
}

// Each change is one event that says what it was.
func TestEveryChangeIsOneEvent(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	var p mfa.Policy
	var err error
	hers := mfa.InlinePolicy{PrincipalID: b.userID, Name: "Own", Document: nothing}
	theirs := mfa.InlinePolicy{GroupID: b.group.ID, Name: "Own", Document: nothing}
	for _, row := range []struct {
		name string
		do   func() error
		want string
	}{
		{"create", func() error { p, err = b.Create(ctx, b.admin, Draft{Name: "Keys", Document: nothing}); return err }, "policy-created policy=Keys"},
		{"update", func() error {
			p, err = b.Update(ctx, b.admin, Draft{Name: "kEYS", Path: "/quay/", Document: never, Version: p.Version}, false)
			return err
		}, "policy-changed policy=Keys"},
		{"attach", func() error { return b.SetAttached(ctx, b.admin, b.user1("KEYS"), true, false) }, "policy-attached policy=Keys to=ann user=ann"},
		{"detach", func() error { return b.SetAttached(ctx, b.admin, b.user1("keys"), false, false) }, "policy-detached policy=Keys to=ann user=ann"},
		{"attach to a group", func() error {
			return b.SetAttached(ctx, b.admin, mfa.Attachment{Policy: "Keys", GroupID: b.group.ID}, true, false)
		}, "policy-attached policy=Keys to=staff"},
		{"detach from it", func() error {
			return b.SetAttached(ctx, b.admin, mfa.Attachment{Policy: "Keys", GroupID: b.group.ID}, false, false)
		}, "policy-detached policy=Keys to=staff"},
		{"inline", func() error { return b.PutInline(ctx, b.admin, hers, false) }, "policy-created owner=ann policy=Own user=ann"},
		{"inline again", func() error { return b.PutInline(ctx, b.admin, hers, false) }, "policy-changed owner=ann policy=Own user=ann"},
		{"no inline", func() error { return b.RemoveInline(ctx, b.admin, hers, false) }, "policy-deleted owner=ann policy=Own user=ann"},
		{"inline of a group", func() error { return b.PutInline(ctx, b.admin, theirs, false) }, "policy-created owner=staff policy=Own"},
		{"delete", func() error { return b.Delete(ctx, b.admin, "keys", p.Version) }, "policy-deleted policy=Keys"},
	} {
		if got := b.wrote(t, row.do); !slices.Equal(got, []string{row.want}) {
			t.Errorf("%s wrote %q, want %q", row.name, got, row.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	p := b.create(t, "Keys", nothing)
	must(t, b.SetAttached(ctx, b.root, b.user1("Keys"), true, false))
	long := `{"Statement":{"Effect":"Allow","Action":"` + strings.Repeat("a", 6144) + `","Resource":"*"}}`
	create := func(who mfa.Session, d Draft) func() error {
		return func() error { _, err := b.Create(ctx, who, d); return err }
	}
	update := func(who mfa.Session, d Draft) func() error {
		return func() error { _, err := b.Update(ctx, who, d, false); return err }
	}
	put := func(who mfa.Session, p mfa.InlinePolicy) func() error {
		return func() error { return b.PutInline(ctx, who, p, false) }
	}
	before, err := b.store.Events(ctx, 0, 1000)
	must(t, err)
	for _, row := range []struct {
		name string
		do   func() error
		code mfa.Code
	}{
		{"create: by a user", create(b.user, Draft{Name: "X", Document: nothing}), mfa.CodeAccessDenied},
		{"create: no name", create(b.admin, Draft{Document: nothing}), mfa.CodeNameInvalid},
		{"create: a long name", create(b.admin, Draft{Name: strings.Repeat("n", 129), Document: nothing}), mfa.CodeNameInvalid},
		{"create: a path without end", create(b.admin, Draft{Name: "X", Path: "/quay", Document: nothing}), mfa.CodePathInvalid},
		{"create: no document", create(b.admin, Draft{Name: "X"}), mfa.CodePolicyMalformed},
		{"create: too long", create(b.admin, Draft{Name: "X", Document: long}), mfa.CodePolicyTooLarge},
		{"create: taken", create(b.admin, Draft{Name: "KEYS", Document: nothing}), mfa.CodeNameTaken},
		{"update: by a user", update(b.user, Draft{Name: "Keys", Document: never, Version: p.Version}), mfa.CodeAccessDenied},
		{"update: by a user, of none", update(b.user, Draft{Name: "Unheard", Document: never}), mfa.CodeAccessDenied},
		{"update: of none", update(b.admin, Draft{Name: "Unheard", Document: never}), mfa.CodeNotFound},
		{"update: an old version", update(b.admin, Draft{Name: "Keys", Document: nothing, Version: 9}), mfa.CodeConflict},
		{"update: malformed", update(b.admin, Draft{Name: "Keys", Document: "{", Version: p.Version}), mfa.CodePolicyMalformed},
		{"update: too long", update(b.admin, Draft{Name: "Keys", Document: long, Version: p.Version}), mfa.CodePolicyTooLarge},
		{"update: a built-in one", update(b.root, Draft{Name: mfa.AdministratorAccess, Document: never, Version: 1}), mfa.CodePolicyBuiltIn},
		{"delete: by a user", func() error { return b.Delete(ctx, b.user, "Keys", p.Version) }, mfa.CodeAccessDenied},
		{"delete: attached", func() error { return b.Delete(ctx, b.admin, "Keys", p.Version) }, mfa.CodeDeleteConflict},
		{"delete: a built-in one", func() error { return b.Delete(ctx, b.root, mfa.EnableAnyDevice, 1) }, mfa.CodePolicyBuiltIn},
		{"delete: none", func() error { return b.Delete(ctx, b.admin, "Unheard", 1) }, mfa.CodeNotFound},
		{"attach: by a user", func() error { return b.SetAttached(ctx, b.user, b.user1(mfa.AdministratorAccess), true, false) }, mfa.CodeAccessDenied},
		{"attach: none", func() error { return b.SetAttached(ctx, b.admin, b.user1("Unheard"), true, false) }, mfa.CodeNotFound},
		{"attach: to nobody", func() error { return b.SetAttached(ctx, b.admin, mfa.Attachment{Policy: "Keys"}, true, false) }, mfa.CodeInvalidInput},
		{"attach: to no group", func() error {
			return b.SetAttached(ctx, b.admin, mfa.Attachment{Policy: "Keys", GroupID: "x"}, true, false)
		}, mfa.CodeNotFound},
		{"attach: to a user who is not there", func() error {
			return b.SetAttached(ctx, b.admin, mfa.Attachment{Policy: "Keys", PrincipalID: "x"}, true, false)
		}, mfa.CodeNotFound},
		{"attach: to root", func() error {
			return b.SetAttached(ctx, b.root, mfa.Attachment{Policy: "Keys", PrincipalID: b.root.PrincipalID}, true, false)
		}, mfa.CodeAccessDenied},
		{"detach: one's own administration", func() error {
			return b.SetAttached(ctx, b.admin, mfa.Attachment{Policy: "administratorACCESS", PrincipalID: b.adminID}, false, true)
		}, mfa.CodeAccessDenied},
		{"inline: by a user", put(b.user, mfa.InlinePolicy{PrincipalID: b.userID, Name: "x", Document: manager}), mfa.CodeAccessDenied},
		{"inline: of root", put(b.root, mfa.InlinePolicy{PrincipalID: b.root.PrincipalID, Name: "x", Document: nothing}), mfa.CodeAccessDenied},
		{"inline: of nobody", put(b.admin, mfa.InlinePolicy{Name: "x", Document: nothing}), mfa.CodeInvalidInput},
		{"inline: no name", put(b.admin, mfa.InlinePolicy{PrincipalID: b.userID, Document: nothing}), mfa.CodeNameInvalid},
		{"inline: malformed", put(b.admin, mfa.InlinePolicy{PrincipalID: b.userID, Name: "x", Document: "[]"}), mfa.CodePolicyMalformed},
		{"inline: none to remove", func() error {
			return b.RemoveInline(ctx, b.admin, mfa.InlinePolicy{PrincipalID: b.userID, Name: "x"}, false)
		}, mfa.CodeNotFound},
		{"list: by a user", func() error { _, err := b.List(ctx, b.user); return err }, mfa.CodeAccessDenied},
		{"get: by a user", func() error { _, err := b.Get(ctx, b.user, "Keys"); return err }, mfa.CodeAccessDenied},
		{"get: none", func() error { _, err := b.Get(ctx, b.admin, "Unheard"); return err }, mfa.CodeNotFound},
		{"groups: by a user", func() error { _, err := b.Groups(ctx, b.user); return err }, mfa.CodeAccessDenied},
		{"granted: of another, by a user", func() error { _, err := b.Granted(ctx, b.user, b.adminID); return err }, mfa.CodeAccessDenied},
		{"granted: of root, by an administrator", func() error { _, err := b.Granted(ctx, b.admin, b.root.PrincipalID); return err }, mfa.CodeAccessDenied},
	} {
		t.Run(row.name, func(t *testing.T) { wants(t, row.do(), row.code) })
	}
	after, err := b.store.Events(ctx, 0, 1000)
	must(t, err)
	if len(after) != len(before) {
		t.Errorf("refusals wrote %d events", len(after)-len(before))
	}
}

// White space does not count, and all inline policies of one owner count together.
func TestSizes(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	sized := func(size int) string {
		const frame = `{"Statement":{"Effect":"Allow","Action":"","Resource":"*"}}`
		return strings.Replace(frame, `""`, `"`+strings.Repeat("a", size-len(frame))+`"`, 1) + strings.Repeat(" \t\r\n", 300)
	}
	b.create(t, "Full", sized(policy.MaxManaged))
	_, err := b.Create(ctx, b.root, Draft{Name: "More", Document: sized(policy.MaxManaged + 1)})
	if f := wants(t, err, mfa.CodePolicyTooLarge); f.Params["limit"] != "6144" {
		t.Error(f.Params)
	}
	for _, row := range []struct {
		name  string
		owner mfa.InlinePolicy
		limit int
	}{
		{"a user", mfa.InlinePolicy{PrincipalID: b.userID}, 2048},
		{"a group", mfa.InlinePolicy{GroupID: b.group.ID}, 5120},
	} {
		t.Run(row.name, func(t *testing.T) {
			put := func(name string, size int) error {
				p := row.owner
				p.Name, p.Document = name, sized(size)
				return b.PutInline(ctx, b.root, p, false)
			}
			must(t, put("first", row.limit-1000))
			must(t, put("second", 1000))
			if f := wants(t, put("third", 100), mfa.CodePolicyTooLarge); f.Params["limit"] != fmt.Sprint(row.limit) {
				t.Error(f.Params)
			}
			must(t, put("FIRST", row.limit-1000)) // in the place of itself
			wants(t, put("first", row.limit-999), mfa.CodePolicyTooLarge)
		})
	}
}

func TestWhatHolds(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create(t, "Keys", nothing)
	must(t, b.SetAttached(ctx, b.root, mfa.Attachment{Policy: "Keys", GroupID: b.group.ID}, true, false))
	must(t, b.PutInline(ctx, b.root, mfa.InlinePolicy{PrincipalID: b.userID, Name: "Own", Document: nothing}, false))
	must(t, b.PutInline(ctx, b.root, mfa.InlinePolicy{GroupID: b.group.ID, Name: "Theirs", Document: nothing}, false))
	must(t, b.Accounts.SetMember(ctx, b.root, b.group.ID, b.userID, true))
	want := "EnableAnyDevice ManageOwnDevices Own(inline) Keys@staff Theirs@staff(inline)"
	for name, ask := range map[string]struct {
		who mfa.Session
		id  string
	}{"by oneself": {b.user, ""}, "by oneself, by ID": {b.user, b.userID}, "by an administrator": {b.admin, b.userID}} {
		held, err := b.Granted(ctx, ask.who, ask.id)
		must(t, err)
		var names []string
		for _, g := range held {
			text := g.Name
			if g.Group != "" {
				text += "@" + g.Group
			}
			if g.Inline {
				text += "(inline)"
			}
			names = append(names, text)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	groups, err := b.Groups(ctx, b.admin)
	must(t, err)
	if got := fmt.Sprintf("%+v", groups); len(groups) != 1 || !strings.Contains(got, "Members:["+b.userID+"] Policies:[Keys] Inline:[Theirs]") {
		t.Error(got)
	}
	to, err := b.AttachedTo(ctx, b.admin, "keys")
	must(t, err)
	if len(to) != 1 || to[0].GroupID != b.group.ID {
		t.Errorf("%+v", to)
	}
	own, err := b.Inline(ctx, b.admin, mfa.InlinePolicy{PrincipalID: b.userID})
	must(t, err)
	if len(own) != 1 || own[0].Name != "Own" {
		t.Errorf("%+v", own)
	}
	gone, err := b.Accounts.Members(ctx, b.admin, b.group.ID)
	must(t, err)
	if len(gone) != 1 || gone[0].ID != b.userID {
		t.Errorf("%+v", gone)
	}
}

// Rights may end at a path of policies: one can neither reach beyond it nor move one there.
func TestRightsToAPath(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	must(t, b.PutInline(ctx, b.root, mfa.InlinePolicy{PrincipalID: b.userID, Name: "Quay",
		Document: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:CreatePolicy*","Resource":"arn:aws:iam::*:policy/quay/*"}}`}, false))
	_, err := b.Create(ctx, b.user, Draft{Name: "Elsewhere", Document: nothing})
	wants(t, err, mfa.CodeAccessDenied)
	p, err := b.Create(ctx, b.user, Draft{Name: "Keys", Path: "/quay/", Document: nothing})
	must(t, err)
	_, err = b.Update(ctx, b.user, Draft{Name: "Keys", Path: "/elsewhere/", Document: nothing, Version: p.Version}, false)
	wants(t, err, mfa.CodeAccessDenied)
	p, err = b.Update(ctx, b.user, Draft{Name: "Keys", Document: never, Version: p.Version}, false) // an empty path is the present one
	must(t, err)
	if p.Path != "/quay/" || p.Document != never || p.Version != 2 {
		t.Errorf("%+v", p)
	}
	b.create(t, "Other", nothing)
	_, err = b.Update(ctx, b.user, Draft{Name: "Other", Document: never, Version: 1}, false)
	wants(t, err, mfa.CodeAccessDenied)
}

// Giving and taking, to users and to groups, are operations of their own: a deny of one
// of IAM's names stops it and no other.
func TestADenyStopsWhatItNames(t *testing.T) {
	for action := range gives(newBench(t), t) {
		t.Run(action, func(t *testing.T) {
			b := newBench(t)
			b.create(t, "Keys", nothing)
			must(t, b.PutInline(t.Context(), b.root, mfa.InlinePolicy{PrincipalID: b.adminID, Name: "Deny",
				Document: `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:` + action + `","Resource":"*"}}`}, true))
			for other, do := range gives(b, t) {
				err := do()
				if other != action {
					if mfa.IsCode(err, mfa.CodeAccessDenied) {
						t.Errorf("%s is denied, too", other)
					}
				} else if f := wants(t, err, mfa.CodeAccessDenied); f.Params["decision"] != "explicitDeny" || f.Params["operation"] != "iam:"+action {
					t.Error(f.Params)
				}
			}
		})
	}
}

// gives are the use cases by what IAM calls them, done by the administrator.
func gives(b *bench, t *testing.T) map[string]func() error {
	ctx := t.Context()
	attach := func(a mfa.Attachment, on bool) func() error {
		a.Policy = "Keys"
		return func() error { return b.SetAttached(ctx, b.admin, a, on, false) }
	}
	member := func(in bool) func() error {
		return func() error { return b.Accounts.SetMember(ctx, b.admin, b.group.ID, b.userID, in) }
	}
	hers, theirs := mfa.Attachment{PrincipalID: b.userID}, mfa.Attachment{GroupID: b.group.ID}
	own := mfa.InlinePolicy{PrincipalID: b.userID, Name: "Own", Document: nothing}
	groups := mfa.InlinePolicy{GroupID: b.group.ID, Name: "Own", Document: nothing}
	return map[string]func() error{
		"AttachUserPolicy": attach(hers, true), "DetachUserPolicy": attach(hers, false),
		"AttachGroupPolicy": attach(theirs, true), "DetachGroupPolicy": attach(theirs, false),
		"PutUserPolicy":     func() error { return b.PutInline(ctx, b.admin, own, false) },
		"DeleteUserPolicy":  func() error { return b.RemoveInline(ctx, b.admin, own, false) },
		"PutGroupPolicy":    func() error { return b.PutInline(ctx, b.admin, groups, false) },
		"DeleteGroupPolicy": func() error { return b.RemoveInline(ctx, b.admin, groups, false) },
		"AddUserToGroup":    member(true), "RemoveUserFromGroup": member(false),
		"ListGroups":  func() error { _, err := b.Groups(ctx, b.admin); return err },
		"CreateGroup": func() error { _, err := b.Accounts.AddGroup(ctx, b.admin, "new", ""); return err },
		"DeleteGroup": func() error { return b.Accounts.RemoveGroup(ctx, b.admin, b.group.ID, b.group.Version) },
	}
}
