package storetest

import (
	"bytes"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func testAccount(t *testing.T, b *bench) {
	ctx := t.Context()
	b.refuses(mfa.CodeNoAccount, func() error { _, err := b.Account(ctx); return err })
	b.refuses(mfa.CodeNoAccount, func() error { return b.UpdateAccount(ctx, NewAccount(), event(mfa.EventSignedOut)) })
	b.refuses(mfa.CodeNoAccount, func() error { return b.AddPrincipal(ctx, NewUser("early"), event(mfa.EventUserCreated)) })

	sandbox := NewAccount()
	sandbox.Sandbox = true
	b.must(b.CreateAccount(ctx, sandbox, NewRoot(), event(mfa.EventAccountCreated)))
	b.logged(mfa.EventAccountCreated)
	b.same("account", found[mfa.Account](b)(b.Account(ctx)), sandbox)
	b.same("root", found[mfa.Principal](b)(b.Principal(ctx, "ROOT")), NewRoot())

	other := NewRoot()
	other.ID, other.UserHandle = "OTHER", []byte("other")
	b.refuses(mfa.CodeAccountExists, func() error {
		return b.CreateAccount(ctx, NewAccount(), other, event(mfa.EventAccountCreated))
	})
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.Principal(ctx, "OTHER"); return err })

	changed := sandbox
	changed.Alias, changed.RPID = "quay", "id.example.org"
	b.must(b.UpdateAccount(ctx, changed, event("account-changed")))
	b.logged("account-changed")
	b.refuses(mfa.CodeConflict, func() error { return b.UpdateAccount(ctx, changed, event("account-changed")) })
	changed.Version = 2
	b.same("changed account", found[mfa.Account](b)(b.Account(ctx)), changed)

	sneaky := changed
	sneaky.ID, sneaky.Sandbox, sneaky.FrozenAt, sneaky.CreatedAt = "999999999999", false, day, at(9)
	b.must(b.UpdateAccount(ctx, sneaky, event("account-changed")))
	changed.Version = 3
	b.same("only alias and RPID change", found[mfa.Account](b)(b.Account(ctx)), changed)
}

func testPrincipals(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	ann := NewUser("Ann")
	b.must(b.AddPrincipal(ctx, ann, event(mfa.EventUserCreated)))
	b.logged(mfa.EventUserCreated)

	double := NewUser("aNN")
	b.refuses(mfa.CodeNameTaken, func() error { return b.AddPrincipal(ctx, double, event(mfa.EventUserCreated)) })
	b.refuses(mfa.CodeInvalidInput, func() error {
		second := NewRoot()
		second.ID, second.Email, second.UserHandle = "ROOT2", "second@example.org", []byte("second")
		return b.AddPrincipal(ctx, second, event(mfa.EventUserCreated))
	})

	identities := []struct {
		name string
		who  mfa.Identity
		id   string // "" for none
	}{
		{"user as written", mfa.Identity{Kind: mfa.User, Name: "Ann"}, ann.ID},
		{"user in other case", mfa.Identity{Kind: mfa.User, Name: "ANN"}, ann.ID},
		{"root as written", mfa.Identity{Kind: mfa.Root, Name: "Root@Example.org"}, "ROOT"},
		{"root in other case", mfa.Identity{Kind: mfa.Root, Name: "root@example.ORG"}, "ROOT"},
		{"unknown user", mfa.Identity{Kind: mfa.User, Name: "Bob"}, ""},
		{"root's address as a user", mfa.Identity{Kind: mfa.User, Name: "Root@Example.org"}, ""},
		{"a user as root", mfa.Identity{Kind: mfa.Root, Name: "Ann"}, ""},
		{"root without a name", mfa.Identity{Kind: mfa.Root}, ""},
		{"a user without a name", mfa.Identity{Kind: mfa.User}, ""},
		{"a pattern", mfa.Identity{Kind: mfa.User, Name: "A%"}, ""},
	}
	for _, row := range identities {
		t.Run(row.name, func(t *testing.T) {
			p, err := b.PrincipalByIdentity(ctx, row.who)
			if row.id == "" && !mfa.IsCode(err, mfa.CodeNotFound) || row.id != "" && (err != nil || p.ID != row.id) {
				t.Errorf("got %q, %v", p.ID, err)
			}
		})
	}
	b.same("by handle", found[mfa.Principal](b)(b.PrincipalByHandle(ctx, ann.UserHandle)), ann)
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.PrincipalByHandle(ctx, []byte("nobody")); return err })
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.PrincipalByHandle(ctx, nil); return err })

	changed := ann
	changed.Password = mfa.PasswordHash{Salt: []byte{9}, Hash: []byte{8}, Time: 7, MemoryKiB: 6, Threads: 5}
	asked := changed
	asked.Kind, asked.Email, asked.UserHandle = mfa.Root, "eve@example.org", []byte("eve") // not what this method changes
	b.must(b.UpdatePrincipal(ctx, asked, event("password-changed")))
	b.logged("password-changed")
	b.refuses(mfa.CodeConflict, func() error { return b.UpdatePrincipal(ctx, ann, event("password-changed")) })
	changed.Version = 2
	b.same("changed user", found[mfa.Principal](b)(b.Principal(ctx, ann.ID)), changed)
	// A hash is never printed, so it is compared by itself.
	if h := found[mfa.Principal](b)(b.Principal(ctx, ann.ID)).Password; !bytes.Equal(h.Hash, []byte{8}) || !bytes.Equal(h.Salt, []byte{9}) || h.Time != 7 || h.MemoryKiB != 6 || h.Threads != 5 {
		b.Error("the password was not changed")
	}
	b.refuses(mfa.CodeNotFound, func() error {
		return b.UpdatePrincipal(ctx, NewUser("Nobody"), event("password-changed"))
	})
}
