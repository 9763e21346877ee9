package ceremony

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/recovery"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

func (b *bench) codes(t testing.TB) []*mfa.Secret {
	t.Helper()
	return b.printed(t, b.vault)
}

// printed makes recovery codes for root.
func (b *bench) printed(t testing.TB, v mfa.Sealer) []*mfa.Secret {
	t.Helper()
	r := recovery.New(recovery.Config{Store: b.Store, Accounts: b.Accounts, Vault: v, Clock: b.clock.read, Rand: b.Rand})
	b.Recovery = r
	who := b.who
	who.MFAAt = b.clock.read()
	codes, err := r.Make(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	return codes
}

func TestLostDevice(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	codes := b.codes(t)
	g := b.app(t, b.who, "", "lost-app")
	pending := b.pending(t)
	if pending.RecoveryLeft != recovery.Codes {
		t.Errorf("%d codes are left", pending.RecoveryLeft)
	}
	who, err := b.SignInWithRecovery(t.Context(), pending, codes[2])
	if err != nil {
		t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
	}
	if who.MFAPresent() || who.RecoveredAt.IsZero() || who.DeviceID != "" || who.Limit != mfa.LimitNone {
		t.Errorf("session %+v", who)
	}
	if k := b.kinds(t); k[len(k)-1] != mfa.EventSignInRecovery {
		t.Errorf("audit trail %v", k)
	}
	again, err := b.SignInWithRecovery(t.Context(), pending, codes[2])
	wants(t, err, mfa.CodeRecoveryCodeUsed)
	if again.ID != "" {
		t.Errorf("session %+v", again)
	}
	// The way out: a new device, and the lost one goes.
	fresh := b.app(t, who, "", "new-app")
	if _, err := b.Accounts.May(t.Context(), who, mfa.OpDeactivateDevice, ""); err != nil {
		t.Errorf("the lost device stays: %v", err)
	}
	if err := b.Store.UnassignDevice(t.Context(), g.ID, b.device(t, g.ID).Version, mfa.Event{At: b.clock.read(), Kind: mfa.EventDeviceDeactivated}); err != nil {
		t.Fatal(err)
	}
	if s := b.signIn(t, fresh); !s.MFAPresent() {
		t.Errorf("%+v", s)
	}
}

func TestAllDevicesSuspect(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	d := b.enrol(t, "my-phone")
	suspect := func() {
		d = b.device(t, d.ID)
		d.SuspectAt = b.clock.read()
		if err := b.Store.UpdateDevice(t.Context(), d, mfa.Event{At: b.clock.read(), Kind: mfa.EventDeviceSuspect}); err != nil {
			t.Fatal(err)
		}
	}
	codes := b.codes(t)
	suspect()
	pending := b.pending(t)
	_, err := b.SignInWithCode(t.Context(), pending, "123456")
	wants(t, err, mfa.CodeDevicesSuspect)
	who, err := b.SignInWithRecovery(t.Context(), pending, codes[0])
	if err != nil || who.Limit != mfa.LimitNone {
		t.Fatalf("within the grace period: %+v, %v", who, err)
	}
	b.clock.add(36 * 24 * time.Hour)
	who, err = b.SignInWithRecovery(t.Context(), b.pending(t), codes[1])
	if err != nil || who.Limit != mfa.LimitSetUpDevice {
		t.Fatalf("after it: %+v, %v", who, err)
	}
	b.app(t, who, "", "my-app")
	if who, err = b.Refreshed(t.Context(), who); err != nil || who.Limit != mfa.LimitNone || who.RecoveredAt.IsZero() {
		t.Errorf("with a device that works: %+v, %v", who, err)
	}
}

func TestWrongRecoveryCodesCountWithAllOthers(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	codes := b.codes(t)
	g := b.app(t, b.who, "", "my-app")
	b.clock.add(step)
	pending := b.pending(t)
	for range 3 {
		_, err := b.SignInWithRecovery(t.Context(), pending, mfa.NewSecret([]byte("01JK-MNPQ-RSTV-WXYZ")))
		wants(t, err, mfa.CodeRecoveryCodeWrong)
	}
	for range 2 {
		_, err := b.SignInWithCode(t.Context(), pending, b.code(t, g, 100))
		wants(t, err, mfa.CodeCodeWrong)
	}
	_, err := b.SignInWithRecovery(t.Context(), pending, codes[0])
	wants(t, err, mfa.CodeSignInDelayed)
	b.clock.add(2 * time.Second)
	if _, err := b.SignInWithRecovery(t.Context(), pending, codes[0]); err != nil {
		t.Fatal(err)
	}
	if guesses, err := b.Accounts.GuessGate(t.Context(), b.who.PrincipalID); err != nil || guesses.Count != 0 {
		t.Errorf("%d wrong codes are remembered, %v", guesses.Count, err)
	}
	b.vault.locked.Store(true)
	_, err = b.SignInWithRecovery(t.Context(), pending, codes[1])
	wants(t, err, mfa.CodeVaultLocked)
	b.Recovery = nil
	_, err = b.SignInWithRecovery(t.Context(), pending, codes[1])
	wants(t, err, mfa.CodeRecoveryCodeWrong)
}
