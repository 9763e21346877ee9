package storetest

import (
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func testAccess(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	changed, attached := event(mfa.EventGroupChanged), event(mfa.EventPolicyAttached)
	for _, name := range []string{"ann", "bob"} {
		b.must(b.AddPrincipal(ctx, NewUser(name), event(mfa.EventUserCreated)))
	}
	b.same("no groups", len(found[[]mfa.Group](b)(b.Groups(ctx))), 0)
	pilots := mfa.Group{ID: "G1", Name: "pilots", Path: "/harbour/", Version: 1}
	masters := mfa.Group{ID: "G2", Name: "Masters", Path: "/", Version: 1}
	b.must(b.AddGroup(ctx, pilots, changed))
	b.logged(mfa.EventGroupChanged)
	b.must(b.AddGroup(ctx, masters, changed))
	b.refuses(mfa.CodeNameTaken, func() error { return b.AddGroup(ctx, mfa.Group{ID: "G3", Name: "PILOTS"}, changed) })
	b.same("by name without case", found[[]mfa.Group](b)(b.Groups(ctx)), []mfa.Group{masters, pilots})

	member := func(group, id string, in bool) func() error {
		return func() error { return b.SetMember(ctx, group, id, in, changed) }
	}
	attach := func(a mfa.Attachment, on bool) func() error {
		return func() error { return b.SetAttached(ctx, a, on, attached) }
	}
	policies := func(name string, want ...string) {
		t.Helper()
		b.same("policies of "+name, found[[]string](b)(b.PoliciesOf(ctx, "USER-"+name)), want)
	}
	for _, name := range []string{"P", "OfPilots", "HerOwn"} {
		b.must(b.AddPolicy(ctx, NewPolicy(name), event(mfa.EventPolicyCreated)))
	}
	members := func(group string, want ...string) {
		t.Helper()
		got := found[[]string](b)(b.Members(ctx, group))
		slices.Sort(got)
		b.same("members of "+group, got, want)
	}
	members("G1")
	members("G9")
	b.refuses(mfa.CodeNotFound, attach(mfa.Attachment{Policy: "Unheard", PrincipalID: "USER-ann"}, true))
	b.refuses(mfa.CodeNotFound, attach(mfa.Attachment{Policy: "Unheard", PrincipalID: "USER-ann"}, false))
	b.refuses(mfa.CodeNotFound, member("G9", "USER-ann", true))
	b.refuses(mfa.CodeNotFound, member("G1", "NOBODY", true))
	b.refuses(mfa.CodeNotFound, attach(mfa.Attachment{Policy: "P", GroupID: "G9"}, true))
	b.refuses(mfa.CodeNotFound, attach(mfa.Attachment{Policy: "P", PrincipalID: "NOBODY"}, true))
	b.refuses(mfa.CodeInvalidInput, attach(mfa.Attachment{Policy: "P"}, true))
	b.refuses(mfa.CodeInvalidInput, attach(mfa.Attachment{Policy: "P", PrincipalID: "USER-ann", GroupID: "G1"}, true))
	policies("ann")
	for range 2 { // doing it again changes nothing
		b.must(member("G1", "USER-ann", true)())
		b.must(attach(mfa.Attachment{Policy: "OfPilots", GroupID: "G1"}, true)())
		b.must(attach(mfa.Attachment{Policy: "HerOwn", PrincipalID: "USER-ann"}, true)())
		policies("ann", "HerOwn", "OfPilots")
		members("G1", "USER-ann")
	}
	b.logged(mfa.EventPolicyAttached)
	policies("bob")
	b.must(member("G2", "USER-ann", true)())
	b.must(attach(mfa.Attachment{Policy: "OfPilots", GroupID: "G2"}, true)())
	policies("ann", "HerOwn", "OfPilots") // each once
	b.must(attach(mfa.Attachment{Policy: "OfPilots", GroupID: "G2"}, false)())
	b.must(attach(mfa.Attachment{Policy: "herOWN", PrincipalID: "USER-ann"}, false)())
	policies("ann", "OfPilots")
	b.must(member("G1", "USER-ann", false)())
	policies("ann")
	b.must(member("G1", "USER-ann", true)())

	b.refuses(mfa.CodeNotFound, func() error { return b.RemoveGroup(ctx, "G9", 1, changed) })
	b.refuses(mfa.CodeConflict, func() error { return b.RemoveGroup(ctx, "G1", 2, changed) })
	b.must(b.RemoveGroup(ctx, "G1", 1, changed))
	policies("ann")
	b.same("left", found[[]mfa.Group](b)(b.Groups(ctx)), []mfa.Group{masters})
	b.must(b.AddGroup(ctx, pilots, changed)) // it comes back with nothing
	policies("ann")
	b.must(member("G1", "USER-ann", true)())
	policies("ann")
}

func testRecovery(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	codes := func(ids ...string) (all []mfa.RecoveryCode) {
		for _, id := range ids {
			all = append(all, mfa.RecoveryCode{ID: id, Sealed: []byte("sealed " + id)})
		}
		return all
	}
	replace := func(principal string, ids ...string) error {
		return b.ReplaceRecoveryCodes(ctx, principal, codes(ids...), event(mfa.EventRecoveryMade))
	}
	use := func(id string) error {
		e := event(mfa.EventSignInRecovery)
		e.At = at(8)
		return b.UseRecoveryCode(ctx, id, e)
	}
	b.same("none", len(found[[]mfa.RecoveryCode](b)(b.RecoveryCodes(ctx, "ROOT"))), 0)
	b.refuses(mfa.CodeNotFound, func() error { return replace("NOBODY", "A") })
	b.must(replace("ROOT", "A", "B", "C"))
	b.logged(mfa.EventRecoveryMade)
	b.same("as made", found[[]mfa.RecoveryCode](b)(b.RecoveryCodes(ctx, "ROOT")), codes("A", "B", "C"))
	b.must(use("B"))
	b.logged(mfa.EventSignInRecovery)
	want := codes("A", "B", "C")
	want[1].UsedAt = at(8)
	b.same("one used", found[[]mfa.RecoveryCode](b)(b.RecoveryCodes(ctx, "ROOT")), want)
	b.refuses(mfa.CodeRecoveryCodeUsed, func() error { return use("B") })
	b.refuses(mfa.CodeNotFound, func() error { return use("Z") })
	b.must(replace("ROOT", "D"))
	b.same("only the new", found[[]mfa.RecoveryCode](b)(b.RecoveryCodes(ctx, "ROOT")), codes("D"))
	b.refuses(mfa.CodeNotFound, func() error { return use("A") })
	b.must(replace("ROOT"))
	b.same("taken away", len(found[[]mfa.RecoveryCode](b)(b.RecoveryCodes(ctx, "ROOT"))), 0)
}

func testSlots(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	slot := func(id string, kind mfa.SlotKind, minutes int) mfa.KeySlot {
		return mfa.KeySlot{ID: id, Kind: kind, Params: []byte(`{"salt":"c2FsdA=="}`), Wrapped: []byte("wrapped for " + id), CreatedAt: at(minutes)}
	}
	system, phrase, file := slot("S", mfa.SlotSystem, 2), slot("P", mfa.SlotPassphrase, 1), slot("R", mfa.SlotRecovery, 2)
	has := func(want ...mfa.KeySlot) {
		t.Helper()
		b.same("slots", found[[]mfa.KeySlot](b)(b.KeySlots(ctx)), want)
	}
	replace := func(gone []string, slots ...mfa.KeySlot) error {
		return b.ReplaceKeySlots(ctx, gone, slots, event(mfa.EventVaultChanged))
	}
	has()
	b.must(replace(nil, system, phrase))
	b.logged(mfa.EventVaultChanged)
	has(phrase, system)
	b.must(replace(nil, file))
	has(phrase, system, file)
	other := slot("P2", mfa.SlotPassphrase, 5)
	b.refuses(mfa.CodeConflict, func() error { return replace([]string{"P", "X"}, other) })
	b.must(replace([]string{"P"}, other))
	has(system, file, other)
	b.refuses(mfa.CodeConflict, func() error { return replace([]string{"P"}, phrase) })
	b.must(replace([]string{"S", "R", "P2"}))
	has()
	system.Wrapped[0] = 'X' // the store keeps its own
	kept := slot("S", mfa.SlotSystem, 2)
	b.must(replace(nil, kept))
	kept.Wrapped[0] = 'Y'
	has(slot("S", mfa.SlotSystem, 2))
}

func testFindEvents(t *testing.T, b *bench) {
	ctx := t.Context()
	b.same("none", len(found[[]mfa.Event](b)(b.FindEvents(ctx, mfa.EventFilter{Limit: 9}))), 0)
	for i := range 12 { // seq 1 to 12, a minute each; kinds and principals alternate
		detail := map[string]string{"i": string(rune('a' + i))}
		if i == 5 { // BOB does it to CAT
			detail["user_id"] = "CAT"
		}
		b.must(b.AddEvent(ctx, mfa.Event{At: at(i), Kind: []mfa.EventKind{mfa.EventSignedOut, mfa.EventSignInMFA, mfa.EventReportMade}[i%3],
			PrincipalID: []string{"ANN", "BOB"}[i%2], Detail: detail}))
	}
	rows := []struct {
		name string
		f    mfa.EventFilter
		want []int64
	}{
		{"newest first", mfa.EventFilter{Limit: 3}, []int64{12, 11, 10}},
		{"next page", mfa.EventFilter{Limit: 3, Before: 10}, []int64{9, 8, 7}},
		{"before the first", mfa.EventFilter{Limit: 3, Before: 1}, nil},
		{"no limit means the most", mfa.EventFilter{Before: 4}, []int64{3, 2, 1}},
		{"too much is cut", mfa.EventFilter{Before: 3, Limit: 1 << 30}, []int64{2, 1}},
		{"from, inclusive", mfa.EventFilter{From: at(9), Limit: 9}, []int64{12, 11, 10}},
		{"to, exclusive", mfa.EventFilter{To: at(2), Limit: 9}, []int64{2, 1}},
		{"from and to", mfa.EventFilter{From: at(2), To: at(4), Limit: 9}, []int64{4, 3}},
		{"one kind", mfa.EventFilter{Kinds: []mfa.EventKind{mfa.EventReportMade}, Limit: 2}, []int64{12, 9}},
		{"two kinds", mfa.EventFilter{Kinds: []mfa.EventKind{mfa.EventReportMade, mfa.EventSignInMFA}, Limit: 3}, []int64{12, 11, 9}},
		{"unknown kind", mfa.EventFilter{Kinds: []mfa.EventKind{"x"}, Limit: 3}, nil},
		{"one person", mfa.EventFilter{PrincipalID: "ANN", Limit: 2}, []int64{11, 9}},
		{"one person, to whom something was done", mfa.EventFilter{PrincipalID: "CAT", Limit: 2}, []int64{6}},
		{"nobody", mfa.EventFilter{PrincipalID: "A%", Limit: 2}, nil},
		{"all at once", mfa.EventFilter{From: at(1), To: at(11), Kinds: []mfa.EventKind{mfa.EventSignInMFA}, PrincipalID: "BOB", Before: 11, Limit: 9}, []int64{8, 2}},
	}
	all := b.trail()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			events, err := b.FindEvents(ctx, row.f)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, e := range events {
				got = append(got, e.Seq)
				b.same("event", e, all[e.Seq-1])
			}
			b.same("found", got, row.want)
		})
	}
	for range 1100 {
		b.must(b.AddEvent(ctx, event(mfa.EventSignedOut)))
	}
	b.same("never more than a thousand", len(found[[]mfa.Event](b)(b.FindEvents(ctx, mfa.EventFilter{Limit: 2000}))), 1000)
}
