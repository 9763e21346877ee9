package bind

import (
	"encoding/hex"
	"time"

	"github.com/keyferry/keyferry/backend/metadata"
	"github.com/keyferry/keyferry/backend/mfa"
)

// CertificatesDTO are levels in IAM's spelling; empty is none.
type CertificatesDTO struct {
	FIDO  string `json:"fido"`
	FIPS2 string `json:"fips2"`
	FIPS3 string `json:"fips3"`
}

// TrustDTO is what was proven of a device's model when it was registered.
type TrustDTO struct {
	FIDO       string            `json:"fido"`
	FIPS2      string            `json:"fips2"`
	FIPS3      string            `json:"fips3"`
	Proven     bool              `json:"proven"`
	Unproven   string            `json:"unproven"`
	Model      string            `json:"model"`
	Entry      string            `json:"entry"`
	Format     string            `json:"format"`
	Blob       int64             `json:"blob"`
	At         int64             `json:"at"`
	Reports    []StatusReportDTO `json:"reports"`
	Hello      string            `json:"hello"`
	HelloProof string            `json:"helloProof"`
}

// StatusReportDTO is one status report of metadata; dates are YYYY-MM-DD or empty. Now
// says that it is in effect.
type StatusReportDTO struct {
	Status string `json:"status"`
	Date   string `json:"date"`
	Until  string `json:"until"`
	Number string `json:"number"`
	FIPS   int    `json:"fips"`
	URL    string `json:"url"`
	Now    bool   `json:"now"`
}

// BlobDTO is one metadata BLOB that was accepted.
type BlobDTO struct {
	Number     int64  `json:"number"`
	Hash       string `json:"hash"`
	ImportedAt int64  `json:"importedAt"`
	NextUpdate int64  `json:"nextUpdate"`
	Overdue    bool   `json:"overdue"`
	Signer     string `json:"signer"`
	Source     string `json:"source"`
	Entries    int    `json:"entries"`
	Odd        int    `json:"odd"`
	Size       int64  `json:"size"`
}

func certificates(c mfa.Certificates) CertificatesDTO {
	return CertificatesDTO{FIDO: c.FIDO, FIPS2: c.FIPS1402, FIPS3: c.FIPS1403}
}

// domain is the opposite of certificates.
func (c CertificatesDTO) domain() mfa.Certificates {
	return mfa.Certificates{FIDO: c.FIDO, FIPS1402: c.FIPS2, FIPS1403: c.FIPS3}
}

func trustOf(t mfa.Trust) TrustDTO {
	unproven := t.Unproven
	if t.At.IsZero() {
		unproven = mfa.UnprovenNotJudged
	}
	return TrustDTO{FIDO: t.FIDO, FIPS2: t.FIPS1402, FIPS3: t.FIPS1403, Proven: t.IsProven(), Unproven: string(unproven), Model: t.Model, Entry: t.Entry,
		Format: t.Format, Blob: t.Blob, At: millis(t.At), Reports: each(t.Reports, frozenReport), Hello: string(t.Hello.State), HelloProof: t.Hello.Proof}
}

// frozenReport was in effect when it was frozen; whether it is now is another question.
func frozenReport(r mfa.StatusReport) StatusReportDTO {
	return StatusReportDTO{Status: r.Status, Date: day(r.Effective), Number: r.Certificate, FIPS: r.FIPS, URL: r.URL, Now: true}
}

func blobOf(now time.Time) func(mfa.Blob) BlobDTO {
	return func(b mfa.Blob) BlobDTO {
		return BlobDTO{Number: b.Number, Hash: hex.EncodeToString(b.Hash[:]), ImportedAt: millis(b.ImportedAt), NextUpdate: millis(b.NextUpdate),
			Overdue: b.IsOverdue(now), Signer: b.Signer, Source: b.Source, Entries: b.Entries, Odd: b.Odd, Size: b.Size}
	}
}

// day is YYYY-MM-DD in UTC, or empty.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// DriftRowDTO is an enrolled device for which metadata says something else now.
type DriftRowDTO struct {
	Device      string           `json:"device"`
	DeviceID    string           `json:"deviceId"`
	PrincipalID string           `json:"principalId"`
	Principal   string           `json:"principal"`
	Model       string           `json:"model"`
	Then        CertificatesDTO  `json:"then"`
	Now         CertificatesDTO  `json:"now"`
	Refused     *StatusReportDTO `json:"refused"`
	BlobThen    int64            `json:"blobThen"`
	Change      string           `json:"change"`
}

func driftRow(d metadata.Drifted) DriftRowDTO {
	row := DriftRowDTO{Device: d.Device.Name, DeviceID: d.Device.ID, PrincipalID: d.Owner.ID, Principal: d.Owner.Name, Model: d.Model,
		Then: certificates(d.Then), Now: certificates(d.Now), BlobThen: d.Device.Passkey.Trust.Blob, Change: string(d.Change)}
	if d.Change == metadata.Refused {
		report := frozenReport(d.Report)
		row.Refused = &report
	}
	return row
}
