package storetest

import (
	"bytes"
	"context"
	"slices"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// LocalPasskeys implements mfa.LocalStore.
func (m *Memory) LocalPasskeys(ctx context.Context, rpID string) ([]mfa.LocalPasskey, error) {
	return read(ctx, m, func() ([]mfa.LocalPasskey, error) {
		var found []mfa.LocalPasskey
		for _, p := range slices.Backward(m.passkeys) {
			if rpID == "" || p.RPID == rpID {
				found = append(found, cloneLocal(p))
			}
		}
		slices.SortStableFunc(found, func(a, b mfa.LocalPasskey) int { return b.CreatedAt.Compare(a.CreatedAt) })
		return found, nil
	})
}

// LocalPasskey implements mfa.LocalStore.
func (m *Memory) LocalPasskey(ctx context.Context, credentialID []byte) (mfa.LocalPasskey, error) {
	return read(ctx, m, func() (mfa.LocalPasskey, error) {
		i := m.localAt(credentialID)
		if i < 0 {
			return mfa.LocalPasskey{}, notFound("passkey")
		}
		return cloneLocal(m.passkeys[i]), nil
	})
}

func (m *Memory) localAt(credentialID []byte) int {
	return slices.IndexFunc(m.passkeys, func(p mfa.LocalPasskey) bool { return bytes.Equal(p.ID, credentialID) })
}

// PutLocalPasskey implements mfa.LocalStore.
func (m *Memory) PutLocalPasskey(ctx context.Context, p mfa.LocalPasskey) error {
	return m.keep(ctx, func() error {
		switch {
		case len(p.ID) == 0 || p.RPID == "" || len(p.UserHandle) == 0:
			return mfa.Fail(mfa.CodeInvalidInput, "field", "passkey")
		case m.localAt(p.ID) >= 0:
			return mfa.Fail(mfa.CodeCredentialRegistered)
		}
		old := -1
		if p.Discoverable {
			old = slices.IndexFunc(m.passkeys, func(o mfa.LocalPasskey) bool {
				return o.Discoverable && o.RPID == p.RPID && bytes.Equal(o.UserHandle, p.UserHandle)
			})
		}
		if old < 0 && len(m.passkeys) >= mfa.MaxLocalPasskeys {
			return mfa.Fail(mfa.CodeAuthenticatorFull, "max", strconv.Itoa(mfa.MaxLocalPasskeys))
		}
		if old >= 0 {
			m.passkeys = slices.Delete(m.passkeys, old, old+1)
		}
		p = cloneLocal(p)
		p.CreatedAt = whole(p.CreatedAt)
		m.passkeys = append(m.passkeys, p)
		return nil
	})
}

// RenameLocalPasskey implements mfa.LocalStore.
func (m *Memory) RenameLocalPasskey(ctx context.Context, credentialID []byte, name, displayName string) error {
	return m.keep(ctx, func() error {
		i := m.localAt(credentialID)
		if i < 0 {
			return notFound("passkey")
		}
		m.passkeys[i].UserName, m.passkeys[i].UserDisplayName = name, displayName
		return nil
	})
}

// RemoveLocalPasskey implements mfa.LocalStore.
func (m *Memory) RemoveLocalPasskey(ctx context.Context, credentialID []byte) error {
	return m.keep(ctx, func() error {
		i := m.localAt(credentialID)
		if i < 0 {
			return notFound("passkey")
		}
		m.passkeys = slices.Delete(m.passkeys, i, i+1)
		return nil
	})
}

// LocalState implements mfa.LocalStore.
func (m *Memory) LocalState(ctx context.Context) (mfa.LocalState, error) {
	return read(ctx, m, func() (mfa.LocalState, error) { return cloneState(m.local), nil })
}

// PutLocalState implements mfa.LocalStore.
func (m *Memory) PutLocalState(ctx context.Context, s mfa.LocalState) error {
	return m.keep(ctx, func() error {
		m.local = cloneState(s)
		m.local.PINSetAt = whole(s.PINSetAt)
		return nil
	})
}

// ResetLocal implements mfa.LocalStore.
func (m *Memory) ResetLocal(ctx context.Context) error {
	return m.keep(ctx, func() error {
		m.passkeys, m.local = nil, mfa.LocalState{}
		return nil
	})
}

// keep runs a change that has no event.
func (m *Memory) keep(ctx context.Context, what func() error) error {
	_, err := read(ctx, m, func() (struct{}, error) { return struct{}{}, what() })
	return err
}

func cloneLocal(p mfa.LocalPasskey) mfa.LocalPasskey {
	p.ID, p.UserHandle, p.Public, p.Private = bytes.Clone(p.ID), bytes.Clone(p.UserHandle), bytes.Clone(p.Public), bytes.Clone(p.Private)
	return p
}

func cloneState(s mfa.LocalState) mfa.LocalState {
	s.Parent, s.PINPublic, s.PINPrivate = bytes.Clone(s.Parent), bytes.Clone(s.PINPublic), bytes.Clone(s.PINPrivate)
	return s
}
