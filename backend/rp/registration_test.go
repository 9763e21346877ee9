package rp

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

func TestRegistrationGivesTheCredential(t *testing.T) {
	s, e := newSoft(t, algES256), testExpectation()
	m := s.startRegistration(e).selfAttestation()
	m.flags |= flagBackupEligible | flagBackupState
	m.count = 7
	m.fields["clientExtensionResults"] = map[string]any{"credProps": map[string]any{"rk": true}}
	c, err := VerifyRegistration(e, m.registrationJSON())
	if err != nil {
		t.Fatal(err, mfa.AsFailure(err).Explain())
	}
	switch {
	case !bytes.Equal(c.ID, s.id), !bytes.Equal(c.PublicKey, ctapcbor.MustMarshal(s.key)), c.Algorithm != algES256,
		c.AAGUID != s.aaguid, c.SignCount != 7, !slices.Equal(c.Transports, []string{"hybrid", "internal"}),
		!c.BackupEligible, !c.BackupState, !c.Discoverable, !c.UserVerified,
		c.AttestationFormat != formatPacked, len(c.AttestationObject) == 0:
		t.Errorf("%+v", c)
	}
}

// Every algorithm that is offered, and every other one that is said to be
// verified, registers with self attestation and signs in.
func TestEachAlgorithmVerifies(t *testing.T) {
	for _, algorithm := range offered {
		if _, known := schemes[algorithm]; !known {
			t.Errorf("algorithm %d is offered but not verified", algorithm)
		}
	}
	for algorithm := range schemes {
		t.Run(big.NewInt(algorithm).String(), func(t *testing.T) {
			s, e := newSoft(t, algorithm), testExpectation()
			c, err := VerifyRegistration(e, s.startRegistration(e).selfAttestation().registrationJSON())
			wantCode(t, err, "")
			_, err = VerifyAssertion(e, c, s.startAssertion(e).assertionJSON())
			wantCode(t, err, "")

			bent := s.startAssertion(e)
			bent.signature = func(sig []byte) []byte { sig[len(sig)-1] ^= 1; return sig }
			_, err = VerifyAssertion(e, c, bent.assertionJSON())
			wantCode(t, err, mfa.CodeSignatureInvalid)

			bentAttestation := s.startRegistration(e).selfAttestation()
			statement := bentAttestation.statement
			bentAttestation.statement = func(authData, hash []byte) any {
				return statement(authData, append(slices.Clone(hash[:31]), hash[31]^1))
			}
			_, err = VerifyRegistration(e, bentAttestation.registrationJSON())
			wantCode(t, err, mfa.CodeAttestationInvalid)
		})
	}
}

// Without attestation nothing but these checks stands between a useless key and
// the store.
func TestUnusableKeysAreRefusedWithoutAttestation(t *testing.T) {
	ec, ed, rs := newSoft(t, algES256), newSoft(t, algEdDSA), newSoft(t, algRS256)
	p384 := newSoft(t, -35)
	short := new(big.Int).Lsh(big.NewInt(1), 511)
	short.SetBit(short, 0, 1)
	even := slices.Clone(rs.key[-1].([]byte))
	even[len(even)-1] &^= 1
	flip := func(b any) []byte { c := slices.Clone(b.([]byte)); c[len(c)-1] ^= 1; return c }
	notAPoint := make([]byte, 32)
	notAPoint[0] = 2 // y = 2 has no x
	for name, row := range map[string]struct {
		s    *soft
		bend map[int64]any
		why  string
	}{
		"wrong kty":                    {ec, map[int64]any{1: typeRSA}, "type"},
		"no kty":                       {ec, map[int64]any{1: nil}, "type"},
		"kty as text":                  {ec, map[int64]any{1: "EC2"}, "type"},
		"no alg":                       {ec, map[int64]any{3: nil}, "algorithm"},
		"alg as bytes":                 {ec, map[int64]any{3: []byte{0x26}}, "algorithm"},
		"unknown alg":                  {ec, map[int64]any{3: -6}, "algorithm"},
		"alg of another key type":      {ec, map[int64]any{3: algRS256}, "type"},
		"RSA key with ES256":           {rs, map[int64]any{3: algES256}, "type"},
		"EdDSA key with ES256":         {ed, map[int64]any{3: algES256}, "type"},
		"no curve":                     {ec, map[int64]any{-1: nil}, "member"},
		"curve as text":                {ec, map[int64]any{-1: "P-256"}, "curve"},
		"wrong curve":                  {ec, map[int64]any{-1: 2}, "curve"},
		"ES256 on P-384":               {p384, map[int64]any{3: algES256}, "curve"},
		"point off the curve":          {ec, map[int64]any{-3: flip(ec.key[-3])}, "point"},
		"point at infinity":            {ec, map[int64]any{-2: make([]byte, 32), -3: make([]byte, 32)}, "point"},
		"short coordinate":             {ec, map[int64]any{-2: ec.key[-2].([]byte)[1:]}, "point"},
		"long coordinate":              {ec, map[int64]any{-2: append([]byte{0}, ec.key[-2].([]byte)...)}, "point"},
		"compressed point":             {ec, map[int64]any{-3: true}, "point"},
		"coordinate as text":           {ec, map[int64]any{-2: strings.Repeat("x", 32)}, "point"},
		"coordinate as list":           {ec, map[int64]any{-2: []int{1, 2, 3}}, "point"},
		"EC2 private part":             {ec, map[int64]any{-4: make([]byte, 32)}, "private"},
		"EC2 extra member":             {ec, map[int64]any{4: []int{2}}, "member"},
		"Ed25519 of 31 bytes":          {ed, map[int64]any{-2: make([]byte, 31)}, "point"},
		"Ed25519 of 33 bytes":          {ed, map[int64]any{-2: make([]byte, 33)}, "point"},
		"Ed25519 with X25519":          {ed, map[int64]any{-1: 4}, "curve"},
		"Ed25519 no such point":        {ed, map[int64]any{-2: notAPoint}, "point"},
		"Ed25519 neutral element":      {ed, map[int64]any{-2: append([]byte{1}, make([]byte, 31)...)}, "point"},
		"Ed25519 all zero":             {ed, map[int64]any{-2: make([]byte, 32)}, "point"},
		"Ed25519 y not reduced":        {ed, map[int64]any{-2: bytes.Repeat([]byte{0xff}, 32)}, "point"},
		"Ed25519 private part":         {ed, map[int64]any{-4: make([]byte, 32)}, "private"},
		"RSA exponent 1":               {rs, map[int64]any{-2: []byte{1}}, "exponent"},
		"RSA exponent 0":               {rs, map[int64]any{-2: []byte{0}}, "exponent"},
		"RSA no exponent":              {rs, map[int64]any{-2: nil}, "member"},
		"RSA exponent as number":       {rs, map[int64]any{-2: 65537}, "exponent"},
		"RSA even exponent":            {rs, map[int64]any{-2: []byte{1, 0, 0}}, "exponent"},
		"RSA exponent of 33 bits":      {rs, map[int64]any{-2: []byte{1, 0, 0, 0, 1}}, "exponent"},
		"RSA exponent of 32 bits":      {rs, map[int64]any{-2: []byte{0x80, 0, 0, 1}}, "exponent"},
		"RSA of 512 bits":              {rs, map[int64]any{-1: short.Bytes()}, "modulus"},
		"RSA of 2047 bits":             {rs, map[int64]any{-1: append([]byte{0x7f}, rs.key[-1].([]byte)[1:]...)}, "modulus"},
		"RSA of 512 bits, zero padded": {rs, map[int64]any{-1: append(make([]byte, 192), short.Bytes()...)}, "modulus"},
		"RSA of 16384 bits":            {rs, map[int64]any{-1: bytes.Repeat([]byte{0xff}, 2048)}, "modulus"},
		"RSA even modulus":             {rs, map[int64]any{-1: even}, "modulus"},
		"RSA no modulus":               {rs, map[int64]any{-1: []byte{}}, "modulus"},
		"RSA private part":             {rs, map[int64]any{-3: []byte{1}}, "private"},
		"ES256K on P-256":              {ec, map[int64]any{3: algES256K}, "curve"},
		"ES256K off the curve":         {ec, map[int64]any{3: algES256K, -1: 8}, "point"},
	} {
		t.Run(name, func(t *testing.T) {
			e := testExpectation()
			m := row.s.startRegistration(e)
			key := map[int64]any{}
			for label, value := range row.s.key {
				key[label] = value
			}
			for label, value := range row.bend {
				if key[label] = value; value == nil {
					delete(key, label)
				}
			}
			m.key = ctapcbor.MustMarshal(key)
			_, err := VerifyRegistration(e, m.registrationJSON())
			wantCode(t, err, mfa.CodeKeyUnusable)
			if got := param(err, "why"); got != row.why {
				t.Errorf("why %q, expected %q", got, row.why)
			}
			// A key that came into the store some other way is no better.
			c := row.s.credential()
			c.PublicKey = m.key
			_, err = VerifyAssertion(e, c, row.s.startAssertion(e).assertionJSON())
			wantCode(t, err, mfa.CodeKeyUnusable)
		})
	}
}

// The points of small order by their y. 1 and -1 have x = 0 and so no other sign.
func TestSmallOrderEdwardsPoints(t *testing.T) {
	y8, _ := new(big.Int).SetString("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7", 16)
	minus := func(y *big.Int) *big.Int { return new(big.Int).Sub(edwardsP, y) }
	for _, y := range []*big.Int{big.NewInt(0), big.NewInt(1), minus(big.NewInt(1)), y8, minus(y8)} {
		for _, sign := range []byte{0, 0x80} {
			encoded := y.FillBytes(make([]byte, 32))
			slices.Reverse(encoded)
			encoded[31] |= sign
			if err := checkEdwardsPoint(encoded); err != errEdwardsOrder && err != errEdwardsPoint {
				t.Errorf("y %v, sign %x: %v", y, sign, err)
			}
			if sign == 0 && checkEdwardsPoint(encoded) != errEdwardsOrder {
				t.Errorf("y %v: not recognised", y)
			}
		}
	}
	for range 20 {
		if err := checkEdwardsPoint(newSoft(t, algEdDSA).key[-2].([]byte)); err != nil {
			t.Error("a good key:", err)
		}
	}
}

func TestBentRegistrations(t *testing.T) {
	other := newSoft(t, algES256)
	for name, row := range map[string]struct {
		bend   func(*made)
		expect func(*Expectation)
		code   mfa.Code
		part   string
	}{
		"untouched":               {},
		"no attestation, no UV":   {bend: func(m *made) { m.flags &^= flagUserVerified }, code: mfa.CodeUserVerifyMissing},
		"UV preferred, not done":  {bend: func(m *made) { m.flags &^= flagUserVerified }, expect: func(e *Expectation) { e.UserVerification = verificationPreferred }},
		"UV expectation empty":    {bend: func(m *made) { m.flags &^= flagUserVerified }, expect: func(e *Expectation) { e.UserVerification = "" }, code: mfa.CodeUserVerifyMissing},
		"UV expectation misspelt": {bend: func(m *made) { m.flags &^= flagUserVerified }, expect: func(e *Expectation) { e.UserVerification = "Required" }, code: mfa.CodeUserVerifyMissing},
		"no UP":                   {bend: func(m *made) { m.flags &^= flagUserPresent }, code: mfa.CodeUserPresenceMissing},
		"BS without BE":           {bend: func(m *made) { m.flags |= flagBackupState }, code: mfa.CodeBackupFlags},
		"BE without BS":           {bend: func(m *made) { m.flags |= flagBackupEligible }},
		"reserved flags":          {bend: func(m *made) { m.flags |= 1<<1 | 1<<5 }},
		"another RP ID":           {bend: func(m *made) { m.rpID = "keyferry.example" }, code: mfa.CodeRPIDMismatch},
		"RP ID expected empty":    {bend: func(m *made) { m.rpID = "" }, expect: func(e *Expectation) { e.RPID = "" }, code: mfa.CodeRPIDMismatch},

		"type of a sign-in": {bend: replaceClientData(typeCreate, typeGet), code: mfa.CodeTypeMismatch},
		"type in capitals":  {bend: replaceClientData(typeCreate, "WEBAUTHN.CREATE"), code: mfa.CodeTypeMismatch},
		"no type":           {bend: replaceClientData(`"type":"webauthn.create",`, ``), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"type a number":     {bend: replaceClientData(`"webauthn.create"`, `1`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},

		"another challenge":     {expect: func(e *Expectation) { e.Challenge = bytes.Repeat([]byte{1}, 32) }, code: mfa.CodeChallengeMismatch},
		"challenge cut":         {bend: func(m *made) { m.clientData = cutChallenge(m.clientData, 40) }, code: mfa.CodeChallengeMismatch},
		"challenge padded":      {bend: replaceClientData(`","origin"`, `=","origin"`), code: mfa.CodeChallengeMismatch},
		"challenge with break":  {bend: replaceClientData(`","origin"`, `\n","origin"`), code: mfa.CodeChallengeMismatch},
		"challenge a list":      {bend: replaceClientData(`"challenge":"`, `"challenge":[],"x":"`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"challenge empty both":  {bend: func(m *made) { m.clientData = cutChallenge(m.clientData, 0) }, expect: func(e *Expectation) { e.Challenge = nil }, code: mfa.CodeChallengeMismatch},
		"challenge escaped":     {bend: replaceClientData(`"challenge":`, `"\u0063hallenge":`)},
		"origin of another":     {bend: replaceClientData("https://", "https://evil."), code: mfa.CodeOriginMismatch},
		"origin http":           {bend: replaceClientData("https://", "http://"), code: mfa.CodeOriginMismatch},
		"origin with port":      {bend: replaceClientData(`.internal"`, `.internal:443"`), code: mfa.CodeOriginMismatch},
		"origin with slash":     {bend: replaceClientData(`.internal"`, `.internal/"`), code: mfa.CodeOriginMismatch},
		"origin with dot":       {bend: replaceClientData(`.internal"`, `.internal."`), code: mfa.CodeOriginMismatch},
		"origin in capitals":    {bend: replaceClientData(`https://k`, `https://K`), code: mfa.CodeOriginMismatch},
		"origin with user":      {bend: replaceClientData(`https://`, `https://a@`), code: mfa.CodeOriginMismatch},
		"origin null":           {bend: replaceClientData(`"https://keyferry.internal"`, `null`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"origin expected empty": {bend: replaceClientData(`"https://keyferry.internal"`, `""`), expect: func(e *Expectation) { e.Origin = "" }, code: mfa.CodeOriginMismatch},

		"cross origin":                  {bend: replaceClientData(`"crossOrigin":false`, `"crossOrigin":true`), code: mfa.CodeCrossOrigin},
		"cross origin allowed":          {bend: replaceClientData(`"crossOrigin":false`, `"crossOrigin":true`), expect: func(e *Expectation) { e.AllowCrossOrigin = true }},
		"cross origin as text":          {bend: replaceClientData(`"crossOrigin":false`, `"crossOrigin":"false"`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"cross origin missing":          {bend: replaceClientData(`,"crossOrigin":false`, ``)},
		"top origin allowed":            {bend: replaceClientData(`"crossOrigin":false`, `"crossOrigin":true,"topOrigin":"https://example.com"`), expect: func(e *Expectation) { e.AllowCrossOrigin = true }},
		"top origin alone":              {bend: replaceClientData(`"crossOrigin":false`, `"topOrigin":"https://example.com"`), code: mfa.CodeCrossOrigin},
		"top origin alone, allowed":     {bend: replaceClientData(`"crossOrigin":false`, `"topOrigin":"https://example.com"`), expect: func(e *Expectation) { e.AllowCrossOrigin = true }, code: mfa.CodeCrossOrigin},
		"top origin a number":           {bend: replaceClientData(`"crossOrigin":false`, `"topOrigin":1`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"token binding as text":         {bend: replaceClientData(`"crossOrigin":false`, `"tokenBinding":"unused"`)},
		"token binding as object":       {bend: replaceClientData(`"crossOrigin":false`, `"tokenBinding":{"status":"supported"}`)},
		"token binding as number":       {bend: replaceClientData(`"crossOrigin":false`, `"tokenBinding":1`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"further client data":           {bend: replaceClientData(`"crossOrigin":false`, `"crossOrigin":false,"new":{"a":[1,2.5e3,null]}`)},
		"client data: origin twice":     {bend: replaceClientData(`"crossOrigin":false`, `"origin":"https://keyferry.internal"`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"client data: Origin too":       {bend: replaceClientData(`"crossOrigin":false`, `"Origin":"https://evil.example"`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"client data: only Origin":      {bend: replaceClientData(`"origin"`, `"Origin"`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"client data: type by \\u0130":  {bend: replaceClientData(`"origin"`, `"or\u0131gin"`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"client data: trailing":         {bend: func(m *made) { m.clientData += "{}" }, code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"client data: NUL behind":       {bend: func(m *made) { m.clientData += "\x00" }, code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"client data: space around":     {bend: func(m *made) { m.clientData = "\r\n " + m.clientData + "\t" }},
		"client data: BOM":              {bend: func(m *made) { m.clientData = "\ufeff" + m.clientData }, code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"client data: bad UTF-8":        {bend: replaceClientData(`"crossOrigin"`, "\"\xff\""), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"client data: half a surrogate": {bend: replaceClientData(`"crossOrigin":false`, `"x":"\ud800"`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"client data: a list":           {bend: func(m *made) { m.clientData = "[" + m.clientData + "]" }, code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"client data: empty":            {bend: func(m *made) { m.clientData = "" }, code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"client data: comment":          {bend: replaceClientData(`{`, `{/**/`), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"client data: 20 levels":        {bend: replaceClientData(`"crossOrigin":false`, `"x":`+strings.Repeat("[", 20)+strings.Repeat("]", 20)), code: mfa.CodeResponseMalformed, part: "clientDataJSON"},

		"extensions":                 {bend: extend([]byte("\xa1\x6bhmac-secret\xf5"))},
		"extensions flag alone":      {bend: extend(nil), code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"extensions without flag":    {bend: func(m *made) { m.extensions = []byte{0xa0} }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"extensions no map":          {bend: extend([]byte{0x80}), code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"extensions null":            {bend: extend([]byte{0xf6}), code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"extensions with numbers":    {bend: extend([]byte{0xa1, 1, 1}), code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"extensions twice":           {bend: extend([]byte("\xa2\x61a\x01\x61a\x01")), code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"extension of integer keys":  {bend: extend([]byte("\xa1\x61a\xa2\x01\x02\x20\xa1\x41k\x00"))},
		"extension keys twice":       {bend: extend([]byte("\xa1\x61a\xa2\x01\x02\x01\x03")), code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"extension too deep":         {bend: extend([]byte("\xa1\x61a\xa1\x01\xa1\x01\xa1\x01\xa1\x01\xa1\x01\x02")), code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"extension keyed by a map":   {bend: extend([]byte("\xa1\x61a\xa1\xa0\x02")), code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"extensions and a byte":      {bend: extend([]byte{0xa0, 0}), code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"trailing byte":              {bend: func(m *made) { m.trailing = []byte{0} }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"no AT":                      {bend: func(m *made) { m.flags &^= flagAttested }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"AT without data":            {bend: func(m *made) { m.id, m.key = nil, nil }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"no key":                     {bend: func(m *made) { m.key = nil }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"key cut":                    {bend: func(m *made) { m.key = m.key[:len(m.key)-1] }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"key empty":                  {bend: func(m *made) { m.key = []byte{0xa0} }, code: mfa.CodeKeyUnusable},
		"key no map":                 {bend: func(m *made) { m.key = []byte{0x80} }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"key null":                   {bend: func(m *made) { m.key = []byte{0xf6} }, code: mfa.CodeKeyUnusable},
		"key with a doubled label":   {bend: func(m *made) { m.key = append([]byte{0xa6, 1, 2}, m.key[1:]...) }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"key with doubled 1 as 1801": {bend: func(m *made) { m.key = append([]byte{0xa6, 0x18, 1, 2}, m.key[1:]...) }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"key of indefinite length":   {bend: func(m *made) { m.key = append(append([]byte{0xbf}, m.key[1:]...), 0xff) }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"key with a text label":      {bend: func(m *made) { m.key = append(append([]byte{0xa6}, m.key[1:]...), 0x61, 'a', 1) }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"key tagged":                 {bend: func(m *made) { m.key = append([]byte{0xc1}, m.key...) }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"two keys":                   {bend: func(m *made) { m.key = append(m.key, m.key...) }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"algorithm not offered":      {expect: func(e *Expectation) { e.Algorithms = []int64{algEdDSA} }, code: mfa.CodeAlgorithmNotOffered},
		"ID empty":                   {bend: setID(nil), code: mfa.CodeResponseMalformed, part: "rawId"},
		"ID empty in auth data":      {bend: func(m *made) { m.id = nil }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"ID of 1023 bytes":           {bend: setID(make([]byte, 1023))},
		"ID of 1024 bytes":           {bend: setID(make([]byte, 1024)), code: mfa.CodeResponseMalformed, part: "rawId"},
		"ID of 1024 bytes in data":   {bend: func(m *made) { m.id = make([]byte, 1024) }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"ID of another":              {bend: func(m *made) { m.id = other.id }, code: mfa.CodeResponseMalformed, part: "rawId"},
		"id of another":              {bend: func(m *made) { m.fields["id"] = encode(other.id) }, code: mfa.CodeResponseMalformed, part: "id"},
		"id missing":                 {bend: func(m *made) { delete(m.fields, "id") }, code: mfa.CodeResponseMalformed, part: "id"},
		"rawId missing":              {bend: func(m *made) { delete(m.fields, "rawId") }, code: mfa.CodeResponseMalformed, part: "rawId"},
		"id padded":                  {bend: func(m *made) { m.fields["id"] = encode(m.id) + "=" }, code: mfa.CodeResponseMalformed, part: "id"},
		"rawId padded":               {bend: func(m *made) { m.fields["rawId"] = encode(m.id) + "=" }, code: mfa.CodeResponseMalformed, part: "rawId"},
		"rawId with line break":      {bend: func(m *made) { m.fields["rawId"] = encode(m.id) + "\n" }, code: mfa.CodeResponseMalformed, part: "rawId"},
		"rawId in plain base64":      {bend: setIDText("-_-_", "+/+/"), code: mfa.CodeResponseMalformed, part: "rawId"},
		"rawId a list":               {bend: func(m *made) { m.fields["rawId"] = []int{1} }, code: mfa.CodeResponseMalformed, part: "rawId"},
		"rawId with spare bits":      {bend: func(m *made) { setID([]byte{0})(m); m.fields["rawId"] = "AB"; m.fields["id"] = "AB" }, code: mfa.CodeResponseMalformed, part: "rawId"},
		"type missing":               {bend: func(m *made) { delete(m.fields, "type") }, code: mfa.CodeResponseMalformed, part: "type"},
		"type password":              {bend: func(m *made) { m.fields["type"] = "password" }, code: mfa.CodeResponseMalformed, part: "type"},
		"type Public-Key":            {bend: func(m *made) { m.fields["type"] = "Public-Key" }, code: mfa.CodeResponseMalformed, part: "type"},
		"Type too":                   {bend: func(m *made) { m.fields["Type"] = "public-key" }, code: mfa.CodeResponseMalformed, part: "json"},
		"attachment null":            {bend: func(m *made) { m.fields["authenticatorAttachment"] = nil }},
		"attachment unknown":         {bend: func(m *made) { m.fields["authenticatorAttachment"] = "telepathy" }},
		"attachment a number":        {bend: func(m *made) { m.fields["authenticatorAttachment"] = 1 }, code: mfa.CodeResponseMalformed, part: "authenticatorAttachment"},
		"extension results a list":   {bend: func(m *made) { m.fields["clientExtensionResults"] = []int{} }, code: mfa.CodeResponseMalformed, part: "clientExtensionResults"},
		"extension results null":     {bend: func(m *made) { m.fields["clientExtensionResults"] = nil }},
		"credProps a number":         {bend: credProps(1), code: mfa.CodeResponseMalformed, part: "clientExtensionResults"},
		"credProps.rk a text":        {bend: credProps(map[string]any{"rk": "true"}), code: mfa.CodeResponseMalformed, part: "clientExtensionResults"},
		"credProps without rk":       {bend: credProps(map[string]any{})},
		"response missing":           {bend: func(m *made) { m.fields["response"] = nil }, code: mfa.CodeResponseMalformed, part: "response"},
		"response a text":            {bend: func(m *made) { m.fields["response"] = "x" }, code: mfa.CodeResponseMalformed, part: "response"},
		"client data missing":        {bend: func(m *made) { m.inner["clientDataJSON"] = nil }, code: mfa.CodeResponseMalformed, part: "clientDataJSON"},
		"attestation object missing": {bend: func(m *made) { m.inner["attestationObject"] = nil }, code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"attestation object empty":   {bend: func(m *made) { m.inner["attestationObject"] = "" }, code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"AttestationObject too":      {bend: func(m *made) { m.inner["AttestationObject"] = "" }, code: mfa.CodeResponseMalformed, part: "response"},
		"transports null":            {bend: func(m *made) { m.inner["transports"] = nil }},
		"transports a text":          {bend: func(m *made) { m.inner["transports"] = "usb" }, code: mfa.CodeResponseMalformed, part: "transports"},
		"transports with a number":   {bend: func(m *made) { m.inner["transports"] = []any{"usb", 1} }, code: mfa.CodeResponseMalformed, part: "transports"},
		"transports: markup":         {bend: func(m *made) { m.inner["transports"] = []any{"<b>"} }},
		"17 transports":              {bend: func(m *made) { m.inner["transports"] = strings.Split(strings.Repeat("a,", 16)+"a", ",") }},
		"unknown transport":          {bend: func(m *made) { m.inner["transports"] = []any{"pigeon"} }},
		"client's copy agrees":       {bend: func(m *made) { m.inner["authenticatorData"] = encode(m.authData()) }},
		"client's copy differs":      {bend: func(m *made) { m.inner["authenticatorData"] = encode(append(m.authData(), 0)) }, code: mfa.CodeResponseMalformed, part: "authenticatorData"},
		"doubled id":                 {bend: func(m *made) { m.text = replaceIn(`"type":`, `"id":"AA","type":`) }, code: mfa.CodeResponseMalformed, part: "json"},
		"doubled by escape":          {bend: func(m *made) { m.text = replaceIn(`"type":`, `"\u0069d":"AA","type":`) }, code: mfa.CodeResponseMalformed, part: "json"},
		"trailing bytes in JSON":     {bend: func(m *made) { m.text = func(s string) string { return s + "x" } }, code: mfa.CodeResponseMalformed, part: "json"},
		"trailing comma":             {bend: func(m *made) { m.text = func(s string) string { return s[:len(s)-1] + ",}" } }, code: mfa.CodeResponseMalformed, part: "json"},
		"no JSON":                    {bend: func(m *made) { m.text = func(s string) string { return "" } }, code: mfa.CodeResponseMalformed, part: "json"},
		"unknown members":            {bend: func(m *made) { m.fields["future"] = map[string]any{"a": []int{1}} }},
		"256 KiB":                    {bend: padTo(MaxResponse)},
		"256 KiB and a byte":         {bend: padTo(MaxResponse + 1), code: mfa.CodeResponseTooLarge},
		"object: fmt missing":        {bend: bendObject(func(o map[string]any) { delete(o, "fmt") }), code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"object: fmt as bytes":       {bend: bendObject(func(o map[string]any) { o["fmt"] = []byte("none") }), code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"object: attStmt missing":    {bend: bendObject(func(o map[string]any) { delete(o, "attStmt") }), code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"object: authData missing":   {bend: bendObject(func(o map[string]any) { delete(o, "authData") }), code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"object: authData as text":   {bend: bendObject(func(o map[string]any) { o["authData"] = "x" }), code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"object: authData as list":   {bend: bendObject(func(o map[string]any) { o["authData"] = []int{1, 2} }), code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"object: AuthData too":       {bend: bendObject(func(o map[string]any) { o["AuthData"] = []byte{} }), code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"object: further entry":      {bend: bendObject(func(o map[string]any) { o["x"] = 1 }), code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"object: trailing byte":      {bend: func(m *made) { bendObjectBytes(m, func(b []byte) []byte { return append(b, 0) }) }, code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"object: indefinite length": {bend: func(m *made) {
			bendObjectBytes(m, func(b []byte) []byte { return append(append([]byte{0xbf}, b[1:]...), 0xff) })
		}, code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"object: doubled fmt": {bend: func(m *made) {
			bendObjectBytes(m, func(b []byte) []byte { return append([]byte("\xa4\x63fmt\x64none"), b[1:]...) })
		}, code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"object: a list":               {bend: func(m *made) { m.inner["attestationObject"] = encode([]byte{0x80}) }, code: mfa.CodeResponseMalformed, part: "attestationObject"},
		"none with a statement":        {bend: func(m *made) { m.statement = constant(map[string]any{"x": 1}) }, code: mfa.CodeAttestationInvalid},
		"none with a list":             {bend: func(m *made) { m.statement = constant([]any{}) }, code: mfa.CodeAttestationInvalid},
		"none with null":               {bend: func(m *made) { m.statement = constant(nil) }, code: mfa.CodeAttestationInvalid},
		"unknown format":               {bend: func(m *made) { m.format = "x-unknown" }, code: mfa.CodeAttestationFormat},
		"format None":                  {bend: func(m *made) { m.format = "None" }, code: mfa.CodeAttestationFormat},
		"safetynet without statement":  {bend: func(m *made) { m.format = formatSafetyNet }, code: mfa.CodeAttestationInvalid},
		"packed without a statement":   {bend: func(m *made) { m.format = formatPacked }, code: mfa.CodeAttestationInvalid},
		"apple without a statement":    {bend: func(m *made) { m.format = formatApple }, code: mfa.CodeAttestationInvalid},
		"tpm without a statement":      {bend: func(m *made) { m.format = formatTPM }, code: mfa.CodeAttestationInvalid},
		"u2f without a statement":      {bend: func(m *made) { m.format = formatU2F }, code: mfa.CodeAttestationInvalid},
		"android without a statement":  {bend: func(m *made) { m.format = formatAndroid }, code: mfa.CodeAttestationInvalid},
		"compound without a statement": {bend: func(m *made) { m.format = formatCompound }, code: mfa.CodeAttestationInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			e := testExpectation()
			m := newSoft(t, algES256).startRegistration(e)
			if row.bend != nil {
				row.bend(m)
			}
			text := m.registrationJSON()
			if row.expect != nil {
				row.expect(&e)
			}
			_, err := VerifyRegistration(e, text)
			wantCode(t, err, row.code)
			if row.part != "" && param(err, "part") != row.part {
				t.Errorf("part %q, expected %q", param(err, "part"), row.part)
			}
		})
	}
}

func replaceClientData(old, new string) func(*made) {
	return func(m *made) { m.clientData = replaceIn(old, new)(m.clientData) }
}

// cutChallenge leaves the first characters of it.
func cutChallenge(clientData string, left int) string {
	before, rest, _ := strings.Cut(clientData, `"challenge":"`)
	challenge, after, _ := strings.Cut(rest, `"`)
	return before + `"challenge":"` + challenge[:left] + `"` + after
}

func extend(outputs []byte) func(*made) {
	return func(m *made) { m.flags |= flagExtensions; m.extensions = outputs }
}

func setID(id []byte) func(*made) {
	return func(m *made) { m.id = id; m.fields["id"], m.fields["rawId"] = encode(id), encode(id) }
}

func setIDText(urlSafe, written string) func(*made) {
	return func(m *made) {
		id, err := decode([]byte(urlSafe))
		if err != nil {
			panic(err)
		}
		m.id, m.fields["id"], m.fields["rawId"] = id, written, written
	}
}

func credProps(value any) func(*made) {
	return func(m *made) { m.fields["clientExtensionResults"] = map[string]any{"credProps": value} }
}

func padTo(size int) func(*made) {
	return func(m *made) {
		m.text = func(text string) string { return text + strings.Repeat(" ", size-len(text)) }
	}
}

func bendObject(bend func(map[string]any)) func(*made) {
	return func(m *made) { m.object = bend }
}

func bendObjectBytes(m *made, bend func([]byte) []byte) {
	object := map[string]any{"fmt": m.format, "authData": m.authData(), "attStmt": map[string]any{}}
	m.inner["attestationObject"] = encode(bend(ctapcbor.MustMarshal(object)))
}

func constant(statement any) func(_, _ []byte) any {
	return func(_, _ []byte) any { return statement }
}

func TestTransportsThatAreKept(t *testing.T) {
	long := strings.Repeat("x", maxTransport)
	many := make([]any, 40)
	var first []string
	for i := range many {
		many[i] = fmt.Sprintf("t%02d", i)
		if i < maxTransports {
			first = append(first, many[i].(string))
		}
	}
	for name, row := range map[string]struct {
		given []any
		kept  []string
	}{
		"known":           {[]any{"usb", "nfc"}, []string{"nfc", "usb"}},
		"twice":           {[]any{"usb", "usb"}, []string{"usb"}},
		"capitals":        {[]any{"USB", "nfc"}, []string{"nfc"}},
		"other signs":     {[]any{"smart_card", "urn:x:y", "x.y", "", "<b>", "é", "smart-card"}, []string{"smart-card"}},
		"long":            {[]any{long, long + "x"}, []string{long}},
		"none usable":     {[]any{""}, nil},
		"many":            {many, first},
		"many unusable":   {append(slices.Repeat([]any{"X"}, 50), "ble"), []string{"ble"}},
		"many duplicates": {append(slices.Repeat([]any{"usb"}, 50), "ble"), []string{"ble", "usb"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, e := newSoft(t, algES256), testExpectation()
			m := s.startRegistration(e)
			m.inner["transports"] = row.given
			c, err := VerifyRegistration(e, m.registrationJSON())
			wantCode(t, err, "")
			if !slices.Equal(c.Transports, row.kept) {
				t.Errorf("kept %q", c.Transports)
			}
		})
	}
}
