package metadata

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

// Change is what became of an enrolled device's model.
type Change string

const (
	Better  Change = "better"  // a certificate more, or a higher level
	Worse   Change = "worse"   // a certificate less, or a lower level
	Refused Change = "refused" // reported as revoked, compromised or retired since
	Gone    Change = "gone"    // the metadata does not know the model any more
	Known   Change = "known"   // the metadata knows the model, and did not when it was registered
)

// Drifted is an enrolled device for which the newest metadata says something else than
// what was frozen. Nothing about the device changes; registering it again would.
type Drifted struct {
	Device mfa.Device
	Owner  mfa.Overview
	Model  string
	Then   mfa.Certificates
	Now    mfa.Certificates
	Report mfa.StatusReport // when Change is Refused
	Change Change
}

// Drift compares what was frozen in each passkey with the newest metadata. access-denied;
// none without metadata.
func (s *Service) Drift(ctx context.Context, who mfa.Session) ([]Drifted, error) {
	if _, err := s.Accounts.May(ctx, who, mfa.OpListUsers, ""); err != nil {
		return nil, err
	}
	m, _, err := s.Current(ctx)
	if m == nil {
		return nil, err
	}
	return s.drift(ctx, m)
}

func (s *Service) drift(ctx context.Context, m *mds.Metadata) ([]Drifted, error) {
	var rows []Drifted
	err := s.passkeys(ctx, func(owner mfa.Overview, d mfa.Device) {
		if row, drifted := s.compare(m, d); drifted {
			row.Owner = owner
			rows = append(rows, row)
		}
	})
	return rows, err
}

// compare holds one device against m.
func (s *Service) compare(m *mds.Metadata, d mfa.Device) (Drifted, bool) {
	t := d.Passkey.Trust
	row := Drifted{Device: d, Model: t.Model, Then: t.Certificates}
	model, known := m.ByID(t.Entry)
	if t.Entry == "" {
		model, known = m.ByAAGUID(d.Passkey.AAGUID)
		known = known && !d.Passkey.AAGUID.IsZero()
	}
	if !known {
		row.Change = Gone
		return row, t.IsProven()
	}
	now := s.Clock()
	row.Model = model.Name
	if report, refused := model.Refused(now, t.Firmware, presented(d.Passkey.AttestationObject)); refused {
		row.Report, row.Change = report, Refused
		return row, true
	}
	if !t.IsProven() {
		row.Change = Known
		row.Now, _ = model.Certificates(now, t.Firmware)
		return row, becomesProvable(t.Unproven)
	}
	row.Now, _ = model.Certificates(now, t.Firmware)
	switch {
	case row.Now == row.Then:
		return row, false
	case lower(row.Now, row.Then):
		row.Change = Worse
	default:
		row.Change = Better
	}
	return row, true
}

// presented gives all certificates that the authenticator showed at its registration, DER:
// some reports are about one batch, which only they tell. None for what cannot be read,
// as a device from before objects were kept.
func presented(attestationObject []byte) [][]byte {
	statements, err := rp.Statements(attestationObject)
	if err != nil {
		return nil
	}
	var ders [][]byte
	for _, s := range statements {
		for _, c := range s.Chain {
			ders = append(ders, c.Raw)
		}
	}
	return ders
}

// becomesProvable reports that a newer BLOB alone may change the verdict: registering
// again would not help a device that does not attest.
func becomesProvable(u mfa.Unproven) bool {
	return u == mfa.UnprovenMetadata || u == mfa.UnprovenEntry || u == mfa.UnprovenRoot
}

// lower reports that any of now's levels is below then's; no level is below all.
func lower(now, then mfa.Certificates) bool {
	below := func(levels []string, a, b string) bool { return slices.Index(levels, a) < slices.Index(levels, b) }
	return below(mfa.FIDOLevels, now.FIDO, then.FIDO) || below(mfa.FIPSLevels, now.FIPS1402, then.FIPS1402) || below(mfa.FIPSLevels, now.FIPS1403, then.FIPS1403)
}
