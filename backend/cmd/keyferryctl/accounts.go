package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
)

// accountFlag says whose passkey signs in, where there are those of several people.
type accountFlag struct {
	name   string
	chosen bool // by it, or by somebody who was asked
}

func (a *accountFlag) flags(fs *flag.FlagSet) {
	fs.StringVar(&a.name, "account-name", "", "with --passkey: only `NAME` signs in (or the digits beside a name), also where the device has passkeys of others")
}

// choosing answers the question whose passkey it shall be; its list was printed before
// (words.Accounts). Several of the same name are told apart by their digits.
func (a *accountFlag) choosing(t *terminal) mfa.ChooseAccount {
	return func(ctx context.Context, ask mfa.AccountsAsk) (int, error) {
		a.chosen = true
		switch {
		case a.name != "":
			i, err := a.in(ask.Accounts)
			if mfa.IsCode(err, mfa.CodeAccountNeeded) {
				for _, line := range words.Accounts(ask) {
					t.say("%s", line)
				}
			}
			return i, err
		case !t.in.isTerminal():
			return 0, mfa.Fail(mfa.CodeAccountNeeded)
		}
		return t.choose(ctx, "Account", len(ask.Accounts))
	}
}

// in finds the one that the flag names: not-found (what: passkey), and account-needed
// (name: several) where it fits several.
func (a *accountFlag) in(accounts []mfa.FoundAccount) (int, error) {
	fits := func(f mfa.FoundAccount) bool { return a.named(f.Name) || a.named(f.Mark) }
	i := slices.IndexFunc(accounts, fits)
	switch {
	case i < 0:
		return 0, mfa.Fail(mfa.CodeNotFound, "what", "passkey")
	case slices.ContainsFunc(accounts[i+1:], fits):
		return 0, mfa.Fail(mfa.CodeAccountNeeded, "name", "several")
	}
	return i, nil
}

func (a *accountFlag) named(s string) bool { return s != "" && strings.EqualFold(a.name, s) }

// is reports whether p may be who signed in: where nothing was asked, as there was one
// passkey only, the flag names them.
func (a *accountFlag) is(p mfa.Principal) bool {
	return a.name == "" || a.chosen || a.named(p.Label())
}

// choose asks for a number from 1 to n, and gives it from 0 on. An empty line and the end
// of the input count as cancelled.
func (t *terminal) choose(ctx context.Context, question string, n int) (int, error) {
	for range slips {
		fmt.Fprintf(t.outErr, "%s [1-%d]: ", question, n)
		b, err := t.in.line(ctx)
		text := strings.TrimSpace(string(b))
		if errors.Is(err, io.EOF) || err == nil && text == "" {
			return 0, mfa.Fail(mfa.CodeCancelled)
		}
		if err != nil {
			return 0, err
		}
		if i, err := strconv.Atoi(text); err == nil && i >= 1 && i <= n {
			return i - 1, nil
		}
	}
	return 0, mfa.Fail(mfa.CodeInvalidInput, "field", "account")
}

// foundAccount is one of the passkeys to choose from.
type foundAccount struct {
	Name     string `json:"name"`
	FullName string `json:"full_name,omitempty"`
	Mark     string `json:"mark,omitempty"` // of several that are called the same, or nothing
}

func accountsOf(ask *mfa.AccountsAsk) []foundAccount {
	if ask == nil {
		return nil
	}
	out := make([]foundAccount, len(ask.Accounts))
	for i, a := range ask.Accounts {
		out[i] = foundAccount{a.Name, a.FullName, a.Mark}
	}
	return out
}
