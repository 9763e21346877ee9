package trust

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

// published reads ../shared/vectors/name, seen from the repository root.
func published(tb testing.TB, name string) []byte {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "vectors", name))
	if errors.Is(err, os.ErrNotExist) {
		tb.Skipf("shared/vectors not present: %s", name)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

type ceremony struct {
	ID, Kind, Expect string
	Format           string    `json:"fmt"`
	RPID             string    `json:"rp_id"`
	Origin           string    `json:"origin"`
	Challenge        string    `json:"challenge"`
	UV               string    `json:"uv"`
	CrossOK          bool      `json:"allow_cross_origin"`
	VerifyAt         time.Time `json:"verify_at"`
	TrustRoot        string    `json:"trust_root"`
	Device           string    `json:"device"`
	Response         json.RawMessage
}

func ceremonies(tb testing.TB, name string) (items []ceremony, roots map[string]string) {
	var file struct {
		Items []ceremony        `json:"items"`
		Roots map[string]string `json:"roots"`
	}
	if err := json.Unmarshal(published(tb, name), &file); err != nil {
		tb.Fatal(err)
	}
	return file.Items, file.Roots
}

// register has rp verify a published registration, at the moment it was made.
func (c ceremony) register(t *testing.T) (mfa.Credential, time.Time) {
	t.Helper()
	challenge, err := base64.RawURLEncoding.DecodeString(c.Challenge)
	if err != nil {
		t.Fatal(err)
	}
	at := c.VerifyAt
	if at.IsZero() {
		at = now
	}
	credential, err := rp.VerifyRegistration(rp.Expectation{RPID: c.RPID, Origin: c.Origin, Challenge: challenge,
		UserVerification: c.UV, AllowCrossOrigin: c.CrossOK, At: at}, c.Response)
	if err != nil {
		t.Fatal(err, mfa.AsFailure(err).Explain())
	}
	return credential, at
}

// What the W3C's vectors name a root for is proven under that root, and under no other.
func TestPublishedRoots(t *testing.T) {
	items, named := ceremonies(t, "webauthn.json")
	service, stranger := mdstest.New(t), issue(t, nil, "stranger", isCA)
	seen := map[string]int{}
	for _, c := range items {
		if c.Kind != "registration" || c.TrustRoot == "" || c.Expect != "accept" {
			continue
		}
		seen[c.Format]++
		t.Run(c.ID, func(t *testing.T) {
			block, _ := pem.Decode([]byte(named[c.TrustRoot]))
			root, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			credential, at := c.register(t)
			for who, row := range map[string]struct {
				root *x509.Certificate
				want mfa.Unproven
			}{"named": {root, mfa.Proven}, "stranger": {stranger.Certificate, mfa.UnprovenRoot}} {
				got, err := Judge(credential, service.Open(entryFor(t, credential, row.root)), at)
				if err != nil || got.Unproven != row.want || got.Format != c.Format || (got.FIDO == "L2") != (row.want == mfa.Proven) {
					t.Errorf("%s: %+v, %v", who, got, err)
				}
			}
		})
	}
	if seen["packed"] == 0 || seen["fido-u2f"] == 0 {
		t.Errorf("formats %v", seen)
	}
}

// entryFor is an entry by which credential's model is found.
func entryFor(t *testing.T, c mfa.Credential, root *x509.Certificate) mdstest.Entry {
	t.Helper()
	e := mdstest.Entry{Name: "Model", Roots: roots{root}, Reports: []mdstest.Report{mdstest.Status("FIDO_CERTIFIED_L2", "2001-01-01")}}
	statements, err := rp.Statements(c.AttestationObject)
	if err != nil {
		t.Fatal(err)
	}
	if c.AttestationFormat == formatU2F {
		e.KeyIDs, e.Protocol = [][]byte{mdstest.KeyID(statements[0].Chain[0])}, "u2f"
	} else {
		e.AAGUID = c.AAGUID
	}
	return e
}

// Keys, computers and phones as they were, against the BLOB of 2021. Those that are not
// listed attest nothing, or themselves.
func TestCapturesAgainstRealMetadata(t *testing.T) {
	type outcome struct {
		unproven     mfa.Unproven
		model, level string
	}
	want := map[string]outcome{
		"reg-4fd9a40e": {model: "Windows Hello Hardware Authenticator", level: "L1"},
		"reg-ec4334d2": {model: "Feitian ePass FIDO-NFC Security Key", level: "L1"},
		"reg-b0c6e09d": {model: "Security Key by Yubico", level: "L1"},
		"reg-9deba6ba": {model: "Security Key by Yubico", level: "L1"},
		"reg-1965a2e3": {model: "Security Key by Yubico with NFC", level: "L1"},
		"reg-854e89b8": {model: "Security Key by Yubico", level: "L1"}, // by the key of its U2F certificate
		"reg-0012898b": {model: "Security Key by Yubico", level: "L1"},
		"reg-c23f2e34": {model: "Android Authenticator with SafetyNet Attestation"},   // never certified
		"reg-e7faaf11": {unproven: mfa.UnprovenRoot, model: "Security Key by Yubico"}, // of Yubico's preview CA
		// Its one root has basic constraints that are no DER, so that nobody reads it here.
		"reg-7830a772": {unproven: mfa.UnprovenNoRoots, model: "AuthenTrend ATKey.Pro FIDO2 Authenticator"},
		"reg-a976ad38": {unproven: mfa.UnprovenEntry}, // the conformance tool's
		"reg-c683f6cf": {unproven: mfa.UnprovenEntry},
		"reg-cf121d8d": {unproven: mfa.UnprovenEntry},
		"reg-643b1a89": {unproven: mfa.UnprovenEntry},
		"reg-804fe22b": {unproven: mfa.UnprovenEntry},
		"reg-189875f9": {unproven: mfa.UnprovenEntry},
		"reg-a890bffe": {unproven: mfa.UnprovenModel}, // Apple
		"reg-475f6ec0": {unproven: mfa.UnprovenModel},
		"reg-efaa1aa3": {unproven: mfa.UnprovenModel}, // SafetyNet with a zero AAGUID
	}
	blob := published(t, filepath.Join("mds", "blob-2021-no9.jwt"))
	items, _ := ceremonies(t, "webauthn_real.json")
	m, err := mds.Open(blob, mds.FIDO(), now)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range items {
		if c.Kind != "registration" || c.Expect == "reject" {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			credential, at := c.register(t)
			got, err := Judge(credential, m, at)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s %s: unproven %q (%s), model %q, %+v", c.Format, credential.AAGUID, got.Unproven, got.Detail, got.Model, got.Certificates)
			expected, listed := want[c.ID]
			if !listed {
				if got.Unproven != mfa.UnprovenAttestation && got.Unproven != mfa.UnprovenSelf {
					t.Errorf("%+v", got)
				}
				return
			}
			seen++
			if (outcome{got.Unproven, got.Model, got.FIDO}) != expected || got.Blob != 9 {
				t.Errorf("%+v, expected %+v", got, expected)
			}
		})
	}
	if seen != len(want) {
		t.Errorf("%d of %d captures", seen, len(want))
	}
}
