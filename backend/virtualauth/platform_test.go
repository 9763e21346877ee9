package virtualauth

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/mfa"
)

// platform is a client that says exactly what a test wants said.
type platform struct {
	t        *testing.T
	a        *Authenticator
	protocol uint64
}

// clock is time that a test moves.
type clock struct{ now time.Time }

func newClock() *clock                   { return &clock{time.Unix(1_800_000_000, 0)} }
func (c *clock) Now() time.Time          { return c.now }
func (c *clock) forward(d time.Duration) { c.now = c.now.Add(d) }

// send exchanges one command and gives its status and data.
func (p platform) send(command byte, params []byte, err error) ([]byte, ctap2.Status) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	out, err := p.a.Exchange(p.t.Context(), append([]byte{command}, params...), nil)
	if err != nil || len(out) == 0 {
		p.t.Fatalf("command %#x: % x (%v)", command, out, err)
	}
	return out[1:], ctap2.Status(out[0])
}

func (p platform) clientPIN(r ctap2.ClientPINRequest) (ctap2.ClientPINResponse, ctap2.Status) {
	p.t.Helper()
	params, err := ctap2.EncodeClientPINRequest(r)
	data, status := p.send(ctap2.CommandClientPIN, params, err)
	answer, err := ctap2.DecodeClientPINResponse(data)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer, status
}

// agree makes a shared secret and the request that carries the platform's half.
func (p platform) agree(subcommand uint64) (*pinuv.Shared, ctap2.ClientPINRequest) {
	p.t.Helper()
	answer, status := p.clientPIN(ctap2.ClientPINRequest{Protocol: p.protocol, Subcommand: ctap2.PINGetKeyAgreement})
	if status != ctap2.StatusOK || answer.KeyAgreement == nil {
		p.t.Fatalf("key agreement: %v", status)
	}
	shared, own, err := pinuv.Agree(p.protocol, *answer.KeyAgreement, rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	return shared, ctap2.ClientPINRequest{Protocol: p.protocol, Subcommand: subcommand, KeyAgreement: &own}
}

func (p platform) encrypt(s *pinuv.Shared, plain []byte) []byte {
	p.t.Helper()
	text, err := s.Encrypt(plain)
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

func padded(pin string) []byte {
	b := pinuv.Pad(mfa.NewSecret([]byte(pin)))
	return b[:]
}

func hashed(pin string) []byte {
	b := pinuv.PINHash([]byte(pin))
	return b[:]
}

func (p platform) setPIN(pin string) ctap2.Status {
	p.t.Helper()
	s, r := p.agree(ctap2.PINSet)
	r.NewPINEnc = p.encrypt(s, padded(pin))
	r.PinUvAuthParam = s.Authenticate(r.NewPINEnc)
	_, status := p.clientPIN(r)
	return status
}

func (p platform) changePIN(old, pin string) ctap2.Status {
	p.t.Helper()
	s, r := p.agree(ctap2.PINChange)
	r.NewPINEnc, r.PINHashEnc = p.encrypt(s, padded(pin)), p.encrypt(s, hashed(old))
	r.PinUvAuthParam = s.Authenticate(slices.Concat(r.NewPINEnc, r.PINHashEnc))
	_, status := p.clientPIN(r)
	return status
}

// token gets a token by PIN: with permissions, or the old way when there are none.
func (p platform) token(pin string, permissions ctap2.Permission, rpID string) ([]byte, ctap2.Status) {
	p.t.Helper()
	s, r := p.agree(ctap2.PINGetTokenWithPINPerms)
	if permissions == 0 {
		r.Subcommand = ctap2.PINGetToken
	}
	r.PINHashEnc, r.Permissions, r.RPID = p.encrypt(s, hashed(pin)), permissions, rpID
	return p.open(s, r)
}

// tokenByUV gets a token by built-in user verification.
func (p platform) tokenByUV(permissions ctap2.Permission, rpID string) ([]byte, ctap2.Status) {
	p.t.Helper()
	s, r := p.agree(ctap2.PINGetTokenUsingUV)
	r.Permissions, r.RPID = permissions, rpID
	return p.open(s, r)
}

func (p platform) open(s *pinuv.Shared, r ctap2.ClientPINRequest) ([]byte, ctap2.Status) {
	p.t.Helper()
	answer, status := p.clientPIN(r)
	if status != ctap2.StatusOK {
		return nil, status
	}
	token, err := s.Decrypt(answer.Token)
	if err != nil || len(token) != 32 {
		p.t.Fatalf("a token of %d bytes (%v)", len(token), err)
	}
	return token, status
}

// must is token where nothing may go wrong.
func (p platform) must(pin string, permissions ctap2.Permission, rpID string) []byte {
	p.t.Helper()
	token, status := p.token(pin, permissions, rpID)
	if status != ctap2.StatusOK {
		p.t.Fatalf("token: %v", status)
	}
	return token
}

func (p platform) retries() (left int, replug bool) {
	p.t.Helper()
	answer, status := p.clientPIN(ctap2.ClientPINRequest{Subcommand: ctap2.PINGetRetries})
	if status != ctap2.StatusOK || answer.PINRetries == nil {
		p.t.Fatalf("retries: %v", status)
	}
	return int(*answer.PINRetries), answer.PowerCycle != nil && *answer.PowerCycle
}

// create makes a credential, with a token when there is one.
func (p platform) create(token []byte, change func(*ctap2.MakeCredentialRequest)) (ctap2.MakeCredentialResponse, ctap2.AuthenticatorData, ctap2.Status) {
	p.t.Helper()
	r := creation(change)
	if token != nil {
		r.PinUvAuthProtocol, r.PinUvAuthParam = p.protocol, pinuv.Authenticate(p.protocol, token, r.ClientDataHash)
	}
	params, err := ctap2.EncodeMakeCredentialRequest(r)
	data, status := p.send(ctap2.CommandMakeCredential, params, err)
	if status != ctap2.StatusOK {
		return ctap2.MakeCredentialResponse{}, ctap2.AuthenticatorData{}, status
	}
	answer, err := ctap2.DecodeMakeCredentialResponse(data)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer, p.read(answer.AuthData), status
}

// get uses credentials, with a token when there is one.
func (p platform) get(token []byte, change func(*ctap2.GetAssertionRequest)) (ctap2.GetAssertionResponse, ctap2.AuthenticatorData, ctap2.Status) {
	p.t.Helper()
	r := ctap2.GetAssertionRequest{RPID: rpID, ClientDataHash: hash}
	if change != nil {
		change(&r)
	}
	if token != nil {
		r.PinUvAuthProtocol, r.PinUvAuthParam = p.protocol, pinuv.Authenticate(p.protocol, token, r.ClientDataHash)
	}
	params, err := ctap2.EncodeGetAssertionRequest(r)
	data, status := p.send(ctap2.CommandGetAssertion, params, err)
	if status != ctap2.StatusOK {
		return ctap2.GetAssertionResponse{}, ctap2.AuthenticatorData{}, status
	}
	answer, err := ctap2.DecodeGetAssertionResponse(data)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer, p.read(answer.AuthData), status
}

func (p platform) read(authData []byte) ctap2.AuthenticatorData {
	p.t.Helper()
	d, err := ctap2.ParseAuthenticatorData(authData)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

// manage sends one subcommand of credential management, signed by the token.
func (p platform) manage(command byte, token []byte, r ctap2.CredentialManagementRequest) (ctap2.CredentialManagementResponse, ctap2.Status) {
	p.t.Helper()
	if token != nil {
		r.PinUvAuthProtocol, r.PinUvAuthParam = p.protocol, pinuv.Authenticate(p.protocol, token, r.AuthMessage())
	}
	params, err := ctap2.EncodeCredentialManagementRequest(r)
	data, status := p.send(command, params, err)
	answer, err := ctap2.DecodeCredentialManagementResponse(data)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer, status
}

// key is a security key with everything, and a client of it.
func key(t *testing.T, change func(*Config)) platform {
	t.Helper()
	cfg := Config{Discoverable: true, Counter: Rising, ClientPIN: true, CredMgmt: true, Selection: true, Reset: true,
		CredProtect: true, HMACSecret: true, LargeBlobKey: true, U2F: true, Clock: newClock().Now}
	if change != nil {
		change(&cfg)
	}
	a := New(cfg)
	t.Cleanup(func() { a.Close() })
	return platform{t, a, a.cfg.PINProtocols[0]}
}

func resident(r *ctap2.MakeCredentialRequest) { r.Options = map[string]bool{"rk": true} }
