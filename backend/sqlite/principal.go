package sqlite

import (
	"context"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

const principalColumns = `id, kind, name, path, email, user_handle, password_salt, password_hash, password_time, password_memory,
	password_lanes, password_at, must_change, password_used_at, mfa_deadline, created_at, version`

const insertPrincipalRow = "INSERT INTO principals (" + principalColumns + ", label_folded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)"

func insertPrincipal(t tx, p mfa.Principal) error {
	_, err := t.exec(insertPrincipalRow, principalValues(p)...)
	return err
}

func principalValues(p mfa.Principal) []any {
	h := p.Password
	return []any{p.ID, string(p.Kind), p.Name, p.Path, p.Email, blob(p.UserHandle), blob(h.Salt), blob(h.Hash), h.Time, h.MemoryKiB, h.Threads,
		audit.Micros(p.PasswordAt), p.MustChange, audit.Micros(p.PasswordUsedAt), audit.Micros(p.MFADeadline), audit.Micros(p.CreatedAt),
		mfa.FoldName(p.Label())}
}

func scanPrincipal(r row) (p mfa.Principal, err error) {
	var set, used, deadline, created int64
	h := &p.Password
	err = r.Scan(&p.ID, &p.Kind, &p.Name, &p.Path, &p.Email, &p.UserHandle, &h.Salt, &h.Hash, &h.Time, &h.MemoryKiB, &h.Threads,
		&set, &p.MustChange, &used, &deadline, &created, &p.Version)
	p.PasswordAt, p.PasswordUsedAt = audit.FromMicros(set), audit.FromMicros(used)
	p.MFADeadline, p.CreatedAt = audit.FromMicros(deadline), audit.FromMicros(created)
	return p, err
}

// AddPrincipal implements mfa.PrincipalStore.
func (s *Store) AddPrincipal(ctx context.Context, p mfa.Principal, e mfa.Event) error {
	return s.AddPrincipals(ctx, []mfa.Principal{p}, nil, []mfa.Event{e})
}

// AddPrincipals implements mfa.PrincipalStore.
func (s *Store) AddPrincipals(ctx context.Context, ps []mfa.Principal, attached []mfa.Attachment, es []mfa.Event) error {
	if len(es) < len(ps) {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "events")
	}
	return s.transact(ctx, func(t tx) error {
		if err := t.mustHaveAccount(); err != nil {
			return err
		}
		added := make(map[string]bool, len(ps))
		for _, p := range ps {
			if err := addUser(t, p); err != nil {
				return err
			}
			added[p.ID] = true
		}
		for _, a := range attached {
			if !added[a.PrincipalID] {
				return notFound("principal")
			}
			if err := attach(t, a, true); err != nil {
				return err
			}
		}
		for _, e := range es {
			if err := appendEvent(t, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func addUser(t tx, p mfa.Principal) error {
	if p.Kind != mfa.User {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "kind")
	}
	err := insertPrincipal(t, p)
	if isUnique(err) { // its name, or its ID or handle, which are random
		taken, err := t.has("SELECT 1 FROM principals WHERE kind = 'user' AND label_folded = ?", mfa.FoldName(p.Name))
		if err != nil {
			return err
		}
		if taken {
			return mfa.Fail(mfa.CodeNameTaken, "name", p.Name)
		}
	}
	return err
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

// blob keeps an absent value from becoming NULL: no column here allows it.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
