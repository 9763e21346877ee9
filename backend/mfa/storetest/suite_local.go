package storetest

import (
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func testLocal(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	events := len(b.trail())
	list := func(rpID string, want ...mfa.LocalPasskey) {
		t.Helper()
		b.same("passkeys for "+rpID, found[[]mfa.LocalPasskey](b)(b.LocalPasskeys(ctx, rpID)), want)
	}
	list("")
	b.same("no state", found[mfa.LocalState](b)(b.LocalState(ctx)), mfa.LocalState{})
	one, two, other := NewLocalPasskey("a.example", 1), NewLocalPasskey("a.example", 2), NewLocalPasskey("b.example", 1)
	other.CreatedAt, other.Discoverable = at(9), false
	for _, p := range []mfa.LocalPasskey{two, one, other} {
		b.must(b.PutLocalPasskey(ctx, p))
	}
	list("", other, two, one)
	list("a.example", two, one)
	list("A.example") // names of domains come here folded; nothing is folded again
	list("c.example")
	b.same("one", found[mfa.LocalPasskey](b)(b.LocalPasskey(ctx, one.ID)), one)

	b.refuses(mfa.CodeNotFound, func() error { _, err := b.LocalPasskey(ctx, []byte("x")); return err })
	b.refuses(mfa.CodeNotFound, func() error { return b.RemoveLocalPasskey(ctx, []byte("x")) })
	b.refuses(mfa.CodeNotFound, func() error { return b.RenameLocalPasskey(ctx, nil, "a", "b") })
	b.refuses(mfa.CodeCredentialRegistered, func() error { return b.PutLocalPasskey(ctx, one) })
	for name, spoil := range map[string]func(*mfa.LocalPasskey){
		"ID":    func(p *mfa.LocalPasskey) { p.ID = nil },
		"RP ID": func(p *mfa.LocalPasskey) { p.RPID = "" },
		"user":  func(p *mfa.LocalPasskey) { p.UserHandle = []byte{} },
	} {
		t.Run("without "+name, func(*testing.T) {
			p := NewLocalPasskey("c.example", 1)
			spoil(&p)
			b.refuses(mfa.CodeInvalidInput, func() error { return b.PutLocalPasskey(ctx, p) })
		})
	}

	// The same person again: only a discoverable one steps into the place of another.
	again := one
	again.ID, again.CreatedAt, again.Private = []byte("again"), at(20), []byte{9}
	b.must(b.PutLocalPasskey(ctx, again))
	list("a.example", again, two)
	beside := other
	beside.ID, beside.CreatedAt = []byte("beside"), at(21)
	b.must(b.PutLocalPasskey(ctx, beside))
	list("b.example", beside, other)
	first := NewLocalPasskey("b.example", 1)
	first.ID, first.CreatedAt = []byte("first"), at(22)
	b.must(b.PutLocalPasskey(ctx, first))
	list("b.example", first, beside, other)

	b.must(b.RenameLocalPasskey(ctx, two.ID, "bo", ""))
	two.UserName, two.UserDisplayName = "bo", ""
	b.must(b.RemoveLocalPasskey(ctx, again.ID))
	list("a.example", two)

	// The store keeps its own.
	mine := NewLocalState(1)
	b.must(b.PutLocalState(ctx, mine))
	mine.PINPrivate[0] = 77
	got := found[mfa.LocalState](b)(b.LocalState(ctx))
	b.same("state", got, NewLocalState(1))
	got.Parent[0] = 77
	b.same("state again", found[mfa.LocalState](b)(b.LocalState(ctx)), NewLocalState(1))
	b.must(b.PutLocalState(ctx, NewLocalState(2)))
	b.same("the next state", found[mfa.LocalState](b)(b.LocalState(ctx)), NewLocalState(2))
	passkey := found[mfa.LocalPasskey](b)(b.LocalPasskey(ctx, two.ID))
	passkey.Private[0] = 77
	list("a.example", two)

	b.must(b.ResetLocal(ctx))
	list("")
	b.same("state after a reset", found[mfa.LocalState](b)(b.LocalState(ctx)), mfa.LocalState{})
	b.must(b.ResetLocal(ctx)) // nothing is there to forget
	b.must(b.PutLocalPasskey(ctx, one))
	b.same("no events", len(b.trail()), events)
}

func testLocalFull(t *testing.T, b *bench) {
	ctx := t.Context()
	for i := range mfa.MaxLocalPasskeys {
		b.must(b.PutLocalPasskey(ctx, NewLocalPasskey("a.example", byte(i))))
	}
	one := NewLocalPasskey("b.example", 1)
	err := b.PutLocalPasskey(ctx, one)
	if !mfa.IsCode(err, mfa.CodeAuthenticatorFull) || mfa.AsFailure(err).Params["max"] != "128" {
		t.Errorf("one too many: %v", err)
	}
	again := NewLocalPasskey("a.example", 5)
	again.ID = []byte("again")
	b.must(b.PutLocalPasskey(ctx, again)) // takes a place that is there
	if n := len(found[[]mfa.LocalPasskey](b)(b.LocalPasskeys(ctx, ""))); n != mfa.MaxLocalPasskeys {
		t.Errorf("%d passkeys", n)
	}
	b.must(b.RemoveLocalPasskey(ctx, again.ID))
	b.must(b.PutLocalPasskey(ctx, one))
}
