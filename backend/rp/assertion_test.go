package rp

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

func TestBentAssertions(t *testing.T) {
	handle := bytes.Repeat([]byte{7}, 32)
	type state struct {
		e Expectation
		c mfa.Credential
	}
	for name, row := range map[string]struct {
		bend  func(*made)
		store func(*state)
		code  mfa.Code
		part  string
	}{
		"untouched":            {},
		"UV not done":          {bend: func(m *made) { m.flags &^= flagUserVerified }, code: mfa.CodeUserVerifyMissing},
		"UV not asked":         {bend: func(m *made) { m.flags &^= flagUserVerified }, store: func(s *state) { s.e.UserVerification = verificationDiscouraged }},
		"no UP":                {bend: func(m *made) { m.flags &^= flagUserPresent }, code: mfa.CodeUserPresenceMissing},
		"BS without BE":        {bend: func(m *made) { m.flags |= flagBackupState }, code: mfa.CodeBackupFlags},
		"BE appeared":          {bend: func(m *made) { m.flags |= flagBackupEligible }, code: mfa.CodeBackupFlags},
		"BE vanished":          {store: func(s *state) { s.c.BackupEligible = true }, code: mfa.CodeBackupFlags},
		"BE and BS as stored":  {bend: func(m *made) { m.flags |= flagBackupEligible | flagBackupState }, store: func(s *state) { s.c.BackupEligible = true }},
		"another RP ID":        {bend: func(m *made) { m.rpID = "keyferry.example" }, code: mfa.CodeRPIDMismatch},
		"registration's type":  {bend: replaceClientData(typeGet, typeCreate), code: mfa.CodeTypeMismatch},
		"another challenge":    {store: func(s *state) { s.e.Challenge = bytes.Repeat([]byte{1}, 32) }, code: mfa.CodeChallengeMismatch},
		"another origin":       {bend: replaceClientData("https://", "https://evil."), code: mfa.CodeOriginMismatch},
		"cross origin":         {bend: replaceClientData(`"crossOrigin":false`, `"crossOrigin":true`), code: mfa.CodeCrossOrigin},
		"token binding text":   {bend: replaceClientData(`"crossOrigin":false`, `"tokenBinding":"unused"`)},
		"Origin too":           {bend: replaceClientData(`"crossOrigin":false`, `"Origin":""`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"challenge twice":      {bend: replaceClientData(`"crossOrigin":false`, `"challenge":""`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"AT":                   {bend: func(m *made) { m.flags |= flagAttested }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"AT without data":      {bend: func(m *made) { m.inner["authenticatorData"] = encode(append(make([]byte, 32), 0x45, 0, 0, 0, 0)) }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"trailing":             {bend: func(m *made) { m.trailing = []byte{0} }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"36 bytes":             {bend: func(m *made) { m.inner["authenticatorData"] = encode(m.authData()[:36]) }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"extensions":           {bend: extend([]byte("\xa1\x61a\x41\x00"))},
		"extensions and more":  {bend: extend([]byte{0xa0, 0xa0}), code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"data altered":         {bend: func(m *made) { data := m.authData(); data[36]++; m.inner["authenticatorData"] = encode(data) }, code: mfa.CodeSignatureInvalid},
		"UV forged":            {bend: func(m *made) { data := m.authData(); data[32] |= 2; m.inner["authenticatorData"] = encode(data) }, code: mfa.CodeSignatureInvalid},
		"client data altered":  {bend: func(m *made) { m.inner["clientDataJSON"] = encode([]byte(m.clientData + " ")) }, code: mfa.CodeSignatureInvalid},
		"signature missing":    {bend: func(m *made) { m.inner["signature"] = nil }, code: mfa.CodeResponseMalformed, part: "signature"},
		"signature empty":      {bend: func(m *made) { m.inner["signature"] = "" }, code: mfa.CodeSignatureInvalid},
		"signature plus byte":  {bend: signature(func(s []byte) []byte { return append(s, 0) }), code: mfa.CodeSignatureInvalid},
		"signature cut":        {bend: signature(func(s []byte) []byte { return s[:len(s)-1] }), code: mfa.CodeSignatureInvalid},
		"signature r||s":       {bend: signature(rawSignature), code: mfa.CodeSignatureInvalid},
		"signature BER length": {bend: signature(func(s []byte) []byte { return append([]byte{0x30, 0x81, s[1]}, s[2:]...) }), code: mfa.CodeSignatureInvalid},
		"signature BER padded": {bend: signature(paddedSignature), code: mfa.CodeSignatureInvalid},
		"signature of zeros":   {bend: signature(func([]byte) []byte { return []byte{0x30, 6, 2, 1, 0, 2, 1, 0} }), code: mfa.CodeSignatureInvalid},
		"signature plus order": {bend: signature(signaturePlusOrder), code: mfa.CodeSignatureInvalid},
		"signature negative":   {bend: signature(func([]byte) []byte { return []byte{0x30, 6, 2, 1, 0xff, 2, 1, 0xff} }), code: mfa.CodeSignatureInvalid},
		"user handle":          {bend: func(m *made) { m.inner["userHandle"] = encode(handle) }, store: func(s *state) { s.e.UserHandle = handle }},
		"user handle null":     {bend: func(m *made) { m.inner["userHandle"] = nil }, store: func(s *state) { s.e.UserHandle = handle }},
		"user handle empty":    {bend: func(m *made) { m.inner["userHandle"] = "" }, store: func(s *state) { s.e.UserHandle = handle }},
		"user handle wrong":    {bend: func(m *made) { m.inner["userHandle"] = encode(handle[1:]) }, store: func(s *state) { s.e.UserHandle = handle }, code: mfa.CodeUserHandleMismatch},
		"user handle 64":       {bend: func(m *made) { m.inner["userHandle"] = encode(make([]byte, 64)) }},
		"user handle 65":       {bend: func(m *made) { m.inner["userHandle"] = encode(make([]byte, 65)) }, code: mfa.CodeResponseMalformed, part: "userHandle"},
		"user handle number":   {bend: func(m *made) { m.inner["userHandle"] = 1 }, code: mfa.CodeResponseMalformed, part: "userHandle"},
		"UserHandle too":       {bend: func(m *made) { m.inner["UserHandle"] = "" }, code: mfa.CodeResponseMalformed, part: "response"},
		"another credential":   {store: func(s *state) { s.c.ID = []byte("other") }, code: mfa.CodeCredentialUnknown},
		"in the allow list":    {store: func(s *state) { s.e.AllowCredentials = [][]byte{{1}, s.c.ID} }},
		"not in the list":      {store: func(s *state) { s.e.AllowCredentials = [][]byte{{1}} }, code: mfa.CodeCredentialUnknown},
		"list empty":           {store: func(s *state) { s.e.AllowCredentials = [][]byte{} }, code: mfa.CodeCredentialUnknown},
		"another key":          {store: func(s *state) { s.c.PublicKey = ctapcbor.MustMarshal(newSoft(t, algES256).key) }, code: mfa.CodeSignatureInvalid},
		"key missing":          {store: func(s *state) { s.c.PublicKey = nil }, code: mfa.CodeKeyUnusable},
		"key trailing":         {store: func(s *state) { s.c.PublicKey = append(s.c.PublicKey, 0) }, code: mfa.CodeKeyUnusable},
		"counter first":        {bend: func(m *made) { m.count = 1 }},
		"counter rises":        {bend: func(m *made) { m.count = 6 }, store: func(s *state) { s.c.SignCount = 5 }},
		"counter equal":        {bend: func(m *made) { m.count = 5 }, store: func(s *state) { s.c.SignCount = 5 }, code: mfa.CodeCounterRegressed},
		"counter falls":        {bend: func(m *made) { m.count = 4 }, store: func(s *state) { s.c.SignCount = 5 }, code: mfa.CodeCounterRegressed},
		"counter to zero":      {store: func(s *state) { s.c.SignCount = 5 }, code: mfa.CodeCounterRegressed},
		"counter wraps":        {bend: func(m *made) { m.count = 0 }, store: func(s *state) { s.c.SignCount = 1<<32 - 1 }, code: mfa.CodeCounterRegressed},
		"forged, counter low":  {bend: func(m *made) { m.inner["signature"] = "AA" }, store: func(s *state) { s.c.SignCount = 5 }, code: mfa.CodeSignatureInvalid},
		"attestation object":   {bend: func(m *made) { m.inner["attestationObject"] = "" }},
		"doubled signature":    {bend: func(m *made) { m.text = replaceIn(`"signature":`, `"signature":"","signature":`) }, code: mfa.CodeResponseMalformed, part: "json"},
		"too large":            {bend: padTo(MaxResponse + 1), code: mfa.CodeResponseTooLarge},
		"appid a text":         {bend: appID("yes"), code: mfa.CodeResponseMalformed, part: "clientExtensionResults"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSoft(t, algES256)
			now := state{testExpectation(), s.credential()}
			m := s.startAssertion(now.e)
			if row.bend != nil {
				row.bend(m)
			}
			if row.store != nil {
				row.store(&now)
			}
			a, err := VerifyAssertion(now.e, now.c, m.assertionJSON())
			wantCode(t, err, row.code)
			if row.part != "" && param(err, "part") != row.part {
				t.Errorf("part %q, expected %q", param(err, "part"), row.part)
			}
			filled := err == nil || row.code == mfa.CodeCounterRegressed
			if bytes.Equal(a.CredentialID, s.id) != filled || filled && a.SignCount != m.count {
				t.Errorf("assertion %+v with error %v", a, err)
			}
			if err == nil && (a.UserVerified != m.flags.has(flagUserVerified) || a.BackupState != m.flags.has(flagBackupState)) {
				t.Errorf("flags %x, assertion %+v", m.flags, a)
			}
		})
	}
}

// The appid extension: the hash of the AppID, only where it was offered and the
// client says it used it, with a stored COSE key as with a raw U2F one.
func TestAppID(t *testing.T) {
	const appid = "https://keyferry.example/u2f.json"
	for name, row := range map[string]struct {
		offered string
		used    any
		hashed  string
		code    mfa.Code
	}{
		"offered and used":             {appid, true, appid, ""},
		"offered, used, RP ID hashed":  {appid, true, mfa.DefaultRPID, mfa.CodeRPIDMismatch},
		"offered, not used":            {appid, false, mfa.DefaultRPID, ""},
		"offered, not used, but hash":  {appid, false, appid, mfa.CodeRPIDMismatch},
		"offered, silent, but hash":    {appid, nil, appid, mfa.CodeRPIDMismatch},
		"not offered, used":            {"", true, appid, mfa.CodeRPIDMismatch},
		"not offered, said, RP hashed": {"", true, mfa.DefaultRPID, ""},
		"another one used":             {appid, true, "https://evil.example", mfa.CodeRPIDMismatch},
		"hash of nothing":              {"", true, "", mfa.CodeRPIDMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			s, e := newSoft(t, algES256), testExpectation()
			e.AppID = row.offered
			m := s.startAssertion(e)
			m.rpID = row.hashed
			appID(row.used)(m)
			text := m.assertionJSON()
			c := s.credential()
			c.AttestationFormat = formatU2F
			_, err := VerifyAssertion(e, c, text)
			wantCode(t, err, row.code)
			c.PublicKey, err = s.signer.Public().(*ecdsa.PublicKey).Bytes()
			if err != nil {
				t.Fatal(err)
			}
			_, err = VerifyAssertion(e, c, text)
			wantCode(t, err, row.code)
		})
	}
}

func appID(used any) func(*made) {
	return func(m *made) { m.fields["clientExtensionResults"] = map[string]any{"appid": used} }
}

func signature(bend func([]byte) []byte) func(*made) {
	return func(m *made) { m.signature = bend }
}

type signatureValue struct{ R, S *big.Int }

func parseSignature(der []byte) (v signatureValue) {
	if _, err := asn1.Unmarshal(der, &v); err != nil {
		panic(err)
	}
	return v
}

func rawSignature(der []byte) []byte {
	v := parseSignature(der)
	return append(v.R.FillBytes(make([]byte, 32)), v.S.FillBytes(make([]byte, 32))...)
}

// paddedSignature writes r with a zero byte that DER forbids.
func paddedSignature(der []byte) []byte {
	v := parseSignature(der)
	integer := func(n *big.Int, padding string) string {
		b := padding + string(append([]byte{0}, n.FillBytes(make([]byte, 32))...))
		return "\x02" + string(rune(len(b))) + b
	}
	content := integer(v.R, "\x00") + integer(v.S, "")
	return []byte("\x30" + string(rune(len(content))) + content)
}

// signaturePlusOrder writes r + n, which is the same number to a careless reader.
func signaturePlusOrder(der []byte) []byte {
	v := parseSignature(der)
	v.R.Add(v.R, ellipticCurves[1].Params().N)
	bent, err := asn1.Marshal(v)
	if err != nil {
		panic(err)
	}
	return bent
}

func TestStoredKeysInOtherSpelling(t *testing.T) {
	s, e := newSoft(t, algRS256), testExpectation()
	text := s.startAssertion(e).assertionJSON()
	c := s.credential()
	key := map[int64]any{1: typeRSA, 3: algRS256, -1: append([]byte{0}, s.key[-1].([]byte)...), -2: []byte{0, 1, 0, 1}}
	c.PublicKey = ctapcbor.MustMarshal(key)
	_, err := VerifyAssertion(e, c, text)
	wantCode(t, err, "")
	// Sorted the other way, as some libraries stored it.
	c = newSoft(t, algES256).credential()
	if !strings.HasPrefix(string(c.PublicKey), "\xa5\x01\x02\x03\x26") {
		t.Fatalf("%x", c.PublicKey)
	}
	swapped := append([]byte{0xa5, 3, 0x26, 1, 2}, c.PublicKey[5:]...)
	if _, err := readPublicKey(swapped); err != nil {
		t.Error(err)
	}
}
