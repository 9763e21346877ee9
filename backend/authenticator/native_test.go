package authenticator

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// systemClient is an operating system's own client over a security key in software.
type systemClient struct {
	key        *virtualauth.Authenticator
	transports []string
	kept       *bool // what it says of the new credential
	made       NativeCreate
	got        NativeGet
	spoil      func(*NativeCredential, *NativeAssertion)
	fail       error
}

func (s *systemClient) MakeCredential(ctx context.Context, r NativeCreate) (NativeCredential, error) {
	s.made = r
	if s.fail != nil {
		return NativeCredential{}, s.fail
	}
	hash := sha256.Sum256(r.ClientDataJSON)
	a, err := ctap2.MakeCredential(ctx, s.key, ctap2.MakeCredentialRequest{ClientDataHash: hash[:], RP: r.RP, User: r.User, Parameters: r.Parameters}, nil)
	if err != nil {
		return NativeCredential{}, err
	}
	out := NativeCredential{Transports: s.transports, Discoverable: s.kept,
		AttestationObject: ctapcbor.MustMarshal(map[string]any{"fmt": a.Format, "attStmt": a.Statement, "authData": a.AuthData})}
	if s.spoil != nil {
		s.spoil(&out, nil)
	}
	return out, nil
}

func (s *systemClient) GetAssertion(ctx context.Context, r NativeGet) (NativeAssertion, error) {
	s.got = r
	if s.fail != nil {
		return NativeAssertion{}, s.fail
	}
	hash := sha256.Sum256(r.ClientDataJSON)
	req := ctap2.GetAssertionRequest{RPID: r.RPID, ClientDataHash: hash[:]}
	for _, d := range r.Allow {
		req.AllowList = append(req.AllowList, ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: d.ID})
	}
	a, err := ctap2.GetAssertion(ctx, s.key, req, nil)
	if err != nil {
		return NativeAssertion{}, err
	}
	out := NativeAssertion{CredentialID: a.Credential.ID, AuthData: a.AuthData, Signature: a.Signature}
	if a.User != nil {
		out.UserHandle = a.User.ID
	}
	if s.spoil != nil {
		s.spoil(nil, &out)
	}
	return out, nil
}

// office is the system's client with a relying party of ours behind it.
type office struct {
	*systemClient
	*rp.RelyingParty
	stages []mfa.Stage
}

var ada = mfa.Principal{ID: "ada", Kind: mfa.User, Name: "ada", UserHandle: []byte("handle of ada")}

func newOffice(t *testing.T) *office {
	t.Helper()
	party, err := rp.New(rp.Config{RPID: testRPID, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	key := virtualauth.New(virtualauth.Config{Counter: virtualauth.Rising, Transports: []string{"usb"}})
	t.Cleanup(func() { key.Close() })
	return &office{systemClient: &systemClient{key: key, transports: []string{"usb"}}, RelyingParty: party}
}

func (o *office) client() NativeClient {
	return NativeClient{Native: o.systemClient, Report: func(p mfa.Progress) { o.stages = append(o.stages, p.Stage) }}
}

func (o *office) enrol(t *testing.T, existing ...mfa.Device) (mfa.Device, error) {
	t.Helper()
	options, err := o.BeginRegistration(ada, "one", mfa.RoadSystem, existing)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := o.client().Create(t.Context(), options, testOrigin)
	if err != nil {
		return mfa.Device{}, err
	}
	c, err := o.FinishRegistration(ada, "one", answer)
	return mfa.Device{ID: "key", PrincipalID: ada.ID, Kind: mfa.KindPasskey, Name: "key", Passkey: &c}, err
}

func (o *office) signIn(t *testing.T, d mfa.Device) error {
	t.Helper()
	options, err := o.BeginAuthentication(ada, "one", mfa.RoadSystem, []mfa.Device{d})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := o.client().Get(t.Context(), options, testOrigin)
	if err != nil {
		return err
	}
	_, err = o.FinishAuthentication(ada, "one", []mfa.Device{d}, answer)
	return err
}

func TestTheSystemsClientFromOptionsToVerdict(t *testing.T) {
	o := newOffice(t)
	d, err := o.enrol(t)
	if err != nil {
		t.Fatal(mfa.AsFailure(err).Explain())
	}
	if r := o.made; r.UserVerification != "preferred" || r.ResidentKey != "preferred" || r.Attestation != "direct" || len(r.Exclude) != 0 ||
		!slices.Equal(r.Hints, []string{"hybrid", "security-key"}) || r.Timeout != rp.DefaultChallengeLife || r.RP.ID != testRPID || r.User.Name != "ada" {
		t.Errorf("asked for %+v", r)
	}
	if c := d.Passkey; !slices.Equal(c.Transports, []string{"usb"}) || c.UserVerified || c.Discoverable || !c.ReachedBy(mfa.RoadSystem) {
		t.Errorf("made %+v", c)
	}
	for range 2 {
		if err := o.signIn(t, d); err != nil {
			t.Fatal(mfa.AsFailure(err).Explain())
		}
	}
	if r := o.got; r.RPID != testRPID || r.UserVerification != "preferred" || len(r.Allow) != 1 || !slices.Equal(r.Allow[0].Transports, []string{"usb"}) {
		t.Errorf("asked for %+v", r)
	}
	if _, err := o.enrol(t, d); err != nil || len(o.made.Exclude) != 1 || !slices.Equal(o.made.Exclude[0].ID, d.Passkey.ID) {
		t.Errorf("excluded %+v, %v", o.made.Exclude, err)
	}
	if slices.ContainsFunc(o.stages, func(s mfa.Stage) bool { return s != mfa.StageSystem }) || len(o.stages) != 4 {
		t.Errorf("stages %v", o.stages)
	}
}

// What the system says of another kind of credential is said on, and nothing else.
func TestTheSystemSaysWhetherItIsKept(t *testing.T) {
	yes, no := true, false
	for name, c := range map[string]struct {
		kept       *bool
		transports []string
		want       string
	}{
		"kept":           {&yes, []string{"usb"}, `{"credProps":{"rk":true}}`},
		"not kept":       {&no, []string{"usb"}, `{"credProps":{"rk":false}}`},
		"old interface":  {nil, []string{"usb"}, `{}`},
		"older yet":      {nil, nil, `{}`},
		"kept, by phone": {&yes, []string{"hybrid", "internal"}, `{"credProps":{"rk":true}}`},
	} {
		o := newOffice(t)
		o.kept, o.transports = c.kept, c.transports
		options, err := o.BeginRegistration(ada, "one", mfa.RoadSystem, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := o.client().Create(t.Context(), options, testOrigin)
		var r struct{ ClientExtensionResults json.RawMessage }
		if err != nil || json.Unmarshal(answer, &r) != nil || string(r.ClientExtensionResults) != c.want {
			t.Errorf("%s: %s (%v), want %s", name, r.ClientExtensionResults, err, c.want)
		}
	}
}

func TestTheSystemsAnswersAreChecked(t *testing.T) {
	other := virtualauth.New(virtualauth.Config{Transports: []string{"usb"}})
	t.Cleanup(func() { other.Close() })
	for name, c := range map[string]struct {
		create, get func(*office)
		want        mfa.Code
	}{
		"no attestation object": {create: func(o *office) { o.spoil = func(c *NativeCredential, _ *NativeAssertion) { c.AttestationObject = nil } }, want: mfa.CodeAuthenticatorProtocol},
		"something else": {create: func(o *office) {
			o.spoil = func(c *NativeCredential, _ *NativeAssertion) { c.AttestationObject = []byte{0x80} }
		}, want: mfa.CodeAuthenticatorProtocol},
		"client data of its own": {create: func(o *office) {
			o.spoil = func(c *NativeCredential, _ *NativeAssertion) {
				c.ClientDataJSON = newClientData(typeCreate, make([]byte, 32), testOrigin).json
			}
		}, want: mfa.CodeChallengeMismatch},
		"it was closed":      {create: func(o *office) { o.fail = mfa.Fail(mfa.CodeCancelled) }, want: mfa.CodeCancelled},
		"it ended by itself": {create: func(o *office) { o.fail = context.DeadlineExceeded }, want: mfa.CodeTimedOut},
		"another credential": {get: func(o *office) {
			o.spoil = func(_ *NativeCredential, a *NativeAssertion) { a.CredentialID = []byte("other") }
		}, want: mfa.CodeCredentialUnknown},
		"another relying party": {get: func(o *office) {
			o.spoil = func(_ *NativeCredential, a *NativeAssertion) { a.AuthData[0] ^= 1 }
		}, want: mfa.CodeRPIDMismatch},
		"nobody was there": {get: func(o *office) {
			o.spoil = func(_ *NativeCredential, a *NativeAssertion) { a.AuthData[32] &^= byte(ctap2.FlagUP) }
		}, want: mfa.CodeUserPresenceMissing},
		"a signature of another key": {get: func(o *office) {
			o.spoil = func(_ *NativeCredential, a *NativeAssertion) { a.Signature[len(a.Signature)-1] ^= 1 }
		}, want: mfa.CodeSignatureInvalid},
		"somebody else": {get: func(o *office) {
			o.spoil = func(_ *NativeCredential, a *NativeAssertion) { a.UserHandle = []byte("bob") }
		}, want: mfa.CodeUserHandleMismatch},
		"no such key": {get: func(o *office) { o.key = other }, want: mfa.CodeNoCredential},
	} {
		o := newOffice(t)
		if c.create != nil {
			c.create(o)
		}
		d, err := o.enrol(t)
		if c.get != nil && err == nil {
			c.get(o)
			err = o.signIn(t, d)
		}
		if !mfa.IsCode(err, c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestTheSystemIsNotAskedInVain(t *testing.T) {
	o := newOffice(t)
	o.fail = errors.New("it was asked")
	for name, c := range map[string]struct {
		do   func() error
		want mfa.Code
	}{
		"another origin": {func() error {
			_, err := o.client().Create(t.Context(), creationJSON(t, nil), "https://evil.example")
			return err
		}, mfa.CodeRPIDMismatch},
		"no algorithm": {func() error {
			_, err := o.client().Create(t.Context(), creationJSON(t, obj{"pubKeyCredParams": []obj{{"type": "other", "alg": -7}}}), testOrigin)
			return err
		}, mfa.CodeUnsupportedAlgorithm},
		"nothing that is allowed": {func() error {
			_, err := o.client().Get(t.Context(), requestJSON(t, obj{"allowCredentials": []obj{{"type": "other", "id": "AA"}}}), testOrigin)
			return err
		}, mfa.CodeNoCredential},
	} {
		if err := c.do(); !mfa.IsCode(err, c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
