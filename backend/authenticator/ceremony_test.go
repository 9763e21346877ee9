package authenticator

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

const (
	testRPID   = "keyferry.internal"
	testOrigin = "https://keyferry.internal"
)

// person is a user of the relying party under test.
type person struct {
	name        string
	credentials []webauthn.Credential
}

func (p *person) WebAuthnID() []byte                         { return []byte("handle of " + p.name) }
func (p *person) WebAuthnName() string                       { return p.name }
func (p *person) WebAuthnDisplayName() string                { return "The " + p.name }
func (p *person) WebAuthnCredentials() []webauthn.Credential { return p.credentials }

func party(t testing.TB) *webauthn.WebAuthn {
	t.Helper()
	w, err := webauthn.New(&webauthn.Config{RPID: testRPID, RPDisplayName: "Keyferry", RPOrigins: []string{testOrigin}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// kept outlives its ceremony, so that a second one can use it.
type kept struct{ Authenticator }

func (kept) Close() error { return nil }

func opening(a Authenticator) Opener {
	return func(context.Context, Want) (Authenticator, error) { return kept{a}, nil }
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// enrol registers a credential with the independent relying party.
func enrol(t *testing.T, w *webauthn.WebAuthn, p *person, a Authenticator, with ...webauthn.RegistrationOption) []byte {
	t.Helper()
	options, session, err := w.BeginRegistration(p, with...)
	if err != nil {
		t.Fatal(err)
	}
	response, err := Client{Open: opening(a)}.Create(t.Context(), marshal(t, options), testOrigin)
	if err != nil {
		t.Fatalf("create: %v (%v)", err, mfa.AsFailure(err).Explain())
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		t.Fatalf("the relying party cannot read it: %v", err)
	}
	c, err := w.CreateCredential(p, *session, parsed)
	if err != nil {
		t.Fatalf("the relying party refuses it: %v", explain(err))
	}
	p.credentials = append(p.credentials, *c)
	return response
}

func explain(err error) string {
	if e, ok := err.(*protocol.Error); ok {
		return e.Details + ": " + e.DevInfo
	}
	return err.Error()
}

// signIn signs in, with the credentials known or by a discoverable one.
func signIn(t *testing.T, w *webauthn.WebAuthn, p *person, a Authenticator, discoverable bool) {
	t.Helper()
	var options *protocol.CredentialAssertion
	var session *webauthn.SessionData
	var err error
	uv := webauthn.WithUserVerification(protocol.VerificationRequired)
	if discoverable {
		options, session, err = w.BeginDiscoverableLogin(uv)
	} else {
		options, session, err = w.BeginLogin(p, uv)
	}
	if err != nil {
		t.Fatal(err)
	}
	response, err := Client{Open: opening(a)}.Get(t.Context(), marshal(t, options), testOrigin)
	if err != nil {
		t.Fatalf("get: %v (%v)", err, mfa.AsFailure(err).Explain())
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		t.Fatalf("the relying party cannot read it: %v", err)
	}
	var c *webauthn.Credential
	if discoverable {
		c, err = w.ValidateDiscoverableLogin(func(_, handle []byte) (webauthn.User, error) {
			if !bytes.Equal(handle, p.WebAuthnID()) {
				return nil, fmt.Errorf("user handle %q", handle)
			}
			return p, nil
		}, *session, parsed)
	} else {
		c, err = w.ValidateLogin(p, *session, parsed)
	}
	if err != nil {
		t.Fatalf("the relying party refuses it: %v", explain(err))
	}
	if c.Authenticator.CloneWarning {
		t.Error("the counter did not rise")
	}
	for i := range p.credentials {
		if bytes.Equal(p.credentials[i].ID, c.ID) {
			p.credentials[i] = *c
		}
	}
}

// TestCeremoniesPassAnIndependentRelyingParty goes through all algorithms and
// attestations with go-webauthn as the verifier.
func TestCeremoniesPassAnIndependentRelyingParty(t *testing.T) {
	for _, alg := range []int64{ctap2.ES256, ctap2.EdDSA, ctap2.RS256} {
		for name, attestation := range map[string]virtualauth.Attestation{"none": virtualauth.None, "self": virtualauth.Self, "packed": virtualauth.Packed} {
			t.Run(fmt.Sprintf("%d/%s", alg, name), func(t *testing.T) {
				t.Parallel()
				a := virtualauth.New(virtualauth.Config{AAGUID: mfa.AAGUID{1, 2, 3}, Algorithms: []int64{alg}, Attestation: attestation,
					Discoverable: true, UserVerification: true, Counter: virtualauth.Rising, Transports: []string{"usb"}})
				defer a.Close()
				w, p := party(t), &person{name: "ada"}
				enrol(t, w, p, a, webauthn.WithConveyancePreference(protocol.PreferDirectAttestation),
					webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementRequired))
				c := p.credentials[0]
				wantFormat := "packed"
				if attestation == virtualauth.None {
					wantFormat = "none"
				}
				if c.AttestationFormat != wantFormat || !bytes.Equal(c.Authenticator.AAGUID[:3], []byte{1, 2, 3}) || c.Authenticator.SignCount != 1 || !c.Flags.UserVerified {
					t.Errorf("the relying party saw %s, %x, count %d, %+v", c.AttestationFormat, c.Authenticator.AAGUID, c.Authenticator.SignCount, c.Flags)
				}
				signIn(t, w, p, a, false)
				signIn(t, w, p, a, true)
				if n := p.credentials[0].Authenticator.SignCount; n != 3 {
					t.Errorf("count %d after two sign-ins, want 3", n)
				}
			})
		}
	}
}

func TestPackedAttestationLeadsToItsRoot(t *testing.T) {
	a := virtualauth.New(virtualauth.Config{AAGUID: mfa.AAGUID{7}, Attestation: virtualauth.Packed, Transports: []string{"usb"}})
	defer a.Close()
	response := enrol(t, party(t), &person{name: "ada"}, a, webauthn.WithConveyancePreference(protocol.PreferDirectAttestation))
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		t.Fatal(err)
	}
	chain, _ := parsed.Response.AttestationObject.AttStatement["x5c"].([]any)
	if len(chain) != 1 {
		t.Fatalf("x5c has %d certificates", len(chain))
	}
	leaf, err := x509.ParseCertificate(chain[0].([]byte))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.Root())
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: time.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Error(err)
	}
}

func TestPhonesPassAnIndependentRelyingParty(t *testing.T) {
	for name, cfg := range map[string]virtualauth.Config{"Android": virtualauth.Android(), "iPhone": virtualauth.IPhone()} {
		t.Run(name, func(t *testing.T) {
			a := virtualauth.New(cfg)
			defer a.Close()
			w, p := party(t), &person{name: "ada"}
			response := enrol(t, w, p, a, webauthn.WithConveyancePreference(protocol.PreferDirectAttestation),
				webauthn.WithExtensions(webauthn.WithExtensionCredProps()))
			signIn(t, w, p, a, true)
			signIn(t, w, p, a, false)
			var r struct {
				ID, RawID, Type, AuthenticatorAttachment string
				Response                                 struct {
					AuthenticatorData, PublicKey string
					PublicKeyAlgorithm           int64
					Transports                   []string
				}
				ClientExtensionResults struct{ CredProps struct{ RK *bool } }
			}
			if err := json.Unmarshal(response, &r); err != nil {
				t.Fatal(err)
			}
			if r.ID != r.RawID || r.Type != "public-key" || r.AuthenticatorAttachment != "cross-platform" || r.Response.PublicKeyAlgorithm != ctap2.ES256 {
				t.Errorf("response %s", response)
			}
			if !slices.Equal(r.Response.Transports, []string{"hybrid", "internal"}) {
				t.Errorf("transports %v", r.Response.Transports)
			}
			spki, _ := base64.RawURLEncoding.DecodeString(r.Response.PublicKey)
			if _, err := x509.ParsePKIXPublicKey(spki); err != nil {
				t.Errorf("publicKey: %v", err)
			}
			if r.ClientExtensionResults.CredProps.RK != nil {
				t.Error("credProps.rk is claimed, though no discoverable credential was asked for")
			}
			if f := p.credentials[0].Flags; !f.UserPresent || !f.UserVerified || !f.BackupEligible || !f.BackupState {
				t.Errorf("flags %+v", f)
			}
		})
	}
}

func TestAttestationNoneHidesTheModel(t *testing.T) {
	for _, c := range []struct {
		name        string
		aaguid      mfa.AAGUID
		attestation virtualauth.Attestation
		format      string
	}{
		{"packed is replaced", mfa.AAGUID{9}, virtualauth.Packed, "none"},
		{"self with a model is replaced", mfa.AAGUID{9}, virtualauth.Self, "none"},
		{"self without a model stays", mfa.AAGUID{}, virtualauth.Self, "packed"},
		{"packed without a model is replaced", mfa.AAGUID{}, virtualauth.Packed, "none"},
		{"none with a model is zeroed", mfa.AAGUID{9}, virtualauth.None, "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := virtualauth.New(virtualauth.Config{AAGUID: c.aaguid, Attestation: c.attestation, Transports: []string{"usb"}})
			defer a.Close()
			p := &person{name: "ada"}
			w := party(t)
			enrol(t, w, p, a, webauthn.WithConveyancePreference(protocol.PreferNoAttestation))
			got := p.credentials[0]
			if got.AttestationFormat != c.format || !bytes.Equal(got.Authenticator.AAGUID, make([]byte, 16)) {
				t.Errorf("format %s, AAGUID %x", got.AttestationFormat, got.Authenticator.AAGUID)
			}
		})
	}
}
