package simkey

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

func TestTheDrawerSurvivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	b := open(t, Config{Path: path, Model: Certified})
	b.Plug(true)
	key := b.reach()
	info, _ := ctap2.GetInfo(t.Context(), key)
	if err := ctap2.SetPIN(t.Context(), key, info, secret("2468"), rand.Reader); err != nil {
		t.Fatal(err)
	}
	token, err := b.token(key, "2468", ctap2.PermissionMakeCredential)
	if err != nil {
		t.Fatal(err)
	}
	_, d, err := create(t.Context(), key, token, true)
	if err != nil {
		t.Fatal(err)
	}
	b.token(key, "1111", ctap2.PermissionMakeCredential)
	if stat, err := os.Stat(path); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("%v (%v)", stat.Mode(), err)
	}
	root := b.Issuer().Root()
	b.Close()
	b.Close()

	b = open(t, Config{Path: path})
	if s := b.State(); s.Model != Certified || !s.Plugged || s.Passkeys != 1 || !s.PINSet || !b.Issuer().Root().Equal(root) {
		t.Errorf("%+v", s)
	}
	key = b.reach()
	if left, _, err := ctap2.PINRetries(t.Context(), key, info); err != nil || left != 7 {
		t.Errorf("%d tries left (%v)", left, err)
	}
	if err := get(t.Context(), key, d.Attested.CredentialID); err != nil {
		t.Error(err)
	}

	if err := b.SetModel(Plain); err != nil {
		t.Fatal(err)
	}
	if _, err := ctap2.GetInfo(t.Context(), key); !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("the other key was not pulled out: %v", err)
	}
	if s := b.State(); s.Model != Plain || !s.Plugged || s.Passkeys != 0 || s.PINSet {
		t.Errorf("%+v", s)
	}
	if _, _, err := create(t.Context(), b.reach(), nil, false); err != nil {
		t.Error(err)
	}
	if err := b.SetModel(Certified); err != nil {
		t.Fatal(err)
	}
	if err := get(t.Context(), b.reach(), d.Attested.CredentialID); err != nil {
		t.Errorf("the first key again: %v", err)
	}
	if err := b.SetModel(Old); err != nil {
		t.Fatal(err)
	}
	b.Close()
	if b = open(t, Config{Path: path}); b.State().Model != Old {
		t.Errorf("%+v", b.State())
	}
	if err := b.SetModel("titan"); !mfa.IsCode(err, mfa.CodeInvalidInput) {
		t.Error(err)
	}
}

func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	b := open(t, Config{Path: good})
	b.Plug(true)
	if _, _, err := create(t.Context(), b.reach(), nil, false); err != nil {
		t.Fatal(err)
	}
	b.Close()
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"empty": nil, "noise": []byte("x"), "newer": bytes.Replace(data, []byte(`"version":1`), []byte(`"version":2`), 1),
		"unknown model":  bytes.Replace(data, []byte(`"model":"plain"`), []byte(`"model":"titan"`), 1),
		"damaged issuer": bytes.Replace(data, []byte(`"issuer":"`), []byte(`"issuer":"AAAA`), 1),
		"damaged key":    bytes.Replace(data, []byte(`"plain":"`), []byte(`"plain":"AAAA`), 1),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Config{Path: path}); !mfa.IsCode(err, mfa.CodeDatabaseDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(Config{Model: "titan"}); !mfa.IsCode(err, mfa.CodeInvalidInput) {
		t.Error(err)
	}
	if _, err := Open(Config{Path: dir}); !mfa.IsCode(err, mfa.CodeStorageFailed) {
		t.Error(err)
	}
}

// TestWhatIsNotKeptIsNotAnswered: a credential that a restart would forget must not be promised.
func TestWhatIsNotKeptIsNotAnswered(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "key")
	b := open(t, Config{Path: path})
	b.Plug(true)
	key := b.reach()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, err := create(t.Context(), key, nil, false); !mfa.IsCode(err, mfa.CodeKeyFailed) {
			t.Errorf("got %v", err)
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := ctap2.GetInfo(t.Context(), key); err != nil {
		t.Error(err)
	}
	if again := open(t, Config{Path: path}); len(again.auth.Credentials()) != 2 {
		t.Error("what could not be written is not written later")
	}
}

func TestCertifiedModelsAreAttested(t *testing.T) {
	maker, err := virtualauth.NewIssuer(rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range []Model{Certified, Fingerprint} {
		b := open(t, Config{Model: model, Issuer: maker})
		b.Plug(true)
		answer, _, err := create(t.Context(), b.reach(), nil, false)
		if err != nil {
			t.Fatal(err)
		}
		var statement struct {
			X5c [][]byte `cbor:"x5c"`
		}
		if err := ctapcbor.UnmarshalLoose(answer.Statement, &statement); err != nil || answer.Format != "packed" || len(statement.X5c) != 1 {
			t.Fatalf("%s (%v)", answer.Format, err)
		}
		leaf, err := x509.ParseCertificate(statement.X5c[0])
		if err != nil || leaf.CheckSignatureFrom(maker.Root()) != nil {
			t.Errorf("not under the issuer's root (%v)", err)
		}
		aaguid := model.AAGUID()
		named, _ := asn1.Marshal(aaguid[:])
		if !slices.ContainsFunc(leaf.Extensions, func(e pkix.Extension) bool { return bytes.Equal(e.Value, named) }) {
			t.Error("the certificate names another model")
		}
	}
	seen := map[mfa.AAGUID]bool{}
	for _, m := range Models() {
		if seen[m.AAGUID()] {
			t.Errorf("%s shares its AAGUID", m)
		}
		seen[m.AAGUID()] = true
	}
}
