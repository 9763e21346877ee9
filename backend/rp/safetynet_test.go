package rp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// answer is SafetyNet's, in the making.
type answer struct {
	header, payload map[string]any
	key             crypto.Signer
}

// newAnswer is a good one for a nonce, signed by a leaf for host under a root that
// nobody knows.
func newAnswer(tb testing.TB, key crypto.Signer, nonce []byte, host string) *answer {
	tb.Helper()
	rootKey := testKey(tb)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Unknown web root"},
		NotBefore: certFrom, NotAfter: certTo, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: certFrom, NotAfter: certTo}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	if err != nil {
		tb.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), rootKey)
	if err != nil {
		tb.Fatal(err)
	}
	std := base64.StdEncoding.EncodeToString
	a := &answer{key: key, header: map[string]any{"alg": "RS256", "x5c": []string{std(leafDER), std(rootDER)}},
		payload: map[string]any{"nonce": std(nonce), "timestampMs": certMid.UnixMilli(), "apkPackageName": safetyNetPackage,
			"apkDigestSha256": "x", "ctsProfileMatch": true, "basicIntegrity": true}}
	if _, isEC := key.(*ecdsa.PrivateKey); isEC {
		a.header["alg"] = "ES256"
	}
	return a
}

func (a *answer) sign() []byte {
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return encode(text)
	}
	signed := part(a.header) + "." + part(a.payload)
	digest := sha256.Sum256([]byte(signed))
	signature, err := a.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		panic(err)
	}
	if _, isEC := a.key.(*ecdsa.PrivateKey); isEC {
		var rs struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(signature, &rs); err != nil {
			panic(err)
		}
		signature = append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...)
	}
	return []byte(signed + "." + encode(signature))
}

func TestSafetyNet(t *testing.T) {
	s := newSoft(t, algES256)
	elliptic := testKey(t)
	stranger := newAnswer(t, elliptic, nil, safetyNetHost).header["x5c"].([]string)[1]
	header := func(name string, value any) func(*answer) { return func(a *answer) { a.header[name] = value } }
	payload := func(name string, value any) func(*answer) { return func(a *answer) { a.payload[name] = value } }
	without := func(name string) func(*answer) {
		return func(a *answer) { delete(a.payload, name); delete(a.header, name) }
	}
	at := func(d time.Duration) func(*answer) { return payload("timestampMs", certMid.Add(d).UnixMilli()) }
	cut := func(n int) func([]byte) []byte {
		return func(b []byte) []byte { return []byte(strings.Join(strings.Split(string(b), ".")[:n], ".")) }
	}
	for name, row := range map[string]struct {
		key   crypto.Signer // RSA if nil
		host  string
		bend  func(*answer)
		bytes func([]byte) []byte
		entry func(map[string]any)
		good  bool
	}{
		"good":                      {good: true},
		"signed by P-256":           {key: elliptic, good: true},
		"host and leaf alone":       {bend: func(a *answer) { a.header["x5c"] = a.header["x5c"].([]string)[:1] }, good: true},
		"another host":              {host: "attest.example.com"},
		"wildcard host":             {host: "*.android.com"},
		"alg none":                  {bend: header("alg", "none"), bytes: func(b []byte) []byte { return append(cut(2)(b), '.') }},
		"alg none, signed":          {bend: header("alg", "none")},
		"alg of the other key":      {bend: header("alg", "ES256")},
		"alg of the other key, RSA": {key: elliptic, bend: header("alg", "RS256")},
		"alg HS256":                 {bend: header("alg", "HS256")},
		"alg PS256":                 {bend: header("alg", "PS256")},
		"alg in small letters":      {bend: header("alg", "rs256")},
		"alg a number":              {bend: header("alg", -257)},
		"no alg":                    {bend: without("alg")},
		"no x5c":                    {bend: without("x5c")},
		"x5c empty":                 {bend: header("x5c", []string{})},
		"x5c of nine": {bend: func(a *answer) {
			chain := a.header["x5c"].([]string)
			a.header["x5c"] = append(chain, slices.Repeat(chain[1:], 7)...) // the root is its own issuer
		}},
		"x5c of eight": {bend: func(a *answer) {
			chain := a.header["x5c"].([]string)
			a.header["x5c"] = append(chain, slices.Repeat(chain[1:], 6)...)
		}, good: true},
		"x5c under a stranger's root": {bend: func(a *answer) { a.header["x5c"] = []string{a.header["x5c"].([]string)[0], stranger} }},
		"x5c a text":                  {bend: func(a *answer) { a.header["x5c"] = a.header["x5c"].([]string)[0] }},
		"x5c of numbers":              {bend: header("x5c", []int{1})},
		"x5c reversed":                {bend: func(a *answer) { slices.Reverse(a.header["x5c"].([]string)) }},
		"x5c no certificate":          {bend: header("x5c", []string{"AAAA"})},
		"x5c in base64url":            {bend: header("x5c", []string{"__--"})},
		"x5u beside":                  {bend: header("x5u", "https://attest.android.com/x")},
		"jwk beside":                  {bend: header("jwk", map[string]any{})},
		"jku beside":                  {bend: header("jku", "x")},
		"crit":                        {bend: header("crit", []string{"exp"})},
		"another nonce":               {bend: payload("nonce", "AAAA")},
		"nonce in base64url":          {bend: func(a *answer) { a.payload["nonce"] = encode(make([]byte, 32)) }},
		"no nonce":                    {bend: without("nonce")},
		"no timestamp":                {bend: without("timestampMs")},
		"timestamp a text":            {bend: payload("timestampMs", "1590969600000")},
		"timestamp a fraction":        {bend: payload("timestampMs", 1.5)},
		"timestamp out of range":      {bend: payload("timestampMs", json.Number("99999999999999999999"))},
		"a minute ahead":              {bend: at(time.Minute), good: true},
		"more than a minute ahead":    {bend: at(time.Minute + time.Millisecond)},
		"six minutes old":             {bend: at(-6 * time.Minute), good: true},
		"more than six minutes old":   {bend: at(-6*time.Minute - time.Millisecond)},
		"profile does not match":      {bend: payload("ctsProfileMatch", false)},
		"profile a text":              {bend: payload("ctsProfileMatch", "true")},
		"profile not said":            {bend: without("ctsProfileMatch")},
		"profile by another name":     {bend: func(a *answer) { without("ctsProfileMatch")(a); a.payload["CtsProfileMatch"] = true }},
		"another app asked":           {bend: payload("apkPackageName", "com.example")},
		"no app":                      {bend: without("apkPackageName")},
		"two parts":                   {bytes: cut(2)},
		"four parts":                  {bytes: func(b []byte) []byte { return append(b, ".AAAA"...) }},
		"padded":                      {bytes: func(b []byte) []byte { return append(b, '=') }},
		"a line behind":               {bytes: func(b []byte) []byte { return append(b, '\n') }},
		"signature cut":               {bytes: func(b []byte) []byte { return b[:len(b)-8] }},
		"signature cut, P-256":        {key: elliptic, bytes: func(b []byte) []byte { return b[:len(b)-8] }},
		"dots":                        {bytes: func([]byte) []byte { return []byte("..") }},
		"no version":                  {entry: func(st map[string]any) { st["ver"] = "" }},
		"further entry":               {entry: func(st map[string]any) { st["x5c"] = [][]byte{{1}} }},
		"response a text":             {entry: func(st map[string]any) { st["response"] = string(st["response"].([]byte)) }},
		"something else was signed":   {bytes: func(b []byte) []byte { b[len(b)-300] ^= 1; return b }},
		"P-256 over something else":   {key: elliptic, bytes: func(b []byte) []byte { b[len(b)-100] ^= 1; return b }},
		"good, whatever else is said": {bend: func(a *answer) { a.payload["error"], a.header["typ"] = "x", "JWT" }, good: true},
	} {
		t.Run(name, func(t *testing.T) {
			checkVendor(t, s, formatSafetyNet, row.good, func(authData, hash []byte) map[string]any {
				nonce := sha256.Sum256(slices.Concat(authData, hash))
				key, host := row.key, row.host
				if key == nil {
					key = rsaTestKey()
				}
				if host == "" {
					host = safetyNetHost
				}
				a := newAnswer(t, key, nonce[:], host)
				if row.bend != nil {
					row.bend(a)
				}
				response := a.sign()
				if row.bytes != nil {
					response = row.bytes(response)
				}
				st := map[string]any{"ver": "17785037", "response": response}
				if row.entry != nil {
					row.entry(st)
				}
				return st
			})
		})
	}
}

// Answers that Google once gave. They verify at the moment they were made, and not
// an hour later, whatever the machine's clock and certificate store say.
func TestRealSafetyNet(t *testing.T) {
	seen := 0
	for _, v := range ceremonyVectors(t, "webauthn_real.json") {
		if v.Format != formatSafetyNet || v.Kind != "registration" {
			continue
		}
		seen++
		t.Run(v.ID, func(t *testing.T) {
			_, err := VerifyRegistration(v.expectation(), v.Response)
			if v.Expect == "reject" {
				wantCode(t, err, mfa.CodeUserPresenceMissing)
				return
			}
			wantCode(t, err, "")
			for what, d := range map[string]time.Duration{"later": time.Hour, "earlier": -time.Hour} {
				e := v.expectation()
				e.At = v.VerifyAt.Add(d)
				if _, err := VerifyRegistration(e, v.Response); !mfa.IsCode(err, mfa.CodeAttestationInvalid) {
					t.Errorf("%s: %v", what, err)
				}
			}
			bendRealAnswer(t, v)
		})
	}
	if seen == 0 {
		t.Error("no SafetyNet statement among the vectors")
	}
}

// bendRealAnswer changes a byte here and there: every one is under the signature, in
// it, or in a certificate that has to be the issuer's.
func bendRealAnswer(t *testing.T, v ceremonyVector) {
	read, err := readRegistrationResponse(v.Response)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := attestationCBOR.Unmarshal(read.attestationObject, &object); err != nil {
		t.Fatal(err)
	}
	good := object["attStmt"].(map[string]any)
	response := good["response"].([]byte)
	for i := 0; i < len(response); i += 97 {
		changed := slices.Clone(response)
		changed[i] ^= 1
		st, bent := maps.Clone(good), maps.Clone(object)
		st["response"], bent["attStmt"] = changed, st
		if _, err := VerifyRegistration(v.expectation(), withAttestationObject(t, v.Response, bent)); !mfa.IsCode(err, mfa.CodeAttestationInvalid) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
}

// The tolerance is of the ceremony's clock: a certificate that ran out in between
// does not vouch any more.
func TestSafetyNetCertificateRunsOut(t *testing.T) {
	s, e := newSoft(t, algES256), testExpectation()
	e.At = certTo.Add(time.Minute)
	m := s.startRegistration(e)
	m.format = formatSafetyNet
	m.statement = func(authData, hash []byte) any {
		nonce := sha256.Sum256(slices.Concat(authData, hash))
		a := newAnswer(t, rsaTestKey(), nonce[:], safetyNetHost)
		a.payload["timestampMs"] = e.At.UnixMilli()
		return map[string]any{"ver": "1", "response": a.sign()}
	}
	_, err := VerifyRegistration(e, m.registrationJSON())
	wantCode(t, err, mfa.CodeAttestationInvalid)
}
