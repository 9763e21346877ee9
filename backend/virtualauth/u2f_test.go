package virtualauth

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/u2f"
)

func (p platform) apdu(c u2f.Command) ([]byte, u2f.StatusWord) {
	p.t.Helper()
	raw, err := u2f.EncodeAPDU(c)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.raw(raw)
}

func (p platform) raw(apdu []byte) ([]byte, u2f.StatusWord) {
	p.t.Helper()
	out, err := p.a.APDU(p.t.Context(), apdu)
	if err != nil {
		p.t.Fatal(err)
	}
	data, status, err := u2f.ParseResponse(out)
	if err != nil {
		p.t.Fatal(err)
	}
	return data, status
}

func (p platform) u2fRegister(rpID string) (u2f.RegisterRequest, u2f.RegisterResponse) {
	p.t.Helper()
	req := u2f.RegisterRequest{Challenge: [32]byte(hash), Application: [32]byte(hashOf(rpID))}
	data, status := p.apdu(u2f.EncodeRegisterRequest(req))
	answer, err := u2f.DecodeRegisterResponse(data)
	if status != u2f.StatusOK || err != nil {
		p.t.Fatalf("register: %v (%v)", status, err)
	}
	return req, answer
}

func (p platform) u2fSign(control byte, rpID string, handle []byte) (u2f.AuthenticateRequest, []byte, u2f.StatusWord) {
	p.t.Helper()
	req := u2f.AuthenticateRequest{Control: control, Challenge: [32]byte(hash), Application: [32]byte(hashOf(rpID)), KeyHandle: handle}
	command, err := u2f.EncodeAuthenticateRequest(req)
	if err != nil {
		p.t.Fatal(err)
	}
	data, status := p.apdu(command)
	return req, data, status
}

func signedBy(point []byte, message, signature []byte) bool {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	digest := sha256.Sum256(message)
	return err == nil && ecdsa.VerifyASN1(key, digest[:], signature)
}

func TestU2FRegistersAndSigns(t *testing.T) {
	p := key(t, nil)
	if data, status := p.apdu(u2f.VersionCommand()); status != u2f.StatusOK || string(data) != "U2F_V2" {
		t.Errorf("version: %q, %v", data, status)
	}
	req, made := p.u2fRegister(rpID)
	cert, err := x509.ParseCertificate(made.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	attestation, err := cert.PublicKey.(*ecdsa.PublicKey).Bytes()
	if err != nil || !signedBy(attestation, u2f.SignedRegistration(req, made.PublicKey, made.KeyHandle), made.Signature) {
		t.Errorf("the registration is not attested (%v)", err)
	}
	if err := cert.CheckSignatureFrom(p.a.Root()); err != nil {
		t.Error(err)
	}
	for i, control := range []byte{u2f.TouchAndSign, u2f.SignWithoutTouch} {
		sign, data, status := p.u2fSign(control, rpID, made.KeyHandle)
		answer, err := u2f.DecodeAuthenticateResponse(data)
		if status != u2f.StatusOK || err != nil {
			t.Fatalf("control %d: %v (%v)", control, status, err)
		}
		if touched := answer.Presence == 1; touched != (control == u2f.TouchAndSign) || answer.Counter != uint32(i+2) {
			t.Errorf("control %d: presence %d, counter %d", control, answer.Presence, answer.Counter)
		}
		if !signedBy(made.PublicKey[:], u2f.SignedAssertion(sign, answer.Presence, answer.Counter), answer.Signature) {
			t.Errorf("control %d: the signature is wrong", control)
		}
	}
	for name, c := range map[string]struct {
		rp     string
		handle []byte
		want   u2f.StatusWord
	}{
		"known":            {rpID, made.KeyHandle, u2f.StatusTouchNeeded},
		"at another":       {another, made.KeyHandle, u2f.StatusUnknownHandle},
		"another's handle": {rpID, bytes.Repeat([]byte{1}, 32), u2f.StatusUnknownHandle},
	} {
		if _, _, status := p.u2fSign(u2f.CheckOnly, c.rp, c.handle); status != c.want {
			t.Errorf("check only, %s: %v", name, status)
		}
	}
}

func TestU2FWaitsForATouch(t *testing.T) {
	var asked []Prompt
	touched := false
	p := key(t, func(c *Config) {
		c.Present = func(q Prompt) bool { asked = append(asked, q); return touched }
	})
	register := u2f.EncodeRegisterRequest(u2f.RegisterRequest{Challenge: [32]byte(hash), Application: [32]byte(hashOf(rpID))})
	if _, status := p.apdu(register); status != u2f.StatusTouchNeeded || len(p.a.Credentials()) != 0 {
		t.Errorf("untouched: %v", status)
	}
	touched = true
	_, made := p.u2fRegister(rpID)
	touched = false
	if _, _, status := p.u2fSign(u2f.TouchAndSign, rpID, made.KeyHandle); status != u2f.StatusTouchNeeded {
		t.Errorf("untouched: %v", status)
	}
	before := len(asked)
	p.u2fSign(u2f.CheckOnly, rpID, made.KeyHandle)
	p.u2fSign(u2f.SignWithoutTouch, rpID, made.KeyHandle)
	if len(asked) != before || asked[0].Op != OpCreate || asked[before-1].Op != OpGet {
		t.Errorf("asked %+v", asked)
	}
}

// TestU2FAndCTAP2ShareTheirCredentials: what one makes, the other uses.
func TestU2FAndCTAP2ShareTheirCredentials(t *testing.T) {
	p := key(t, nil)
	_, made := p.u2fRegister(rpID)
	list := func(r *ctap2.GetAssertionRequest) { r.AllowList = allow(made.KeyHandle) }
	answer, d, status := p.get(nil, list)
	if status != ctap2.StatusOK || d.SignCount != 2 || answer.User != nil || !signedBy(made.PublicKey[:], append(bytes.Clone(answer.AuthData), hash...), answer.Signature) {
		t.Errorf("CTAP2 with U2F's: %v, count %d", status, d.SignCount)
	}
	if _, _, status := p.get(nil, func(r *ctap2.GetAssertionRequest) { list(r); r.RPID = another }); status != ctap2.StatusNoCredentials {
		t.Errorf("at another: %v", status)
	}
	if _, _, status := p.create(nil, func(r *ctap2.MakeCredentialRequest) { r.ExcludeList = allow(made.KeyHandle) }); status != ctap2.StatusCredentialExcluded {
		t.Errorf("excluding U2F's: %v", status)
	}
	for _, c := range []struct {
		name   string
		change func(*ctap2.MakeCredentialRequest)
		want   u2f.StatusWord
	}{
		{"ES256", nil, u2f.StatusOK},
		{"passkey", resident, u2f.StatusOK},
		{"EdDSA", func(r *ctap2.MakeCredentialRequest) { r.Parameters[0].Alg = ctap2.EdDSA }, u2f.StatusUnknownHandle},
		{"protected", extend(map[string]any{"credProtect": 2}), u2f.StatusOK},
		{"only for the verified", extend(map[string]any{"credProtect": 3}), u2f.StatusUnknownHandle},
	} {
		_, d, status := p.create(nil, c.change)
		if status != ctap2.StatusOK {
			t.Fatal(status)
		}
		if _, _, got := p.u2fSign(u2f.TouchAndSign, rpID, d.Attested.CredentialID); got != c.want {
			t.Errorf("U2F with CTAP2's, %s: %v", c.name, got)
		}
	}
	exported, err := p.a.Export()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.a.Import(exported); err != nil {
		t.Fatal(err)
	}
	if _, _, got := p.u2fSign(u2f.CheckOnly, rpID, made.KeyHandle); got != u2f.StatusTouchNeeded {
		t.Errorf("after a restart: %v", got)
	}
}

func TestU2FThatIsRefused(t *testing.T) {
	p := key(t, nil)
	always := key(t, func(c *Config) { c.AlwaysUV = true })
	plain := platform{t, New(Config{}), 2}
	register := u2f.EncodeRegisterRequest(u2f.RegisterRequest{})
	for _, c := range []struct {
		name    string
		p       platform
		command u2f.Command
		want    u2f.StatusWord
	}{
		{"where there is none", plain, u2f.VersionCommand(), u2f.StatusUnknownINS},
		{"class", p, u2f.Command{CLA: 0x80, INS: 3}, u2f.StatusUnknownCLA},
		{"instruction", p, u2f.Command{INS: 0x99}, u2f.StatusUnknownINS},
		{"version with data", p, u2f.Command{INS: 3, Data: []byte{1}}, u2f.StatusWrongLength},
		{"short register", p, u2f.Command{INS: 1, Data: hash}, u2f.StatusWrongLength},
		{"short authenticate", p, u2f.Command{INS: 2, P1: 3, Data: hash}, u2f.StatusWrongLength},
		{"register, always verified", always, register, statusNotAllowed},
		{"version, always verified", always, u2f.VersionCommand(), u2f.StatusOK},
	} {
		if _, got := c.p.apdu(c.command); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if _, got := p.raw([]byte{0}); got != u2f.StatusWrongLength {
		t.Errorf("one byte: %v", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := p.a.APDU(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	p.a.Close()
	if _, err := p.a.APDU(t.Context(), nil); !errors.Is(err, errClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestGetInfoOfKeys(t *testing.T) {
	info := func(p platform) ctap2.Info {
		if err := ctapcbor.Canonical(p.a.GetInfo()); err != nil {
			t.Fatal(err)
		}
		i, err := ctap2.ParseInfo(p.a.GetInfo())
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	p := key(t, func(c *Config) {
		c.BuiltInUV, c.UVOptional, c.Firmware, c.MaxCredentials, c.MinPINLength = true, true, 5, 9, 6
	})
	if on, said := info(p).Options["clientPin"]; on || !said {
		t.Error("without a PIN clientPin has to be there and off")
	}
	p.setPIN("246802")
	p.a.add(p.stored(rpID))
	i := info(p)
	for _, option := range []string{"rk", "up", "uv", "clientPin", "pinUvAuthToken", "credMgmt", "makeCredUvNotRqd"} {
		if !i.IsOn(option) {
			t.Errorf("%s is off", option)
		}
	}
	if !i.HasVersion("U2F_V2") || len(i.PinUvAuthProtocols) != 2 || *i.MinPINLength != 6 || *i.RemainingDiscoverableCredentials != 8 ||
		*i.FirmwareVersion != 5 || *i.UvModality != 2 || *i.MaxMsgSize != keyMessage || len(i.Extensions) != 3 {
		t.Errorf("%+v", i)
	}
	always := info(key(t, func(c *Config) { c.AlwaysUV, c.UVOptional = true, true }))
	if !always.IsOn("alwaysUv") || always.HasVersion("U2F_V2") || always.IsOn("makeCredUvNotRqd") {
		t.Errorf("%+v", always)
	}
	old := info(key(t, func(c *Config) { c.Versions, c.PINProtocols = []string{"FIDO_2_0", "FIDO_2_1_PRE"}, []uint64{1} }))
	_, token := old.Options["pinUvAuthToken"]
	if token || !old.IsOn("credentialMgmtPreview") || old.IsOn("credMgmt") || old.MinPINLength != nil || old.RemainingDiscoverableCredentials != nil || len(old.PinUvAuthProtocols) != 1 {
		t.Errorf("%+v", old)
	}
	long := func(r *ctap2.GetAssertionRequest) { r.AllowList = allow(bytes.Split(make([]byte, keyList+1), nil)...) }
	if _, _, status := p.get(nil, long); status != ctap2.StatusLimitExceeded {
		t.Errorf("a list of nine: %v", status)
	}
	if _, status := p.send(2, make([]byte, keyMessage), nil); status != ctap2.StatusRequestTooLarge {
		t.Errorf("a long request: %v", status)
	}
}

func TestThePINSurvivesARestart(t *testing.T) {
	p := key(t, nil)
	p.setPIN(pin)
	p.token("0000", mc, rpID)
	exported, err := p.a.Export()
	if err != nil {
		t.Fatal(err)
	}
	q := key(t, nil)
	if err := q.a.Import(exported); err != nil {
		t.Fatal(err)
	}
	if left, _ := q.retries(); left != 7 {
		t.Errorf("%d tries left", left)
	}
	q.must(pin, mc, rpID)
	for name, data := range map[string][]byte{
		"nine tries":     bytes.Replace(exported, []byte(`"pinRetries":7`), []byte(`"pinRetries":9`), 1),
		"negative tries": bytes.Replace(exported, []byte(`"pinRetries":7`), []byte(`"pinRetries":-1`), 1),
		"short hash":     bytes.Replace(exported, []byte(`"pinHash":"`), []byte(`"pinHash":"AAAA`), 1),
	} {
		if err := q.a.Import(data); !errors.Is(err, ErrKept) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzAPDU(f *testing.F) {
	seed := func(c u2f.Command) {
		if raw, err := u2f.EncodeAPDU(c); err == nil {
			f.Add(raw)
		}
	}
	seed(u2f.VersionCommand())
	seed(u2f.EncodeRegisterRequest(u2f.RegisterRequest{}))
	sign, err := u2f.EncodeAuthenticateRequest(u2f.AuthenticateRequest{Control: u2f.TouchAndSign, KeyHandle: hash})
	if err != nil {
		f.Fatal(err)
	}
	seed(sign)
	f.Add([]byte{0, 3, 0, 0})
	a := New(Config{U2F: true})
	f.Fuzz(func(t *testing.T, apdu []byte) {
		out, err := a.APDU(t.Context(), apdu)
		if err != nil || len(out) < 2 {
			t.Fatalf("%x: % x (%v)", apdu, out, err)
		}
	})
}
