package mds_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"runtime"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
)

// typed is the payload as a program would declare it for encoding/json.
type typed struct {
	LegalHeader string       `json:"legalHeader"`
	No          int64        `json:"no"`
	NextUpdate  string       `json:"nextUpdate"`
	Entries     []typedEntry `json:"entries"`
}

type typedEntry struct {
	AAGUID         string          `json:"aaguid"`
	AAID           string          `json:"aaid"`
	KeyIDs         []string        `json:"attestationCertificateKeyIdentifiers"`
	Statement      typedStatement  `json:"metadataStatement"`
	Reports        []typedReport   `json:"statusReports"`
	Since          string          `json:"timeOfLastStatusChange"`
	Biometric      json.RawMessage `json:"biometricStatusReports"`
	RogueListURL   string          `json:"rogueListURL"`
	RogueListHash  string          `json:"rogueListHash"`
	ExtensionsMore json.RawMessage `json:"extensions"`
}

type typedStatement struct {
	LegalHeader      string            `json:"legalHeader"`
	AAGUID           string            `json:"aaguid"`
	Description      string            `json:"description"`
	Alternatives     map[string]string `json:"alternativeDescriptions"`
	Version          uint32            `json:"authenticatorVersion"`
	Protocol         string            `json:"protocolFamily"`
	Schema           int               `json:"schema"`
	UPV              []map[string]int  `json:"upv"`
	Algorithms       []string          `json:"authenticationAlgorithms"`
	Encodings        []string          `json:"publicKeyAlgAndEncodings"`
	AttestationTypes []string          `json:"attestationTypes"`
	UserVerification [][]struct {
		Method string `json:"userVerificationMethod"`
	} `json:"userVerificationDetails"`
	KeyProtection     []string `json:"keyProtection"`
	MatcherProtection []string `json:"matcherProtection"`
	CryptoStrength    int      `json:"cryptoStrength"`
	Hints             []string `json:"attachmentHint"`
	Display           []string `json:"tcDisplay"`
	Roots             []string `json:"attestationRootCertificates"`
	Icon              string   `json:"icon"`
	GetInfo           struct {
		Versions       []string        `json:"versions"`
		Extensions     []string        `json:"extensions"`
		AAGUID         string          `json:"aaguid"`
		Options        map[string]bool `json:"options"`
		Transports     []string        `json:"transports"`
		Certifications map[string]int  `json:"certifications"`
	} `json:"authenticatorGetInfo"`
}

type typedReport struct {
	Status       string `json:"status"`
	Effective    string `json:"effectiveDate"`
	Sunset       string `json:"sunsetDate"`
	Version      uint32 `json:"authenticatorVersion"`
	Certificate  string `json:"certificate"`
	Batch        string `json:"batchCertificate"`
	URL          string `json:"url"`
	Descriptor   string `json:"certificationDescriptor"`
	Number       string `json:"certificateNumber"`
	Policy       string `json:"certificationPolicyVersion"`
	Requirements string `json:"certificationRequirementsVersion"`
	FIPS         int    `json:"fipsRevision"`
}

// BenchmarkOpen verifies, reads and indexes a BLOB of 281 models, in turns with a bare
// typed unmarshal of its payload, which has been decoded before. of-unmarshal is the
// ratio of times; heap-of-blob is everything that was allocated, whether still in use
// or not, beside the size of the file.
func BenchmarkOpen(b *testing.B) {
	s := mdstest.New(b)
	raw := s.Blob(mdstest.Many(b, 281)...)
	payload, err := base64.RawURLEncoding.DecodeString(string(bytes.Split(raw, []byte{'.'})[1]))
	if err != nil {
		b.Fatal(err)
	}
	var ours, bare time.Duration
	var before, after runtime.MemStats
	var allocated uint64
	n := 0
	for b.Loop() {
		runtime.ReadMemStats(&before)
		start := time.Now()
		m, err := mds.Open(raw, s.Anchors(), mdstest.Now)
		if err != nil {
			b.Fatal(err)
		}
		index := m.Index()
		ours += time.Since(start)
		runtime.ReadMemStats(&after)
		allocated += after.TotalAlloc - before.TotalAlloc
		if len(m.Models()) != 281 || len(index) == 0 {
			b.Fatal(len(m.Models()), m.Odd)
		}
		start = time.Now()
		var t typed
		if err := json.Unmarshal(payload, &t); err != nil {
			b.Fatal(err)
		}
		bare += time.Since(start)
		n++
	}
	b.ReportMetric(float64(len(raw))/1e6, "MB-blob")
	b.ReportMetric(float64(ours)/float64(n)/1e6, "ms-ours")
	b.ReportMetric(float64(bare)/float64(n)/1e6, "ms-unmarshal")
	b.ReportMetric(float64(ours)/float64(bare), "of-unmarshal")
	b.ReportMetric(float64(allocated)/float64(n)/float64(len(raw)), "heap-of-blob")
}

// BenchmarkLoad reads the index of the same BLOB, as each later start does.
func BenchmarkLoad(b *testing.B) {
	index := mdstest.New(b).Open(mdstest.Many(b, 281)...).Index()
	b.ReportAllocs()
	for b.Loop() {
		if m, err := mds.Load(index); err != nil || len(m.Models()) != 281 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(index))/1e6, "MB-index")
}
