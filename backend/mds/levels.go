package mds

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Values of AuthenticatorStatus (MDS section 3.1.4) that decide something here.
const (
	statusCertified  = "FIDO_CERTIFIED"
	statusFIPS       = "FIPS140_CERTIFIED_"
	statusUpdate     = "UPDATE_AVAILABLE"
	statusBypass     = "USER_VERIFICATION_BYPASS"
	statusAttKey     = "ATTESTATION_KEY_COMPROMISE"
	statusRemote     = "USER_KEY_REMOTE_COMPROMISE"
	statusPhysical   = "USER_KEY_PHYSICAL_COMPROMISE"
	statusRevoked    = "REVOKED"
	statusRetired    = "RETIRED"
	statusSelf       = "SELF_ASSERTION_SUBMITTED"
	statusNot        = "NOT_FIDO_CERTIFIED"
	certFIDO         = "FIDO" // of authenticatorGetInfo (CTAP 2.1 section 7.3)
	certFIPS1402     = "FIPS-CMVP-2"
	certFIPS1403     = "FIPS-CMVP-3"
	revisionFIPS1402 = 2
	revisionFIPS1403 = 3
)

// fidoLevels and fipsLevels in rising order, spelt as IAM's condition keys are.
var (
	fidoLevels = []string{"L1", "L1plus", "L2", "L2plus", "L3", "L3plus"}
	fipsLevels = []string{"L1", "L2", "L3", "L4"}
)

// Certificates gives the levels of a model at a moment, and the reports they came from,
// FIDO first. Firmware 0: it is not known, and every report counts that could be about it.
//
//   - Each scheme is judged by itself: FIDO and FIPS reports stand side by side, and
//     neither hides the other. In each, the highest level in effect counts.
//   - FIDO_CERTIFIED, which is older than the levels, is L1.
//   - A report of authenticatorVersion n is about firmware n and later (MDS section 3.1.3).
//   - FIPS140_CERTIFIED_Ln needs a fipsRevision to say which standard it is about.
//   - A scheme that no report speaks of, in effect or not, takes its level from the
//     certifications of getInfo. They describe the statement's firmware, so they are not
//     believed of an older one. Their "report" has a status like "FIPS-CMVP-2=2".
//   - A refused model has no levels.
func (m *Model) Certificates(at time.Time, firmware uint32) (mfa.Certificates, []mfa.StatusReport) {
	if _, refused := m.Refused(at, firmware, nil); refused {
		return mfa.Certificates{}, nil
	}
	var from []mfa.StatusReport
	level := func(s scheme) string {
		level, report := m.level(s, at, firmware)
		if level != "" {
			from = append(from, report)
		}
		return level
	}
	var c mfa.Certificates
	c.FIDO = level(scheme{levels: fidoLevels, getInfo: certFIDO, of: fidoReport})
	c.FIPS1402 = level(scheme{levels: fipsLevels, getInfo: certFIPS1402, of: fipsReport(revisionFIPS1402)})
	c.FIPS1403 = level(scheme{levels: fipsLevels, getInfo: certFIPS1403, of: fipsReport(revisionFIPS1403)})
	return c, from
}

// scheme is one kind of certification.
type scheme struct {
	levels  []string // in rising order
	getInfo string   // its name among getInfo's certifications, where levels count from 1
	// of tells whether a report speaks of the scheme, and which level it gives, if any.
	of func(Report) (level string, ours bool)
}

func fidoReport(r Report) (string, bool) {
	switch r.Status {
	case statusCertified:
		return "L1", true
	case statusNot, statusSelf:
		return "", true
	}
	return strings.CutPrefix(r.Status, statusCertified+"_")
}

func fipsReport(revision int) func(Report) (string, bool) {
	return func(r Report) (string, bool) {
		level, ours := strings.CutPrefix(r.Status, statusFIPS)
		return level, ours && r.FIPS == revision
	}
}

func (m *Model) level(s scheme, at time.Time, firmware uint32) (string, mfa.StatusReport) {
	best, spoken := -1, false
	var from mfa.StatusReport
	for _, r := range m.Reports {
		level, ours := s.of(r)
		if !ours {
			continue
		}
		spoken = true
		if rank := slices.Index(s.levels, level); rank > best && !r.Unclear && r.InEffect(at) && (firmware == 0 || firmware >= r.Version) {
			best, from = rank, r.Facts()
		}
	}
	n := m.Certifications[s.getInfo]
	if !spoken && n >= 1 && n <= len(s.levels) && (firmware == 0 || firmware >= m.Firmware) {
		best, from = n-1, mfa.StatusReport{Status: fmt.Sprintf("%s=%d", s.getInfo, n)}
	}
	if best < 0 {
		return "", from
	}
	return s.levels[best], from
}

// Refused reports that the model must not be registered, and the report that says so:
// the first in effect of REVOKED, RETIRED, USER_VERIFICATION_BYPASS and the three kinds
// of compromised keys. Batch is the attestation chain that was presented, DER, leaf
// first; nil when there is none yet.
//
//   - A compromise of an attestation key that names a certificate is about that batch
//     only: it holds for chains in which the certificate, or another one with its key,
//     stands, or that it issued. Without a chain it does not hold.
//   - UPDATE_AVAILABLE after a bypass or a compromised user key means that newer firmware
//     is free of it (MDS section 3.1.4). It lifts the warning only for an authenticator
//     whose firmware is known and at least the version the report names, or else the
//     statement's, which must be the corrected one. Unknown firmware stays refused.
//   - It lifts no ATTESTATION_KEY_COMPROMISE: whoever has that key can attest any
//     firmware. REVOKED and RETIRED are FIDO's verdicts on the model, not faults to mend.
//   - Other limits on firmware do not narrow a warning.
func (m *Model) Refused(at time.Time, firmware uint32, batch [][]byte) (mfa.StatusReport, bool) {
	for i, r := range m.Reports {
		if !r.InEffect(at) {
			continue
		}
		switch r.Status {
		case statusRevoked, statusRetired:
			return r.Facts(), true
		case statusAttKey:
			if r.Batch == nil || concerns(r.Batch, batch) {
				return r.Facts(), true
			}
		case statusBypass, statusRemote, statusPhysical:
			if !m.mended(i, at, firmware) {
				return r.Facts(), true
			}
		}
	}
	return mfa.StatusReport{}, false
}

// mended reports that an update after report i is in this firmware. Reports are written
// one after another, but not every vendor's are in the order of their dates: an update
// counts as later by its day, and on the same day, or without days, by its place.
func (m *Model) mended(i int, at time.Time, firmware uint32) bool {
	fault := m.Reports[i]
	for j, r := range m.Reports {
		if r.Status != statusUpdate || r.Unclear || !r.InEffect(at) || r.Effective.Before(fault.Effective) {
			continue
		}
		if j < i && !(r.Effective.After(fault.Effective) && !fault.Effective.IsZero()) {
			continue
		}
		fixed := r.Version
		if fixed == 0 {
			fixed = m.Firmware
		}
		if fixed != 0 && firmware >= fixed {
			return true
		}
	}
	return false
}

// concerns reports that a chain is of the batch that a certificate stands for.
func concerns(batch []byte, chain [][]byte) bool {
	for _, der := range chain {
		if bytes.Equal(der, batch) {
			return true
		}
	}
	named, err := x509.ParseCertificate(batch)
	if err != nil {
		return len(chain) > 0 // no telling which: all of them
	}
	for _, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		// The same key in a certificate that was issued anew is just as well known.
		if bytes.Equal(c.RawSubjectPublicKeyInfo, named.RawSubjectPublicKeyInfo) {
			return true
		}
		// Roots are not presented.
		if bytes.Equal(c.RawIssuer, named.RawSubject) && c.CheckSignatureFrom(named) == nil {
			return true
		}
	}
	return false
}
