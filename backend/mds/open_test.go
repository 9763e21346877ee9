package mds_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
)

// shared reads a file of the neighbour folder ../shared/vectors, or skips.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "vectors", name))
	if err != nil {
		t.Skip("shared/vectors not present")
	}
	return data
}

// today is long after the real BLOB's certificates ran out.
var today = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

// wantFailure checks a failure by its code and one param, written "code name=value".
func wantFailure(t *testing.T, err error, want string) {
	t.Helper()
	var f *mfa.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%v, want %s", err, want)
	}
	code, param, _ := strings.Cut(want, " ")
	name, value, _ := strings.Cut(param, "=")
	if string(f.Code) != code || f.Params[name] != value {
		t.Errorf("%s %v (%s), want %s", f.Code, f.Params, f.Explain(), want)
	}
}

func TestRealBlob(t *testing.T) {
	raw := shared(t, "mds/blob-2021-no9.jwt")
	for _, c := range []struct {
		name string
		at   time.Time
		want mds.Validity
	}{
		{"when it was new", time.Date(2021, 11, 10, 0, 0, 0, 0, time.UTC), mds.ValidAtImport},
		{"years later", today, mds.ValidInPeriod},
		{"under a clock that was reset", time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), mds.ValidInPeriod},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := mds.Open(raw, mds.FIDO(), c.at)
			if err != nil {
				t.Fatal(err)
			}
			if m.Number != 9 || len(m.Models()) != 98 || m.Validity != c.want || m.Signer != mds.FIDOHost || m.Algorithm != "RS256" ||
				m.Hash != sha256.Sum256(raw) || m.Size != int64(len(raw)) || m.NextUpdate.Format(time.DateOnly) != "2021-12-01" {
				t.Errorf("%+v", m)
			}
			// Three have a root that crypto/x509 does not read; they are models all the same.
			if len(m.Odd) != 3 || m.Unread() != 0 || slices.ContainsFunc(m.Odd, func(o mds.Odd) bool { return o.Why != "root" || !o.Used }) {
				t.Errorf("odd: %+v", m.Odd)
			}
			for _, model := range m.Models() {
				if len(model.Reports) == 0 || model.Name == "" || model.Since.IsZero() {
					t.Errorf("%s: %+v", model.ID, model.Reports)
				}
			}
		})
	}
	m, err := mds.Open(raw, mds.FIDO(), today)
	if err != nil {
		t.Fatal(err)
	}
	model, ok := m.ByID("9C835346-796b-4c27-8898-d6032f515cc5")
	if !ok || model.Name != "Cryptnox FIDO2" || len(model.Roots()) != 1 || model.Protocol != "fido2" || strings.Join(model.Transports, " ") != "nfc" {
		t.Errorf("%+v", model)
	}
	if c, _ := model.Certificates(today, 0); c != (mfa.Certificates{FIDO: "L1"}) {
		t.Errorf("%+v", c)
	}
	id, _ := hex.DecodeString("1434d2f277fe479c35ddf6aa4d08a07cbce99dd7")
	if model, ok := m.ByKeyID(id); !ok || model.Protocol != "u2f" || len(model.Roots()) == 0 {
		t.Errorf("%+v", model)
	}
}

// The pinned roots are the published ones, and no others: the conformance tests' root
// among them would let anybody sign.
func TestPinnedRoots(t *testing.T) {
	var got []string
	for _, root := range mds.FIDO().Roots {
		sum := sha256.Sum256(root.Raw)
		got = append(got, root.Subject.CommonName+" "+hex.EncodeToString(sum[:]))
	}
	want := "GlobalSign cbb522d7b7f127ad6a0113865bdf1cd4102e7d0759af635a7cf4720dc963c53b, " +
		"GlobalSign Root R46 4fa3126d8d3a11d1c4855a4f807cbad6cf919d3a5a88b03bea2c6372d93c40c9"
	if strings.Join(got, ", ") != want || mds.FIDO().Host != "mds.fidoalliance.org" {
		t.Errorf("%q", got)
	}
}

// A root that the machine trusts is worth nothing here.
func TestMachineRootsDoNotCount(t *testing.T) {
	s := mdstest.New(t)
	file := filepath.Join(t.TempDir(), "machine.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Root.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", file)
	blob := s.Blob(mdstest.Entry{AAGUID: mdstest.Model(1)})
	_, err := mds.Open(blob, mds.FIDO(), mdstest.Now)
	wantFailure(t, err, "metadata-untrusted why=root")
	_, err = mds.Open(blob, mds.Anchors{Host: mds.FIDOHost}, mdstest.Now)
	wantFailure(t, err, "metadata-untrusted why=root")
}

func rsaKey(t testing.TB, bits int) crypto.Signer {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0") // of the standard library, which would not make weak ones
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestVerification(t *testing.T) {
	month := func(n int) time.Time { return mdstest.Now.AddDate(0, n, 0) }
	entry := mdstest.Entry{AAGUID: mdstest.Model(1), Name: "One", Since: "2026-10-01"}
	header := func(name string, value any) func(*mdstest.Service) {
		return func(s *mdstest.Service) { s.Header = func(h map[string]any) { h[name] = value } }
	}
	for _, c := range []struct {
		name    string
		service func(*mdstest.Service)
		anchors func(*mdstest.Service, *mds.Anchors)
		at      time.Time
		want    string // a failure, or the validity
	}{
		{name: "ES256", want: "import"},
		{name: "RS256", service: func(s *mdstest.Service) {
			s.Reissue(mds.FIDOHost, month(-1), month(1), rsaKey(t, 2048))
			s.Algorithm = "RS256"
		}, want: "import"},
		{name: "PS256", service: func(s *mdstest.Service) {
			s.Reissue(mds.FIDOHost, month(-1), month(1), rsaKey(t, 2048))
			s.Algorithm = "PS256"
		}, want: "import"},
		{name: "RS256 said, PS256 done", service: func(s *mdstest.Service) {
			s.Reissue(mds.FIDOHost, month(-1), month(1), rsaKey(t, 2048))
			s.Algorithm = "PS256"
			s.Header = func(h map[string]any) { h["alg"] = "RS256" }
		}, want: "metadata-signature"},
		{name: "weak RSA", service: func(s *mdstest.Service) {
			s.Reissue(mds.FIDOHost, month(-1), month(1), rsaKey(t, 1024))
			s.Algorithm = "RS256"
		}, want: "metadata-algorithm alg=RSA-1024"},
		{name: "ES256 over P-384", service: func(s *mdstest.Service) {
			k, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
			s.Reissue(mds.FIDOHost, month(-1), month(1), k)
			s.Algorithm = "RS256"
			s.Header = func(h map[string]any) { h["alg"] = "ES256" }
		}, want: "metadata-algorithm alg=ES256 with P-384"},
		{name: "RS256 said of a P-256 key", service: func(s *mdstest.Service) { s.Header = func(h map[string]any) { h["alg"] = "RS256" } },
			want: "metadata-algorithm alg=RS256 with P-256"},
		{name: "Ed25519", service: func(s *mdstest.Service) {
			_, k, _ := ed25519.GenerateKey(rand.Reader)
			s.Reissue(mds.FIDOHost, month(-1), month(1), k)
		}, want: "metadata-algorithm alg=ES256 with another key"},
		{name: "none", service: header("alg", "none"), want: "metadata-algorithm alg=none"},
		{name: "no alg", service: header("alg", nil), want: "metadata-algorithm alg=none"},
		{name: "HS256", service: header("alg", "HS256"), want: "metadata-algorithm alg=HS256"},
		{name: "alg in lower case", service: header("alg", "es256"), want: "metadata-algorithm alg=es256"},
		{name: "x5u", service: header("x5u", "https://mds.fidoalliance.org/x"), want: "metadata-algorithm alg=x5u"},
		{name: "jku", service: header("jku", "https://attacker.example/"), want: "metadata-algorithm alg=jku"},
		{name: "jwk", service: header("jwk", map[string]string{"kty": "EC"}), want: "metadata-algorithm alg=jwk"},
		{name: "crit", service: header("crit", []string{"b64"}), want: "metadata-algorithm alg=crit"},
		{name: "b64", service: header("b64", false), want: "metadata-algorithm alg=b64"},
		{name: "unknown members of the header", service: header("kid", "7"), want: "import"},
		{name: "no certificates", service: header("x5c", []string{}), want: "metadata-malformed where=x5c"},
		{name: "null certificates", service: header("x5c", nil), want: "metadata-malformed where=x5c"},
		{name: "a certificate that is a number", service: header("x5c", []any{7}), want: "metadata-malformed where=x5c/0"},
		{name: "certificate in base64url", service: func(s *mdstest.Service) { s.Header = func(h map[string]any) { h["x5c"] = []string{"MII-_w"} } },
			want: "metadata-malformed where=x5c/0"},
		{name: "second certificate cut", service: func(s *mdstest.Service) {
			s.Header = func(h map[string]any) { c := mdstest.Chain(s.Leaf, s.Intermediate); c[1] = c[1][:400]; h["x5c"] = c }
		}, want: "metadata-malformed where=x5c/1"},
		{name: "nine certificates", service: func(s *mdstest.Service) {
			i := s.Intermediate
			s.Header = func(h map[string]any) { h["x5c"] = mdstest.Chain(s.Leaf, i, i, i, i, i, i, i, i) }
		}, want: "metadata-malformed where=x5c/8"},
		{name: "root in the chain as well", service: func(s *mdstest.Service) {
			s.Header = func(h map[string]any) { h["x5c"] = mdstest.Chain(s.Leaf, s.Intermediate, s.Root) }
		}, want: "import"},
		{name: "intermediate first", service: func(s *mdstest.Service) {
			s.Header = func(h map[string]any) { h["x5c"] = mdstest.Chain(s.Intermediate, s.Leaf) }
		}, want: "metadata-untrusted why=order"},
		{name: "leaf alone", service: func(s *mdstest.Service) {
			s.Header = func(h map[string]any) { h["x5c"] = mdstest.Chain(s.Leaf) }
		}, want: "metadata-untrusted why=root"},
		{name: "chain of another service", service: func(s *mdstest.Service) {
			other := mdstest.New(t)
			s.Header = func(h map[string]any) { h["x5c"] = mdstest.Chain(other.Leaf, other.Intermediate) }
		}, want: "metadata-untrusted why=root"},
		{name: "leaf of another service under our intermediate", service: func(s *mdstest.Service) {
			other := mdstest.New(t)
			s.Header = func(h map[string]any) { h["x5c"] = mdstest.Chain(other.Leaf, s.Intermediate) }
		}, want: "metadata-untrusted why=root"},
		{name: "another leaf of the same service", service: func(s *mdstest.Service) {
			old := s.Leaf
			s.Reissue(mds.FIDOHost, month(-1), month(1), nil)
			s.Header = func(h map[string]any) { h["x5c"] = mdstest.Chain(old, s.Intermediate) }
		}, want: "metadata-signature"},
		{name: "another root is trusted", anchors: func(_ *mdstest.Service, a *mds.Anchors) { *a = mds.FIDO() }, want: "metadata-untrusted why=root"},
		{name: "a leaf for another host", service: func(s *mdstest.Service) { s.Reissue("mds.example", month(-1), month(1), nil) },
			want: "metadata-untrusted why=host"},
		{name: "another host is wanted", anchors: func(_ *mdstest.Service, a *mds.Anchors) { a.Host = "fidoalliance.org" }, want: "metadata-untrusted why=host"},

		{name: "leaf ran out, valid in the period", service: func(s *mdstest.Service) {
			s.Reissue(mds.FIDOHost, month(-12), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), nil)
		}, want: "period"},
		{name: "leaf ran out before the period", service: func(s *mdstest.Service) {
			s.Reissue(mds.FIDOHost, month(-12), time.Date(2026, 9, 30, 0, 0, 0, 0, time.UTC), nil)
		}, want: "metadata-untrusted why=expired"},
		{name: "leaf begins after the period", service: func(s *mdstest.Service) {
			s.Reissue(mds.FIDOHost, s.NextUpdate.AddDate(0, 0, 2), month(24), nil)
		}, want: "metadata-untrusted why=expired"},
		{name: "leaf begins in the period", service: func(s *mdstest.Service) {
			s.Reissue(mds.FIDOHost, s.NextUpdate.AddDate(0, 0, -2), month(24), nil)
		}, want: "period"},
		{name: "leaf begins on the period's last day", service: func(s *mdstest.Service) {
			s.Reissue(mds.FIDOHost, s.NextUpdate.Add(12*time.Hour), month(24), nil)
		}, want: "period"},
		{name: "leaf and intermediate never valid at once", service: func(s *mdstest.Service) {
			s.Reissue(mds.FIDOHost, month(-240), month(-200), nil)
		}, want: "metadata-untrusted why=expired"},
		{name: "read ten years later", at: mdstest.Now.AddDate(30, 0, 0), want: "period"},

		{name: "nothing revoked", anchors: func(s *mdstest.Service, a *mds.Anchors) { a.CRLs = append(a.CRLs, s.Revoke()) }, want: "import"},
		{name: "leaf revoked", anchors: func(s *mdstest.Service, a *mds.Anchors) { a.CRLs = append(a.CRLs, s.Revoke(s.Leaf)) },
			want: "metadata-untrusted why=revoked"},
		{name: "another one revoked", anchors: func(s *mdstest.Service, a *mds.Anchors) { a.CRLs = append(a.CRLs, s.Revoke(s.Root)) }, want: "import"},
		{name: "a list of the same name by somebody else", anchors: func(s *mdstest.Service, a *mds.Anchors) {
			a.CRLs = append(a.CRLs, mdstest.New(t).Revoke())
		}, want: "metadata-malformed what=CRL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mdstest.New(t)
			if c.service != nil {
				c.service(s)
			}
			a, at := s.Anchors(), c.at
			if c.anchors != nil {
				c.anchors(s, &a)
			}
			if at.IsZero() {
				at = mdstest.Now
			}
			m, err := mds.Open(s.Blob(entry), a, at)
			if !strings.Contains(c.want, "-") {
				if err != nil || string(m.Validity) != c.want {
					t.Fatalf("%v %+v, want %s", err, m, c.want)
				}
				return
			}
			wantFailure(t, err, c.want)
		})
	}
}

// A period of which nothing is known cannot excuse a leaf that ran out.
func TestNoPeriod(t *testing.T) {
	s := mdstest.New(t)
	s.Reissue(mds.FIDOHost, mdstest.Now.AddDate(-2, 0, 0), mdstest.Now.AddDate(-1, 0, 0), nil)
	_, err := mds.Open(s.Sign([]byte(`{"no":7,"entries":[]}`)), s.Anchors(), mdstest.Now)
	wantFailure(t, err, "metadata-untrusted why=expired")
	_, err = mds.Open(s.Sign([]byte(`{"no":7,"nextUpdate":"2025-10-01","entries":[]}`)), s.Anchors(), mdstest.Now)
	if err != nil {
		t.Error(err)
	}
}

// A date far away in one entry does not move the period.
func TestPeriodIgnoresWildDates(t *testing.T) {
	s := mdstest.New(t)
	s.Reissue(mds.FIDOHost, mdstest.Now.AddDate(-1, 0, 0), mdstest.Now.AddDate(0, 0, -1), nil)
	m, err := mds.Open(s.Blob(mdstest.Entry{AAGUID: mdstest.Model(1), Since: "2201-01-01"}, mdstest.Entry{AAGUID: mdstest.Model(2), Since: "2026-11-01"}), s.Anchors(), mdstest.Now)
	if err != nil || m.Validity != mds.ValidInPeriod {
		t.Error(m, err)
	}
}

// The signature of a BLOB that was cut anywhere, or changed by one bit, never holds, and
// each failure is one that says so.
func TestCutAndChanged(t *testing.T) {
	s := mdstest.New(t)
	blob := s.Blob(mdstest.Entry{AAGUID: mdstest.Model(1), Name: "One"})
	if _, err := mds.Open(append(blob, "\r\n"...), s.Anchors(), mdstest.Now); err != nil {
		t.Error("a line end:", err)
	}
	known := func(t *testing.T, at int, err error) {
		t.Helper()
		var f *mfa.Failure
		if !errors.As(err, &f) || !strings.HasPrefix(string(f.Code), "metadata-") {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
	for n := range blob {
		_, err := mds.Open(blob[:n], s.Anchors(), mdstest.Now)
		known(t, n, err)
	}
	for n := range blob {
		changed := append([]byte(nil), blob...)
		changed[n] ^= 1
		_, err := mds.Open(changed, s.Anchors(), mdstest.Now)
		known(t, n, err)
	}
}

// What somebody else signed again over the same payload is theirs, not FIDO's.
func TestSignedAgain(t *testing.T) {
	raw := shared(t, "mds/blob-2021-no9.jwt")
	parts := strings.Split(string(raw), ".")
	s := mdstest.New(t)
	again := strings.Split(string(s.Blob()), ".")
	_, err := mds.Open([]byte(again[0]+"."+parts[1]+"."+again[2]), mds.FIDO(), today)
	wantFailure(t, err, "metadata-untrusted why=root")
	// FIDO's header over another payload.
	_, err = mds.Open([]byte(parts[0]+"."+again[1]+"."+parts[2]), mds.FIDO(), today)
	wantFailure(t, err, "metadata-signature")
	for _, n := range []int{0, 1, 100, len(raw) / 2, len(raw) - 1} {
		if _, err := mds.Open(raw[:n], mds.FIDO(), today); err == nil {
			t.Errorf("cut at %d it was taken", n)
		}
	}
}

func TestTooLarge(t *testing.T) {
	_, err := mds.Open(make([]byte, mds.MaxBlob+1), mds.FIDO(), today)
	wantFailure(t, err, "metadata-too-large limit=64 MB")
}

// It is said whether revocation lists had to do with the file at all.
func TestLists(t *testing.T) {
	s := mdstest.New(t)
	ours := s.Revoke()
	foreign := s.Revoke()
	foreign.RawIssuer = []byte("somebody else")
	for _, c := range []struct {
		name string
		crls []*x509.RevocationList
		want int
	}{
		{"none", nil, 0},
		{"the issuer's", []*x509.RevocationList{ours}, 1},
		{"of somebody else", []*x509.RevocationList{foreign}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.Anchors()
			a.CRLs = c.crls
			m, err := mds.Open(s.Blob(), a, mdstest.Now)
			if err != nil || m.Lists != c.want {
				t.Errorf("%v %+v", err, m)
			}
		})
	}
}

func TestReadCRL(t *testing.T) {
	der := mdstest.New(t).Revoke().Raw
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"DER", der, ""},
		{"PEM", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), ""},
		{"empty", nil, "metadata-malformed where=DER"},
		{"cut", der[:len(der)-1], "metadata-malformed where=DER"},
		{"another PEM", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), "metadata-malformed where=DER"},
		{"large", make([]byte, 17<<20), "metadata-malformed where=length"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := mds.ReadCRL(c.data)
			if c.want != "" {
				wantFailure(t, err, c.want)
			} else if err != nil || list == nil {
				t.Error(err)
			}
		})
	}
}
