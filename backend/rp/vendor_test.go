package rp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// vendorChain is a leaf for key with one extension, and the root that issued it,
// which nobody knows.
func vendorChain(tb testing.TB, key crypto.PublicKey, id asn1.ObjectIdentifier, value []byte) [][]byte {
	tb.Helper()
	rootKey := testKey(tb)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Unknown root"},
		NotBefore: certFrom, NotAfter: certTo, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Leaf"}, NotBefore: certFrom, NotAfter: certTo}
	if value != nil {
		leaf.ExtraExtensions = []pkix.Extension{{Id: id, Value: value}}
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	if err != nil {
		tb.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, key, rootKey)
	if err != nil {
		tb.Fatal(err)
	}
	return [][]byte{leafDER, rootDER}
}

func TestAppleUnderUnknownRoot(t *testing.T) {
	s := newSoft(t, algES256)
	stranger := vendorChain(t, testKey(t).Public(), nil, nil)
	for name, row := range map[string]struct {
		key   crypto.PublicKey // nil: the credential's
		value func(nonce []byte) []byte
		chain func([][]byte) [][]byte
		good  bool
	}{
		"good":                {good: true},
		"leaf alone":          {chain: func(c [][]byte) [][]byte { return c[:1] }, good: true},
		"another key":         {key: testKey(t).Public()},
		"another kind of key": {key: rsaTestKey().Public()},
		"another nonce":       {value: func(v []byte) []byte { v[len(v)-1] ^= 1; return v }},
		"a byte behind":       {value: func(v []byte) []byte { return append(v, 0) }},
		"bare nonce":          {value: func(v []byte) []byte { return v[len(appleNonceHeader):] }},
		"no extension":        {value: func([]byte) []byte { return nil }},
		"reversed":            {chain: func(c [][]byte) [][]byte { return [][]byte{c[1], c[0]} }},
		"a stranger's root":   {chain: func(c [][]byte) [][]byte { return [][]byte{c[0], stranger[1]} }},
		"leaf damaged":        {chain: func(c [][]byte) [][]byte { c[0][len(c[0])-1] ^= 1; return c }},
	} {
		t.Run(name, func(t *testing.T) {
			checkVendor(t, s, formatApple, row.good, func(authData, hash []byte) map[string]any {
				nonce := sha256.Sum256(slices.Concat(authData, hash))
				value := slices.Concat(appleNonceHeader, nonce[:])
				if row.value != nil {
					value = row.value(value)
				}
				key := row.key
				if key == nil {
					key = s.signer.Public()
				}
				chain := vendorChain(t, key, oidAppleNonce, value)
				if row.chain != nil {
					chain = row.chain(chain)
				}
				return map[string]any{"x5c": chain}
			})
		})
	}
}

func checkVendor(t *testing.T, s *soft, format string, good bool, statement func(authData, hash []byte) map[string]any) {
	t.Helper()
	e := testExpectation()
	e.At = certMid
	m := s.startRegistration(e)
	m.format = format
	m.statement = func(authData, hash []byte) any { return statement(authData, hash) }
	_, err := VerifyRegistration(e, m.registrationJSON())
	code := mfa.CodeAttestationInvalid
	if good {
		code = ""
	}
	wantCode(t, err, code)
	// A compound statement has the same rules for what stands inside.
	m = s.startRegistration(e)
	self := m.selfAttestation().statement
	m.format = formatCompound
	m.statement = func(authData, hash []byte) any {
		return []any{map[string]any{"fmt": formatPacked, "attStmt": self(authData, hash)},
			map[string]any{"fmt": format, "attStmt": statement(authData, hash)}}
	}
	_, err = VerifyRegistration(e, m.registrationJSON())
	wantCode(t, err, code)
}

// field is one explicitly tagged field of an AuthorizationList.
func field(tag int, value any, params string) asn1.RawValue {
	inner, err := asn1.MarshalWithParams(value, params)
	if err != nil {
		panic(err)
	}
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: inner}
}

func list(fields ...asn1.RawValue) asn1.RawValue {
	raw := asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSequence, IsCompound: true}
	for _, f := range fields {
		der, err := asn1.Marshal(f)
		if err != nil {
			panic(err)
		}
		raw.Bytes = append(raw.Bytes, der...)
	}
	return raw
}

func TestAndroidUnderUnknownRoot(t *testing.T) {
	s := newSoft(t, algES256)
	purpose := func(p ...int) asn1.RawValue { return field(androidPurpose, p, "set") }
	origin := func(o int) asn1.RawValue { return field(androidOrigin, o, "") }
	all := field(androidAllApplications, asn1.NullRawValue, "")
	later := field(799, 1, "") // of a version to come
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	usual := list(purpose(2), origin(0))
	double := newSoft(t, algES256)
	var signed []byte
	for name, row := range map[string]struct {
		software, hardware asn1.RawValue // usual in hardware if both are unset
		key                crypto.PublicKey
		describe           func(*androidDescription)
		value              func([]byte) []byte
		bend               func(map[string]any)
		good               bool
	}{
		"good":                   {good: true},
		"in software":            {software: usual, hardware: list(), good: true},
		"in both":                {software: list(purpose(2)), hardware: list(origin(0)), good: true},
		"sign and verify":        {software: list(), hardware: list(purpose(2, 3), origin(0)), good: true},
		"later fields":           {software: list(later), hardware: list(purpose(2), field(703, 1, ""), origin(0), later), good: true},
		"nothing said":           {software: list(), hardware: list(), good: true},
		"all applications":       {software: list(all), hardware: usual},
		"all applications, late": {software: list(), hardware: list(purpose(2), field(599, 1, ""), all, origin(0))},
		"imported":               {software: list(), hardware: list(purpose(2), origin(2))},
		"imported, in software":  {software: list(origin(2)), hardware: usual},
		"no origin":              {software: list(), hardware: list(purpose(2))},
		"no purpose":             {software: list(), hardware: list(origin(0))},
		"other fields only":      {software: list(later), hardware: list()},
		"for encryption":         {software: list(), hardware: list(purpose(0), origin(0))},
		"for more than signing":  {software: list(), hardware: list(purpose(2, 7), origin(0))},
		"for encryption, too":    {software: list(purpose(0)), hardware: usual},
		"for nothing":            {software: list(), hardware: list(purpose(), origin(0))},
		"origin twice":           {software: list(), hardware: list(purpose(2), origin(0), origin(0))},
		"origin a text":          {software: list(), hardware: list(purpose(2), field(androidOrigin, "0", ""))},
		"untagged field":         {software: list(), hardware: list(purpose(2), origin(0), asn1.RawValue{Tag: asn1.TagNull})},
		"another challenge":      {describe: func(d *androidDescription) { d.AttestationChallenge[0] ^= 1 }},
		"no challenge":           {describe: func(d *androidDescription) { d.AttestationChallenge = nil }},
		"no description":         {value: func([]byte) []byte { return nil }},
		"description cut":        {value: func(v []byte) []byte { return v[:len(v)-1] }},
		"a byte behind":          {value: func(v []byte) []byte { return append(v, 0) }},
		"another key":            {key: testKey(t).Public()},
		"another kind of key":    {key: other.Public()},
		"another key that signs": {key: double.signer.Public(), bend: func(st map[string]any) { st["sig"] = double.sign(signed) }},
		"alg of another curve":   {bend: func(st map[string]any) { st["alg"] = -35 }},
		"alg unknown":            {bend: func(st map[string]any) { st["alg"] = algES256K }},
		"sig of something else":  {bend: func(st map[string]any) { st["sig"] = s.sign([]byte("x")) }},
		"reversed":               {bend: func(st map[string]any) { slices.Reverse(st["x5c"].([][]byte)) }},
	} {
		t.Run(name, func(t *testing.T) {
			checkVendor(t, s, formatAndroid, row.good, func(authData, hash []byte) map[string]any {
				signed = slices.Concat(authData, hash)
				d := androidDescription{AttestationVersion: 3, KeymasterVersion: 4, AttestationChallenge: slices.Clone(hash),
					UniqueID: []byte{}, SoftwareEnforced: row.software, HardwareEnforced: row.hardware}
				if row.software.Tag == 0 {
					d.SoftwareEnforced, d.HardwareEnforced = list(), usual
				}
				if row.describe != nil {
					row.describe(&d)
				}
				value, err := asn1.Marshal(d)
				if err != nil {
					t.Fatal(err)
				}
				if row.value != nil {
					value = row.value(value)
				}
				key := row.key
				if key == nil {
					key = s.signer.Public()
				}
				st := map[string]any{"alg": int64(algES256), "sig": s.sign(signed),
					"x5c": vendorChain(t, key, oidAndroidKey, value)}
				if row.bend != nil {
					row.bend(st)
				}
				return st
			})
		})
	}
}

func FuzzAndroidDescription(f *testing.F) {
	good, err := asn1.Marshal(androidDescription{AttestationChallenge: []byte{1}, UniqueID: []byte{},
		SoftwareEnforced: list(), HardwareEnforced: list(field(androidPurpose, []int{2}, "set"), field(androidOrigin, 0, ""))})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{0x30, 0})
	f.Fuzz(func(t *testing.T, value []byte) {
		if err := checkAndroidDescription(value, []byte{1}); err == nil && len(value) < 10 {
			t.Errorf("%x was taken", value)
		}
	})
}
