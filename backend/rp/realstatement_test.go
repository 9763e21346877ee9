package rp

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Statements of real authenticators, TPMs and Apple's among them, which no test
// can sign anew: each entry is left out, swapped for another type, lengthened by
// a byte and changed by a bit. Nothing of that may verify.
func TestBentRealStatements(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range []string{"webauthn.json", "webauthn_real.json"} {
		for _, v := range ceremonyVectors(t, name) {
			if v.Kind == "registration" && v.Expect == "accept" && v.Format != formatNone {
				seen[v.Format] = true
				t.Run(v.ID+"-"+v.Format, func(t *testing.T) { bendStatement(t, v) })
			}
		}
	}
	for _, format := range []string{formatPacked, formatTPM, formatU2F, formatApple} {
		if !seen[format] {
			t.Errorf("no %s statement among the vectors", format)
		}
	}
}

func bendStatement(t *testing.T, v ceremonyVector) {
	answer, err := readRegistrationResponse(v.Response)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := attestationCBOR.Unmarshal(answer.attestationObject, &object); err != nil {
		t.Fatal(err)
	}
	good := object["attStmt"].(map[string]any)
	try := func(what string, statement any, code mfa.Code) {
		t.Helper()
		bent := maps.Clone(object)
		bent["attStmt"] = statement
		_, err := VerifyRegistration(v.expectation(), withAttestationObject(t, v.Response, bent))
		if code == "" && err != nil || code != "" && !mfa.IsCode(err, code) {
			t.Errorf("%s: %v, expected %q", what, err, code)
		}
	}
	with := func(name string, value any) map[string]any {
		s := maps.Clone(good)
		if s[name] = value; value == nil {
			delete(s, name)
		}
		return s
	}
	try("untouched", good, "")
	try("further entry", with("further", 1), mfa.CodeAttestationInvalid)
	try("ecdaaKeyId", with("ecdaaKeyId", []byte{1}), mfa.CodeAttestationInvalid)
	try("a list", []any{good}, mfa.CodeAttestationInvalid)
	for name, value := range good {
		if v.Format == formatApple && name == "alg" {
			continue // signs nothing there
		}
		try("without "+name, with(name, nil), mfa.CodeAttestationInvalid)
		try(name+" as list of itself", with(name, []any{[]any{value}}), mfa.CodeAttestationInvalid)
		try(name+" as boolean", with(name, true), mfa.CodeAttestationInvalid)
		switch value := value.(type) {
		case []byte:
			for what, bytes := range bentBytes(value) {
				try(name+" "+what, with(name, bytes), mfa.CodeAttestationInvalid)
			}
		case string:
			try(name+" as bytes", with(name, []byte(value)), mfa.CodeAttestationInvalid)
			try(name+" longer", with(name, value+"0"), mfa.CodeAttestationInvalid)
		case int64:
			try(name+" of another", with(name, value-1), mfa.CodeAttestationInvalid)
			try(name+" as text", with(name, fmt.Sprint(value)), mfa.CodeAttestationInvalid)
		case []any:
			bendCertificates(value, func(what string, chain []any) { try("x5c "+what, with(name, chain), mfa.CodeAttestationInvalid) })
		}
	}
}

func bendCertificates(chain []any, try func(string, []any)) {
	try("empty", []any{})
	try("with rubbish behind", append(slices.Clone(chain), []byte{0x30, 0}))
	for i := range chain {
		for what, der := range bentBytes(chain[i].([]byte)) {
			if what == "with its last bit changed" && i == len(chain)-1 {
				continue // the signature of an issuer that is not here
			}
			bent := slices.Clone(chain)
			bent[i] = der
			try(fmt.Sprintf("%d %s", i, what), bent)
		}
	}
	if len(chain) > 1 {
		bent := slices.Clone(chain)
		slices.Reverse(bent)
		try("reversed", bent)
	}
}

func bentBytes(good []byte) map[string][]byte {
	changed := slices.Clone(good)
	changed[len(changed)-1] ^= 1
	return map[string][]byte{
		"with a byte behind":        append(slices.Clone(good), 0),
		"without its last byte":     good[:len(good)-1],
		"with its last bit changed": changed,
		"empty":                     {},
	}
}

// The client data and the authenticator data are under every statement.
func TestRealStatementsCoverTheCeremony(t *testing.T) {
	for _, v := range ceremonyVectors(t, "webauthn_real.json") {
		if v.Kind != "registration" || v.Expect != "accept" || v.Format == formatNone {
			continue
		}
		t.Run(v.ID+"-"+v.Format, func(t *testing.T) {
			answer, err := readRegistrationResponse(v.Response)
			if err != nil {
				t.Fatal(err)
			}
			object, err := readAttestationObject(answer.attestationObject)
			if err != nil {
				t.Fatal(err)
			}
			hash := sha256.Sum256(answer.clientData)
			e := v.expectation()
			if err := object.verify(hash[:], e.at()); err != nil {
				t.Fatal(err, mfa.AsFailure(err).Explain())
			}
			hash[31] ^= 1
			if err := object.verify(hash[:], e.at()); !mfa.IsCode(err, mfa.CodeAttestationInvalid) {
				t.Errorf("other client data: %v", err)
			}
			hash[31] ^= 1
			raw := slices.Clone(object.data.raw)
			raw[0] ^= 1 // under rpIdHash
			if object.data, err = readAuthenticatorData(raw); err != nil {
				t.Fatal(err)
			}
			if err := object.verify(hash[:], e.at()); !mfa.IsCode(err, mfa.CodeAttestationInvalid) {
				t.Errorf("other authenticator data: %v", err)
			}
		})
	}
}

func withAttestationObject(t *testing.T, response []byte, object map[string]any) []byte {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(response, &fields); err != nil {
		t.Fatal(err)
	}
	fields["response"].(map[string]any)["attestationObject"] = encode(ctapcbor.MustMarshal(object))
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
