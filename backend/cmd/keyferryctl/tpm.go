package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"strings"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/readiness"
)

// aboutTPM is what helps with what this computer keeps.
const aboutTPM = `On Linux this computer keeps passkeys under its TPM: what is needed to use them lies
in the data folder, one set for each account. Nobody has to sign in to see how many
there are, or to be rid of them: whoever may write that folder could delete it. Their
list takes the PIN: keyferryctl keys passkeys --computer.
`

// ofTPM makes a command about what this computer keeps for the account. It works also
// when the TPM does not: what it keeps is of no use then, and can be forgotten.
func ofTPM(path, args, summary string, set func(fs *flag.FlagSet) func(ctx context.Context, t *terminal, h *assembly.House) error) command {
	return command{path: strings.Fields(path), args: args, summary: summary, about: aboutTPM,
		set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
			var hf houseFlags
			fs.BoolVar(&hf.sandbox, "sandbox", false, "what it keeps for the evaluation sandbox")
			do := set(fs)
			return func(ctx context.Context, t *terminal, given []string) error {
				if err := count(path, args, given); err != nil {
					return err
				}
				if err := hf.settle(ctx, t, g); err != nil {
					return err
				}
				h, err := hf.open(ctx, t, g)
				if err != nil {
					return err
				}
				defer h.Close()
				if _, err := h.Accounts.Account(ctx); err != nil {
					return err
				}
				if h.Ceremonies.Roads.Computer == nil {
					return mfa.Fail(mfa.CodePlatformMissing, "system", runtime.GOOS)
				}
				return do(ctx, t, h)
			}
		}}
}

// keptJSON is what this computer keeps for an account.
type keptJSON struct {
	Passkeys int        `json:"passkeys"`
	PIN      bool       `json:"pin"` // one is set
	Ladder   ladderJSON `json:"ladder"`
}

var tpmShow = ofTPM("tpm show", "", "say how many passkeys this computer keeps, and whether its TPM can be used", func(*flag.FlagSet) func(context.Context, *terminal, *assembly.House) error {
	return func(ctx context.Context, t *terminal, h *assembly.House) error {
		kept, state, err := inTPM(ctx, h)
		if err != nil {
			return err
		}
		r := h.Readiness.Check(ctx, readiness.Options{})
		j := keptJSON{Passkeys: kept, PIN: len(state.PINPublic) > 0}
		for _, l := range visitOf(r, false, mfaFailure).Ladders {
			if l.Way == readiness.WayComputer {
				j.Ladder = l
			}
		}
		t.document(j)
		var b strings.Builder
		j.Ladder.text(&b)
		pin := "no PIN is set"
		if j.PIN {
			pin = "its PIN was set " + when(state.PINSetAt)
		}
		fmt.Fprintf(&b, "It keeps %s, and %s.", plural(kept, "passkey"), pin)
		t.say("%s", b.String())
		return nil
	}
})

var tpmReset = ofTPM("tpm reset", "[--yes]", "forget the PIN and every passkey that this computer keeps, as when its TPM was cleared or is another one", func(fs *flag.FlagSet) func(context.Context, *terminal, *assembly.House) error {
	yes := yesFlag(fs)
	return func(ctx context.Context, t *terminal, h *assembly.House) error {
		kept, state, err := inTPM(ctx, h)
		if err != nil {
			return err
		}
		if kept == 0 && len(state.PINPublic) == 0 {
			t.document(map[string]int{"deleted": 0})
			t.say("This computer keeps nothing.")
			return nil
		}
		question := fmt.Sprintf("Delete the PIN and %s that this computer keeps for this account? They cannot be brought back, and the devices that they are sign nobody in any more. Phones and keys stay as they are.",
			plural(kept, "passkey"))
		if err := t.sure(ctx, *yes, question); err != nil {
			return err
		}
		if err := h.Store.ResetLocal(ctx); err != nil {
			return err
		}
		t.document(map[string]int{"deleted": kept})
		t.say("Deleted the PIN and %s. Devices that were this computer can be removed now, and this computer added anew.", plural(kept, "passkey"))
		return nil
	}
})

// inTPM counts the passkeys, and gives what is kept beside them.
func inTPM(ctx context.Context, h *assembly.House) (int, mfa.LocalState, error) {
	kept, err := h.Store.LocalPasskeys(ctx, "")
	if err != nil {
		return 0, mfa.LocalState{}, err
	}
	state, err := h.Store.LocalState(ctx)
	return len(kept), state, err
}
