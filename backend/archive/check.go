package archive

import (
	"context"
	"errors"
	"fmt"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Opener opens a database that is not the one in use, and gives a sealer that works
// with this data key; key may be nil, and the sealer is then not used. It must take
// its own copy of the key.
type Opener = func(ctx context.Context, databasePath string, key *mfa.Secret) (mfa.Store, mfa.Sealer, error)

// counted is what a database holds.
type counted struct {
	users, devices, events, sealed int
	unopened                       int   // of sealed
	brokenAt                       int64 // event; 0: the chain is whole
}

// count walks through a store. With a sealer it also opens all that is sealed, and
// goes through the whole trail.
func count(ctx context.Context, store mfa.Store, sealer mfa.Sealer) (c counted, err error) {
	people, err := store.Overviews(ctx)
	if err != nil {
		return c, err
	}
	try := func(p mfa.Purpose, id string, sealed []byte) {
		c.sealed++
		if sealer == nil {
			return
		}
		secret, err := sealer.Open(p, id, sealed)
		secret.Wipe()
		if err != nil {
			c.unopened++
		}
	}
	devices := func(list []mfa.Device, err error) error {
		for _, d := range list {
			c.devices++
			if d.OneTime != nil {
				try(mfa.SealSeed, d.ID, d.OneTime.Sealed)
			}
		}
		return err
	}
	for _, p := range people {
		if p.Kind != mfa.Root {
			c.users++
		}
		if p.Devices() > 0 {
			if err := devices(store.Devices(ctx, p.ID)); err != nil {
				return c, err
			}
		}
		links, err := store.Links(ctx, p.ID)
		if err != nil {
			return c, err
		}
		for _, l := range links {
			if len(l.Sealed) > 0 {
				try(mfa.SealLink, l.ID, l.Sealed)
			}
		}
		codes, err := store.RecoveryCodes(ctx, p.ID)
		if err != nil {
			return c, err
		}
		for _, r := range codes {
			try(mfa.SealRecovery, r.ID, r.Sealed)
		}
	}
	for _, k := range []mfa.DeviceKind{mfa.KindApp, mfa.KindToken} {
		if err := devices(store.Unassigned(ctx, k)); err != nil {
			return c, err
		}
	}
	if sealer == nil {
		newest, err := store.FindEvents(ctx, mfa.EventFilter{Limit: 1})
		if len(newest) > 0 {
			c.events = int(newest[0].Seq)
		}
		return c, err
	}
	return c, c.chain(ctx, store)
}

// chain checks the trail in pieces, so that a long one is never in memory.
func (c *counted) chain(ctx context.Context, store mfa.Store) error {
	const piece = 1000
	var last audit.Link
	for {
		events, err := store.Events(ctx, last.Seq, piece)
		if err != nil {
			return err
		}
		next, err := last.Verify(events)
		var broken *audit.Broken
		if errors.As(err, &broken) {
			c.brokenAt = broken.Seq
			return nil
		}
		if err != nil {
			return err
		}
		c.events += len(events)
		if last = next; len(events) < piece {
			return nil
		}
	}
}

// inspect opens an unpacked copy, holds it against its manifest, walks through it, and
// calls then with it before it is closed again.
func inspect(ctx context.Context, database string, m manifest, key *mfa.Secret, open Opener, then func(mfa.Store, counted) error) (_ Summary, _ counted, err error) {
	store, sealer, err := open(ctx, database, key)
	if err != nil {
		return Summary{}, counted{}, opened(ctx, err)
	}
	defer func() { err = errors.Join(err, failed(store.Close())) }()
	a, err := store.Account(ctx)
	if err != nil {
		return Summary{}, counted{}, opened(ctx, err)
	}
	if a.ID != m.Account || a.Sandbox != m.Sandbox {
		return Summary{}, counted{}, damaged(errors.New("archive: the manifest is of another account"))
	}
	if key == nil || sealer == nil {
		sealer = nobody{}
	}
	c, err := count(ctx, store, sealer)
	if err != nil {
		return Summary{}, counted{}, opened(ctx, err)
	}
	s := m.summary()
	s.Alias, s.Users, s.Devices, s.Events, s.Sealed = a.Alias, c.users, c.devices, c.events, c.sealed
	return s, c, then(store, c)
}

// opened says of a database out of a backup what its store said of it.
func opened(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case mfa.IsCode(err, mfa.CodeDatabaseNewer):
		return mfa.Fail(mfa.CodeBackupNewer).Because(err)
	case mfa.IsCode(err, mfa.CodeDatabaseDamaged), mfa.IsCode(err, mfa.CodeDatabaseForeign), mfa.IsCode(err, mfa.CodeNoAccount):
		return damaged(err)
	}
	return err
}

// unopened is the failure of secrets that the backup's key does not open.
func (c counted) unopenedFailure() error {
	return damaged(fmt.Errorf("archive: %d of %d secrets do not open: %w", c.unopened, c.sealed, mfa.Fail(mfa.CodeVaultDamaged)))
}

// nobody opens nothing: the backup holds no key.
type nobody struct{}

func (nobody) Seal(mfa.Purpose, string, *mfa.Secret) ([]byte, error) {
	return nil, mfa.Fail(mfa.CodeVaultLocked)
}
func (nobody) Open(mfa.Purpose, string, []byte) (*mfa.Secret, error) {
	return nil, mfa.Fail(mfa.CodeVaultLocked)
}
