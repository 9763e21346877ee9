package sqlite

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// One writes and one reads. What is read in several queries is of one moment: a
// device is never seen without its owner, nor a group's rights without the group.
func TestReadingWhileSomebodyWrites(t *testing.T) {
	s := reopen(t, databasePath(t))
	e := mfa.Event{At: noon, Kind: "x"}
	if err := s.CreateAccount(t.Context(), storetest.NewAccount(), storetest.NewRoot(), e); err != nil {
		t.Fatal(describe(err))
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	write := func(i int) error {
		u, token := storetest.NewUser(fmt.Sprint("user", i)), storetest.NewToken(fmt.Sprint("GAHT-", i))
		g := mfa.Group{ID: fmt.Sprint("G", i), Name: fmt.Sprint("group", i)}
		for _, step := range []func() error{
			func() error { return s.AddPrincipal(ctx, u, e) },
			func() error { return s.AddDevice(ctx, storetest.NewPasskey(u.ID, fmt.Sprint("key", i)), e) },
			func() error { return s.AddTokens(ctx, []mfa.Device{token}, e) },
			func() error {
				token.PrincipalID, token.Name = u.ID, fmt.Sprint("token", i)
				return s.AssignDevice(ctx, token, e)
			},
			func() error { return s.AddGroup(ctx, g, e) },
			func() error {
				return s.SetAttached(ctx, mfa.Attachment{Policy: mfa.AdministratorAccess, GroupID: g.ID}, true, e)
			},
			func() error { return s.SetMember(ctx, g.ID, u.ID, true, e) },
			func() error {
				return s.ReplaceRecoveryCodes(ctx, u.ID, []mfa.RecoveryCode{{ID: fmt.Sprint("C", i)}}, e)
			},
			func() error { return s.RemovePrincipal(ctx, u.ID, 1, true, e) },
			func() error { return s.RemoveGroup(ctx, g.ID, 1, e) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	}
	var writer sync.WaitGroup
	writer.Go(func() {
		defer stop()
		for i := range 25 {
			if err := write(i); err != nil {
				t.Error(describe(err))
				return
			}
		}
	})
	for ctx.Err() == nil {
		list, err := s.Overviews(t.Context())
		if err != nil {
			t.Error(describe(err))
			break
		}
		if root := list[0]; root.Kind != mfa.Root || root.Devices() != 0 || root.RecoveryLeft != 0 || len(list) > 2 {
			t.Errorf("root got what belongs to a user: %+v, %d listed", root, len(list))
			break
		}
		if len(list) == 2 && list[1].Administrator && list[1].Devices() != 2 {
			t.Errorf("half a user: %+v", list[1])
			break
		}
		if _, err := s.FindEvents(t.Context(), mfa.EventFilter{Limit: 5, PrincipalID: "ROOT"}); err != nil {
			t.Error(describe(err))
			break
		}
	}
	writer.Wait()
	if err := s.VerifyChain(t.Context()); err != nil {
		t.Error(describe(err))
	}
	var left int // the tokens are in stock again, and nothing hangs in the air
	if err := s.reads.QueryRow("SELECT count(*) FROM devices WHERE principal_id IS NULL AND kind = 'token'").Scan(&left); err != nil || left != 25 {
		t.Error(left, err)
	}
	var orphan any
	if s.reads.QueryRow("PRAGMA foreign_key_check").Scan(&orphan, new(any), new(any), new(any)) == nil {
		t.Error("a row without its parent in", orphan)
	}
}
