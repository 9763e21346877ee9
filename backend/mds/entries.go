package mds

import (
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	maxEntries = 20_000 // FIDO's BLOB has about 300
	maxReports = 256    // of an entry
	maxKeyIDs  = 1024   // of an entry
	maxRoots   = 1024   // of an entry
	maxText    = 512    // bytes of a name or an address
	maxWord    = 64     // bytes of a status, a number, an ID
	maxWords   = 32     // of a list
	maxOdd     = 20_000 // notes kept

	// maxItems bounds reports, certificates, IDs and words of all entries together: a few
	// bytes of JSON can stand for a few hundred in memory. FIDO's BLOB has some 6,000.
	maxItems = 100_000

	minCertificate = 128 // bytes; a key, two names and a signature need more
)

// reader takes the payload of a BLOB (MDS section 3.1.6) in one pass.
type reader struct {
	scanner
	meta  *Metadata
	certs map[string][]byte // DER by its base64: many models share their roots
	fit   map[*byte]bool    // by the first byte of that DER, whether crypto/x509 reads it
	words map[string]string // statuses and the like, once each
	items int
	last  time.Time // the latest change of a status that is not after nextUpdate

	// Of the entry being read.
	model *Model
	out   string   // why it is left out
	notes []string // why it is strange, though used
	inner mfa.AAGUID
	hints []string
}

// read fills a Metadata. Entries that are strange are noted; only a payload that is no
// BLOB as a whole is a failure.
func read(payload []byte) (*reader, error) {
	r := &reader{meta: &Metadata{}, certs: map[string][]byte{}, fit: map[*byte]bool{}, words: map[string]string{}}
	r.data = payload
	numbered, listed := false, false
	isObject := r.object(func(name []byte) {
		switch string(name) {
		case "legalHeader":
			r.meta.Legal, _ = r.text(4096)
		case "no":
			r.meta.Number, numbered = r.number()
			numbered = numbered && r.meta.Number >= 0
		case "nextUpdate":
			r.meta.NextUpdate, _ = r.date()
		case "entries":
			listed = r.array(func(i int) {
				if i >= maxEntries {
					r.fail("entries")
					return
				}
				r.entry(i)
			})
		default:
			r.skip()
		}
	})
	r.end()
	switch {
	case r.err != nil:
		return nil, malformed(r.err.what, "payload byte "+strconv.Itoa(r.err.offset)).Because(r.err)
	case !isObject:
		return nil, malformed("JSON", "payload")
	case r.doubled:
		return nil, malformed("doubled member", "payload")
	case !numbered:
		return nil, malformed("number", "no")
	case !listed:
		return nil, malformed("entries", "entries")
	}
	for _, m := range r.meta.models {
		if m.Since.After(r.last) && !m.Since.After(r.meta.NextUpdate) {
			r.last = m.Since
		}
	}
	return r, nil
}

// entry reads one entry and adds its model, or notes why not.
func (r *reader) entry(i int) {
	r.next()
	r.model = &Model{Position: i, start: r.pos}
	r.out, r.notes, r.inner, r.hints = "", r.notes[:0], mfa.AAGUID{}, nil
	outerDoubled := r.doubled
	r.doubled = false
	reported := false
	isObject := r.object(func(name []byte) {
		switch string(name) {
		case "aaguid":
			r.aaguid()
		case "aaid":
			r.model.AAID, _ = r.text(maxWord)
		case "attestationCertificateKeyIdentifiers":
			r.keyIDs()
		case "metadataStatement":
			if !r.null() && !r.object(r.statement) {
				r.note("statement")
			}
		case "statusReports":
			reported = r.array(func(i int) {
				if i >= maxReports {
					r.leaveOut("reports")
					r.skip()
					return
				}
				r.report()
			})
		case "timeOfLastStatusChange":
			var ok bool
			if r.model.Since, ok = r.date(); !ok {
				r.note("date")
			}
		default: // biometricStatusReports, rogueListURL, and what is yet to come
			r.skip()
		}
	})
	r.model.end = r.pos
	if r.err != nil {
		return
	}
	m := r.model
	switch {
	case !m.AAGUID.IsZero():
		m.ID = m.AAGUID.String()
	case m.AAID != "":
		m.ID = m.AAID
	case len(m.KeyIDs) > 0:
		m.ID = hex.EncodeToString(m.KeyIDs[0])
	case isObject:
		r.leaveOut("id")
	}
	switch {
	case !isObject:
		r.leaveOut("object")
	case r.doubled:
		// Which of the two would count? A warning must not hide behind its double.
		r.leaveOut("members")
	case !reported:
		r.leaveOut("reports")
	}
	r.doubled = outerDoubled
	if r.out == "" {
		r.complete(m)
		if earlier := r.meta.add(m); earlier != nil {
			r.leaveOut("doubled")
			// The first one stays, but no double can hide that it was revoked.
			for _, report := range m.Reports {
				if warns(report.Status) {
					earlier.Reports = append(earlier.Reports, report)
				}
			}
		}
	}
	r.odd(m)
}

// complete derives what needs the whole entry.
func (r *reader) complete(m *Model) {
	if m.Name == "" {
		m.Name = m.ID
	}
	if m.Protocol == "" {
		switch {
		case !m.AAGUID.IsZero():
			m.Protocol = "fido2"
		case m.AAID != "":
			m.Protocol = "uaf"
		default:
			m.Protocol = "u2f"
		}
	}
	if len(m.Transports) == 0 {
		for _, h := range r.hints {
			if t, known := hintTransports[h]; known {
				m.Transports = append(m.Transports, t)
			}
		}
	}
	m.Transports = slices.DeleteFunc(slices.Clone(transports), func(t string) bool { return !slices.Contains(m.Transports, t) })
	if !r.inner.IsZero() && r.inner != m.AAGUID {
		r.note("inner-aaguid")
	}
}

// transports in the order they are shown (WebAuthn section 5.8.4), and those that an
// attachmentHint stands for (FIDO Registry section 3.4).
var (
	transports     = []string{"usb", "nfc", "ble", "smart-card", "hybrid", "internal"}
	hintTransports = map[string]string{"wired": "usb", "nfc": "nfc", "bluetooth": "ble", "internal": "internal"}
)

// item counts one more thing to keep.
func (r *reader) item() {
	if r.items++; r.items > maxItems {
		r.fail("entries")
	}
}

func (r *reader) leaveOut(why string) {
	if r.out == "" {
		r.out = why
	}
}

func (r *reader) note(why string) {
	if !slices.Contains(r.notes, why) {
		r.notes = append(r.notes, why)
	}
}

func (r *reader) odd(m *Model) {
	id := m.ID
	if r.out != "" {
		r.notes = append(r.notes[:0], r.out)
	}
	for _, why := range r.notes {
		if len(r.meta.Odd) < maxOdd {
			r.meta.Odd = append(r.meta.Odd, Odd{Position: m.Position, ID: id, Why: why, Used: r.out == ""})
		}
	}
}

func (r *reader) aaguid() {
	if r.null() {
		return
	}
	text, _ := r.text(maxWord)
	id, ok := parseAAGUID(text)
	if !ok || id.IsZero() {
		r.leaveOut("aaguid")
	}
	r.model.AAGUID = id
}

func (r *reader) keyIDs() {
	if r.null() {
		return
	}
	if !r.array(func(int) {
		r.item()
		text, _ := r.text(2 * maxWord)
		id, err := hex.DecodeString(text)
		if err != nil || len(id) == 0 || len(r.model.KeyIDs) >= maxKeyIDs {
			r.note("key-id")
			return
		}
		r.model.KeyIDs = append(r.model.KeyIDs, id)
	}) {
		r.note("key-id")
	}
}

// statement reads a member of the metadata statement (MDS statement section 4).
func (r *reader) statement(name []byte) {
	m := r.model
	switch string(name) {
	case "aaguid":
		text, _ := r.text(maxWord)
		r.inner, _ = parseAAGUID(text)
	case "description":
		m.Name, _ = r.text(maxText)
	case "protocolFamily":
		m.Protocol = r.word()
	case "authenticatorVersion":
		m.Firmware = r.version()
	case "attestationTypes":
		m.AttestationTypes = r.list()
	case "attachmentHint":
		r.hints = r.list()
	case "attestationRootCertificates":
		if !r.null() && !r.array(func(int) { r.root() }) {
			r.note("root")
		}
	case "authenticatorGetInfo":
		r.object(r.getInfo)
	default: // the picture, above all
		r.skip()
	}
}

func (r *reader) getInfo(name []byte) {
	switch string(name) {
	case "transports":
		r.model.Transports = r.list()
	case "certifications":
		if r.null() {
			return
		}
		if !r.object(func(name []byte) {
			n, ok := r.number()
			if !ok || n < 0 || n > math.MaxInt16 || len(r.model.Certifications) >= maxWords {
				r.note("certifications")
				return
			}
			if r.model.Certifications == nil {
				r.model.Certifications = map[string]int{}
			}
			r.model.Certifications[r.intern(name)] = int(n)
		}) {
			r.note("certifications")
		}
	default:
		r.skip()
	}
}

func (r *reader) root() {
	r.item()
	if len(r.model.ders) >= maxRoots {
		r.note("root")
		r.skip()
		return
	}
	der := r.certificate()
	if der == nil || !r.parses(der) {
		r.note("root")
		return
	}
	r.model.ders = append(r.model.ders, der)
}
