package rp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

var (
	certFrom = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	certTo   = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC) // past, whatever the machine's clock says
	certMid  = time.Date(2020, 6, 1, 0, 0, 0, 0, time.UTC)
)

// batch is an attestation key with its certificates, made by a root of the test.
type batch struct {
	key   *ecdsa.PrivateKey
	chain [][]byte // leaf, root
}

func newBatch(tb testing.TB, aaguid mfa.AAGUID, bend func(*x509.Certificate)) batch {
	tb.Helper()
	rootKey, leafKey := testKey(tb), testKey(tb)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test root"},
		NotBefore: certFrom, NotAfter: certTo.AddDate(50, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	extension, err := asn1.Marshal(aaguid[:])
	if err != nil {
		tb.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2),
		Subject: pkix.Name{Country: []string{"SE"}, Organization: []string{"Test"},
			OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: "Test leaf"},
		NotBefore: certFrom, NotAfter: certTo, BasicConstraintsValid: true,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}, Value: extension}}}
	if bend != nil {
		bend(leaf)
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	if err != nil {
		tb.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, &leafKey.PublicKey, rootKey)
	if err != nil {
		tb.Fatal(err)
	}
	return batch{leafKey, [][]byte{leafDER, rootDER}}
}

func testKey(tb testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func (b batch) sign(message []byte) []byte {
	digest := sha256.Sum256(message)
	signature, err := ecdsa.SignASN1(rand.Reader, b.key, digest[:])
	if err != nil {
		panic(err)
	}
	return signature
}

// attest is a packed statement of the batch, bent before it is encoded.
func (m *made) attest(b batch, bend func(map[string]any)) *made {
	m.format = formatPacked
	m.statement = func(authData, hash []byte) any {
		s := map[string]any{"alg": int64(algES256), "sig": b.sign(slices.Concat(authData, hash)), "x5c": b.chain}
		if bend != nil {
			bend(s)
		}
		return s
	}
	return m
}

func TestPackedAttestation(t *testing.T) {
	s := newSoft(t, algES256)
	good := newBatch(t, s.aaguid, nil)
	stranger := newBatch(t, s.aaguid, nil)
	set := func(name string, value any) func(map[string]any) {
		return func(st map[string]any) { st[name] = value }
	}
	for name, row := range map[string]struct {
		leaf func(*x509.Certificate)
		bend func(map[string]any)
		at   time.Time // certMid if zero
		code mfa.Code
	}{
		"good":                    {},
		"leaf alone":              {bend: set("x5c", good.chain[:1])},
		"first moment":            {at: certFrom},
		"last moment":             {at: certTo},
		"too early":               {at: certFrom.Add(-time.Second), code: mfa.CodeAttestationInvalid},
		"too late":                {at: certTo.Add(time.Second), code: mfa.CodeAttestationInvalid},
		"root first":              {bend: set("x5c", [][]byte{good.chain[1], good.chain[0]}), code: mfa.CodeAttestationInvalid},
		"another's root":          {bend: set("x5c", [][]byte{good.chain[0], stranger.chain[1]}), code: mfa.CodeAttestationInvalid},
		"another's leaf":          {bend: set("x5c", stranger.chain), code: mfa.CodeAttestationInvalid},
		"x5c empty":               {bend: set("x5c", [][]byte{}), code: mfa.CodeAttestationInvalid},
		"x5c a map":               {bend: set("x5c", map[string]any{}), code: mfa.CodeAttestationInvalid},
		"x5c a byte string":       {bend: set("x5c", good.chain[0]), code: mfa.CodeAttestationInvalid},
		"x5c of texts":            {bend: set("x5c", []string{string(good.chain[0][:1])}), code: mfa.CodeAttestationInvalid},
		"x5c null":                {bend: set("x5c", nil), code: mfa.CodeAttestationInvalid},
		"x5c of nine":             {bend: set("x5c", slices.Repeat(good.chain[:1], 9)), code: mfa.CodeAttestationInvalid},
		"certificate cut":         {bend: set("x5c", [][]byte{good.chain[0][:99]}), code: mfa.CodeAttestationInvalid},
		"certificate and a byte":  {bend: set("x5c", [][]byte{append(slices.Clone(good.chain[0]), 0)}), code: mfa.CodeAttestationInvalid},
		"x5c left out":            {bend: func(st map[string]any) { delete(st, "x5c") }, code: mfa.CodeAttestationInvalid},
		"sig left out":            {bend: func(st map[string]any) { delete(st, "sig") }, code: mfa.CodeAttestationInvalid},
		"sig empty":               {bend: set("sig", []byte{}), code: mfa.CodeAttestationInvalid},
		"sig a text":              {bend: set("sig", "x"), code: mfa.CodeAttestationInvalid},
		"sig and a byte":          {bend: func(st map[string]any) { st["sig"] = append(st["sig"].([]byte), 0) }, code: mfa.CodeAttestationInvalid},
		"sig of something else":   {bend: set("sig", good.sign([]byte("x"))), code: mfa.CodeAttestationInvalid},
		"alg left out":            {bend: func(st map[string]any) { delete(st, "alg") }, code: mfa.CodeAttestationInvalid},
		"alg RS256":               {bend: set("alg", algRS256), code: mfa.CodeAttestationInvalid},
		"alg ES384":               {bend: set("alg", -35), code: mfa.CodeAttestationInvalid},
		"alg a text":              {bend: set("alg", "ES256"), code: mfa.CodeAttestationInvalid},
		"alg 7":                   {bend: set("alg", 7), code: mfa.CodeAttestationInvalid},
		"ecdaaKeyId":              {bend: set("ecdaaKeyId", []byte{1}), code: mfa.CodeAttestationInvalid},
		"ecdaaKeyId for x5c":      {bend: func(st map[string]any) { delete(st, "x5c"); st["ecdaaKeyId"] = []byte{1} }, code: mfa.CodeAttestationInvalid},
		"Sig too":                 {bend: set("Sig", []byte{1}), code: mfa.CodeAttestationInvalid},
		"further entry":           {bend: set("x", 1), code: mfa.CodeAttestationInvalid},
		"leaf is a CA":            {leaf: func(c *x509.Certificate) { c.IsCA = true }, code: mfa.CodeAttestationInvalid},
		"wrong OU":                {leaf: func(c *x509.Certificate) { c.Subject.OrganizationalUnit = []string{"Attestation"} }, code: mfa.CodeAttestationInvalid},
		"no OU":                   {leaf: func(c *x509.Certificate) { c.Subject.OrganizationalUnit = nil }, code: mfa.CodeAttestationInvalid},
		"no country":              {leaf: func(c *x509.Certificate) { c.Subject.Country = nil }, code: mfa.CodeAttestationInvalid},
		"no organisation":         {leaf: func(c *x509.Certificate) { c.Subject.Organization = nil }, code: mfa.CodeAttestationInvalid},
		"no name":                 {leaf: func(c *x509.Certificate) { c.Subject.CommonName = "" }, code: mfa.CodeAttestationInvalid},
		"no AAGUID":               {leaf: func(c *x509.Certificate) { c.ExtraExtensions = nil }},
		"another AAGUID":          {leaf: func(c *x509.Certificate) { c.ExtraExtensions[0].Value[9] ^= 1 }, code: mfa.CodeAttestationInvalid},
		"AAGUID without wrapping": {leaf: func(c *x509.Certificate) { c.ExtraExtensions[0].Value = c.ExtraExtensions[0].Value[2:] }, code: mfa.CodeAttestationInvalid},
		"AAGUID critical":         {leaf: func(c *x509.Certificate) { c.ExtraExtensions[0].Critical = true }, code: mfa.CodeAttestationInvalid},
		"valid past 2049":         {leaf: func(c *x509.Certificate) { c.NotAfter = time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC) }, at: time.Date(2059, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			b := good
			if row.leaf != nil {
				b = newBatch(t, s.aaguid, row.leaf)
			}
			e := testExpectation()
			e.At = row.at
			if e.At.IsZero() {
				e.At = certMid
			}
			c, err := VerifyRegistration(e, s.startRegistration(e).attest(b, row.bend).registrationJSON())
			wantCode(t, err, row.code)
			if err == nil && !bytes.Contains(c.AttestationObject, b.chain[0]) {
				t.Error("the certificate that is kept is not the one that came")
			}
		})
	}
}

func TestU2FAttestation(t *testing.T) {
	s := newSoft(t, algES256)
	good := newBatch(t, s.aaguid, nil)
	for name, row := range map[string]struct {
		bend func(map[string]any)
		id   []byte
		at   time.Time
		soft *soft
		code mfa.Code
	}{
		"good":              {},
		"too late":          {at: certTo.Add(time.Hour), code: mfa.CodeAttestationInvalid},
		"two certificates":  {bend: func(st map[string]any) { st["x5c"] = good.chain }, code: mfa.CodeAttestationInvalid},
		"signature of RPID": {bend: func(st map[string]any) { st["sig"] = good.sign([]byte(mfa.DefaultRPID)) }, code: mfa.CodeAttestationInvalid},
		"with alg":          {bend: func(st map[string]any) { st["alg"] = algES256 }, code: mfa.CodeAttestationInvalid},
		"key on P-384":      {soft: newSoft(t, -35), code: mfa.CodeAttestationInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			s, e := s, testExpectation()
			if row.soft != nil {
				s = row.soft
			}
			e.At = certMid
			if !row.at.IsZero() {
				e.At = row.at
			}
			m := s.startRegistration(e)
			m.format = formatU2F
			m.statement = func(authData, hash []byte) any {
				message := slices.Concat([]byte{0}, authData[:32], hash, s.id, []byte{4}, s.key[-2].([]byte), s.key[-3].([]byte))
				st := map[string]any{"sig": good.sign(message), "x5c": good.chain[:1]}
				if row.bend != nil {
					row.bend(st)
				}
				return st
			}
			_, err := VerifyRegistration(e, m.registrationJSON())
			wantCode(t, err, row.code)
		})
	}
}

func TestCompoundAttestation(t *testing.T) {
	s := newSoft(t, algES256)
	b := newBatch(t, s.aaguid, nil)
	type list = []any
	sub := func(format string, statement any) any { return map[string]any{"fmt": format, "attStmt": statement} }
	for name, row := range map[string]struct {
		make func(self, full any) any
		code mfa.Code
	}{
		"two that verify": {func(self, full any) any { return list{sub(formatPacked, self), sub(formatPacked, full)} }, ""},
		"one":             {func(self, full any) any { return list{sub(formatPacked, self)} }, mfa.CodeAttestationInvalid},
		"nine":            {func(self, full any) any { return slices.Repeat(list{sub(formatPacked, self)}, 9) }, mfa.CodeAttestationInvalid},
		"a map":           {func(self, full any) any { return self }, mfa.CodeAttestationInvalid},
		"with none":       {func(self, full any) any { return list{sub(formatPacked, self), sub(formatNone, map[string]any{})} }, mfa.CodeAttestationInvalid},
		"with compound":   {func(self, full any) any { return list{sub(formatPacked, self), sub(formatCompound, list{})} }, mfa.CodeAttestationInvalid},
		"with unknown":    {func(self, full any) any { return list{sub(formatPacked, self), sub("x", map[string]any{})} }, mfa.CodeAttestationFormat},
		"with an empty safetynet": {func(self, full any) any {
			return list{sub(formatPacked, self), sub(formatSafetyNet, map[string]any{})}
		}, mfa.CodeAttestationInvalid},
		"with a number": {func(self, full any) any { return list{sub(formatPacked, self), 1} }, mfa.CodeAttestationInvalid},
		"with a further entry": {func(self, full any) any {
			return list{sub(formatPacked, self), map[string]any{"fmt": formatPacked, "attStmt": full, "x": 1}}
		}, mfa.CodeAttestationInvalid},
		"one that does not sign": {func(self, full any) any {
			return list{sub(formatPacked, self), sub(formatPacked, map[string]any{"alg": -7, "sig": []byte{1}})}
		}, mfa.CodeAttestationInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			e := testExpectation()
			e.At = certMid
			m := s.startRegistration(e).selfAttestation()
			self := m.statement
			full := s.startRegistration(e).attest(b, nil).statement
			m.format = formatCompound
			m.statement = func(authData, hash []byte) any { return row.make(self(authData, hash), full(authData, hash)) }
			_, err := VerifyRegistration(e, m.registrationJSON())
			wantCode(t, err, row.code)
		})
	}
}

// The library is handed certificates whose validity was widened. Nothing else of
// them may change, and nothing may hang on the signature over them.
func TestWidenValidityChangesNothingElse(t *testing.T) {
	for name, to := range map[string]time.Time{"UTCTime": certTo, "GeneralizedTime": time.Date(2070, 5, 5, 5, 5, 5, 0, time.UTC)} {
		t.Run(name, func(t *testing.T) {
			der := newBatch(t, mfa.AAGUID{}, func(c *x509.Certificate) { c.NotAfter = to }).chain[0]
			before := slices.Clone(der)
			wide, notBefore, notAfter, err := widenValidity(der)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(der, before) {
				t.Error("the input was written to")
			}
			original, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			widened, err := x509.ParseCertificate(wide)
			if err != nil {
				t.Fatal(err)
			}
			if !notBefore.Equal(original.NotBefore) || !notAfter.Equal(original.NotAfter) {
				t.Errorf("read %v to %v", notBefore, notAfter)
			}
			if widened.NotBefore.Year() != 1950 || widened.NotAfter.Year() < 2049 {
				t.Errorf("%v to %v", widened.NotBefore, widened.NotAfter)
			}
			if !bytes.Equal(widened.RawSubject, original.RawSubject) || !bytes.Equal(widened.RawIssuer, original.RawIssuer) ||
				!bytes.Equal(widened.RawSubjectPublicKeyInfo, original.RawSubjectPublicKeyInfo) ||
				len(widened.Extensions) != len(original.Extensions) || !bytes.Equal(widened.Signature, original.Signature) {
				t.Error("more than the validity has changed")
			}
		})
	}
	for name, der := range map[string][]byte{"empty": nil, "no sequence": {2, 1, 0}, "empty sequence": {0x30, 0}, "text": []byte(strings.Repeat("0", 50))} {
		if _, _, _, err := widenValidity(der); err == nil {
			t.Error(name, "was taken for a certificate")
		}
	}
}
