package stock

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// checkSeeds marks the good rows whose seed a device of the account has already, under
// whatever serial: two devices of one seed take each other's codes, and a code that was
// used up on one would be good on the other. Seeds at rest cannot be compared, so all
// are opened, one at a time; ten thousand take some milliseconds. With a locked vault no
// row is marked, and nothing can be imported either.
func (s *Service) checkSeeds(ctx context.Context, p *Preview) error {
	hash, rows := totp.NewDigester(), map[totp.Digest][]int{}
	for i, r := range p.file.Rows {
		if p.Rows[i].Problem == nil {
			d := hash(r.Seed)
			rows[d] = append(rows[d], i)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	err := s.eachSealed(ctx, func(d mfa.Device) error {
		seed, err := s.vault.Open(mfa.SealSeed, d.ID, d.OneTime.Sealed)
		switch {
		case mfa.IsCode(err, mfa.CodeVaultLocked):
			return err
		case err != nil:
			return nil // a device whose seed is damaged keeps no other one out
		}
		defer seed.Wipe()
		for _, i := range rows[hash(seed)] {
			p.Rows[i].Problem = mfa.Fail(mfa.CodeSeedTaken, "serial", d.Serial)
		}
		return nil
	})
	if mfa.IsCode(err, mfa.CodeVaultLocked) {
		return nil
	}
	return err
}

// eachSealed visits the devices with codes, assigned and not, until visit fails.
func (s *Service) eachSealed(ctx context.Context, visit func(mfa.Device) error) error {
	all := func(devices []mfa.Device, err error) error {
		for _, d := range devices {
			if err == nil && d.OneTime != nil {
				err = visit(d)
			}
		}
		return err
	}
	for _, k := range []mfa.DeviceKind{mfa.KindToken, mfa.KindApp} {
		if err := all(s.store.Unassigned(ctx, k)); err != nil {
			return err
		}
	}
	people, err := s.store.Overviews(ctx)
	if err != nil {
		return err
	}
	for _, o := range people {
		if o.Apps+o.Tokens == 0 {
			continue
		}
		if err := all(s.store.Devices(ctx, o.ID)); err != nil {
			return err
		}
	}
	return nil
}
