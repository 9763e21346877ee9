package main

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"maps"
	"slices"
	"strings"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

type eventJSON struct {
	Seq       int64             `json:"seq"`
	At        int64             `json:"at"`
	Kind      mfa.EventKind     `json:"kind"`
	Principal string            `json:"principal_id,omitempty"`
	Name      string            `json:"principal,omitempty"`
	Device    string            `json:"device_id,omitempty"`
	Detail    map[string]string `json:"detail,omitempty"`
	Hash      string            `json:"hash"`
}

func eventOf(e mfa.Event) eventJSON {
	return eventJSON{Seq: e.Seq, At: milliseconds(e.At), Kind: e.Kind, Principal: e.PrincipalID, Device: e.DeviceID, Detail: e.Detail, Hash: hex.EncodeToString(e.Hash)}
}

// eventsPage is how many events are read at a time.
const eventsPage = 1000

// events asks nobody to sign in, for scripts that evaluate the product. What happened in
// a real account is shown to those only who may see it: audit list.
var events = command{
	path: []string{"events"}, summary: "sandbox only: list the audit trail without a sign-in, and check its chain",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var h houseFlags
		var after int64
		h.flags(fs)
		fs.Int64Var(&after, "after", 0, "list events after number `N` only; the whole chain is checked all the same")
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) > 0 || after < 0 {
				return usage("events takes no arguments")
			}
			if err := h.settle(ctx, t, g); err != nil {
				return err
			}
			if !h.sandbox {
				return mfa.Fail(mfa.CodeAccessDenied, "needs", "audit list")
			}
			house, err := h.open(ctx, t, g)
			if err != nil {
				return err
			}
			defer house.Close()
			if _, err := house.Accounts.Account(ctx); err != nil {
				return err
			}
			list, last, broken, err := trail(ctx, house.Store, after, t)
			if err != nil {
				return err
			}
			result := map[string]any{"events": list, "chain": map[string]any{"whole": broken == nil, "seq": last.Seq, "hash": hex.EncodeToString(last.Hash[:])}}
			if broken != nil {
				result["chain"] = map[string]any{"whole": false, "broken_at": broken.Seq, "why": broken.Why}
				t.document(result)
				t.say("The chain is broken at event %d (wrong %s): somebody changed the trail.", broken.Seq, broken.Why)
				return errors.Join(errTold, mfa.Fail(mfa.CodeDatabaseDamaged))
			}
			t.document(result)
			t.say("The chain is whole: %d events, last hash %x.", last.Seq, last.Hash)
			return nil
		}
	},
}

// trail reads the whole trail in pages, lists what comes after a number and
// checks every link. broken is the first event that does not fit.
func trail(ctx context.Context, store mfa.EventStore, after int64, t *terminal) (list []eventJSON, last audit.Link, broken *audit.Broken, err error) {
	list = []eventJSON{}
	for seen := int64(0); ; {
		page, err := store.Events(ctx, seen, eventsPage)
		if err != nil || len(page) == 0 {
			return list, last, broken, err
		}
		if broken == nil {
			next, err := last.Verify(page)
			if err != nil && !errors.As(err, &broken) {
				return nil, last, nil, err
			}
			last = next
		}
		for _, e := range page {
			if e.Seq > after {
				list = append(list, eventOf(e))
				t.say("%6d  %s  %s%s", e.Seq, when(e.At), e.Kind, details(e.Detail))
			}
		}
		seen = max(seen+1, page[len(page)-1].Seq)
	}
}

func details(d map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(d)) {
		if d[k] != "" {
			b.WriteString("  " + printable(k+"="+d[k]))
		}
	}
	return b.String()
}
