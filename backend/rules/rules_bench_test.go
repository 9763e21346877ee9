package rules_test

import (
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/rules"
	"github.com/keyferry/keyferry/backend/sqlite"
)

// BenchmarkAllow is what a decision adds to every call, the database included.
func BenchmarkAllow(b *testing.B) {
	ctx := b.Context()
	store, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "keyferry.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	ann := storetest.NewUser("ann")
	attached := []mfa.Attachment{{Policy: mfa.ManageOwnDevices, PrincipalID: ann.ID}, {Policy: mfa.EnableAnyDevice, PrincipalID: ann.ID}}
	if err := store.CreateAccount(ctx, storetest.NewAccount(), storetest.NewRoot(), mfa.Event{}); err != nil {
		b.Fatal(err)
	}
	if err := store.AddPrincipals(ctx, []mfa.Principal{ann}, attached, []mfa.Event{{}}); err != nil {
		b.Fatal(err)
	}
	r := rules.New(store, clock)
	a := mfa.Access{Operation: mfa.OpListDevices, Caller: ann, Target: ann, Resource: mfa.PrincipalARN(storetest.NewAccount(), ann)}
	for b.Loop() {
		if err := r.Allow(ctx, a); err != nil {
			b.Fatal(err)
		}
	}
}
