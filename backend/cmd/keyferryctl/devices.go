package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

type deviceJSON struct {
	ID           string   `json:"id"`
	Version      int64    `json:"version"`
	Name         string   `json:"name"`
	Kind         string   `json:"kind"`
	Provider     string   `json:"provider"`
	AAGUID       string   `json:"aaguid"`
	Serial       string   `json:"serial"`
	AddedAt      int64    `json:"added_at"`
	LastUsedAt   int64    `json:"last_used_at"`
	SuspectAt    int64    `json:"suspect_at"`
	Synced       bool     `json:"synced"`
	OnPhone      bool     `json:"on_phone"`
	Algorithm    int64    `json:"algorithm"`
	SignCount    uint32   `json:"sign_count"`
	Transports   []string `json:"transports"`
	Attestation  string   `json:"attestation"`
	UserVerified bool     `json:"user_verified"`
}

func deviceOf(d mfa.Device) deviceJSON {
	j := deviceJSON{ID: d.ID, Version: d.Version, Name: d.Name, Kind: string(d.Kind), Serial: d.Serial,
		AddedAt: milliseconds(d.EnabledAt), LastUsedAt: milliseconds(d.LastUsedAt), SuspectAt: milliseconds(d.SuspectAt), Transports: []string{}}
	if c := d.Passkey; c != nil {
		j.Provider, j.AAGUID = rp.ProviderName(c.AAGUID), c.AAGUID.String()
		j.Synced, j.OnPhone, j.Algorithm, j.SignCount = c.IsSynced(), c.OnPhone(), c.Algorithm, c.SignCount
		j.Transports, j.Attestation, j.UserVerified = append(j.Transports, c.Transports...), c.AttestationFormat, c.UserVerified
	}
	return j
}

var devicesList = command{
	path: []string{"devices", "list"}, summary: "list one's devices",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var s withSession
		s.flags(fs)
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) > 0 {
				return usage("devices list takes no arguments")
			}
			return s.run(ctx, t, g, func(house *assembly.House, session mfa.Session) error {
				devices, err := house.Devices.List(ctx, session, "")
				if err != nil {
					return err
				}
				list := make([]deviceJSON, len(devices))
				for i, d := range devices {
					list[i] = deviceOf(d)
				}
				t.result(map[string]any{"devices": list})
				t.say("%s", deviceTable(devices))
				return nil
			})
		}
	},
}

func deviceTable(devices []mfa.Device) string {
	if len(devices) == 0 {
		return "No devices."
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tPROVIDER\tADDED\tLAST USED\tWHERE")
	for _, d := range devices {
		where := "on this phone only"
		if d.Passkey != nil && d.Passkey.IsSynced() {
			where = "synced"
		}
		if !d.SuspectAt.IsZero() {
			where = "blocked: there may be a copy"
		}
		name := ""
		if d.Passkey != nil {
			name = rp.ProviderName(d.Passkey.AAGUID)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.Name, name, when(d.EnabledAt), when(d.LastUsedAt), where)
	}
	w.Flush()
	return strings.TrimRight(b.String(), "\n")
}

// findDevice finds one of the session's devices by name, without case, or by ID.
func findDevice(ctx context.Context, house *assembly.House, session mfa.Session, which string) (mfa.Device, error) {
	devices, err := house.Devices.List(ctx, session, "")
	if err != nil {
		return mfa.Device{}, err
	}
	for _, d := range devices {
		if d.ID == which || mfa.FoldName(d.Name) == mfa.FoldName(which) {
			return d, nil
		}
	}
	return mfa.Device{}, mfa.Fail(mfa.CodeNotFound, "what", "device")
}

var devicesRename = command{
	path: []string{"devices", "rename"}, args: "DEVICE NEW-NAME", summary: "rename one of one's devices",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var s withSession
		s.flags(fs)
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) != 2 {
				return usage("devices rename needs a device and its new name")
			}
			if err := mfa.CheckName(args[1]); err != nil {
				return err
			}
			t.attempt = words.Change
			return s.run(ctx, t, g, func(house *assembly.House, session mfa.Session) error {
				d, err := findDevice(ctx, house, session, args[0])
				if err != nil {
					return err
				}
				renamed, err := house.Devices.Rename(ctx, session, d.ID, d.Version, args[1])
				if err != nil {
					return err
				}
				t.attempt = ""
				t.result(deviceOf(renamed))
				t.say("Renamed %s to %s.", d.Name, renamed.Name)
				return nil
			})
		}
	},
}

var devicesRemove = command{
	path: []string{"devices", "remove"}, args: "DEVICE", summary: "remove one of one's devices",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var s withSession
		var yes bool
		s.flags(fs)
		fs.BoolVar(&yes, "yes", false, "do not ask")
		return func(ctx context.Context, t *terminal, args []string) error {
			if len(args) != 1 {
				return usage("devices remove needs one device")
			}
			t.attempt = words.Change
			return s.run(ctx, t, g, func(house *assembly.House, session mfa.Session) error {
				d, err := findDevice(ctx, house, session, args[0])
				if err != nil {
					return err
				}
				if !yes {
					if sure, err := t.yes(ctx, "Remove "+d.Name+"? It can then no longer sign in.", "--yes"); err != nil || !sure {
						return mfa.Fail(mfa.CodeCancelled).Because(err)
					}
				}
				if _, err := house.Devices.Remove(ctx, session, d.ID, d.Version); err != nil {
					return err
				}
				t.attempt = ""
				t.result(map[string]string{"removed": d.ID, "name": d.Name})
				t.say("Removed %s. Its passkey is still on the phone and can be deleted there.", d.Name)
				return nil
			})
		}
	},
}
