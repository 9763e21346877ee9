package rp

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// vectorFile reads ../shared/vectors/name, seen from the repository root.
func vectorFile(tb testing.TB, name string, into any) {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for !exists(filepath.Join(dir, "go.mod")) {
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod above the test")
		}
		dir = parent
	}
	text, err := os.ReadFile(filepath.Join(dir, "..", "shared", "vectors", name))
	if errors.Is(err, os.ErrNotExist) {
		tb.Skipf("shared/vectors not present: %s", name)
		return // a fuzz target goes on with its own seeds
	}
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		tb.Fatal(name, err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// base64URL is a JSON text in unpadded base64url.
type base64URL []byte

func (b *base64URL) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.DecodeString(string(text))
	return err
}

type ceremonyVector struct {
	ID         string          `json:"id"`
	Kind       string          `json:"kind"`
	Expect     string          `json:"expect"`
	Reason     string          `json:"reject_reason"`
	Why        string          `json:"why"`
	Format     string          `json:"fmt"`
	Algorithm  int64           `json:"alg"`
	AAGUID     string          `json:"aaguid"`
	RPID       string          `json:"rp_id"`
	Origin     string          `json:"origin"`
	Challenge  base64URL       `json:"challenge"`
	UV         string          `json:"uv"`
	CrossOK    bool            `json:"allow_cross_origin"`
	AppID      string          `json:"appid"`
	Allow      []base64URL     `json:"allow_credentials"`
	VerifyAt   time.Time       `json:"verify_at"`
	Response   json.RawMessage `json:"response"`
	Credential *struct {
		ID             base64URL `json:"id"`
		PublicKey      base64URL `json:"public_key"`
		PublicKeyCOSE  base64URL `json:"public_key_cose"`
		SignCount      uint32    `json:"sign_count"`
		BackupEligible bool      `json:"backup_eligible"`
		Format         string    `json:"fmt"`
	} `json:"credential"`
}

func (v ceremonyVector) expectation() Expectation {
	e := Expectation{RPID: v.RPID, Origin: v.Origin, Challenge: v.Challenge, UserVerification: v.UV,
		AllowCrossOrigin: v.CrossOK, AppID: v.AppID, At: v.VerifyAt}
	if e.At.IsZero() { // a day on which every certificate that is to hold does: one ends in 2030
		e.At = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	}
	for _, id := range v.Allow {
		e.AllowCredentials = append(e.AllowCredentials, id)
	}
	return e
}

func (v ceremonyVector) stored(publicKey []byte) mfa.Credential {
	return mfa.Credential{ID: v.Credential.ID, PublicKey: publicKey, SignCount: v.Credential.SignCount,
		BackupEligible: v.Credential.BackupEligible, AttestationFormat: v.Credential.Format}
}

func ceremonyVectors(tb testing.TB, name string) []ceremonyVector {
	var file struct {
		Schema string           `json:"schema"`
		Items  []ceremonyVector `json:"items"`
	}
	vectorFile(tb, name, &file)
	if file.Schema != "webauthn/1" || len(file.Items) == 0 {
		tb.Fatalf("%s: schema %q with %d items", name, file.Schema, len(file.Items))
	}
	return file.Items
}

func TestCeremonyVectors(t *testing.T) {
	for _, name := range []string{"webauthn.json", "webauthn_negative.json", "webauthn_real.json"} {
		t.Run(strings.TrimSuffix(name, ".json"), func(t *testing.T) {
			for _, v := range ceremonyVectors(t, name) {
				t.Run(v.ID, func(t *testing.T) { checkCeremony(t, v) })
			}
		})
	}
}

func checkCeremony(t *testing.T, v ceremonyVector) {
	var err error
	switch v.Kind {
	case "registration":
		var c mfa.Credential
		c, err = VerifyRegistration(v.expectation(), v.Response)
		if err == nil && (c.Algorithm != v.Algorithm || c.AAGUID.String() != v.AAGUID) {
			t.Errorf("credential of algorithm %d, AAGUID %v; expected %d, %s", c.Algorithm, c.AAGUID, v.Algorithm, v.AAGUID)
		}
	case "assertion":
		_, err = VerifyAssertion(v.expectation(), v.stored(v.Credential.PublicKey), v.Response)
		if cose := v.Credential.PublicKeyCOSE; cose != nil {
			if _, again := VerifyAssertion(v.expectation(), v.stored(cose), v.Response); (again == nil) != (err == nil) {
				t.Errorf("stored as COSE key: %v; as U2F key: %v", again, err)
			}
		}
	default:
		t.Fatalf("kind %q", v.Kind)
	}
	failure := mfa.AsFailure(err)
	if failure != nil {
		t.Logf("%s %s: %s: %s", v.Expect, v.Reason+v.Why, failure.Code, failure.Explain())
		if failure.Code == mfa.CodeInternal || failure.Explain() == "" {
			t.Errorf("refused without a cause: %v", err)
		}
	}
	switch {
	case v.Expect == "accept" && err != nil:
		t.Errorf("refused: %v", err)
	case v.Expect == "reject" && err == nil:
		t.Errorf("accepted, although %s", v.Reason)
	}
}

func TestMalformedVectors(t *testing.T) {
	var file struct {
		Items []struct {
			ID, Target, Expect, What, Hex string
			Gen                           *struct {
				Prefix, Unit, Suffix string
				Count                int
			}
		}
	}
	vectorFile(t, "malformed.json", &file)
	checks := map[string]func([]byte) error{
		"attestation_object": CheckAttestationObject,
		"authdata":           CheckAuthenticatorData,
		"cose":               CheckPublicKey,
		"client_data":        CheckClientData,
		"credential_json":    CheckCredentialJSON,
	}
	for _, item := range file.Items {
		check, ours := checks[item.Target]
		if !ours {
			continue
		}
		t.Run(item.ID, func(t *testing.T) {
			text := item.Hex
			if g := item.Gen; g != nil {
				text = g.Prefix + strings.Repeat(g.Unit, g.Count) + g.Suffix
			}
			input, err := hex.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			err = check(input)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 || took > time.Minute { // a moment, but on a busy machine
				t.Errorf("%d bytes and %v for one input", used, took)
			}
			if item.Expect == "reject" && err == nil {
				t.Errorf("accepted: %s", item.What)
			}
			if err != nil {
				t.Logf("%s: %v: %s", item.What, err, mfa.AsFailure(err).Explain())
			}
		})
	}
}
