package main

import (
	"context"
	"flag"

	"github.com/keyferry/keyferry/backend/archive"
	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

type summaryJSON struct {
	Account string `json:"account"`
	Alias   string `json:"alias"`
	MadeAt  int64  `json:"made_at"`
	Users   int    `json:"users"`
	Devices int    `json:"devices"`
	Events  int    `json:"events"`
	Sealed  int    `json:"sealed"`
	Sandbox bool   `json:"sandbox"`
}

func (t *terminal) summary(verb string, s archive.Summary) {
	t.result(summaryJSON{Account: s.Account, Alias: s.Alias, MadeAt: milliseconds(s.MadeAt), Users: s.Users, Devices: s.Devices,
		Events: s.Events, Sealed: s.Sealed, Sandbox: s.Sandbox})
	t.say("%s: account %s (%s), made %s, %s besides root, %s, %s, %s.", verb, s.Alias, s.Account, when(s.MadeAt),
		plural(s.Users, "user"), plural(s.Devices, "device"), plural(s.Events, "event"), plural(s.Sealed, "sealed secret"))
}

func backupPassphrase(fs *flag.FlagSet) *secretFlag {
	return newSecret(fs, "backup-passphrase", "the backup's passphrase")
}

var backupMake = signed("backup make", "FILE [--backup-passphrase-file F]", "put everything into one sealed file", func(fs *flag.FlagSet) action {
	given := backupPassphrase(fs)
	return func(ctx context.Context, s *seat) error {
		passphrase, err := given.get(ctx, s.t, "Passphrase of the backup", true)
		if err != nil {
			return err
		}
		defer passphrase.Wipe()
		made, err := s.Archive.Make(ctx, s.session, s.args[0], passphrase)
		if err != nil {
			return err
		}
		s.t.summary("Saved", made)
		return nil
	}
})

var backupRehearse = command{
	path: []string{"backup", "rehearse"}, args: "FILE [--backup-passphrase-file F]", summary: "open a backup, check all of it, and say what is in it",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		given := backupPassphrase(fs)
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) != 1 {
				return usage("use: keyferryctl backup rehearse FILE")
			}
			passphrase, err := given.get(ctx, t, "Passphrase of the backup", false)
			if err != nil {
				return err
			}
			defer passphrase.Wipe()
			found, err := assembly.Rehearse(ctx, args[0], passphrase)
			if err != nil {
				return err
			}
			t.summary("The backup opens", found)
			return nil
		}
	},
}

// backupRestore needs nobody where there is no account, and otherwise somebody who may
// make backups.
var backupRestore = command{
	path: []string{"backup", "restore"}, args: "FILE [--replace-other] [--yes]", summary: "put a backup in the place of the account; what was there is kept beside it",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var w withSession
		w.flags(fs)
		given, way := backupPassphrase(fs), newSecret(fs, "new-vault-passphrase", "a passphrase for the secrets, where the system has no store,")
		other := fs.Bool("replace-other", false, "also when the backup is of another account")
		yes := yesFlag(fs)
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) != 1 {
				return usage("use: keyferryctl backup restore FILE")
			}
			t.attempt = words.Change
			there, err := w.mayRestore(ctx, t, g, *yes)
			if err != nil {
				return err
			}
			passphrase, err := given.get(ctx, t, "Passphrase of the backup", false)
			if err != nil {
				return err
			}
			defer passphrase.Wipe()
			restored, key, err := assembly.Restore(ctx, w.h.config(g), desk.Restoring{Path: args[0], Passphrase: passphrase, AccountID: there, ReplaceOther: *other})
			if err != nil {
				return err
			}
			defer key.Wipe()
			t.attempt = ""
			if err := w.adopt(ctx, t, g, key, way); err != nil {
				return err
			}
			t.summary("Restored", restored)
			return nil
		}
	},
}

// mayRestore gives the account that is there, "" for none, or for one that cannot be
// opened: then nobody can be asked who they are.
func (w *withSession) mayRestore(ctx context.Context, t *terminal, g *globals, yes bool) (id string, err error) {
	if err := w.h.choose(ctx, t, g); err != nil {
		return "", err
	}
	house, err := w.h.open(ctx, t, g)
	if mfa.IsCode(err, mfa.CodeDatabaseDamaged) || mfa.IsCode(err, mfa.CodeDatabaseForeign) {
		return "", (&seat{t: t}).sure(ctx, yes, "Put the backup in the place of what cannot be opened? It is kept beside it.")
	}
	if err != nil {
		return "", err
	}
	a, err := house.Accounts.Account(ctx)
	if err := house.Close(); err != nil {
		return "", err
	}
	if mfa.IsCode(err, mfa.CodeNoAccount) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return a.ID, w.run(ctx, t, g, func(house *assembly.House, session mfa.Session) error {
		if _, err := house.Accounts.May(ctx, session, mfa.OpBackUp, ""); err != nil {
			return err
		}
		return (&seat{t: t}).sure(ctx, yes, "Put the backup in the place of "+a.Alias+" ("+a.ID+")? What is there now is kept beside it.")
	})
}

// adopt hands the data key of the backup to the vault, and makes sure that there is a
// way to it on this machine.
func (w *withSession) adopt(ctx context.Context, t *terminal, g *globals, key *mfa.Secret, way *secretFlag) error {
	if key.Len() == 0 {
		return nil
	}
	house, err := assembly.Open(ctx, w.h.config(g))
	if err != nil {
		return err
	}
	defer house.Close()
	err = house.Vault.Adopt(ctx, "", key)
	if way.file != "" {
		passphrase, err := way.given()
		if err != nil {
			return err
		}
		defer passphrase.Wipe()
		root, err := rootOf(ctx, house.Store)
		if err != nil {
			return err
		}
		return house.Vault.SetPassphrase(ctx, root.ID, passphrase)
	}
	if mfa.IsCode(err, mfa.CodeVaultNoStore) || mfa.IsCode(err, mfa.CodeVaultStoreLocked) {
		t.warn(err) // the ways that the backup knows (a passphrase, a recovery file) still open it
		return nil
	}
	return err
}
