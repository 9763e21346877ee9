package virtualauth

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

const rpID = "keyferry.internal"

var hash = bytes.Repeat([]byte{0xaa}, 32)

func creation(change func(*ctap2.MakeCredentialRequest)) ctap2.MakeCredentialRequest {
	r := ctap2.MakeCredentialRequest{
		ClientDataHash: hash, RP: ctap2.RelyingParty{ID: rpID, Name: "Keyferry"},
		User:       ctap2.User{ID: []byte("ada"), Name: "ada", DisplayName: "Ada"},
		Parameters: []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}},
	}
	if change != nil {
		change(&r)
	}
	return r
}

// register registers and gives the new credential.
func register(t *testing.T, a *Authenticator, change func(*ctap2.MakeCredentialRequest)) ctap2.AuthenticatorData {
	t.Helper()
	r, err := ctap2.MakeCredential(t.Context(), a, creation(change), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := ctap2.ParseAuthenticatorData(r.AuthData)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func allow(ids ...[]byte) []ctap2.PublicKeyCredentialDescriptor {
	var out []ctap2.PublicKeyCredentialDescriptor
	for _, id := range ids {
		out = append(out, ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: id})
	}
	return out
}

func use(t *testing.T, a *Authenticator, list []ctap2.PublicKeyCredentialDescriptor, options map[string]bool) (ctap2.GetAssertionResponse, ctap2.AuthenticatorData) {
	t.Helper()
	r, err := ctap2.GetAssertion(t.Context(), a, ctap2.GetAssertionRequest{RPID: rpID, ClientDataHash: hash, AllowList: list, Options: options}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := ctap2.ParseAuthenticatorData(r.AuthData)
	if err != nil {
		t.Fatal(err)
	}
	return r, d
}

func verifies(t *testing.T, cose []byte, r ctap2.GetAssertionResponse) bool {
	t.Helper()
	key, _, err := ctap2.ParsePublicKey(cose)
	if err != nil {
		t.Fatal(err)
	}
	signed := append(bytes.Clone(r.AuthData), hash...)
	digest := sha256.Sum256(signed)
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, digest[:], r.Signature)
	case ed25519.PublicKey:
		return ed25519.Verify(k, signed, r.Signature)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, digest[:], r.Signature) == nil
	}
	return false
}

func TestAlgorithmsSignAndFaultsSpoil(t *testing.T) {
	for _, alg := range []int64{ctap2.ES256, ctap2.EdDSA, ctap2.RS256} {
		a := New(Config{})
		d := register(t, a, func(r *ctap2.MakeCredentialRequest) {
			r.Parameters = []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: -9999}, {Type: "other", Alg: ctap2.ES256}, {Type: ctap2.PublicKeyType, Alg: alg}}
		})
		if got, _ := ctap2.KeyAlgorithm(d.Attested.PublicKey); got != alg {
			t.Errorf("algorithm %d, want %d", got, alg)
		}
		list := allow(d.Attested.CredentialID)
		if r, _ := use(t, a, list, nil); !verifies(t, d.Attested.PublicKey, r) {
			t.Errorf("algorithm %d: the signature does not verify", alg)
		}
		a.SetFaults(Faults{WrongSignature: true})
		if r, _ := use(t, a, list, nil); verifies(t, d.Attested.PublicKey, r) {
			t.Errorf("algorithm %d: the wrong signature verifies", alg)
		}
		a.Close()
	}
}

func TestFlags(t *testing.T) {
	answer := Decision{Approve: true, Verified: true}
	consent := func(context.Context, Prompt) (Decision, error) { return answer, nil }
	synced := Config{UserVerification: true, BackupEligible: true, BackupState: true, Discoverable: true, Consent: consent}
	eligible, plain := synced, Config{Consent: consent}
	eligible.BackupState = false
	never := Config{BackupState: true, Consent: consent} // BS without BE is not possible
	for _, c := range []struct {
		name     string
		cfg      Config
		verified bool
		faults   Faults
		want     ctap2.Flags
	}{
		{"synced", synced, true, Faults{}, 0x1d},
		{"eligible", eligible, true, Faults{}, 0x0d},
		{"not verified", synced, false, Faults{}, 0x19},
		{"cannot verify", plain, true, Faults{}, 0x01},
		{"BS needs BE", never, true, Faults{}, 0x01},
		{"fault: no UV", synced, true, Faults{NoUV: true}, 0x19},
		{"fault: no UP", synced, true, Faults{NoUP: true}, 0x1c},
	} {
		answer.Verified = c.verified
		c.cfg.Faults = c.faults
		a := New(c.cfg)
		d := register(t, a, nil)
		if d.Flags != c.want|ctap2.FlagAT {
			t.Errorf("%s: registration flags %#x, want %#x", c.name, d.Flags, c.want|ctap2.FlagAT)
		}
		if _, d := use(t, a, allow(d.Attested.CredentialID), nil); d.Flags != c.want {
			t.Errorf("%s: assertion flags %#x, want %#x", c.name, d.Flags, c.want)
		}
		a.Close()
	}
}

func TestStatuses(t *testing.T) {
	yes := New(Config{Discoverable: true, UserVerification: true, MaxCredentials: 2})
	plain := New(Config{})
	no := New(Config{Consent: func(context.Context, Prompt) (Decision, error) { return Decision{}, nil }})
	unverified := New(Config{UserVerification: true, Consent: func(context.Context, Prompt) (Decision, error) { return Decision{Approve: true}, nil }})
	id := register(t, yes, nil).Attested.CredentialID
	type mc = func(*ctap2.MakeCredentialRequest)
	option := func(name string, on bool) mc {
		return func(r *ctap2.MakeCredentialRequest) { r.Options = map[string]bool{name: on} }
	}
	for _, c := range []struct {
		name   string
		a      *Authenticator
		change mc
		want   ctap2.Status
	}{
		{"good", plain, nil, ctap2.StatusOK},
		{"unknown option", plain, option("future", true), ctap2.StatusOK},
		{"rk where there is none", plain, option("rk", true), ctap2.StatusUnsupportedOption},
		{"rk false", plain, option("rk", false), ctap2.StatusOK},
		{"uv where there is none", plain, option("uv", true), ctap2.StatusInvalidOption},
		{"up false", plain, option("up", false), ctap2.StatusInvalidOption},
		{"not verified", unverified, option("uv", true), ctap2.StatusUVInvalid},
		{"declined", no, nil, ctap2.StatusOperationDenied},
		{"no algorithm", plain, func(r *ctap2.MakeCredentialRequest) { r.Parameters[0].Alg = -36 }, ctap2.StatusUnsupportedAlgorithm},
		{"no algorithms", plain, func(r *ctap2.MakeCredentialRequest) { r.Parameters = nil }, ctap2.StatusUnsupportedAlgorithm},
		{"empty RP ID", plain, func(r *ctap2.MakeCredentialRequest) { r.RP.ID = "" }, ctap2.StatusInvalidParameter},
		{"PIN auth", plain, func(r *ctap2.MakeCredentialRequest) { r.PinUvAuthParam = make([]byte, 16) }, ctap2.StatusInvalidParameter},
		{"empty PIN auth", plain, func(r *ctap2.MakeCredentialRequest) { r.PinUvAuthParam = []byte{} }, ctap2.StatusPINNotSet},
		{"enterprise attestation", plain, func(r *ctap2.MakeCredentialRequest) { r.EnterpriseAttestation = 1 }, ctap2.StatusInvalidParameter},
		{"excluded", yes, func(r *ctap2.MakeCredentialRequest) { r.ExcludeList = allow([]byte("?"), id) }, ctap2.StatusCredentialExcluded},
		{"excluded at another RP", yes, func(r *ctap2.MakeCredentialRequest) { r.ExcludeList, r.RP.ID = allow(id), "other.internal" }, ctap2.StatusOK},
		{"full", yes, nil, ctap2.StatusKeyStoreFull},
	} {
		_, err := ctap2.MakeCredential(t.Context(), c.a, creation(c.change), nil)
		if got := ctap2.StatusOf(err); got != c.want {
			t.Errorf("create, %s: %v (%v), want %v", c.name, got, err, c.want)
		}
	}
	type ga = func(*ctap2.GetAssertionRequest)
	for _, c := range []struct {
		name   string
		change ga
		want   ctap2.Status
	}{
		{"allowed", func(r *ctap2.GetAssertionRequest) { r.AllowList = allow([]byte("?"), id) }, ctap2.StatusOK},
		{"not here", func(r *ctap2.GetAssertionRequest) { r.AllowList = allow([]byte("?")) }, ctap2.StatusNoCredentials},
		{"not of this type", func(r *ctap2.GetAssertionRequest) { r.AllowList = allow(id); r.AllowList[0].Type = "other" }, ctap2.StatusNoCredentials},
		{"nothing discoverable", nil, ctap2.StatusNoCredentials},
		{"another RP", func(r *ctap2.GetAssertionRequest) { r.RPID, r.AllowList = "evil.internal", allow(id) }, ctap2.StatusNoCredentials},
		{"rk", func(r *ctap2.GetAssertionRequest) { r.AllowList, r.Options = allow(id), map[string]bool{"rk": true} }, ctap2.StatusUnsupportedOption},
		{"verified but not there", func(r *ctap2.GetAssertionRequest) {
			r.AllowList, r.Options = allow(id), map[string]bool{"up": false, "uv": true}
		}, ctap2.StatusInvalidOption},
		{"PIN auth", func(r *ctap2.GetAssertionRequest) { r.AllowList, r.PinUvAuthParam = allow(id), []byte{1} }, ctap2.StatusInvalidParameter},
	} {
		r := ctap2.GetAssertionRequest{RPID: rpID, ClientDataHash: hash}
		if c.change != nil {
			c.change(&r)
		}
		_, err := ctap2.GetAssertion(t.Context(), yes, r, nil)
		if got := ctap2.StatusOf(err); got != c.want {
			t.Errorf("get, %s: %v (%v), want %v", c.name, got, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		request []byte
		want    ctap2.Status
	}{
		"nothing":           {nil, ctap2.StatusInvalidLength},
		"unknown command":   {[]byte{0x77}, ctap2.StatusInvalidCommand},
		"getInfo with data": {[]byte{4, 0xa0}, ctap2.StatusInvalidLength},
		"not canonical":     {append([]byte{2}, 0xa2, 0x02, 0x58, 0x01, 0, 0x01, 0x61, 'a'), ctap2.StatusInvalidCBOR},
		"wrong type":        {[]byte{1, 0x01}, ctap2.StatusCBORUnexpectedType},
		"too deep":          {append([]byte{1}, bytes.Repeat([]byte{0x81}, 9)...), ctap2.StatusInvalidCBOR},
		"next without get":  {[]byte{8}, ctap2.StatusNotAllowed},
	} {
		if got, err := plain.Exchange(t.Context(), c.request, nil); err != nil || !bytes.Equal(got, []byte{byte(c.want)}) {
			t.Errorf("%s: % x (%v), want %v", name, got, err, c.want)
		}
	}
}

func TestExclusionIsToldTheSameAfterANo(t *testing.T) {
	var seen []Prompt
	approve := true
	a := New(Config{Consent: func(_ context.Context, p Prompt) (Decision, error) {
		seen = append(seen, p)
		return Decision{Approve: approve}, nil
	}})
	id := register(t, a, nil).Attested.CredentialID
	approve = false
	_, err := ctap2.MakeCredential(t.Context(), a, creation(func(r *ctap2.MakeCredentialRequest) { r.ExcludeList = allow(id) }), nil)
	if !mfa.IsCode(err, mfa.CodeAlreadyRegistered) || len(seen) != 2 || seen[0].Excluded || !seen[1].Excluded || len(a.Credentials()) != 1 {
		t.Errorf("%v, prompts %+v", err, seen)
	}
}

func TestSeveralAccountsOnAKey(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	a := New(Config{Discoverable: true, UserVerification: true, Clock: func() time.Time { return now }})
	names := []string{"ada", "bob", "cyd"}
	for _, name := range names {
		register(t, a, func(r *ctap2.MakeCredentialRequest) {
			r.User, r.Options = ctap2.User{ID: []byte(name), Name: name, DisplayName: name}, map[string]bool{"rk": true}
		})
	}
	register(t, a, func(r *ctap2.MakeCredentialRequest) { r.User.ID = []byte("dan") }) // not discoverable
	collect := func(uv bool) (got []string) {
		r, _ := use(t, a, nil, map[string]bool{"uv": uv})
		if r.NumberOfCredentials != 3 || r.UserSelected {
			t.Errorf("number %d, selected %v", r.NumberOfCredentials, r.UserSelected)
		}
		got = append(got, string(r.User.ID)+"/"+r.User.Name)
		for range 2 {
			next, err := ctap2.GetNextAssertion(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, string(next.User.ID)+"/"+next.User.Name)
			now = now.Add(29 * time.Second)
		}
		if _, err := ctap2.GetNextAssertion(t.Context(), a); ctap2.StatusOf(err) != ctap2.StatusNotAllowed {
			t.Errorf("a fourth: %v", err)
		}
		return got
	}
	if got := collect(true); !slices.Equal(got, []string{"cyd/cyd", "bob/bob", "ada/ada"}) {
		t.Errorf("verified: %v", got)
	}
	use(t, a, nil, nil)
	now = now.Add(nextAssertionTime)
	if _, err := ctap2.GetNextAssertion(t.Context(), a); ctap2.StatusOf(err) != ctap2.StatusNotAllowed {
		t.Errorf("after 30 s: %v", err)
	}
	use(t, a, nil, nil)
	a.Exchange(t.Context(), []byte{4}, nil)
	if _, err := ctap2.GetNextAssertion(t.Context(), a); ctap2.StatusOf(err) != ctap2.StatusNotAllowed {
		t.Errorf("after another command: %v", err)
	}
}

func TestNamesAreForTheVerifiedOnly(t *testing.T) {
	a := New(Config{Discoverable: true, UserVerification: true, Consent: func(context.Context, Prompt) (Decision, error) { return Decision{Approve: true}, nil }})
	for _, name := range []string{"ada", "bob"} {
		register(t, a, func(r *ctap2.MakeCredentialRequest) {
			r.User, r.Options = ctap2.User{ID: []byte(name), Name: name}, map[string]bool{"rk": true}
		})
	}
	if r, _ := use(t, a, nil, nil); r.User.Name != "" || len(r.User.ID) == 0 {
		t.Errorf("user %+v", r.User)
	}
}

func TestSeveralAccountsOnAPhone(t *testing.T) {
	cfg := IPhone()
	var prompt Prompt
	cfg.Consent = func(_ context.Context, p Prompt) (Decision, error) {
		prompt = p
		return Decision{Approve: true, Verified: true, Choose: 1}, nil
	}
	a := New(cfg)
	for _, name := range []string{"ada", "bob"} {
		register(t, a, func(r *ctap2.MakeCredentialRequest) {
			r.User = ctap2.User{ID: []byte(name), Name: name, DisplayName: name}
		})
	}
	request, err := ctap2.EncodeGetAssertionRequest(ctap2.GetAssertionRequest{RPID: rpID, ClientDataHash: hash})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := a.Exchange(t.Context(), append([]byte{2}, request...), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ctap2.DecodeGetAssertionResponse(raw[1:])
	if err != nil {
		t.Fatal(err)
	}
	if string(r.User.ID) != "ada" || !r.UserSelected || r.NumberOfCredentials != 0 || len(prompt.Accounts) != 2 || prompt.UserName != "bob" || prompt.RPName != "Keyferry" {
		t.Errorf("%+v after %+v", r, prompt)
	}
	if !r.User.Named || r.User.Name != "" || r.User.DisplayName != "" {
		t.Errorf("phones give empty names, got %+v", r.User)
	}
	if d, _ := ctap2.ParseAuthenticatorData(r.AuthData); d.Flags != 0x1d || d.SignCount != 0 {
		t.Errorf("flags %#x, count %d", d.Flags, d.SignCount)
	}
	register(t, a, func(r *ctap2.MakeCredentialRequest) { r.User = ctap2.User{ID: []byte("ada"), Name: "ada the second"} })
	if c := a.Credentials(); len(c) != 2 || c[1].UserName != "ada the second" {
		t.Errorf("the same user's passkey was not replaced: %+v", c)
	}
}

func TestCounters(t *testing.T) {
	rising := New(Config{Counter: Rising})
	d := register(t, rising, nil)
	list := allow(d.Attested.CredentialID)
	got := []uint32{d.SignCount}
	for range 2 {
		_, d := use(t, rising, list, nil)
		got = append(got, d.SignCount)
	}
	rising.SetFaults(Faults{RegressCounter: true})
	_, d = use(t, rising, list, nil)
	got = append(got, d.SignCount)
	rising.SetFaults(Faults{})
	_, d = use(t, rising, list, nil)
	if got = append(got, d.SignCount); !slices.Equal(got, []uint32{1, 2, 3, 2, 4}) {
		t.Errorf("counters %v", got)
	}
	zero := New(Config{})
	d = register(t, zero, nil)
	if _, e := use(t, zero, allow(d.Attested.CredentialID), nil); d.SignCount != 0 || e.SignCount != 0 {
		t.Errorf("counters %d, %d", d.SignCount, e.SignCount)
	}
}

func TestSilentAssertionAsksNobody(t *testing.T) {
	asked := 0
	a := New(Config{Consent: func(context.Context, Prompt) (Decision, error) { asked++; return Decision{Approve: true}, nil }})
	id := register(t, a, nil).Attested.CredentialID
	if _, d := use(t, a, allow(id), map[string]bool{"up": false}); d.Flags.Has(ctap2.FlagUP) || asked != 1 {
		t.Errorf("flags %#x, asked %d times", d.Flags, asked)
	}
}

func TestAttestationPreferenceNone(t *testing.T) {
	a := New(Config{Attestation: Packed})
	for want, formats := range map[string][]string{"none": {"none"}, "packed": {"none", "packed"}} {
		r, err := ctap2.MakeCredential(t.Context(), a, creation(func(r *ctap2.MakeCredentialRequest) { r.AttestationFormats = formats }), nil)
		if err != nil || r.Format != want {
			t.Errorf("%v: %s (%v)", formats, r.Format, err)
		}
	}
	if New(Config{}).Root() != nil || a.Root() == nil {
		t.Error("Root")
	}
}

func TestGetInfoOfPhones(t *testing.T) {
	android, err := ctap2.ParseInfo(New(Android()).GetInfo())
	if err != nil {
		t.Fatal(err)
	}
	if !android.AAGUID.IsZero() || !slices.Equal(android.Extensions, []string{"prf"}) || android.Algorithms != nil || android.IsOn("plat") || !android.IsOn("uv") || !android.IsOn("rk") {
		t.Errorf("Android: %+v", android)
	}
	iphone, err := ctap2.ParseInfo(New(IPhone()).GetInfo())
	if err != nil {
		t.Fatal(err)
	}
	if iphone.AAGUID.String() != "f24a8e70-d0d3-f82c-2937-32523cc4de5a" || !slices.Equal(iphone.Extensions, []string{"largeBlob", "prf"}) || !iphone.IsOn("jsonMessages") {
		t.Errorf("iPhone: %+v", iphone)
	}
	for _, i := range []ctap2.Info{android, iphone} {
		if !slices.Equal(i.Versions, []string{"FIDO_2_0", "FIDO_2_1"}) || !slices.Equal(i.Transports, []string{"internal", "hybrid"}) {
			t.Errorf("%+v", i)
		}
	}
	if ctapcbor.Canonical(New(Config{}).GetInfo()) != nil {
		t.Error("getInfo is not canonical")
	}
}
