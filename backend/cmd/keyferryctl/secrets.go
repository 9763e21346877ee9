package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/vault"
)

// secretFlag says where a secret other than the password comes from: a file, or a
// prompt. There is no flag that holds one.
type secretFlag struct{ name, file string }

// newSecret declares --<name>-file.
func newSecret(fs *flag.FlagSet, name, what string) *secretFlag {
	s := &secretFlag{name: name}
	fs.StringVar(&s.file, name+"-file", "", "read "+what+" from the first line of `FILE` (default: ask)")
	return s
}

// get gives the secret; from a prompt twice when it is a new one. The caller wipes it.
func (s *secretFlag) get(ctx context.Context, t *terminal, question string, isNew bool) (*mfa.Secret, error) {
	if s.file != "" {
		return fromFile(s.file, s.name+"-file")
	}
	if !t.in.isTerminal() {
		return nil, usage("there is no terminal to ask on: use --%s-file", s.name)
	}
	return t.ask(ctx, question, isNew, s.name)
}

// given is get for a secret that need not be there: nil without the flag.
func (s *secretFlag) given() (*mfa.Secret, error) {
	if s.file == "" {
		return nil, nil
	}
	return fromFile(s.file, s.name+"-file")
}

// vaultFlags open the account's secrets where the system's store does not.
type vaultFlags struct{ passphrase, recovery string }

func (v *vaultFlags) flags(fs *flag.FlagSet) {
	fs.StringVar(&v.passphrase, "vault-passphrase-file", "", "open the secrets with the passphrase in the first line of `FILE`")
	fs.StringVar(&v.recovery, "vault-recovery-file", "", "open the secrets with a recovery `FILE`")
}

// unlock opens a vault that is locked, if a way was given.
func (v *vaultFlags) unlock(ctx context.Context, of *vault.Vault) error {
	switch {
	case v.passphrase != "" && v.recovery != "":
		return usage("--vault-passphrase-file and --vault-recovery-file exclude each other")
	case of.State().Status != vault.Locked:
		return nil
	case v.passphrase != "":
		passphrase, err := fromFile(v.passphrase, "vault-passphrase-file")
		if err != nil {
			return err
		}
		defer passphrase.Wipe()
		return of.Unlock(ctx, passphrase)
	case v.recovery != "":
		text, err := readFile(v.recovery, maxSmallFile)
		if err != nil {
			return err
		}
		defer clear(text)
		return of.UnlockWithFile(ctx, text)
	}
	return nil
}

// maxSmallFile is far above what a recovery file has.
const maxSmallFile = 64 << 10

// readFile reads a file of at most limit bytes, and one more, so that whoever judges
// it sees that it is too large. file-unreadable.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeFileUnreadable).Because(errors.Unwrap(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		clear(data)
		return nil, mfa.Fail(mfa.CodeFileUnreadable).Because(errors.Unwrap(err))
	}
	return data, nil
}

// ask asks on the terminal without showing the answer, twice for a new secret.
func (t *terminal) ask(ctx context.Context, question string, isNew bool, field string) (*mfa.Secret, error) {
	// One silence for both questions: what is pasted in one go must not show.
	restore, err := silence(t.in.file)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", field).Because(err)
	}
	defer restore()
	first, err := t.prompt(ctx, question+": ")
	if err != nil || !isNew {
		return first, err
	}
	second, err := t.prompt(ctx, "Again: ")
	defer second.Wipe()
	if err == nil && !first.Equal(second) {
		fmt.Fprintln(t.outErr, "The two differ.")
		err = mfa.Fail(mfa.CodeInvalidInput, "field", field)
	}
	if err != nil {
		first.Wipe()
		return nil, err
	}
	return first, nil
}
