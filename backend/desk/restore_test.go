package desk

import (
	"bytes"
	"testing"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/vault"
)

var phrase = []byte("a passphrase of a backup")

func passphrase() *mfa.Secret { return mfa.NewSecret(bytes.Clone(phrase)) }

// backedUp makes an account on another machine, in a store that Restore will put in.
func (b *bench) backedUp(t *testing.T) (fileID string) {
	t.Helper()
	other := storetest.NewMemory()
	accounts := account.New(account.Config{Store: other, Clock: b.hall.time.now, Rand: zeros{}, Cost: account.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	if _, _, err := accounts.Create(t.Context(), account.NewAccount{Alias: "from-backup", Email: "root@backup.example", Password: password()}); err != nil {
		t.Fatal(err)
	}
	b.hall.restored, b.hall.key = other, bytes.Repeat([]byte{7}, 32)
	f, err := b.Choose(write(t, "all.kfbackup", "sealed"))
	if err != nil {
		t.Fatal(err)
	}
	return f.ID
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestRestoreWhereThereIsNothing(t *testing.T) {
	for _, broken := range []bool{false, true} {
		b := newBench(t)
		if broken {
			b.hall.fail = mfa.Fail(mfa.CodeDatabaseDamaged)
			b.LeaveSandbox(t.Context())
			b.OpenSandbox(t.Context())
			b.LeaveSandbox(t.Context())
			if b.State().Phase != PhaseBroken {
				t.Fatal("the database opens")
			}
		}
		s, err := b.RestoreBackup(t.Context(), b.backedUp(t), passphrase(), false)
		if err != nil || s.Phase != PhaseSignIn || s.Account.Alias != "from-backup" || s.Vault.Status != vault.Open || s.Failure != nil {
			t.Fatalf("broken %v: %+v, %v", broken, s, err)
		}
		if r := b.hall.restoring; r.AccountID != "" || r.ReplaceOther {
			t.Errorf("asked for %+v", r)
		}
	}
}

func TestRestoreOverAnAccount(t *testing.T) {
	b := newBench(t)
	b.create(t)
	file := b.backedUp(t)
	was := b.State().Account.ID
	b.addUser(t, account.NewUser{Name: "ann"})
	for _, who := range []struct {
		name string
		in   *mfa.Identity
		code mfa.Code
	}{
		{"nobody", nil, mfa.CodeNotSignedIn},
		{"a user", &mfa.Identity{Kind: mfa.User, Name: "ann"}, mfa.CodeAccessDenied},
	} {
		if _, err := b.SignOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		if who.in != nil {
			if _, err := b.SignIn(t.Context(), *who.in, password()); err != nil {
				t.Fatal(err)
			}
		}
		_, err := b.RestoreBackup(t.Context(), file, passphrase(), true)
		wants(t, err, who.code)
		if who.in == nil {
			if _, err := b.SignIn(t.Context(), rootIdentity, password()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := b.SignIn(t.Context(), rootIdentity, password()); err != nil {
		t.Fatal(err)
	}
	if b.hall.restoring.Path != "" {
		t.Fatal("it was restored all the same")
	}

	// What can be known before is no reason to sign anybody out.
	_, err := b.RestoreBackup(t.Context(), file, passphrase(), false)
	wants(t, err, mfa.CodeBackupOther)
	if f := mfa.AsFailure(err); f.Params["alias"] != "from-backup" || f.Params["id"] == was {
		t.Errorf("of which account? %v", f.Params)
	}
	b.hall.refuse = mfa.Fail(mfa.CodeBackupPassphrase)
	_, err = b.RestoreBackup(t.Context(), file, passphrase(), true)
	wants(t, err, mfa.CodeBackupPassphrase)
	if s := b.State(); s.Phase != PhaseHome || b.hall.restoring.Path != "" {
		t.Fatalf("after a refusal: %+v", s)
	}
	b.hall.refuse, b.hall.late = mfa.Fail(mfa.CodeChainBroken), mfa.Fail(mfa.CodeDiskFull)
	_, err = b.RestoreBackup(t.Context(), file, passphrase(), true)
	wants(t, err, mfa.CodeDiskFull)
	if s := b.State(); s.Phase != PhaseSignIn || s.Account.ID != was {
		t.Fatalf("after a failure: %+v", s)
	}
	b.hall.refuse, b.hall.late = nil, nil
	if _, err := b.SignIn(t.Context(), rootIdentity, password()); err != nil {
		t.Fatal(err)
	}
	b.told()
	s, err := b.RestoreBackup(t.Context(), file, passphrase(), true)
	if err != nil || s.Account.Alias != "from-backup" || s.Person != nil {
		t.Fatalf("%+v, %v", s, err)
	}
	if r := b.hall.restoring; r.AccountID != was || !r.ReplaceOther || r.Path == "" {
		t.Errorf("asked for %+v", r)
	}
	if told := b.told(); told == nil || told.Account.Alias != "from-backup" {
		t.Errorf("told %+v", told)
	}
	if _, err := b.SignIn(t.Context(), mfa.Identity{Kind: mfa.Root, Name: "root@backup.example"}, password()); err != nil {
		t.Error(err)
	}
}

// Without a secret store on this machine the vault is open, and says what is missing.
func TestRestoreWithoutASecretStore(t *testing.T) {
	b := newBench(t)
	b.hall.secrets = nil
	b.OpenSandbox(t.Context())
	b.LeaveSandbox(t.Context())
	s, err := b.RestoreBackup(t.Context(), b.backedUp(t), passphrase(), false)
	if err != nil || s.Vault.Status != vault.Open || len(s.Vault.Slots) != 0 {
		t.Fatalf("%+v, %v", s.Vault, err)
	}
}

func TestRehearsalNeedsNobody(t *testing.T) {
	b := newBench(t)
	s, err := b.RehearseBackup(t.Context(), b.backedUp(t), passphrase())
	if err != nil || s.Alias != "from-backup" {
		t.Errorf("%+v, %v", s, err)
	}
	_, err = b.RehearseBackup(t.Context(), "/etc/passwd", passphrase())
	wants(t, err, mfa.CodeFileUnreadable)
}

func TestVaultIsManagedByThoseWhoMay(t *testing.T) {
	b := newBench(t)
	b.create(t)
	b.addUser(t, account.NewUser{Name: "ann"})
	s, err := b.SetPassphrase(t.Context(), passphrase())
	if err != nil || s.Vault.Status != vault.Open || len(s.Vault.Slots) != 2 {
		t.Fatalf("%+v, %v", s.Vault, err)
	}
	saved := 0
	save := func(text *mfa.Secret) error { saved = text.Len(); return nil }
	yes, no := func() (bool, error) { return true, nil }, func() (bool, error) { return false, nil }
	if err := b.MakeRecoveryFile(t.Context(), no, save); err != nil || saved != 0 {
		t.Errorf("saved %d bytes though the person closed the dialog, %v", saved, err)
	}
	if err := b.MakeRecoveryFile(t.Context(), yes, save); err != nil || saved == 0 {
		t.Errorf("saved %d bytes, %v", saved, err)
	}
	if s := b.State(); len(s.Vault.Slots) != 3 {
		t.Errorf("slots %+v", s.Vault.Slots)
	}
	if s, err = b.RemoveSlot(t.Context(), b.State().Vault.Slots[2].ID); err != nil || len(s.Vault.Slots) != 2 {
		t.Errorf("%+v, %v", s.Vault, err)
	}
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = b.SetPassphrase(t.Context(), passphrase())
	wants(t, err, mfa.CodeNotSignedIn)
	if _, err := b.SignIn(t.Context(), mfa.Identity{Kind: mfa.User, Name: "ann"}, password()); err != nil {
		t.Fatal(err)
	}
	_, err = b.RemoveSlot(t.Context(), s.Vault.Slots[0].ID)
	wants(t, err, mfa.CodeAccessDenied)
	asked := false
	wants(t, b.MakeRecoveryFile(t.Context(), func() (bool, error) { asked = true; return true, nil }, save), mfa.CodeAccessDenied)
	if asked {
		t.Error("asked for a place before it was clear that she may")
	}
}

// A store that forgot the key locks codes, not people: the passphrase opens it before
// anybody is signed in.
func TestUnlockBeforeTheSignIn(t *testing.T) {
	b := newBench(t)
	b.create(t)
	b.addApp(t, "my-app")
	if _, err := b.SetPassphrase(t.Context(), passphrase()); err != nil {
		t.Fatal(err)
	}
	b.hall.secrets = nil // another machine
	b.OpenSandbox(t.Context())
	if s := b.LeaveSandbox(t.Context()); s.Vault.Status != vault.Locked {
		t.Fatalf("%+v", s.Vault)
	}
	if _, err := b.SignIn(t.Context(), rootIdentity, password()); err != nil {
		t.Fatal(err)
	}
	_, err := b.SignInWithCode(t.Context(), "123456")
	wants(t, err, mfa.CodeVaultLocked)
	_, err = b.Unlock(t.Context(), mfa.NewSecret([]byte("not the passphrase")))
	wants(t, err, mfa.CodeVaultPassphrase)
	if s, err := b.Unlock(t.Context(), passphrase()); err != nil || s.Vault.Status != vault.Open {
		t.Fatalf("%+v, %v", s.Vault, err)
	}
	_, err = b.SignInWithCode(t.Context(), "123456")
	wants(t, err, mfa.CodeCodeWrong)
	if s, err := b.Unlock(t.Context(), nil); err != nil || s.Vault.Status != vault.Open {
		t.Errorf("an open vault, asked again: %+v, %v", s.Vault, err)
	}
}
