package mds

import (
	"crypto/x509"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Model is one entry of a BLOB: a model of authenticators (MDS section 3.1.1). All
// texts are untrusted.
type Model struct {
	ID               string // AAGUID, or AAID, or hex of the first key identifier
	AAGUID           mfa.AAGUID
	AAID             string   // UAF
	KeyIDs           [][]byte // of U2F attestation certificates
	Name             string   // description of the statement; the ID where it has none
	Protocol         string   // fido2, u2f, uaf
	Transports       []string // of usb, nfc, ble, smart-card, hybrid, internal
	Reports          []Report // all of them, in the BLOB's order
	Certifications   map[string]int
	AttestationTypes []string
	Firmware         uint32    // authenticatorVersion of the statement: the newest one
	Since            time.Time // timeOfLastStatusChange
	Position         int       // in the BLOB's entries

	start, end int // of the entry in the payload, in bytes
	ders       [][]byte
	once       sync.Once
	roots      []*x509.Certificate
}

// Report is one status report (MDS section 3.1.3).
type Report struct {
	Status       string    // as it stands there, unknown ones as well
	Effective    time.Time // a day in UTC; zero: from the beginning
	Sunset       time.Time // a day in UTC from which it holds no more; zero: open
	Version      uint32    // authenticatorVersion: holds for this firmware and later; 0: all
	FIPS         int       // fipsRevision: 2, 3; 0: not given
	Number       string    // certificateNumber
	Descriptor   string    // certificationDescriptor
	Policy       string    // certificationPolicyVersion
	Requirements string    // certificationRequirementsVersion
	URL          string    // untrusted text
	// Batch is the certificate that a compromise is about (batchCertificate, and
	// certificate of MDS 3.0), DER; nil: all of the model.
	Batch []byte
	// Unclear: a date, version or certificate could not be read. Such a report proves no
	// level, and warns without the limits that could not be read.
	Unclear bool
}

// InEffect reports that the report holds at a moment.
func (r Report) InEffect(at time.Time) bool {
	return !r.Effective.After(at) && (r.Sunset.IsZero() || r.Sunset.After(at))
}

// Facts is the report as it is kept with a device.
func (r Report) Facts() mfa.StatusReport {
	return mfa.StatusReport{Status: r.Status, Effective: r.Effective, Certificate: r.Number, FIPS: r.FIPS, URL: r.URL}
}

// Roots gives the certificates that the model's attestation leads to, or is signed
// with (MDS statement section 4, attestationRootCertificates: an attestation certificate
// may stand there itself). What is no certificate is left out.
func (m *Model) Roots() []*x509.Certificate {
	m.once.Do(func() {
		for _, der := range m.ders {
			if c, err := x509.ParseCertificate(der); err == nil {
				m.roots = append(m.roots, c)
			}
		}
	})
	return m.roots
}

// Status is the status of the newest report in effect, as FIDO writes it; empty when
// there is none. Warnings come before certificates, whatever their dates are.
func (m *Model) Status(at time.Time) string {
	if r, refused := m.Refused(at, 0, nil); refused {
		return r.Status
	}
	newest := -1
	for i, r := range m.Reports {
		if r.InEffect(at) && (newest < 0 || !r.Effective.Before(m.Reports[newest].Effective)) {
			newest = i
		}
	}
	if newest < 0 {
		return ""
	}
	return m.Reports[newest].Status
}
