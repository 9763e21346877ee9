package virtualauth

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/ctapcbor"
)

func extend(m map[string]any) func(*ctap2.MakeCredentialRequest) {
	return func(r *ctap2.MakeCredentialRequest) { r.Extensions = ctapcbor.MustMarshal(m) }
}

func outputs(t *testing.T, d ctap2.AuthenticatorData) map[string]any {
	t.Helper()
	m := map[string]any{}
	if d.Extensions != nil {
		if err := ctapcbor.Unmarshal(d.Extensions, &m); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestExtensionsOfCreation(t *testing.T) {
	p := key(t, func(c *Config) { c.MinPINLength, c.MinPINLengthFor = 6, []string{rpID} })
	for _, c := range []struct {
		name   string
		in     map[string]any
		change func(*ctap2.MakeCredentialRequest)
		out    map[string]any
		want   ctap2.Status
		blob   bool
	}{
		{"none", nil, nil, map[string]any{}, 0, false},
		{"unknown", map[string]any{"future": true}, nil, map[string]any{}, 0, false},
		{"protect", map[string]any{"credProtect": 2}, nil, map[string]any{"credProtect": uint64(2)}, 0, false},
		{"protect 0", map[string]any{"credProtect": 0}, nil, nil, ctap2.StatusInvalidOption, false},
		{"protect 4", map[string]any{"credProtect": 4}, nil, nil, ctap2.StatusInvalidOption, false},
		{"protect in words", map[string]any{"credProtect": "2"}, nil, nil, ctap2.StatusCBORUnexpectedType, false},
		{"hmac-secret", map[string]any{"hmac-secret": true}, nil, map[string]any{"hmac-secret": true}, 0, false},
		{"PIN length", map[string]any{"minPinLength": true}, nil, map[string]any{"minPinLength": uint64(6)}, 0, false},
		{"PIN length, not wanted", map[string]any{"minPinLength": false}, nil, map[string]any{}, 0, false},
		{"PIN length, for another", map[string]any{"minPinLength": true}, func(r *ctap2.MakeCredentialRequest) { r.RP.ID = another }, map[string]any{}, 0, false},
		{"large blob key", map[string]any{"largeBlobKey": true}, resident, map[string]any{}, 0, true},
		{"large blob key, not resident", map[string]any{"largeBlobKey": true}, nil, nil, ctap2.StatusInvalidOption, false},
		{"large blob key, not wanted", map[string]any{"largeBlobKey": false}, resident, nil, ctap2.StatusInvalidOption, false},
		{"all", map[string]any{"credProtect": 3, "hmac-secret": true, "minPinLength": true, "largeBlobKey": true}, resident,
			map[string]any{"credProtect": uint64(3), "hmac-secret": true, "minPinLength": uint64(6)}, 0, true},
	} {
		answer, d, status := p.create(nil, func(r *ctap2.MakeCredentialRequest) {
			if c.in != nil {
				extend(c.in)(r)
			}
			if c.change != nil {
				c.change(r)
			}
		})
		if status != c.want || (len(answer.LargeBlobKey) == largeBlobKeySize) != c.blob {
			t.Errorf("%s: %v, large blob key of %d bytes", c.name, status, len(answer.LargeBlobKey))
		}
		if status != ctap2.StatusOK {
			continue
		}
		got := outputs(t, d)
		if len(got) != len(c.out) || d.Flags.Has(ctap2.FlagED) != (len(c.out) > 0) {
			t.Errorf("%s: %v, flags %#x", c.name, got, d.Flags)
		}
		for k, v := range c.out {
			if got[k] != v {
				t.Errorf("%s: %s is %v", c.name, k, got[k])
			}
		}
	}
	plain := platform{t, New(Config{}), 2}
	if _, d, status := plain.create(nil, extend(map[string]any{"credProtect": 9, "hmac-secret": 1})); status != ctap2.StatusOK || d.Extensions != nil {
		t.Errorf("where there are none: %v", status)
	}
}

// TestCredProtect: who sees a credential, by level, verification and allow list.
func TestCredProtect(t *testing.T) {
	p := key(t, nil)
	ids := map[uint64][]byte{}
	for level := uint64(1); level <= 3; level++ {
		_, d, status := p.create(nil, func(r *ctap2.MakeCredentialRequest) {
			extend(map[string]any{"credProtect": level})(r)
			resident(r)
			r.RP.ID, r.User.ID = []string{"", "one.internal", "two.internal", "three.internal"}[level], []byte{byte(level)}
		})
		if status != ctap2.StatusOK {
			t.Fatal(status)
		}
		ids[level] = d.Attested.CredentialID
	}
	p.setPIN(pin)
	const found, missing = ctap2.StatusOK, ctap2.StatusNoCredentials
	for _, c := range []struct {
		level           uint64
		named, verified bool
		want            ctap2.Status
	}{
		{1, false, false, found}, {1, true, false, found}, {1, false, true, found},
		{2, false, false, missing}, {2, true, false, found}, {2, false, true, found},
		{3, false, false, missing}, {3, true, false, missing}, {3, false, true, found}, {3, true, true, found},
	} {
		rp := []string{"", "one.internal", "two.internal", "three.internal"}[c.level]
		var token []byte
		if c.verified {
			token = p.must(pin, ga, rp)
		}
		if _, _, got := p.get(token, func(r *ctap2.GetAssertionRequest) {
			r.RPID = rp
			if c.named {
				r.AllowList = allow(ids[c.level])
			}
		}); got != c.want {
			t.Errorf("level %d, named %v, verified %v: %v", c.level, c.named, c.verified, got)
		}
	}
	optional := key(t, func(c *Config) { c.UVOptional = true })
	_, d, _ := optional.create(nil, extend(map[string]any{"credProtect": 3}))
	optional.setPIN(pin)
	exclude := func(r *ctap2.MakeCredentialRequest) { r.ExcludeList = allow(d.Attested.CredentialID) }
	if _, _, got := optional.create(nil, exclude); got != ctap2.StatusOK {
		t.Errorf("excluding what may not be seen: %v", got)
	}
	if _, _, got := optional.create(optional.must(pin, mc, rpID), exclude); got != ctap2.StatusCredentialExcluded {
		t.Errorf("excluding what the verified may see: %v", got)
	}
}

// salted asks for the outputs of hmac-secret.
func (p platform) salted(token, id, salts []byte, change func(map[any]any)) ([]byte, ctap2.Status) {
	p.t.Helper()
	s, r := p.agree(0)
	text := p.encrypt(s, salts)
	m := map[any]any{1: map[any]any{1: 2, 3: -25, -1: 1, -2: r.KeyAgreement.X[:], -3: r.KeyAgreement.Y[:]}, 2: text, 3: s.Authenticate(text), 4: p.protocol}
	if change != nil {
		change(m)
	}
	_, d, status := p.get(token, func(r *ctap2.GetAssertionRequest) {
		r.AllowList, r.Extensions = allow(id), ctapcbor.MustMarshal(map[string]any{"hmac-secret": m})
		if m["silent"] != nil {
			r.Options = map[string]bool{"up": false}
		}
	})
	if status != ctap2.StatusOK {
		return nil, status
	}
	out, _ := outputs(p.t, d)["hmac-secret"].([]byte)
	plain, err := s.Decrypt(out)
	if err != nil {
		p.t.Fatal(err)
	}
	return plain, status
}

func TestHMACSecret(t *testing.T) {
	p := key(t, nil)
	_, d, _ := p.create(nil, nil)
	id := d.Attested.CredentialID
	p.setPIN(pin)
	salts := make([]byte, 2*saltSize)
	rand.Read(salts)
	seen := map[bool][]byte{}
	for _, protocol := range []uint64{pinuv.One, pinuv.Two} {
		p.protocol = protocol
		for _, verified := range []bool{false, true} {
			var token []byte
			if verified {
				token = p.must(pin, ga, rpID)
			}
			one, status := p.salted(token, id, salts[:saltSize], nil)
			if status != ctap2.StatusOK || len(one) != 32 {
				t.Fatalf("protocol %d: %v, %d bytes", protocol, status, len(one))
			}
			if verified {
				token = p.must(pin, ga, rpID)
			}
			both, _ := p.salted(token, id, salts, nil)
			if len(both) != 64 || !bytes.Equal(both[:32], one) || bytes.Equal(both[32:], one) {
				t.Errorf("protocol %d, verified %v: two salts are not one and another", protocol, verified)
			}
			if before, ok := seen[verified]; ok && !bytes.Equal(before, both) {
				t.Errorf("protocol %d, verified %v: another secret than before", protocol, verified)
			}
			seen[verified] = both
		}
	}
	if bytes.Equal(seen[true], seen[false]) {
		t.Error("verification makes no difference")
	}
	_, d, _ = p.create(p.must(pin, mc, rpID), nil)
	if other, _ := p.salted(nil, d.Attested.CredentialID, salts, nil); bytes.Equal(other, seen[false]) {
		t.Error("two credentials share a secret")
	}
	exported, err := p.a.Export()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.a.Import(exported); err != nil {
		t.Fatal(err)
	}
	if again, _ := p.salted(nil, id, salts, nil); !bytes.Equal(again, seen[false]) {
		t.Error("the secret does not survive a restart")
	}
	for _, c := range []struct {
		name   string
		salts  []byte
		change func(map[any]any)
		want   ctap2.Status
	}{
		{"16 bytes", salts[:16], nil, ctap2.StatusInvalidLength},
		{"48 bytes", salts[:48], nil, ctap2.StatusInvalidLength},
		{"unauthenticated", salts, func(m map[any]any) { m[3] = make([]byte, 32) }, ctap2.StatusPINAuthInvalid},
		{"another protocol", salts, func(m map[any]any) { m[4] = 9 }, ctap2.StatusInvalidParameter},
		{"no protocol is one", salts, func(m map[any]any) { delete(m, 4) }, ctap2.StatusPINAuthInvalid},
		{"no key", salts, func(m map[any]any) { delete(m, 1) }, ctap2.StatusMissingParameter},
		{"a key without y", salts, func(m map[any]any) { delete(m[1].(map[any]any), -3) }, ctap2.StatusMissingParameter},
		{"a key off the curve", salts, func(m map[any]any) { m[1].(map[any]any)[-3] = make([]byte, 32) }, ctap2.StatusInvalidParameter},
		{"silently", salts, func(m map[any]any) { m["silent"] = true }, ctap2.StatusUnsupportedOption},
	} {
		if _, got := p.salted(nil, id, c.salts, c.change); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestHMACSecretAtCreation: hmac-secret-mc gives what the first sign-in would.
func TestHMACSecretAtCreation(t *testing.T) {
	for _, offered := range []bool{true, false} {
		p := key(t, func(c *Config) { c.HMACSecretMC = offered })
		salts := make([]byte, 2*saltSize)
		s, r := p.agree(0)
		text := p.encrypt(s, salts)
		in, err := ctap2.EncodeExtensionInputs(ctap2.ExtensionInputs{HMACSecret: true,
			Salts: &ctap2.HMACSecretInput{KeyAgreement: *r.KeyAgreement, SaltEnc: text, SaltAuth: s.Authenticate(text), Protocol: p.protocol}})
		if err != nil {
			t.Fatal(err)
		}
		_, d, status := p.create(nil, func(r *ctap2.MakeCredentialRequest) { r.Extensions = in })
		if status != ctap2.StatusOK {
			t.Fatal(status)
		}
		out, err := ctap2.DecodeExtensionOutputs(d.Extensions)
		if err != nil || out.HMACSecret == nil || !*out.HMACSecret || (out.Salted != nil) != offered {
			t.Fatalf("offered %v: %+v (%v)", offered, out, err)
		}
		if !offered {
			continue
		}
		got, err := s.Decrypt(out.Salted)
		later, _ := p.salted(nil, d.Attested.CredentialID, salts, nil)
		if err != nil || len(got) != 64 || !bytes.Equal(got, later) {
			t.Errorf("%d bytes at creation are not the %d later (%v)", len(got), len(later), err)
		}
	}
}

func TestLargeBlobKeyComesBack(t *testing.T) {
	p := key(t, nil)
	made, d, _ := p.create(nil, func(r *ctap2.MakeCredentialRequest) { extend(map[string]any{"largeBlobKey": true})(r); resident(r) })
	ask := func(m map[string]any) ([]byte, ctap2.Status) {
		r, _, status := p.get(nil, func(r *ctap2.GetAssertionRequest) {
			r.AllowList = allow(d.Attested.CredentialID)
			if m != nil {
				r.Extensions = ctapcbor.MustMarshal(m)
			}
		})
		return r.LargeBlobKey, status
	}
	if got, status := ask(map[string]any{"largeBlobKey": true}); status != ctap2.StatusOK || !bytes.Equal(got, made.LargeBlobKey) {
		t.Errorf("%v, %d bytes", status, len(got))
	}
	if got, _ := ask(nil); got != nil {
		t.Error("unasked")
	}
	if _, status := ask(map[string]any{"largeBlobKey": false}); status != ctap2.StatusInvalidOption {
		t.Error(status)
	}
}
