package vectors_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/vectors"
)

// sharedFile reads a file of the neighbour folder ../shared/vectors, or skips.
func sharedFile(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	data, err := os.ReadFile(filepath.Join(dir, "..", "shared", "vectors", name))
	if err != nil {
		t.Skip("shared/vectors not present")
	}
	return data
}

func TestSharedFiles(t *testing.T) {
	for _, c := range []struct {
		file       string
		notCovered int // as many as are allowed
	}{
		{"hybrid.json", 3}, // traffic_old, l2cap_split
		{"webauthn.json", 0},
		{"webauthn_real.json", 0},
		{"webauthn_negative.json", 0},
		{"ctap2.json", 0},
		{"malformed.json", 0},
		{"aaguids.json", 0},
		{"totp.json", 0},
		{"iam_policy.json", 0},
	} {
		t.Run(c.file, func(t *testing.T) {
			var s vectors.Summary
			err := vectors.Run(t.Context(), c.file, sharedFile(t, c.file), func(r vectors.Result) {
				s.Add(r)
				if r.Covered && !r.Match {
					t.Errorf("%s (%s): %s %s, expected %s: %s", r.ID, r.Kind, r.Decision, r.Code, r.Expect, r.Detail)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if s.Items == 0 || s.NotCovered > c.notCovered {
				t.Errorf("%+v, want at most %d not covered", s, c.notCovered)
			}
		})
	}
}

// A root that is not the attestation's proves nothing: the same items differ then.
func TestAnotherRootIsNoProof(t *testing.T) {
	var file map[string]json.RawMessage
	if err := json.Unmarshal(sharedFile(t, "webauthn.json"), &file); err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	stranger := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	for name, roots := range map[string]map[string]string{"another": {"w3c": stranger}, "none": {}} {
		if file["roots"], err = json.Marshal(roots); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		var s vectors.Summary
		if err := vectors.Run(t.Context(), "webauthn.json", text, func(r vectors.Result) { s.Add(r) }); err != nil {
			t.Fatal(err)
		}
		if s.Mismatched != 4 { // the registrations that name a root
			t.Errorf("%s: %+v", name, s)
		}
	}
}
