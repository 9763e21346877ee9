package rules_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/rules"
)

var now = time.Date(2026, 11, 22, 14, 0, 30, 0, time.FixedZone("somewhere", 3600))

func clock() time.Time { return now }

// operations are all that package mfa declares, so that none can be forgotten here.
func operations(t testing.TB) (all []mfa.Operation) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../mfa/access.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := v.Type.(*ast.Ident); ok && kind.Name == "Operation" {
			for _, value := range v.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, mfa.Operation(text))
			}
		}
		return true
	})
	if len(all) < 33 {
		t.Fatalf("only %d operations found: the test reads them wrongly", len(all))
	}
	return all
}

// own is what a user may do to themselves with the policies that new users have.
var own = map[mfa.Operation]bool{
	mfa.OpCreateVirtualDevice: true, mfa.OpEnableDevice: true, mfa.OpDeactivateDevice: true, mfa.OpDeleteVirtualDevice: true,
	mfa.OpResyncDevice: true, mfa.OpListDevices: true, mfa.OpRenameDevice: true, mfa.OpChangePassword: true,
}

type world struct {
	*testing.T
	mfa.Store
	rules *rules.Rules
}

func newWorld(t *testing.T, users ...mfa.Principal) world {
	w := world{t, storetest.NewMemory(), nil}
	t.Cleanup(func() { w.Close() })
	w.rules = rules.New(w.Store, clock)
	w.must(w.CreateAccount(t.Context(), storetest.NewAccount(), root, mfa.Event{}))
	for _, p := range users {
		w.must(w.AddPrincipal(t.Context(), p, mfa.Event{}))
	}
	return w
}

func (w world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w world) attach(policies ...string) func(mfa.Principal) {
	return func(p mfa.Principal) {
		for _, name := range policies {
			w.must(w.SetAttached(w.Context(), mfa.Attachment{Policy: name, PrincipalID: p.ID}, true, mfa.Event{}))
		}
	}
}

func (w world) inline(p mfa.Principal, name, document string) {
	w.Helper()
	w.must(w.PutInline(w.Context(), mfa.InlinePolicy{PrincipalID: p.ID, Name: name, Document: document}, mfa.Event{}))
}

func person(kind mfa.PrincipalKind, name, path string) mfa.Principal {
	return mfa.Principal{ID: "ID-" + name, Kind: kind, Name: name, Path: path, UserHandle: []byte(name)}
}

var root = person(mfa.Root, "root", "")

// Who may do what, with every operation there is, through the gate that all use cases
// ask. It is what the rules were before there were policies.
func TestWhoMayDoWhat(t *testing.T) {
	direct, member := person(mfa.User, "direct", "/"), person(mfa.User, "member", "/")
	alice, bob, cid := person(mfa.User, "alice", "/"), person(mfa.User, "bob", "/harbour/quay/"), person(mfa.User, "cid", "/")
	w := newWorld(t, direct, member, alice, bob, cid)
	ctx := t.Context()
	for _, p := range []mfa.Principal{direct, member, alice, bob} {
		w.attach(mfa.FirstPolicies...)(p)
	}
	for _, group := range []string{"admins", "staff"} {
		w.must(w.AddGroup(ctx, mfa.Group{ID: group, Name: group}, mfa.Event{}))
	}
	w.must(w.AddPolicy(ctx, mfa.Policy{Name: "Nothing", Document: `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`}, mfa.Event{}))
	w.attach(mfa.AdministratorAccess)(direct)
	w.attach("Nothing")(alice)
	for group, name := range map[string]string{"admins": mfa.AdministratorAccess, "staff": "Nothing"} {
		w.must(w.SetAttached(ctx, mfa.Attachment{Policy: name, GroupID: group}, true, mfa.Event{}))
	}
	w.must(w.SetMember(ctx, "admins", member.ID, true, mfa.Event{}))
	w.must(w.SetMember(ctx, "staff", alice.ID, true, mfa.Event{}))
	gate := account.New(account.Config{Store: w.Store, Rules: w.rules, Clock: clock})

	all := func(mfa.Operation) bool { return true }
	none := func(mfa.Operation) bool { return false }
	butCodes := func(op mfa.Operation) bool { return op != mfa.OpMakeRecoveryCodes } // recovery codes are root's
	ones := func(op mfa.Operation) bool { return own[op] }
	for _, row := range []struct {
		name           string
		caller, target mfa.Principal
		may            func(mfa.Operation) bool
	}{
		{"root on itself", root, root, all},
		{"root on a user", root, alice, all},
		{"root on an administrator", root, direct, all},
		{"an administrator on themselves", direct, direct, butCodes},
		{"an administrator on a user", direct, alice, butCodes},
		{"an administrator on an administrator", direct, member, butCodes},
		{"an administrator on root", direct, root, none},
		{"an administrator through a group on themselves", member, member, butCodes},
		{"an administrator through a group on a user", member, alice, butCodes},
		{"an administrator through a group on root", member, root, none},
		{"a user on themselves", alice, alice, ones},
		{"a user with a path on themselves", bob, bob, ones},
		{"a user on another", alice, bob, none},
		{"a user on an administrator", alice, direct, none},
		{"a user on root", alice, root, none},
		{"a user without any policy on themselves", cid, cid, none},
		{"a user without any policy on another", cid, alice, none},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, op := range operations(t) {
				_, err := gate.May(ctx, mfa.Session{PrincipalID: row.caller.ID}, op, row.target.ID)
				f := mfa.AsFailure(err)
				if row.may(op) != (err == nil) || err != nil && (f.Code != mfa.CodeAccessDenied || f.Params["operation"] == "" || f.IAM() != "AccessDenied") {
					t.Errorf("%s: %v %v", op, err, f)
				}
			}
		})
	}
}

// A name is the last part of an ARN, whatever stands before it, and nobody else's.
func TestOwnDevicesAreFoundByNameAlone(t *testing.T) {
	users := []mfa.Principal{person(mfa.User, "alice", "/"), person(mfa.User, "lice", "/"), person(mfa.User, "alice.b", "/"), person(mfa.User, "b", "/alice/"), person(mfa.User, "x", "/user/alice/")}
	w := newWorld(t, users...)
	for _, p := range users {
		w.attach(mfa.ManageOwnDevices)(p)
	}
	a := storetest.NewAccount()
	for _, caller := range users {
		for _, target := range users {
			err := w.rules.Allow(t.Context(), mfa.Access{Operation: mfa.OpDeactivateDevice, Caller: caller, Target: target, Resource: mfa.PrincipalARN(a, target)})
			if (err == nil) != (caller.ID == target.ID) {
				t.Errorf("%s on %s: %v", caller.Name, target.Name, err)
			}
		}
	}
}

// What a question tells the policies: exactly this.
func TestRequest(t *testing.T) {
	ann := person(mfa.User, "Ann", "/harbour/")
	w := newWorld(t, ann)
	levels := mfa.Certificates{FIDO: "L1plus", FIPS1403: "L2"}
	rows := []struct {
		name string
		bend func(*mfa.Access)
		want map[string]string // of what differs; empty: absent
	}{
		{"a password session", func(*mfa.Access) {}, nil},
		{"an MFA session", func(a *mfa.Access) { a.Session.MFAAt = now.Add(-90*time.Second - time.Millisecond) },
			map[string]string{"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "90"}},
		{"an MFA session of a clock that was turned back", func(a *mfa.Access) { a.Session.MFAAt = now.Add(time.Hour) },
			map[string]string{"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"}},
		{"a printed code is no MFA", func(a *mfa.Access) { a.Session.RecoveredAt = now }, nil},
		{"before the touch", func(a *mfa.Access) { a.Registering = &mfa.Registration{Step: mfa.StepCreate, Certificates: levels} },
			map[string]string{"iam:RegisterSecurityKey": "Create"}},
		{"after it was verified", func(a *mfa.Access) { a.Registering = &mfa.Registration{Step: mfa.StepActivate, Certificates: levels} },
			map[string]string{"iam:RegisterSecurityKey": "Activate", "iam:FIDO-certification": "L1plus", "iam:FIDO-FIPS-140-3-certification": "L2"}},
		{"nothing proven", func(a *mfa.Access) { a.Registering = &mfa.Registration{Step: mfa.StepActivate} },
			map[string]string{"iam:RegisterSecurityKey": "Activate"}},
		{"root", func(a *mfa.Access) { a.Caller = root }, map[string]string{"aws:username": "", "aws:userid": "123456789012",
			"aws:PrincipalArn": "arn:aws:iam::123456789012:root", "aws:PrincipalType": "Account"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a := mfa.Access{Operation: mfa.OpEnableDevice, Caller: ann, Target: ann, Resource: "the resource"}
			row.bend(&a)
			got, err := w.rules.Request(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"aws:username": "Ann", "aws:userid": "ID-Ann", "aws:PrincipalArn": "arn:aws:iam::123456789012:user/harbour/Ann",
				"aws:PrincipalAccount": "123456789012", "aws:PrincipalType": "User", "aws:CurrentTime": "2026-11-22T13:00:30Z", "aws:EpochTime": "1795352430",
				"aws:MultiFactorAuthPresent": "false"}
			for key, value := range row.want {
				if want[key] = value; value == "" {
					delete(want, key)
				}
			}
			keys := policy.Keys{}
			for key, value := range want {
				keys[key] = policy.One(value)
			}
			if g, w := fmt.Sprint(got), fmt.Sprint(policy.Request{Action: "iam:EnableMFADevice", Resource: "the resource", Keys: keys}); g != w {
				t.Errorf("\n got %s\nwant %s", g, w)
			}
		})
	}
}

// A refusal says which statement it was.
func TestRefusalNamesTheStatement(t *testing.T) {
	ann := person(mfa.User, "ann", "/")
	rows := []struct {
		name, document, decision, statement string
	}{
		{"nothing allows it", `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`, "implicitDeny", ""},
		{"denied by a name", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"Never","Effect":"Deny","Action":"iam:List*","Resource":"*"}]}`, "explicitDeny", "Never"},
		{"denied by a number", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:List*","Resource":"*"}]}`, "explicitDeny", "2"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, ann)
			w.inline(ann, "Hers", row.document)
			a := mfa.Access{Operation: mfa.OpListUsers, Caller: ann, Target: ann, Resource: "*"}
			f := mfa.AsFailure(w.rules.Allow(t.Context(), a))
			want := map[string]string{"operation": "iam:ListUsers", "decision": row.decision}
			if row.statement != "" {
				want["policy"], want["statement"] = "Hers", row.statement
			}
			if f == nil || f.Code != mfa.CodeAccessDenied || fmt.Sprint(f.Params) != fmt.Sprint(want) {
				t.Errorf("%v %v, want %v", f, f.Params, want)
			}
			if d, err := w.rules.Explain(t.Context(), a); err != nil || d.Effect.String() != row.decision {
				t.Errorf("explained %+v %v", d, err)
			}
		})
	}
}

func TestRootIsExempt(t *testing.T) {
	w := newWorld(t)
	d, err := w.rules.Explain(t.Context(), mfa.Access{Operation: mfa.OpBackUp, Caller: root, Target: root, Resource: "*"})
	if err != nil || d.Effect != policy.Allow || d.Decided != nil {
		t.Errorf("%+v %v", d, err)
	}
}

// A change of policies holds from the next question on, and equal policies share a set.
func TestSetsFollowThePolicies(t *testing.T) {
	ann, bob := person(mfa.User, "ann", "/"), person(mfa.User, "bob", "/")
	w := newWorld(t, ann, bob)
	ctx := t.Context()
	set := func(p mfa.Principal) *policy.Set {
		t.Helper()
		s, err := w.rules.Set(ctx, p)
		w.must(err)
		return s
	}
	w.attach(mfa.FirstPolicies...)(ann)
	w.attach(mfa.FirstPolicies...)(bob)
	if set(ann) != set(bob) {
		t.Error("equal policies were compiled twice")
	}
	list := mfa.Access{Operation: mfa.OpListDevices, Caller: ann, Target: ann, Resource: mfa.PrincipalARN(storetest.NewAccount(), ann)}
	w.must(w.rules.Allow(ctx, list))
	w.must(w.SetAttached(ctx, mfa.Attachment{Policy: mfa.ManageOwnDevices, PrincipalID: ann.ID}, false, mfa.Event{}))
	if err := w.rules.Allow(ctx, list); !mfa.IsCode(err, mfa.CodeAccessDenied) {
		t.Errorf("after it was detached: %v", err)
	}
	w.must(w.AddGroup(ctx, mfa.Group{ID: "G", Name: "staff"}, mfa.Event{})) // the same policy, told by its group
	w.must(w.SetMember(ctx, "G", ann.ID, true, mfa.Event{}))
	w.must(w.SetAttached(ctx, mfa.Attachment{Policy: mfa.EnableAnyDevice, PrincipalID: ann.ID}, false, mfa.Event{}))
	w.must(w.SetAttached(ctx, mfa.Attachment{Policy: mfa.ManageOwnDevices, PrincipalID: ann.ID}, true, mfa.Event{}))
	directly := set(ann)
	w.must(w.SetAttached(ctx, mfa.Attachment{Policy: mfa.ManageOwnDevices, PrincipalID: ann.ID}, false, mfa.Event{}))
	w.must(w.SetAttached(ctx, mfa.Attachment{Policy: mfa.ManageOwnDevices, GroupID: "G"}, true, mfa.Event{}))
	if set(ann) == directly {
		t.Error("an explanation would name the wrong owner")
	}
	for i := range 200 { // far more than are kept
		w.inline(bob, "p", fmt.Sprintf(`{"Statement":{"Sid":"s%d","Effect":"Allow","Action":"a:b","Resource":"*"}}`, i))
		if d := set(bob).Evaluate(policy.Request{Action: "a:b", Resource: "*"}); d.Decided == nil || d.Decided.Sid != fmt.Sprint("s", i) {
			t.Fatalf("change %d is not seen: %+v", i, d)
		}
	}
	if n := rules.Kept(w.rules); n > 64 {
		t.Errorf("%d sets are kept", n)
	}
}

// What cannot be read denies all, and says what is wrong.
func TestUnreadablePolicyDenies(t *testing.T) {
	ann := person(mfa.User, "ann", "/")
	w := newWorld(t, ann)
	w.attach(mfa.AdministratorAccess)(ann)
	w.inline(ann, "Broken", `{"Statement":[`)
	a := mfa.Access{Operation: mfa.OpListUsers, Caller: ann, Target: ann, Resource: "*"}
	for name, ask := range map[string]func() error{
		"allow":   func() error { return w.rules.Allow(t.Context(), a) },
		"explain": func() error { _, err := w.rules.Explain(t.Context(), a); return err },
	} {
		f := mfa.AsFailure(ask())
		if f == nil || f.Code != mfa.CodeAccessDenied || f.Params["decision"] != "unreadable" || f.Params["policy"] != "Broken" ||
			!strings.Contains(f.Explain(), `policy "Broken" cannot be read`) || !mfa.IsCode(errors.Unwrap(errors.Unwrap(f)), mfa.CodePolicyMalformed) {
			t.Errorf("%s: %v %v because %s", name, f, f.Params, f.Explain())
		}
	}
	var u *rules.Unreadable
	if _, err := w.rules.Set(t.Context(), ann); !errors.As(err, &u) || u.Policy.Name != "Broken" {
		t.Errorf("set: %v", err)
	}
}

// Conditions go by the latest time that was ever written, so that turning the clock back
// opens nothing that a date has closed.
func TestAClockThatIsTurnedBackOpensNothing(t *testing.T) {
	ann := person(mfa.User, "ann", "/")
	w := newWorld(t, ann)
	w.inline(ann, "Until", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*","Condition":{
		"DateLessThan":{"aws:CurrentTime":"`+now.Add(time.Hour).Format(time.RFC3339)+`"},"NumericLessThan":{"aws:EpochTime":"`+strconv.FormatInt(now.Unix()+3600, 10)+`"},
		"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"60"}}}}`)
	ask := func(mfaAt time.Time) error {
		return w.rules.Allow(t.Context(), mfa.Access{Operation: mfa.OpListUsers, Caller: ann, Target: ann, Resource: "*", Session: mfa.Session{PrincipalID: ann.ID, MFAAt: mfaAt}})
	}
	w.must(ask(now))
	w.must(w.AddEvent(t.Context(), mfa.Event{At: now.Add(10 * time.Minute)}))
	if err := ask(now); !mfa.IsCode(err, mfa.CodeAccessDenied) {
		t.Errorf("ten minutes later by what was written, the session is as new: %v", err)
	}
	w.must(ask(now.Add(10 * time.Minute)))
	w.must(w.AddEvent(t.Context(), mfa.Event{At: now.Add(2 * time.Hour)}))
	if err := ask(now.Add(2 * time.Hour)); !mfa.IsCode(err, mfa.CodeAccessDenied) {
		t.Errorf("two hours later by what was written: %v", err)
	}
	if at, err := w.rules.Now(t.Context()); err != nil || !at.Equal(now.Add(2*time.Hour)) {
		t.Errorf("now is %s, %v", at, err)
	}
}

type broken struct{ rules.Store }

func (broken) HighestTime(context.Context) (time.Time, error) { return time.Time{}, nil }

func (broken) Granted(context.Context, string) ([]mfa.GrantedPolicy, error) {
	return nil, mfa.Fail(mfa.CodeStorageFailed).Because(errors.New("disk"))
}

// A store that does not answer allows nothing, and the refusal is not the policies'.
func TestStoreThatFailsAllowsNothing(t *testing.T) {
	alice := person(mfa.User, "alice", "/")
	err := rules.New(broken{}, clock).Allow(t.Context(), mfa.Access{Operation: mfa.OpListDevices, Caller: alice, Target: alice})
	if !mfa.IsCode(err, mfa.CodeStorageFailed) {
		t.Errorf("got %v", err)
	}
}
