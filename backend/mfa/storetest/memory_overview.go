package storetest

import (
	"cmp"
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Overviews implements mfa.PrincipalStore.
func (m *Memory) Overviews(ctx context.Context) ([]mfa.Overview, error) {
	return read(ctx, m, func() ([]mfa.Overview, error) {
		all := make([]mfa.Overview, len(m.principals))
		row := make(map[string]*mfa.Overview, len(m.principals))
		for i, p := range m.principals {
			all[i] = mfa.Overview{ID: p.ID, Kind: p.Kind, Name: p.Label(), Path: p.Path, HasPassword: p.HasPassword(),
				MustChange: p.MustChange, CreatedAt: p.CreatedAt, PasswordAt: p.PasswordAt, PasswordUsedAt: p.PasswordUsedAt,
				MFADeadline: p.MFADeadline, Version: p.Version,
				Administrator: p.Kind == mfa.Root || slices.Contains(m.policiesOf(p.ID), mfa.AdministratorAccess)}
			row[p.ID] = &all[i]
		}
		for _, d := range m.devices {
			if o := row[d.PrincipalID]; o != nil {
				count(o, d)
			}
		}
		for _, c := range m.codes {
			if o := row[c.principalID]; o != nil && c.UsedAt.IsZero() {
				o.RecoveryLeft++
			}
		}
		slices.SortStableFunc(all, func(a, b mfa.Overview) int {
			return cmp.Or(cmp.Compare(rank(a.Kind), rank(b.Kind)), cmp.Compare(mfa.FoldName(a.Name), mfa.FoldName(b.Name)))
		})
		return all, nil
	})
}

func count(o *mfa.Overview, d mfa.Device) {
	switch d.Kind {
	case mfa.KindPasskey:
		o.Passkeys++
		if d.SuspectAt.IsZero() && !d.Passkey.StandsAlone() {
			o.SecondOnly++
		}
	case mfa.KindApp:
		o.Apps++
	case mfa.KindToken:
		o.Tokens++
	}
	if !d.SuspectAt.IsZero() {
		o.Suspect++
	}
	if d.LastUsedAt.After(o.LastUsedAt) {
		o.LastUsedAt = d.LastUsedAt
	}
}

func rank(k mfa.PrincipalKind) int {
	if k == mfa.Root {
		return 0
	}
	return 1
}
