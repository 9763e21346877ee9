package mds

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Metadata is one BLOB, verified and indexed (MDS section 3.1.6). It does not change
// after it was made and is safe for concurrent use; what its methods give must not be
// changed either.
type Metadata struct {
	Number     int64             // no: rises with every publication
	NextUpdate time.Time         // a day in UTC; zero when it cannot be read
	Legal      string            // legalHeader; untrusted text
	Signer     string            // common name of the certificate that signed it
	Algorithm  string            // RS256, ES256 or PS256
	Validity   Validity          // when the signing certificates were valid
	Lists      int               // revocation lists that were about its certificates; others said nothing
	Hash       [sha256.Size]byte // SHA-256 of the file
	Size       int64             // bytes of the file
	Odd        []Odd             // what was found strange, in the BLOB's order

	models   []*Model
	byAAGUID map[mfa.AAGUID]*Model
	byKeyID  map[string]*Model
	byID     map[string]*Model
}

// Odd is an entry that is not as the specification says.
type Odd struct {
	Position int    // from 0, in the BLOB's entries
	ID       string // as far as it could be read; untrusted text
	// Why is one of: object, id, aaguid, reports, report, doubled, members (the entry is
	// left out); inner-aaguid, key-id, date, version, certificate, root, certifications,
	// statement (it is among the models, without what could not be read).
	Why  string
	Used bool // the entry is among the models all the same
}

// Unread is how many entries are not among the models.
func (m *Metadata) Unread() int {
	n := 0
	for _, o := range m.Odd {
		if !o.Used {
			n++
		}
	}
	return n
}

// Models gives all models in the BLOB's order.
func (m *Metadata) Models() []*Model { return m.models }

// ByAAGUID finds a FIDO2 model. The zero AAGUID names none.
func (m *Metadata) ByAAGUID(id mfa.AAGUID) (*Model, bool) {
	model, ok := m.byAAGUID[id]
	return model, ok
}

// ByKeyID finds a U2F model by the key identifier of its attestation certificate:
// SHA-1 of the public key (RFC 5280 section 4.2.1.2, method 1).
func (m *Metadata) ByKeyID(id []byte) (*Model, bool) {
	model, ok := m.byKeyID[string(id)]
	return model, ok
}

// ByID finds a model by Model.ID, in any case.
func (m *Metadata) ByID(id string) (*Model, bool) {
	model, ok := m.byID[strings.ToLower(id)]
	return model, ok
}

// add takes a model into the indexes. What an earlier model has, it keeps: the result
// is the earlier one with the same ID, whose entry was doubled, or nil.
func (m *Metadata) add(model *Model) *Model {
	if m.byID == nil {
		m.byAAGUID, m.byKeyID, m.byID = map[mfa.AAGUID]*Model{}, map[string]*Model{}, map[string]*Model{}
	}
	key := strings.ToLower(model.ID)
	if earlier, doubled := m.byID[key]; doubled {
		return earlier
	}
	m.byID[key] = model
	m.models = append(m.models, model)
	if !model.AAGUID.IsZero() {
		m.byAAGUID[model.AAGUID] = model
	}
	for _, id := range model.KeyIDs {
		if _, taken := m.byKeyID[string(id)]; !taken {
			m.byKeyID[string(id)] = model
		}
	}
	return nil
}

// parseAAGUID reads the 8-4-4-4-12 form in any case, or 32 digits.
func parseAAGUID(text string) (mfa.AAGUID, bool) {
	var id mfa.AAGUID
	digits := strings.ReplaceAll(text, "-", "")
	if len(digits) != 32 {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(digits))
	return id, err == nil
}
