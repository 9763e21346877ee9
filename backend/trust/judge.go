package trust

import (
	"cmp"
	"crypto/sha1" // names a U2F model, as FIDO chose it; nothing is believed because of it
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

const formatU2F = "fido-u2f"

// Judge says what is proven of c's authenticator at a moment, which is that of the
// registration. m is nil when no BLOB was imported. The moment must be given: with a
// zero one nothing counts as proven.
//
// c must come out of rp.VerifyRegistration: that the attestation signs the ceremony
// is not judged again.
//
// A compound statement (WebAuthn 8.9) holds several. All are looked at, one that
// proves a model is enough, and the first that does decides; otherwise the one that
// came farthest says why nothing is proven. A model that is refused is refused
// whichever statement names it.
//
// model-refused (params: model, status, date as YYYY-MM-DD or empty, blob), also
// when the device merely says to be such a model: nobody gains by a false claim, and
// a model could otherwise escape its revocation by attesting less.
func Judge(c mfa.Credential, m *mds.Metadata, at time.Time) (mfa.Trust, error) {
	t := mfa.Trust{Unproven: mfa.UnprovenAttestation, At: at}
	if m != nil {
		t.Blob = m.Number
	}
	statements, err := rp.Statements(c.AttestationObject)
	if err != nil {
		t.Detail = DetailUnreadable
	}
	for _, statement := range statements {
		found, err := judge(c, statement, m, at)
		if err != nil {
			return mfa.Trust{}, err
		}
		if farther(found, t) {
			t = found
		}
	}
	if model, found := claimed(c, m); found && t.Entry == "" {
		if err := checkRefused(model, m, at, 0, nil); err != nil {
			return mfa.Trust{}, err
		}
	}
	return t, nil
}

// claimed is the model that the authenticator says to be, whether or not it proves it.
func claimed(c mfa.Credential, m *mds.Metadata) (*mds.Model, bool) {
	if m == nil || c.AAGUID.IsZero() || c.AttestationFormat == formatU2F {
		return nil, false
	}
	return m.ByAAGUID(c.AAGUID)
}

// judge is for one statement.
func judge(c mfa.Credential, s rp.Statement, m *mds.Metadata, at time.Time) (mfa.Trust, error) {
	t := mfa.Trust{Format: s.Format, At: at}
	if m != nil {
		t.Blob = m.Number
	}
	if t.Unproven = unnamed(c, s, m); t.Unproven != mfa.Proven {
		return t, nil
	}
	model, found := modelOf(c, s, m)
	if !found {
		t.Unproven = mfa.UnprovenEntry
		return t, nil
	}
	t.Model, t.Entry = model.Name, model.ID
	roots := model.Roots()
	if len(roots) == 0 {
		t.Unproven = mfa.UnprovenNoRoots
	} else if t.Detail = checkChain(s, roots, at); t.Detail != "" {
		t.Unproven = mfa.UnprovenRoot
	} else {
		t.Firmware = firmwareOf(s.Chain[0]) // of no other certificate is it believed
	}
	if err := checkRefused(model, m, at, t.Firmware, s.Chain); err != nil {
		return mfa.Trust{}, err
	}
	if t.Unproven == mfa.Proven {
		t.Certificates, t.Reports = model.Certificates(at, t.Firmware)
	}
	return t, nil
}

// unnamed says why no entry can be looked for; mfa.Proven if one can.
func unnamed(c mfa.Credential, s rp.Statement, m *mds.Metadata) mfa.Unproven {
	switch {
	case len(s.Chain) == 0:
		return mfa.UnprovenSelf
	case s.Format != formatU2F && c.AAGUID.IsZero():
		return mfa.UnprovenModel
	case m == nil:
		return mfa.UnprovenMetadata
	}
	return mfa.Proven
}

// modelOf finds the entry. A U2F authenticator is named by the key of its
// attestation certificate alone: the AAGUID beside a fido-u2f statement is not among
// what that statement signs (WebAuthn 8.6), so anybody could have written it.
func modelOf(c mfa.Credential, s rp.Statement, m *mds.Metadata) (*mds.Model, bool) {
	if s.Format != formatU2F {
		return m.ByAAGUID(c.AAGUID)
	}
	id, ok := keyID(s.Chain[0])
	if !ok {
		return nil, false
	}
	return m.ByKeyID(id)
}

// keyID is the attestation certificate key identifier of FIDO metadata: SHA-1 of the
// bits of the public key (RFC 5280 section 4.2.1.2, method 1), computed and not read
// from the certificate.
func keyID(leaf *x509.Certificate) ([]byte, bool) {
	var info struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if rest, err := asn1.Unmarshal(leaf.RawSubjectPublicKeyInfo, &info); err != nil || len(rest) != 0 {
		return nil, false
	}
	sum := sha1.Sum(info.Key.Bytes)
	return sum[:], true
}

func checkRefused(model *mds.Model, m *mds.Metadata, at time.Time, firmware uint32, chain []*x509.Certificate) error {
	presented := make([][]byte, len(chain))
	for i, certificate := range chain {
		presented[i] = certificate.Raw
	}
	report, refused := model.Refused(at, firmware, presented)
	if !refused {
		return nil
	}
	date := ""
	if !report.Effective.IsZero() {
		date = report.Effective.UTC().Format(time.DateOnly)
	}
	return mfa.Fail(mfa.CodeModelRefused, "model", cmp.Or(model.Name, model.ID), "status", report.Status, "date", date,
		"blob", strconv.FormatInt(m.Number, 10)).Because(fmt.Errorf("trust: BLOB %d reports %.40q of entry %s", m.Number, report.Status, model.ID))
}

// progress is how far a statement came, worst first.
var progress = []mfa.Unproven{mfa.UnprovenAttestation, mfa.UnprovenSelf, mfa.UnprovenModel, mfa.UnprovenMetadata,
	mfa.UnprovenEntry, mfa.UnprovenNoRoots, mfa.UnprovenRoot, mfa.Proven}

func farther(a, b mfa.Trust) bool {
	return slices.Index(progress, a.Unproven) > slices.Index(progress, b.Unproven)
}
