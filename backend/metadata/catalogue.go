package metadata

import (
	"context"
	"strings"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Model is one model of the catalogue as it is judged now.
type Model struct {
	*mds.Model
	mfa.Certificates
	Refused bool // revoked, compromised or retired: it cannot be registered
}

// Models lists the models of the newest BLOB in its order; none when nothing was imported.
func (s *Service) Models(ctx context.Context) ([]Model, error) {
	m, _, err := s.Current(ctx)
	if m == nil {
		return nil, err
	}
	now := s.Clock()
	models := make([]Model, 0, len(m.Models()))
	for _, one := range m.Models() {
		certificates, _ := one.Certificates(now, 0)
		_, refused := one.Refused(now, 0, nil)
		models = append(models, Model{one, certificates, refused})
	}
	return models, nil
}

// Details gives one model, with what its metadata statement says and its picture, and
// how many devices of the account are of it. metadata-missing, not-found.
func (s *Service) Details(ctx context.Context, id string) (Model, mds.Statement, int, error) {
	m, blob, err := s.Current(ctx)
	if err != nil {
		return Model{}, mds.Statement{}, 0, err
	}
	if m == nil {
		return Model{}, mds.Statement{}, 0, mfa.Fail(mfa.CodeMetadataMissing)
	}
	one, found := m.ByID(id)
	if !found {
		return Model{}, mds.Statement{}, 0, mfa.Fail(mfa.CodeNotFound, "what", "model")
	}
	raw, err := s.bytes(ctx, blob)
	if err != nil {
		return Model{}, mds.Statement{}, 0, err
	}
	statement, err := mds.Details(raw, one)
	if err != nil {
		return Model{}, mds.Statement{}, 0, err
	}
	devices := 0
	err = s.passkeys(ctx, func(_ mfa.Overview, d mfa.Device) {
		if d.Passkey.Trust.Entry == id && d.Passkey.Trust.IsProven() || strings.EqualFold(d.Passkey.AAGUID.String(), id) {
			devices++
		}
	})
	now := s.Clock()
	certificates, _ := one.Certificates(now, 0)
	_, refused := one.Refused(now, 0, nil)
	return Model{one, certificates, refused}, statement, devices, err
}

// passkeys goes through every passkey of the account.
func (s *Service) passkeys(ctx context.Context, each func(mfa.Overview, mfa.Device)) error {
	people, err := s.Store.Overviews(ctx)
	if err != nil {
		return err
	}
	for _, p := range people {
		if p.Passkeys == 0 {
			continue
		}
		devices, err := s.Store.Devices(ctx, p.ID)
		if err != nil {
			return err
		}
		for _, d := range devices {
			if d.Passkey != nil {
				each(p, d)
			}
		}
	}
	return nil
}
