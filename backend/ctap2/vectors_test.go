package ctap2

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// sharedVectors reads ../shared/vectors/name beside the repository.
func sharedVectors(t *testing.T, name string, into any) {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above")
		}
		dir = filepath.Dir(dir)
	}
	data, err := os.ReadFile(filepath.Join(dir, "..", "shared", "vectors", name))
	if err != nil {
		t.Skip("shared/vectors not present beside the repository: ", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// again decodes a message and encodes what was understood.
var again = map[string]func([]byte) ([]byte, error){
	"getInfo.response":        both(ParseInfo, EncodeInfo),
	"makeCredential.request":  both(DecodeMakeCredentialRequest, EncodeMakeCredentialRequest),
	"makeCredential.response": both(DecodeMakeCredentialResponse, EncodeMakeCredentialResponse),
	"getAssertion.request":    both(DecodeGetAssertionRequest, EncodeGetAssertionRequest),
	"getAssertion.response":   both(DecodeGetAssertionResponse, EncodeGetAssertionResponse),

	"clientPIN.request":               both(DecodeClientPINRequest, EncodeClientPINRequest),
	"clientPIN.keyAgreement.response": both(DecodeClientPINResponse, EncodeClientPINResponse),
	"clientPIN.token.response":        both(DecodeClientPINResponse, EncodeClientPINResponse),
	"subcommand.request":              both(DecodeCredentialManagementRequest, EncodeCredentialManagementRequest),
	"management.response":             both(DecodeCredentialManagementResponse, EncodeCredentialManagementResponse),
}

func both[T any](decode func([]byte) (T, error), encode func(T) ([]byte, error)) func([]byte) ([]byte, error) {
	return func(in []byte) ([]byte, error) {
		v, err := decode(in)
		if err != nil {
			return nil, err
		}
		return encode(v)
	}
}

func TestVectorsDecodeAndEncodeAgain(t *testing.T) {
	var file struct {
		Items []struct{ ID, Kind, Expect, Hex string }
	}
	sharedVectors(t, "ctap2.json", &file)
	covered := 0
	for _, item := range file.Items {
		run := again[item.Kind]
		if run == nil {
			continue
		}
		covered++
		t.Run(item.Kind+"/"+item.ID, func(t *testing.T) {
			in, err := hex.DecodeString(item.Hex)
			if err != nil {
				t.Fatal(err)
			}
			out, err := run(in)
			if (err == nil) != (item.Expect == "accept") {
				t.Fatalf("expected %s, got error %v", item.Expect, err)
			}
			// A canonical message comes out byte for byte; another one (old keys
			// sort maps wrongly) comes out with the same content.
			if ctapcbor.Canonical(in) == nil && !bytes.Equal(in, out) {
				t.Errorf("came back as\n%x, was\n%x", out, in)
			}
			if !sameContent(t, in, out) {
				t.Errorf("came back with other content:\n%x, was\n%x", out, in)
			}
		})
	}
	if covered == 0 {
		t.Error("no item was covered")
	}
}

func sameContent(t *testing.T, a, b []byte) bool {
	t.Helper()
	canonical := func(in []byte) []byte {
		var v any
		if err := ctapcbor.UnmarshalLoose(in, &v); err != nil {
			t.Fatal(err)
		}
		return ctapcbor.MustMarshal(v)
	}
	return bytes.Equal(canonical(a), canonical(b))
}

func TestVectorsHoldAuthenticatorData(t *testing.T) {
	var file struct {
		Items []struct{ ID, Kind, Hex string }
	}
	sharedVectors(t, "ctap2.json", &file)
	for _, item := range file.Items {
		in, _ := hex.DecodeString(item.Hex)
		var raw []byte
		switch item.Kind {
		case "makeCredential.response":
			r, err := DecodeMakeCredentialResponse(in)
			if err != nil {
				t.Fatal(item.ID, err)
			}
			raw = r.AuthData
		case "getAssertion.response":
			r, err := DecodeGetAssertionResponse(in)
			if err != nil {
				t.Fatal(item.ID, err)
			}
			raw = r.AuthData
		default:
			continue
		}
		d, err := ParseAuthenticatorData(raw)
		if err != nil {
			t.Errorf("%s: %v", item.ID, err)
			continue
		}
		if out := d.Encode(); !bytes.Equal(out, raw) {
			t.Errorf("%s: came back as\n%x, was\n%x", item.ID, out, raw)
		}
		if d.Attested != nil {
			if _, alg, err := ParsePublicKey(d.Attested.PublicKey); err != nil && alg != -50 { // one is ML-DSA-87
				t.Errorf("%s: key: %v", item.ID, err)
			}
		}
	}
}

func TestMalformedInputIsRefused(t *testing.T) {
	var file struct {
		Items []struct {
			ID, Target, Expect, Hex string
			Gen                     *struct {
				Prefix, Unit, Suffix string
				Count                int
			}
		}
	}
	sharedVectors(t, "malformed.json", &file)
	targets := map[string][]func([]byte) error{
		"cbor": {
			func(b []byte) error { _, err := ParseInfo(b); return err },
			func(b []byte) error { _, err := DecodeMakeCredentialResponse(b); return err },
			func(b []byte) error { _, err := DecodeGetAssertionResponse(b); return err },
			func(b []byte) error { _, err := DecodeMakeCredentialRequest(b); return err },
			func(b []byte) error { _, err := DecodeGetAssertionRequest(b); return err },
			func(b []byte) error { _, err := DecodeClientPINRequest(b); return err },
			func(b []byte) error { _, err := DecodeCredentialManagementRequest(b); return err },
		},
		"authdata": {func(b []byte) error { _, err := ParseAuthenticatorData(b); return err }},
		"cose":     {func(b []byte) error { _, _, err := ParsePublicKey(b); return err }},
	}
	for _, item := range file.Items {
		for i, parse := range targets[item.Target] {
			source := item.Hex
			if g := item.Gen; g != nil {
				source = g.Prefix + string(bytes.Repeat([]byte(g.Unit), g.Count)) + g.Suffix
			}
			in, err := hex.DecodeString(source)
			if err != nil {
				t.Fatal(err)
			}
			if err := parse(in); err == nil { // no item is a message, so "either" is a refusal too
				t.Errorf("%s was accepted by parser %d", item.ID, i)
			}
		}
	}
}
