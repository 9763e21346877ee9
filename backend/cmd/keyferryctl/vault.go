package main

import (
	"context"
	"flag"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/vault"
)

type slotJSON struct {
	ID        string       `json:"id"`
	Kind      mfa.SlotKind `json:"kind"`
	CreatedAt int64        `json:"created_at"`
}

func (t *terminal) vault(s vault.State) {
	slots := make([]slotJSON, len(s.Slots))
	t.say("The secrets are %s.", map[vault.Status]string{vault.Unset: "without a key yet: nothing is sealed", vault.Locked: "locked", vault.Open: "open"}[s.Status])
	store := s.System
	switch {
	case store == "":
		store = "none"
	case s.Store != "":
		store += " (" + string(s.Store) + ")"
	}
	t.say("Secret store of the system: %s", store)
	table := newTable("ID", "WAY", "SINCE")
	for i, k := range s.Slots {
		slots[i] = slotJSON{ID: k.ID, Kind: k.Kind, CreatedAt: milliseconds(k.CreatedAt)}
		table.row(k.ID, string(k.Kind), when(k.CreatedAt))
	}
	t.say("%s", table)
	t.result(map[string]any{"state": s.Status, "system": s.System, "store": s.Store, "slots": slots})
}

// vaultStatus and vaultUnlock need nobody to be signed in: codes cannot be checked
// before the vault is open.
var vaultStatus = command{
	path: []string{"vault", "status"}, summary: "say whether secrets can be opened, and by which ways",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		return setVault(fs, g, func(ctx context.Context, t *terminal, v *vault.Vault) error { return nil })
	},
}

var vaultUnlock = command{
	path: []string{"vault", "unlock"}, summary: "try a way to the secrets: the system's store, --vault-passphrase-file or --vault-recovery-file; it repairs the store's entry",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		return setVault(fs, g, func(ctx context.Context, t *terminal, v *vault.Vault) error {
			if v.State().Status != vault.Locked {
				return nil
			}
			return v.Retry(ctx)
		})
	},
}

func setVault(fs *flag.FlagSet, g *globals, do func(context.Context, *terminal, *vault.Vault) error) func(context.Context, *terminal, []string) error {
	var h houseFlags
	h.flags(fs)
	return func(ctx context.Context, t *terminal, args []string) error {
		if len(args) > 0 {
			return usage("this takes no arguments")
		}
		return h.visit(ctx, t, g, func(house *assembly.House, _ mfa.Account) error {
			if err := do(ctx, t, house.Vault); err != nil {
				return err
			}
			t.vault(house.Vault.State())
			return nil
		})
	}
}

// manage lets those change the vault who may.
func (s *seat) manage(ctx context.Context, change func(by string) error) error {
	if _, err := s.Accounts.May(ctx, s.session, mfa.OpManageVault, ""); err != nil {
		return err
	}
	if err := change(s.session.PrincipalID); err != nil {
		return err
	}
	s.t.vault(s.Vault.State())
	return nil
}

var vaultPassphrase = changing("vault passphrase", "[--new-vault-passphrase-file F]", "set the passphrase of the secrets, or make another the only one", func(fs *flag.FlagSet) action {
	given := newSecret(fs, "new-vault-passphrase", "the passphrase")
	return func(ctx context.Context, s *seat) error {
		return s.manage(ctx, func(by string) error {
			passphrase, err := given.get(ctx, s.t, "Passphrase of the secrets", true)
			if err != nil {
				return err
			}
			defer passphrase.Wipe()
			if s.Vault.State().Status == vault.Unset {
				return s.Vault.SetUp(ctx, by, passphrase)
			}
			return s.Vault.SetPassphrase(ctx, by, passphrase)
		})
	}
})

var vaultSystem = changing("vault system", "", "let the system's secret store open the secrets", plain(func(ctx context.Context, s *seat) error {
	return s.manage(ctx, func(by string) error {
		if s.Vault.State().Status == vault.Unset {
			return s.Vault.SetUp(ctx, by, nil)
		}
		return s.Vault.UseSystem(ctx, by)
	})
}))

var vaultRecoveryFile = changing("vault recovery-file", "FILE", "write a recovery file, which opens the secrets; keep it apart from this computer", plain(func(ctx context.Context, s *seat) error {
	return s.manage(ctx, func(by string) error {
		if exists(s.args[0]) {
			return mfa.Fail(mfa.CodeFileExists)
		}
		text, err := s.Vault.MakeRecoveryFile(ctx, by)
		if err != nil {
			return err
		}
		defer text.Wipe()
		return writeNew(s.args[0], text.Bytes())
	})
}))

var vaultRemoveSlot = changing("vault remove-slot", "ID [--yes]", "take a way to the secrets off", func(fs *flag.FlagSet) action {
	yes := yesFlag(fs)
	return func(ctx context.Context, s *seat) error {
		return s.manage(ctx, func(by string) error {
			if err := s.sure(ctx, *yes, "Take this way to the secrets off?"); err != nil {
				return err
			}
			return s.Vault.RemoveSlot(ctx, by, s.args[0])
		})
	}
})
