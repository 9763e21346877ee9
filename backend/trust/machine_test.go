package trust

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
)

const asChild = "KEYFERRY_TEST_ROGUE_STORE"

// A root that the whole machine trusts proves nothing. The machine's store is read once
// in a process, so the test asks in one of its own.
func TestMachineStoreIsNoProof(t *testing.T) {
	if os.Getenv(asChild) != "" {
		t.Skip("this is the child")
	}
	if runtime.GOOS != "linux" {
		t.Skip("SSL_CERT_FILE is Linux's")
	}
	dir := t.TempDir()
	rogue := issue(t, nil, "Rogue root", isCA)
	leaf := issue(t, rogue, "attest.android.com", func(c *x509.Certificate) { c.DNSNames = []string{"attest.android.com"} })
	for name, c := range map[string]*x509.Certificate{"root.pem": rogue.Certificate, "leaf.pem": leaf.Certificate} {
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestUnderRogueStore$", "-test.v")
	cmd.Env = append(os.Environ(), asChild+"="+dir, "SSL_CERT_FILE="+filepath.Join(dir, "root.pem"), "SSL_CERT_DIR="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestUnderRogueStore(t *testing.T) {
	dir := os.Getenv(asChild)
	if dir == "" {
		t.Skip("run by TestMachineStoreIsNoProof")
	}
	read := func(name string) *x509.Certificate {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(text)
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	rogue, leaf := read("root.pem"), read("leaf.pem")
	if _, err := leaf.Verify(x509.VerifyOptions{CurrentTime: now}); err != nil {
		t.Fatalf("the machine does not trust the rogue root, so the test says nothing: %v", err)
	}
	own := issue(t, nil, "own", isCA)
	service := mdstest.New(t)
	certified := []mdstest.Report{mdstest.Status("FIDO_CERTIFIED_L3", "")}
	for name, row := range map[string]struct {
		statement made
		roots     roots
		unproven  mfa.Unproven
	}{
		"packed":                    {packed(leaf), roots{own.Certificate}, mfa.UnprovenRoot},
		"packed, with the root":     {packed(leaf, rogue), roots{own.Certificate}, mfa.UnprovenRoot},
		"SafetyNet":                 {safetyNet(leaf), roots{own.Certificate}, mfa.UnprovenRoot},
		"SafetyNet, with the root":  {safetyNet(leaf, rogue), roots{own.Certificate}, mfa.UnprovenRoot},
		"U2F, which has no entry":   {u2f(leaf), roots{own.Certificate}, mfa.UnprovenEntry},
		"an entry without roots":    {packed(leaf), nil, mfa.UnprovenNoRoots},
		"TPM":                       {tpm(leaf), roots{own.Certificate}, mfa.UnprovenRoot},
		"Android":                   {android(leaf), roots{own.Certificate}, mfa.UnprovenRoot},
		"Apple":                     {apple(leaf), roots{own.Certificate}, mfa.UnprovenRoot},
		"where the entry trusts it": {packed(leaf), roots{rogue}, mfa.Proven},
	} {
		t.Run(name, func(t *testing.T) {
			m := service.Open(mdstest.Entry{AAGUID: model, Name: "Model", Roots: row.roots, Reports: certified})
			got, err := Judge(credential(t, model, row.statement), m, now)
			if err != nil || got.Unproven != row.unproven || (got.FIDO != "") != (row.unproven == mfa.Proven) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}
