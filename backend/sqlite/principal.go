package sqlite

import (
	"context"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

const principalColumns = `id, kind, name, email, user_handle, password_salt, password_hash, password_time, password_memory,
	password_lanes, created_at, version`

func insertPrincipal(t tx, p mfa.Principal) error {
	h := p.Password
	_, err := t.exec("INSERT INTO principals ("+principalColumns+", label_folded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
		p.ID, string(p.Kind), p.Name, p.Email, blob(p.UserHandle), blob(h.Salt), blob(h.Hash), h.Time, h.MemoryKiB, h.Threads,
		audit.Micros(p.CreatedAt), mfa.FoldName(p.Label()))
	return err
}

func scanPrincipal(r row) (p mfa.Principal, err error) {
	var created int64
	h := &p.Password
	err = r.Scan(&p.ID, &p.Kind, &p.Name, &p.Email, &p.UserHandle, &h.Salt, &h.Hash, &h.Time, &h.MemoryKiB, &h.Threads,
		&created, &p.Version)
	p.CreatedAt = audit.FromMicros(created)
	return p, err
}

// AddPrincipal implements mfa.PrincipalStore.
func (s *Store) AddPrincipal(ctx context.Context, p mfa.Principal, e mfa.Event) error {
	if p.Kind != mfa.User {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "kind")
	}
	return s.change(ctx, e, func(t tx) error {
		there, err := t.has("SELECT 1 FROM accounts")
		if err != nil {
			return err
		}
		if !there {
			return mfa.Fail(mfa.CodeNoAccount)
		}
		taken, err := t.has("SELECT 1 FROM principals WHERE kind = 'user' AND label_folded = ?", mfa.FoldName(p.Name))
		if err != nil {
			return err
		}
		if taken {
			return mfa.Fail(mfa.CodeNameTaken, "name", p.Name)
		}
		return insertPrincipal(t, p)
	})
}

// Principal implements mfa.PrincipalStore.
func (s *Store) Principal(ctx context.Context, id string) (mfa.Principal, error) {
	return one(ctx, s, notFound("principal"), scanPrincipal, "SELECT "+principalColumns+" FROM principals WHERE id = ?", id)
}

// PrincipalByIdentity implements mfa.PrincipalStore.
func (s *Store) PrincipalByIdentity(ctx context.Context, who mfa.Identity) (mfa.Principal, error) {
	return one(ctx, s, notFound("principal"), scanPrincipal,
		"SELECT "+principalColumns+" FROM principals WHERE kind = ? AND label_folded = ?", string(who.Kind), mfa.FoldName(who.Name))
}

// PrincipalByHandle implements mfa.PrincipalStore.
func (s *Store) PrincipalByHandle(ctx context.Context, handle []byte) (mfa.Principal, error) {
	return one(ctx, s, notFound("principal"), scanPrincipal, "SELECT "+principalColumns+" FROM principals WHERE user_handle = ?", blob(handle))
}

// UpdatePrincipal implements mfa.PrincipalStore.
func (s *Store) UpdatePrincipal(ctx context.Context, p mfa.Principal, e mfa.Event) error {
	return s.change(ctx, e, func(t tx) error {
		h := p.Password
		n, err := t.exec(`UPDATE principals SET password_salt = ?, password_hash = ?, password_time = ?, password_memory = ?,
			password_lanes = ?, version = version + 1 WHERE id = ? AND version = ?`,
			blob(h.Salt), blob(h.Hash), h.Time, h.MemoryKiB, h.Threads, p.ID, p.Version)
		return t.hit(n, err, "SELECT 1 FROM principals WHERE id = ?", p.ID, "principal")
	})
}

// blob keeps an absent value from becoming NULL: no column here allows it.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
