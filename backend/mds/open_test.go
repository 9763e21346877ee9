package mds_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
)

// shared reads a file of the neighbour folder ../shared/vectors, or skips.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "vectors", name))
	if err != nil {
		t.Skip("shared/vectors not present")
	}
	return data
}

// today is long after the real BLOB's certificates ran out.
var today = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

func TestRealBlob(t *testing.T) {
	raw := shared(t, "mds/blob-2021-no9.jwt")
	for _, c := range []struct {
		name string
		at   time.Time
		want mds.Validity
	}{
		{"when it was new", time.Date(2021, 11, 10, 0, 0, 0, 0, time.UTC), mds.ValidAtImport},
		{"years later", today, mds.ValidInPeriod},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := mds.Open(raw, mds.FIDO(), c.at)
			if err != nil {
				t.Fatal(err, err.(interface{ Explain() string }).Explain(), err.(interface{ Unwrap() error }).Unwrap())
			}
			if m.Number != 9 || len(m.Models()) != 98 || m.Validity != c.want || m.Signer != mds.FIDOHost || m.Algorithm != "RS256" {
				t.Errorf("%d %d %s %s %s", m.Number, len(m.Models()), m.Validity, m.Signer, m.Algorithm)
			}
			if len(m.Odd) != 0 {
				t.Errorf("odd: %+v", m.Odd)
			}
		})
	}
}

func TestTestService(t *testing.T) {
	s := mdstest.New(t)
	m := s.Open(mdstest.Entry{AAGUID: mdstest.Model(1), Name: "One", Reports: []mdstest.Report{mdstest.Status("FIDO_CERTIFIED_L2", "2024-01-01"), mdstest.FIPS(3, 2, "")}})
	model, ok := m.ByAAGUID(mdstest.Model(1))
	if !ok || model.Name != "One" {
		t.Fatal(model, m.Odd)
	}
	if c, _ := model.Certificates(today, 0); c.FIDO != "L2" || c.FIPS1403 != "L2" || c.FIPS1402 != "" {
		t.Errorf("%+v", c)
	}
}
