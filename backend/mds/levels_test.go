package mds_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
)

// model opens one entry with the given reports, of statement version 5.
func model(t *testing.T, certifications map[string]int, reports ...mdstest.Report) *mds.Model {
	t.Helper()
	m := mdstest.New(t).Open(mdstest.Entry{AAGUID: mdstest.Model(1), Firmware: 5, Certifications: certifications, Reports: reports})
	return m.Models()[0]
}

func TestCertificates(t *testing.T) {
	status := mdstest.Status
	const past, today, future = "2024-01-01", "2026-11-22", "2026-11-23"
	for _, c := range []struct {
		name     string
		info     map[string]int
		firmware uint32
		reports  []mdstest.Report
		want     string // FIDO, FIPS 140-2, FIPS 140-3
		from     string // statuses
	}{
		{name: "nothing", want: "- - -"},
		{name: "L1", reports: []mdstest.Report{status("FIDO_CERTIFIED_L1", past)}, want: "L1 - -", from: "FIDO_CERTIFIED_L1"},
		{name: "L1plus", reports: []mdstest.Report{status("FIDO_CERTIFIED_L1plus", past)}, want: "L1plus - -", from: "FIDO_CERTIFIED_L1plus"},
		{name: "L2plus", reports: []mdstest.Report{status("FIDO_CERTIFIED_L2plus", past)}, want: "L2plus - -", from: "FIDO_CERTIFIED_L2plus"},
		{name: "L3", reports: []mdstest.Report{status("FIDO_CERTIFIED_L3", past)}, want: "L3 - -", from: "FIDO_CERTIFIED_L3"},
		{name: "L3plus", reports: []mdstest.Report{status("FIDO_CERTIFIED_L3plus", past)}, want: "L3plus - -", from: "FIDO_CERTIFIED_L3plus"},
		{name: "legacy", reports: []mdstest.Report{status("FIDO_CERTIFIED", past)}, want: "L1 - -", from: "FIDO_CERTIFIED"},
		{name: "highest, not last", reports: []mdstest.Report{status("FIDO_CERTIFIED", past), status("FIDO_CERTIFIED_L2", past), status("FIDO_CERTIFIED_L1", past)},
			want: "L2 - -", from: "FIDO_CERTIFIED_L2"},
		{name: "L1plus is above L1 and below L2", reports: []mdstest.Report{status("FIDO_CERTIFIED_L1plus", past), status("FIDO_CERTIFIED_L1", past)},
			want: "L1plus - -", from: "FIDO_CERTIFIED_L1plus"},
		{name: "L1+ is no level", reports: []mdstest.Report{status("FIDO_CERTIFIED_L1+", past)}, want: "- - -"},
		{name: "other case is no status", reports: []mdstest.Report{status("fido_certified_L1", past)}, want: "- - -"},
		{name: "not certified beside certified", reports: []mdstest.Report{status("NOT_FIDO_CERTIFIED", past), status("FIDO_CERTIFIED_L1", past)},
			want: "L1 - -", from: "FIDO_CERTIFIED_L1"},
		{name: "from today on", reports: []mdstest.Report{status("FIDO_CERTIFIED_L1", today)}, want: "L1 - -", from: "FIDO_CERTIFIED_L1"},
		{name: "from tomorrow on", reports: []mdstest.Report{status("FIDO_CERTIFIED_L1", past), status("FIDO_CERTIFIED_L2", future)}, want: "L1 - -", from: "FIDO_CERTIFIED_L1"},
		{name: "no day", reports: []mdstest.Report{status("FIDO_CERTIFIED_L1", "")}, want: "L1 - -", from: "FIDO_CERTIFIED_L1"},
		{name: "sunset tomorrow", reports: []mdstest.Report{status("FIDO_CERTIFIED_L1", past).With("sunsetDate", future)}, want: "L1 - -", from: "FIDO_CERTIFIED_L1"},
		{name: "sunset today", reports: []mdstest.Report{status("FIDO_CERTIFIED_L1", past).With("sunsetDate", today)}, want: "- - -"},

		{name: "FIPS 140-2", reports: []mdstest.Report{mdstest.FIPS(2, 2, past)}, want: "- L2 -", from: "FIPS140_CERTIFIED_L2"},
		{name: "FIPS 140-3", reports: []mdstest.Report{mdstest.FIPS(3, 4, past)}, want: "- - L4", from: "FIPS140_CERTIFIED_L4"},
		{name: "all three side by side", reports: []mdstest.Report{mdstest.FIPS(3, 1, past), mdstest.FIPS(2, 3, past), status("FIDO_CERTIFIED_L2", past)},
			want: "L2 L3 L1", from: "FIDO_CERTIFIED_L2 FIPS140_CERTIFIED_L3 FIPS140_CERTIFIED_L1"},
		{name: "FIPS without revision", reports: []mdstest.Report{status("FIPS140_CERTIFIED_L2", past)}, want: "- - -"},
		{name: "FIPS of revision 1", reports: []mdstest.Report{mdstest.FIPS(1, 2, past)}, want: "- - -"},
		{name: "the physical level is another thing", reports: []mdstest.Report{mdstest.FIPS(2, 2, past).With("fipsPhysicalSecurityLevel", 3)}, want: "- L2 -", from: "FIPS140_CERTIFIED_L2"},
		{name: "FIPS L5 does not exist", reports: []mdstest.Report{mdstest.FIPS(2, 5, past)}, want: "- - -"},

		{name: "firmware unknown", reports: []mdstest.Report{status("FIDO_CERTIFIED_L2", past).With("authenticatorVersion", 5)}, want: "L2 - -", from: "FIDO_CERTIFIED_L2"},
		{name: "firmware too old", firmware: 4, reports: []mdstest.Report{status("FIDO_CERTIFIED_L2", past).With("authenticatorVersion", 5), status("FIDO_CERTIFIED_L1", past).With("authenticatorVersion", 2)},
			want: "L1 - -", from: "FIDO_CERTIFIED_L1"},
		{name: "that very firmware", firmware: 5, reports: []mdstest.Report{status("FIDO_CERTIFIED_L2", past).With("authenticatorVersion", 5)}, want: "L2 - -", from: "FIDO_CERTIFIED_L2"},
		{name: "later firmware", firmware: 6, reports: []mdstest.Report{status("FIDO_CERTIFIED_L2", past).With("authenticatorVersion", 5)}, want: "L2 - -", from: "FIDO_CERTIFIED_L2"},

		{name: "getInfo", info: map[string]int{"FIDO": 6, "FIPS-CMVP-2": 2, "FIPS-CMVP-3": 1}, want: "L3plus L2 L1", from: "FIDO=6 FIPS-CMVP-2=2 FIPS-CMVP-3=1"},
		{name: "getInfo of real entries", info: map[string]int{"FIPS-CMVP-2": 2, "FIPS-CMVP-2-PHY": 3}, reports: []mdstest.Report{status("FIDO_CERTIFIED_L1", past)},
			want: "L1 L2 -", from: "FIDO_CERTIFIED_L1 FIPS-CMVP-2=2"},
		{name: "getInfo that is not mapped", info: map[string]int{"CC-EAL": 5, "CCN-CPSTIC": 1, "FIPS-CMVP-3-PHY": 3}, want: "- - -"},
		{name: "getInfo out of range", info: map[string]int{"FIDO": 7, "FIPS-CMVP-2": 0, "FIPS-CMVP-3": 5}, want: "- - -"},
		{name: "a report goes before getInfo", info: map[string]int{"FIDO": 5, "FIPS-CMVP-3": 3}, reports: []mdstest.Report{status("FIDO_CERTIFIED_L1", past), mdstest.FIPS(3, 1, past)},
			want: "L1 - L1", from: "FIDO_CERTIFIED_L1 FIPS140_CERTIFIED_L1"},
		{name: "not certified goes before getInfo", info: map[string]int{"FIDO": 5}, reports: []mdstest.Report{status("NOT_FIDO_CERTIFIED", past)}, want: "- - -"},
		{name: "getInfo revives nothing that ended", info: map[string]int{"FIPS-CMVP-2": 2}, reports: []mdstest.Report{mdstest.FIPS(2, 2, past).With("sunsetDate", today)}, want: "- - -"},
		{name: "schemes fall back by themselves", info: map[string]int{"FIPS-CMVP-2": 2, "FIPS-CMVP-3": 2}, reports: []mdstest.Report{mdstest.FIPS(3, 1, past)},
			want: "- L2 L1", from: "FIPS-CMVP-2=2 FIPS140_CERTIFIED_L1"},
		{name: "getInfo is of the statement's firmware", firmware: 4, info: map[string]int{"FIDO": 3}, want: "- - -"},
		{name: "getInfo and that firmware", firmware: 5, info: map[string]int{"FIDO": 3}, want: "L2 - -", from: "FIDO=3"},

		{name: "revoked has no levels", reports: []mdstest.Report{status("FIDO_CERTIFIED_L2", past), status("REVOKED", past)}, want: "- - -"},
		{name: "to be revoked tomorrow", reports: []mdstest.Report{status("FIDO_CERTIFIED_L2", past), status("REVOKED", future)}, want: "L2 - -", from: "FIDO_CERTIFIED_L2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, from := model(t, c.info, c.reports...).Certificates(mdstest.Now, c.firmware)
			or := func(level string) string {
				if level == "" {
					return "-"
				}
				return level
			}
			var statuses []string
			for _, r := range from {
				statuses = append(statuses, r.Status)
			}
			if text := fmt.Sprint(or(got.FIDO), " ", or(got.FIPS1402), " ", or(got.FIPS1403)); text != c.want || strings.Join(statuses, " ") != c.from {
				t.Errorf("%s from %q, want %s from %q", text, statuses, c.want, c.from)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	maker, other := mdstest.NewMaker(t, "Example"), mdstest.NewMaker(t, "Other")
	leaf, leafKey := maker.Attestation(mdstest.Model(1))
	foreign, _ := other.Attestation(mdstest.Model(1))
	reissued := maker.Sign(foreign, leafKey.Public()) // another certificate with the leaf's key
	batch := maker.Batch
	maker.NewBatch()
	later, _ := maker.Attestation(mdstest.Model(1))
	status := mdstest.Status
	const past, today, future = "2024-01-01", "2026-11-22", "2026-11-23"
	compromised := func(name string, der []byte) mdstest.Report {
		return status("ATTESTATION_KEY_COMPROMISE", past).With(name, base64Of(der))
	}
	chain := func(ders ...[]byte) [][]byte { return ders }
	for _, c := range []struct {
		name     string
		firmware uint32
		batch    [][]byte
		reports  []mdstest.Report
		want     string // a status, or empty
	}{
		{name: "nothing"},
		{name: "certified", reports: []mdstest.Report{status("FIDO_CERTIFIED_L1", past)}},
		{name: "only an update", reports: []mdstest.Report{status("UPDATE_AVAILABLE", past)}},
		{name: "not certified", reports: []mdstest.Report{status("NOT_FIDO_CERTIFIED", past), status("SELF_ASSERTION_SUBMITTED", past)}},
		{name: "unknown status", reports: []mdstest.Report{status("ON_FIRE", past)}},
		{name: "revoked", reports: []mdstest.Report{status("REVOKED", past), status("FIDO_CERTIFIED_L1", past)}, want: "REVOKED"},
		{name: "retired", reports: []mdstest.Report{status("RETIRED", past)}, want: "RETIRED"},
		{name: "bypass", reports: []mdstest.Report{status("USER_VERIFICATION_BYPASS", past)}, want: "USER_VERIFICATION_BYPASS"},
		{name: "remote", reports: []mdstest.Report{status("USER_KEY_REMOTE_COMPROMISE", past)}, want: "USER_KEY_REMOTE_COMPROMISE"},
		{name: "physical", reports: []mdstest.Report{status("USER_KEY_PHYSICAL_COMPROMISE", past)}, want: "USER_KEY_PHYSICAL_COMPROMISE"},
		{name: "attestation key", reports: []mdstest.Report{status("ATTESTATION_KEY_COMPROMISE", past)}, want: "ATTESTATION_KEY_COMPROMISE"},
		{name: "revoked from today on", reports: []mdstest.Report{status("REVOKED", today)}, want: "REVOKED"},
		{name: "revoked from tomorrow on", reports: []mdstest.Report{status("REVOKED", future)}},
		{name: "no longer revoked", reports: []mdstest.Report{status("REVOKED", past).With("sunsetDate", today)}},
		{name: "revoked without a day", reports: []mdstest.Report{status("REVOKED", "")}, want: "REVOKED"},
		{name: "revoked on a day that cannot be read", reports: []mdstest.Report{status("REVOKED", "soon")}, want: "REVOKED"},
		{name: "end that cannot be read", reports: []mdstest.Report{status("REVOKED", past).With("sunsetDate", "never")}, want: "REVOKED"},
		{name: "a warning for other firmware warns", firmware: 2, reports: []mdstest.Report{status("USER_KEY_REMOTE_COMPROMISE", past).With("authenticatorVersion", 4)}, want: "USER_KEY_REMOTE_COMPROMISE"},

		{name: "mended, firmware unknown", reports: []mdstest.Report{status("USER_KEY_REMOTE_COMPROMISE", past), status("UPDATE_AVAILABLE", today)}, want: "USER_KEY_REMOTE_COMPROMISE"},
		{name: "mended, firmware older", firmware: 4, reports: []mdstest.Report{status("USER_KEY_REMOTE_COMPROMISE", past), status("UPDATE_AVAILABLE", today)}, want: "USER_KEY_REMOTE_COMPROMISE"},
		{name: "mended, the statement's firmware", firmware: 5, reports: []mdstest.Report{status("USER_KEY_REMOTE_COMPROMISE", past), status("UPDATE_AVAILABLE", today)}},
		{name: "mended, the firmware that the update names", firmware: 4, reports: []mdstest.Report{status("USER_VERIFICATION_BYPASS", past), status("UPDATE_AVAILABLE", today).With("authenticatorVersion", 4)}},
		{name: "mended on the same day", firmware: 5, reports: []mdstest.Report{status("USER_KEY_PHYSICAL_COMPROMISE", past), status("UPDATE_AVAILABLE", past)}},
		{name: "mended without days", firmware: 5, reports: []mdstest.Report{status("USER_KEY_PHYSICAL_COMPROMISE", ""), status("UPDATE_AVAILABLE", "")}},
		{name: "mended, written before", firmware: 5, reports: []mdstest.Report{status("UPDATE_AVAILABLE", today), status("USER_KEY_PHYSICAL_COMPROMISE", past)}},
		{name: "update before the fault", firmware: 5, reports: []mdstest.Report{status("UPDATE_AVAILABLE", past), status("USER_KEY_PHYSICAL_COMPROMISE", today)}, want: "USER_KEY_PHYSICAL_COMPROMISE"},
		{name: "update before the fault, no days", firmware: 5, reports: []mdstest.Report{status("UPDATE_AVAILABLE", ""), status("USER_KEY_PHYSICAL_COMPROMISE", "")}, want: "USER_KEY_PHYSICAL_COMPROMISE"},
		{name: "update before, fault without a day", firmware: 5, reports: []mdstest.Report{status("UPDATE_AVAILABLE", past), status("USER_KEY_PHYSICAL_COMPROMISE", "")}, want: "USER_KEY_PHYSICAL_COMPROMISE"},
		{name: "update written after, of a day before", firmware: 5, reports: []mdstest.Report{status("USER_KEY_PHYSICAL_COMPROMISE", today), status("UPDATE_AVAILABLE", past)}, want: "USER_KEY_PHYSICAL_COMPROMISE"},
		{name: "update to come", firmware: 5, reports: []mdstest.Report{status("USER_KEY_PHYSICAL_COMPROMISE", past), status("UPDATE_AVAILABLE", future)}, want: "USER_KEY_PHYSICAL_COMPROMISE"},
		{name: "two faults, one mended", firmware: 5, reports: []mdstest.Report{status("USER_KEY_PHYSICAL_COMPROMISE", past), status("UPDATE_AVAILABLE", "2025-01-01"), status("USER_VERIFICATION_BYPASS", "2025-02-01")}, want: "USER_VERIFICATION_BYPASS"},
		{name: "no update mends an attestation key", firmware: 9, reports: []mdstest.Report{status("ATTESTATION_KEY_COMPROMISE", past), status("UPDATE_AVAILABLE", today)}, want: "ATTESTATION_KEY_COMPROMISE"},
		{name: "no update lifts a revocation", firmware: 9, reports: []mdstest.Report{status("REVOKED", past), status("UPDATE_AVAILABLE", today)}, want: "REVOKED"},

		{name: "batch, no chain", reports: []mdstest.Report{compromised("batchCertificate", batch.Raw)}},
		{name: "batch, its chain", batch: chain(leaf.Raw, batch.Raw), reports: []mdstest.Report{compromised("batchCertificate", batch.Raw)}, want: "ATTESTATION_KEY_COMPROMISE"},
		{name: "batch, leaf alone", batch: chain(leaf.Raw), reports: []mdstest.Report{compromised("batchCertificate", batch.Raw)}, want: "ATTESTATION_KEY_COMPROMISE"},
		{name: "batch, the name of 3.0", batch: chain(leaf.Raw, batch.Raw), reports: []mdstest.Report{compromised("certificate", batch.Raw)}, want: "ATTESTATION_KEY_COMPROMISE"},
		{name: "batch, a later one", batch: chain(later.Raw, maker.Batch.Raw), reports: []mdstest.Report{compromised("batchCertificate", batch.Raw)}},
		{name: "batch, another maker", batch: chain(foreign.Raw, other.Batch.Raw), reports: []mdstest.Report{compromised("batchCertificate", batch.Raw)}},
		{name: "the leaf itself", batch: chain(leaf.Raw), reports: []mdstest.Report{compromised("batchCertificate", leaf.Raw)}, want: "ATTESTATION_KEY_COMPROMISE"},
		{name: "the leaf's key under another certificate", batch: chain(reissued.Raw), reports: []mdstest.Report{compromised("batchCertificate", leaf.Raw)}, want: "ATTESTATION_KEY_COMPROMISE"},
		{name: "the root", batch: chain(leaf.Raw, batch.Raw), reports: []mdstest.Report{compromised("batchCertificate", maker.Root.Raw)}, want: "ATTESTATION_KEY_COMPROMISE"},
		{name: "a certificate that cannot be read is about all", reports: []mdstest.Report{status("ATTESTATION_KEY_COMPROMISE", past).With("batchCertificate", "?")}, want: "ATTESTATION_KEY_COMPROMISE"},
		{name: "a certificate that is none is about all chains", batch: chain(foreign.Raw), reports: []mdstest.Report{compromised("batchCertificate", append([]byte{0x30}, make([]byte, 200)...))}, want: "ATTESTATION_KEY_COMPROMISE"},
		{name: "a chain of nonsense", batch: chain([]byte("x"), nil), reports: []mdstest.Report{compromised("batchCertificate", batch.Raw)}},
		{name: "a batch and all of it", reports: []mdstest.Report{compromised("batchCertificate", batch.Raw), status("ATTESTATION_KEY_COMPROMISE", past)}, want: "ATTESTATION_KEY_COMPROMISE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := model(t, nil, c.reports...)
			r, refused := m.Refused(mdstest.Now, c.firmware, c.batch)
			if refused != (c.want != "") || r.Status != c.want {
				t.Errorf("%t %q, want %q", refused, r.Status, c.want)
			}
		})
	}
}

// What is kept with a device is the report as FIDO wrote it.
func TestReportKept(t *testing.T) {
	m := model(t, nil, mdstest.FIPS(3, 2, "2025-03-04").With("certificateNumber", "4321").With("url", "https://csrc.nist.gov/"))
	_, from := m.Certificates(mdstest.Now, 0)
	want := mfa.StatusReport{Status: "FIPS140_CERTIFIED_L2", Effective: m.Reports[0].Effective, Certificate: "4321", FIPS: 3, URL: "https://csrc.nist.gov/"}
	if len(from) != 1 || from[0] != want {
		t.Errorf("%+v", from)
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		name    string
		reports []mdstest.Report
		want    string
	}{
		{"none", nil, ""},
		{"newest by day", []mdstest.Report{mdstest.Status("FIDO_CERTIFIED_L2", "2025-01-01"), mdstest.Status("FIDO_CERTIFIED_L1", "2024-01-01")}, "FIDO_CERTIFIED_L2"},
		{"last of one day", []mdstest.Report{mdstest.Status("FIDO_CERTIFIED", "2025-01-01"), mdstest.Status("FIDO_CERTIFIED_L1", "2025-01-01")}, "FIDO_CERTIFIED_L1"},
		{"not what is to come", []mdstest.Report{mdstest.Status("FIDO_CERTIFIED", "2025-01-01"), mdstest.Status("RETIRED", "2030-01-01")}, "FIDO_CERTIFIED"},
		{"a warning first", []mdstest.Report{mdstest.Status("REVOKED", "2024-01-01"), mdstest.Status("FIDO_CERTIFIED_L1", "2025-01-01")}, "REVOKED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := model(t, nil, c.reports...).Status(mdstest.Now); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// An update that does not say which firmware is mended mends none.
func TestUpdateToNothing(t *testing.T) {
	m := mdstest.New(t).Open(mdstest.Entry{AAGUID: mdstest.Model(1),
		Reports: []mdstest.Report{mdstest.Status("USER_VERIFICATION_BYPASS", ""), mdstest.Status("UPDATE_AVAILABLE", "")}})
	if _, refused := m.Models()[0].Refused(mdstest.Now, 9, nil); !refused {
		t.Error("it is let through")
	}
}

// Days begin at midnight in UTC: with it a report begins, and with it one ends.
func TestInEffect(t *testing.T) {
	day := time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		report mds.Report
		at     time.Time
		want   bool
	}{
		{"open", mds.Report{}, day, true},
		{"a second before", mds.Report{Effective: day}, day.Add(-time.Second), false},
		{"begins", mds.Report{Effective: day}, day, true},
		{"a second before the end", mds.Report{Sunset: day}, day.Add(-time.Second), true},
		{"ends", mds.Report{Sunset: day}, day, false},
		{"begins elsewhere", mds.Report{Effective: day}, day.In(time.FixedZone("", -8*3600)), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.report.InEffect(c.at); got != c.want {
				t.Error(got)
			}
		})
	}
}
