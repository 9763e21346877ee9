package main

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/simkey"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// The processes of the tests trust a metadata service of the tests' own. They learn of it
// from the environment, which only TestMain looks at: the product has no such variable.
const (
	testRoot    = "KEYFERRY_TEST_METADATA_ROOT"
	testAddress = "KEYFERRY_TEST_METADATA_ADDRESS"
)

func metadataOfTests() *assembly.MetadataService {
	text, err := os.ReadFile(os.Getenv(testRoot))
	if err != nil {
		return nil
	}
	block, _ := pem.Decode(text)
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		panic(err)
	}
	return &assembly.MetadataService{Anchors: mds.Anchors{Roots: []*x509.Certificate{root}, Host: mds.FIDOHost}, Address: os.Getenv(testAddress)}
}

// metadataWorld is that service, and the makers of what its BLOBs tell of.
type metadataWorld struct {
	*mdstest.Service
	t       *testing.T
	address string
	issuer  *virtualauth.Issuer // of the attestations of the command passkey

	mu     sync.Mutex
	served []byte // what the address has
}

func newMetadataWorld(t *testing.T) *metadataWorld {
	issuer, err := virtualauth.NewIssuer(rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w := &metadataWorld{Service: mdstest.New(t), t: t, issuer: issuer}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.served == nil {
			http.NotFound(out, nil)
			return
		}
		out.Write(w.served)
	}))
	t.Cleanup(server.Close)
	w.address = server.URL
	return w
}

func (w *metadataWorld) setup(e *testscript.Env) error {
	path := filepath.Join(e.WorkDir, ".metadata-root")
	e.Setenv(testRoot, path)
	e.Setenv(testAddress, w.address)
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.Root.Raw}), 0o600)
}

// entries are models 1 to 5, and what is odd. A later BLOB may be worse: one more is
// revoked; or recall the simulated phone as well; or know the simulated key.
func (w *metadataWorld) entries(later string) []mdstest.Entry {
	l1, l2, fips := mdstest.Status("FIDO_CERTIFIED_L1", "2023-05-01"), mdstest.Status("FIDO_CERTIFIED_L2", "2024-01-01"), mdstest.FIPS(2, 2, "2024-01-01")
	roots := []*x509.Certificate{w.issuer.Root()}
	entry := func(n int, name string, transport string, reports ...mdstest.Report) mdstest.Entry {
		return mdstest.Entry{AAGUID: mdstest.Model(n), Name: name, Roots: roots, Transports: []string{transport}, Reports: reports}
	}
	three := []mdstest.Report{l1, fips}
	if later == "worse" || later == "recall" {
		three = append(three, mdstest.Status("REVOKED", "2026-01-01"))
	}
	all := []mdstest.Entry{entry(1, "Plain Key", "usb"), entry(2, "Level Two Key", "nfc", l2), entry(3, "FIPS Key", "usb", three...),
		entry(4, "Withdrawn Key", "usb", l1, fips, mdstest.Status("REVOKED", "2025-01-01")), entry(5, "Level One Key", "usb", l1), {Raw: 7}}
	if later == "key" {
		return append(all, mdstest.Entry{AAGUID: simkey.Certified.AAGUID(), Name: "Simulated Certified Key", Roots: roots, Transports: []string{"usb"}, Reports: []mdstest.Report{l1}})
	}
	if later == "recall" {
		all = append(all, mdstest.Entry{AAGUID: virtualauth.Android().AAGUID, Name: "Recalled Phone", Reports: []mdstest.Report{mdstest.Status("USER_KEY_REMOTE_COMPROMISE", "2026-06-01")}})
	}
	return all
}

// blob is the script command "blob FILE NUMBER [worse|recall|key]": it makes a BLOB of that number.
// A FILE named "served" goes to the address that mds fetch asks.
func (w *metadataWorld) blob(ts *testscript.TestScript, _ bool, args []string) {
	number, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Number = number
	made := w.Blob(w.entries(strings.Join(args[2:], ""))...)
	if args[0] == "served" {
		w.served = made
		return
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), made, 0o600))
}

// crl is the script command "crl FILE [revoked]": a revocation list of the service, with
// its signing certificate on it or not.
func (w *metadataWorld) crl(ts *testscript.TestScript, _ bool, args []string) {
	var on []*x509.Certificate
	if len(args) > 1 {
		on = append(on, w.Leaf)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), w.Revoke(on...).Raw, 0o600))
}

func TestLevelsAreChosen(t *testing.T) {
	levels := []string{"L1", "L1plus", "L2"}
	for _, c := range []struct {
		wanted, level string
		want          bool
	}{
		{"", "", true}, {"", "L2", true}, {"L1", "L1", true}, {"L1", "L2", false}, {"L1,L2", "L2", true}, {"L1+", "L1plus", true}, {"L1+", "", false},
		{"L1plus+", "L1", false}, {"none", "", true}, {"none", "L1", false}, {"none,L2+", "L2", true},
	} {
		if got := chosen(c.wanted, c.level, levels); got != c.want {
			t.Errorf("%s", strings.Join([]string{c.wanted, c.level}, " of "))
		}
	}
}

// Nothing in the product trusts another service than FIDO's.
func TestProductTrustsFIDO(t *testing.T) {
	was := metadataService
	t.Cleanup(func() { metadataService = was })
	metadataService = nil
	if got, want := anchors(), mds.FIDO(); got.Host != want.Host || len(got.Roots) != len(want.Roots) || !got.Roots[0].Equal(want.Roots[0]) {
		t.Error("other anchors than FIDO's")
	}
}

// The real thing: FIDO's BLOB of 2021, under FIDO's own roots.
func TestRealBlob(t *testing.T) {
	blob := filepath.Join("..", "..", "..", "..", "shared", "vectors", "mds", "blob-2021-no9.jwt")
	if !isFile(blob) {
		t.Skip("shared/vectors not present")
	}
	was := metadataService
	t.Cleanup(func() { metadataService = was })
	metadataService = nil
	for _, args := range [][]string{{"mds", "list", "--fido", "L1+", "--mds", blob}, {"mds", "show", "f8a011f3-8c0a-4d15-8006-17111f9edc7d", "--mds", blob}} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, streams{in: os.Stdin, out: &out, err: &errs}); code != exitDone || !strings.Contains(out.String(), "Security Key by Yubico") {
			t.Errorf("%v: %d %s %s", args, code, out.String(), errs.String())
		}
	}
}
