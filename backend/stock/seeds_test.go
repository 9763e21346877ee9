package stock

import (
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// A seed that a device has already does not come in under another serial.
func TestKnownSeeds(t *testing.T) {
	const seeds = "SERIAL0001,3131,TOTP\nSERIAL0002,3132,TOTP\nSERIAL0003,3133,TOTP\nSERIAL0004,3134,TOTP\nSERIAL0005,3135,TOTP\n"
	b := newBench(t)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	give := func(seed string, d mfa.Device) {
		t.Helper()
		b.glass.sealed[d.ID] = []byte(seed)
		if d.Kind == mfa.KindToken {
			must(b.store.AddTokens(ctx, []mfa.Device{d}, mfa.Event{Kind: mfa.EventTokensImported}))
			return
		}
		must(b.store.AddDevice(ctx, d, mfa.Event{Kind: mfa.EventVirtualCreated}))
	}
	ann := storetest.NewUser("ann")
	must(b.store.AddPrincipal(ctx, ann, mfa.Event{Kind: mfa.EventUserCreated}))
	give("11", storetest.NewToken("STOCK00001"))
	assigned := storetest.NewToken("HERS000001")
	give("12", assigned)
	assigned.PrincipalID, assigned.Name = ann.ID, "hers"
	must(b.store.AssignDevice(ctx, assigned, mfa.Event{Kind: mfa.EventDeviceAdded}))
	give("13", storetest.NewApp(b.root.PrincipalID, "roots"))
	give("14", storetest.NewApp("", "nobodys"))
	must(b.store.AddTokens(ctx, []mfa.Device{storetest.NewToken("DAMAGED001")}, mfa.Event{})) // sealed by nobody
	must(b.store.AddDevice(ctx, storetest.NewPasskey(ann.ID, "key"), mfa.Event{}))

	p := b.preview(t, seeds)
	for i, has := range []string{"STOCK00001", "HERS000001", "arn:aws:iam::123456789012:mfa/roots", "arn:aws:iam::123456789012:mfa/nobodys", ""} {
		switch f := p.Rows[i].Problem; {
		case has == "" && f != nil:
			t.Errorf("row %d: %v", i+1, f)
		case has != "" && (f == nil || f.Code != mfa.CodeSeedTaken || f.Params["serial"] != has):
			t.Errorf("row %d: %+v, want %s", i+1, f, has)
		}
	}
	if n, err := b.Import(ctx, b.root, p, true, nil); n != 1 || err != nil {
		t.Errorf("the other one: %d, %v", n, err)
	}
	again := b.preview(t, "ANOTHER001,3135,TOTP\n")
	if f := again.Rows[0].Problem; f == nil || f.Code != mfa.CodeSeedTaken || f.Params["serial"] != "SERIAL0005" {
		t.Errorf("imported a moment ago: %+v", f)
	}

	b.glass.err = mfa.Fail(mfa.CodeVaultLocked)
	if locked := b.preview(t, seeds); locked.Bad() != 1 || locked.Rows[4].Problem.Code != mfa.CodeSerialTaken {
		t.Errorf("with a locked vault: %+v", locked.Rows)
	}
}
