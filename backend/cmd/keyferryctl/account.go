package main

import (
	"context"
	"flag"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/mfa"
)

type accountJSON struct {
	ID        string `json:"id"`
	Alias     string `json:"alias"`
	RPID      string `json:"rp_id"`
	Frozen    bool   `json:"frozen"`
	Sandbox   bool   `json:"sandbox"`
	CreatedAt int64  `json:"created_at"`
}

func printAccount(t *terminal, a mfa.Account) {
	t.document(accountJSON{ID: a.ID, Alias: a.Alias, RPID: a.RPID, Frozen: !a.FrozenAt.IsZero(), Sandbox: a.Sandbox, CreatedAt: milliseconds(a.CreatedAt)})
	t.say("Account  %s (%s)", a.Alias, a.ID)
	frozen := "can be changed until the first device is added"
	if !a.FrozenAt.IsZero() {
		frozen = "fixed"
	}
	t.say("Passkeys are bound to  %s, %s", a.RPID, frozen)
	t.say("Created  %s", when(a.CreatedAt))
	if a.Sandbox {
		t.say("This is the evaluation sandbox: it accepts simulated devices and protects nothing.")
	}
}

var accountCreate = command{
	path: []string{"account", "create"}, args: "--alias A --email E", summary: "create the account and its root user",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var h houseFlags
		var p passwordFlags
		var n account.NewAccount
		h.flags(fs)
		p.flags(fs)
		fs.StringVar(&n.Alias, "alias", "", "the account's name: 3 to 63 of a-z, 0-9 and hyphens (`A`)")
		fs.StringVar(&n.Email, "email", "", "root's e-mail address (`E`)")
		fs.StringVar(&n.RPID, "rp-id", "", "`domain` that passkeys are bound to (default "+mfa.DefaultRPID+")")
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) > 0 || n.Alias == "" || n.Email == "" {
				return usage("account create needs --alias and --email, and nothing else")
			}
			for _, err := range []error{mfa.CheckAlias(n.Alias), mfa.CheckEmail(n.Email)} {
				if err != nil {
					return err // before the password is asked for
				}
			}
			house, err := h.open(ctx, t, g)
			if err != nil {
				return err
			}
			defer house.Close()
			password, err := p.password(ctx, t, true)
			if err != nil {
				return err
			}
			defer password.Wipe()
			n.Password, n.Sandbox = password, h.sandbox
			a, _, err := house.Accounts.Create(ctx, n)
			if err != nil {
				return err
			}
			printAccount(t, a)
			return nil
		}
	},
}

var accountShow = command{
	path: []string{"account", "show"}, summary: "show the account",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var h houseFlags
		h.flags(fs)
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) > 0 {
				return usage("account show takes no arguments")
			}
			return h.visit(ctx, t, g, func(_ *assembly.House, a mfa.Account) error {
				printAccount(t, a)
				return nil
			})
		}
	},
}
