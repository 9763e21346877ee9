package canary

import (
	"fmt"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/stock"
	"github.com/keyferry/keyferry/backend/vault"
)

// away is all that needs a seed, with the vault closed: each says so, and changes
// nothing at all, not even a count of guesses.
func (l *lab) away(what string, g, token gadget) {
	l.Helper()
	ctx := l.Context()
	pending := l.pending(mfa.Identity{Kind: mfa.Root, Name: rootMail})
	l.unchanged(what, false, func() {
		for name, do := range map[string]func() error{
			"signing in by code": func() error { _, err := l.ceremony.SignInWithCode(ctx, pending, l.code(g, 1)); return err },
			"signing in by a printed code": func() error {
				_, err := l.ceremony.SignInWithRecovery(ctx, pending, secret("AAAA-BBBB-CCCC-DDDD"))
				return err
			},
			"creating an app": func() error { _, err := l.ceremony.CreateApp(ctx, l.who, "", "late"); return err },
			"assigning a token": func() error {
				_, err := l.ceremony.AssignToken(ctx, l.who, "", token.Serial, "late", l.code(token, -1), l.code(token, 0))
				return err
			},
			"resynchronising":     func() error { _, err := l.ceremony.Resync(ctx, l.who, g.ID, l.code(g, 1), l.code(g, 2)); return err },
			"resync at sign-in":   func() error { return l.ceremony.ResyncPending(ctx, pending, g.ID, l.code(g, 1), l.code(g, 2)) },
			"making printed ones": func() error { _, err := l.recovery.Make(ctx, l.who); return err },
			"importing tokens": func() error {
				p, err := l.stock.Preview(ctx, l.who, fmt.Appendf(nil, "LATETOKEN1,%s,TOTP,6,30\n", hexSeed), stock.Secrets{})
				if err != nil {
					return err
				}
				defer p.Wipe()
				_, err = l.stock.Import(ctx, l.who, p, false, nil)
				return err
			},
			"backing up": func() error {
				_, err := l.archive.Make(ctx, l.who, l.dir+"/late.keyferry", secret("a long passphrase"))
				return err
			},
		} {
			wants(l, what+", "+name, do(), mfa.CodeVaultLocked)
		}
	})
	if gate, err := l.accounts.GuessGate(ctx, l.who.PrincipalID); err != nil || gate.Count != 0 {
		l.Errorf("%s: guesses %+v, %v", what, gate, err)
	}
}

// A secret store that is locked, gone, emptied or another's: nothing is lost, no new key
// is made over the old one, and the passphrase opens all again.
func TestSecretStoresThatFail(t *testing.T) {
	for name, row := range map[string]struct {
		spoil func(l *lab, m *memory)
		store mfa.Code
	}{
		"locked":   {func(_ *lab, m *memory) { m.fails(0, mfa.Fail(mfa.CodeVaultStoreLocked)) }, mfa.CodeVaultStoreLocked},
		"gone":     {func(_ *lab, m *memory) { m.fails(0, mfa.Fail(mfa.CodeVaultNoStore)) }, mfa.CodeVaultNoStore},
		"no store": {func(l *lab, _ *memory) { l.system = nil }, mfa.CodeVaultNoStore},
		"emptied":  {func(_ *lab, m *memory) { clear(m.entries) }, mfa.CodeVaultStoreChanged},
		"another key": {func(_ *lab, m *memory) {
			for name := range m.entries {
				m.entries[name] = make([]byte, 32)
			}
		}, mfa.CodeVaultStoreChanged},
		"a key of another size": {func(_ *lab, m *memory) {
			for name := range m.entries {
				m.entries[name] = []byte("short")
			}
		}, mfa.CodeVaultStoreChanged},
		"broken in its own way": {func(_ *lab, m *memory) { m.fails(0, errGone) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			l := newLabOver(t, t.TempDir(), m)
			g := l.enabled(l.who, "", "phone")
			l.prove()
			token := l.token("TOKEN00001")
			_, err := l.recovery.Make(t.Context(), l.who)
			l.must(err)
			phrase := func() *mfa.Secret { return secret("a passphrase to come back") }
			l.must(l.vault.SetPassphrase(t.Context(), l.who.PrincipalID, phrase()))
			l.close()
			row.spoil(l, m)
			l.open()
			s := l.vault.State()
			if s.Status != vault.Locked || row.store != "" && s.Store != row.store {
				t.Fatalf("%+v, want %s", s, row.store)
			}
			kept := fmt.Sprint(m.keys())
			l.away(name, g, token)
			wants(t, "a wrong passphrase", l.vault.Unlock(t.Context(), secret("another passphrase")), mfa.CodeVaultPassphrase)
			if fmt.Sprint(m.keys()) != kept {
				t.Error("a key was written into a store that the vault does not understand")
			}
			l.must(l.vault.Unlock(t.Context(), phrase()))
			if _, err := l.ceremony.SignInWithCode(t.Context(), l.pending(mfa.Identity{Kind: mfa.Root, Name: rootMail}), l.code(g, 1)); err != nil {
				t.Errorf("after the passphrase: %v (%s)", err, mfa.AsFailure(err).Explain())
			}
			m.fails(0, nil)
			if row.store == mfa.CodeVaultStoreChanged { // it was repaired
				l.reopen()
				if s := l.vault.State(); s.Status != vault.Open || s.Store != "" {
					t.Errorf("after the repair: %+v", s)
				}
			}
		})
	}
}

// The store goes away in the middle: before the first call, after it, after two and so
// on. Whenever that is, what is sealed already opens again afterwards.
func TestASecretStoreThatVanishesMidway(t *testing.T) {
	for _, code := range []mfa.Code{mfa.CodeVaultStoreLocked, mfa.CodeVaultNoStore} {
		for calls := range 5 {
			t.Run(fmt.Sprintf("%s after %d calls", code, calls), func(t *testing.T) {
				m := newMemory()
				l := newLabOver(t, t.TempDir(), m)
				phrase := func() *mfa.Secret { return secret("a passphrase to come back") }
				m.fails(calls, mfa.Fail(code))
				made, err := l.ceremony.CreateApp(t.Context(), l.who, "", "phone") // sets the vault up
				if err != nil {
					if !mfa.IsCode(err, mfa.CodeVaultLocked) && !mfa.IsCode(err, code) {
						t.Errorf("%v (%s)", err, mfa.AsFailure(err).Explain())
					}
					if left, err := l.store.Unassigned(t.Context(), mfa.KindApp); err != nil || len(left) != 0 {
						t.Errorf("half an app is left: %+v, %v", left, err)
					}
				} else {
					made.Wipe()
				}
				err = l.vault.SetPassphrase(t.Context(), l.who.PrincipalID, phrase())
				if err != nil && l.vault.State().Status == vault.Open {
					t.Errorf("an open vault takes no passphrase: %v", err)
				}
				if err != nil { // nothing was there yet
					l.must(l.vault.SetUp(t.Context(), l.who.PrincipalID, phrase()))
				}
				g := l.enabled(l.who, "", "late")
				l.reopen()
				if l.vault.State().Status != vault.Open {
					l.must(l.vault.Unlock(t.Context(), phrase()))
				}
				if _, err := l.ceremony.SignInWithCode(t.Context(), l.pending(mfa.Identity{Kind: mfa.Root, Name: rootMail}), l.code(g, 1)); err != nil {
					t.Errorf("%v (%s)", err, mfa.AsFailure(err).Explain())
				}
				m.fails(0, nil)
				l.reopen()
				l.must(l.vault.Unlock(t.Context(), phrase()))
			})
		}
	}
}
