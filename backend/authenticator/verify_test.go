package authenticator

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// keyConfig is a security key of today, without a sensor.
func keyConfig() virtualauth.Config {
	return virtualauth.Config{Discoverable: true, ClientPIN: true, Counter: virtualauth.Rising, Transports: []string{"usb"}, Versions: []string{"FIDO_2_0", "FIDO_2_1"}}
}

// owner answers questions for a PIN with the next of answers.
type owner struct {
	answers []string
	asked   []mfa.PINAsk
	stages  []mfa.Stage
}

func (o *owner) pin(_ context.Context, ask mfa.PINAsk) (*mfa.Secret, error) {
	o.asked = append(o.asked, ask)
	if len(o.answers) == 0 {
		return nil, context.Canceled
	}
	next := o.answers[0]
	o.answers = o.answers[1:]
	return mfa.NewSecret([]byte(next)), nil
}

func (o *owner) client(a Authenticator) Client {
	return Client{Open: opening(a), PIN: o.pin, Report: func(p mfa.Progress) { o.stages = append(o.stages, p.Stage) }}
}

func giveKeyAPIN(t *testing.T, a *virtualauth.Authenticator, pin string) {
	t.Helper()
	info, err := ctap2.ParseInfo(a.GetInfo())
	if err != nil {
		t.Fatal(err)
	}
	if err := ctap2.SetPIN(t.Context(), a, info, mfa.NewSecret([]byte(pin)), rand.Reader); err != nil {
		t.Fatal(err)
	}
}

var (
	uvRequired  = obj{"authenticatorSelection": obj{"userVerification": "required"}}
	uvPreferred = obj{"authenticatorSelection": obj{"userVerification": "preferred"}}
	uvNot       = obj{"authenticatorSelection": obj{"userVerification": "discouraged"}}
)

// onlyForOtherThings is a key whose PIN opens its settings and no credential.
func onlyForOtherThings(c *virtualauth.Config) {
	c.UVOptional = true
	c.Info = func(i *ctap2.Info) { i.Options[ctap2.OptionNoMcGaPermissions] = true }
}

func TestThePINOfAKey(t *testing.T) {
	type rows = map[string]struct {
		set     string // the key's PIN at first; empty: none
		config  func(*virtualauth.Config)
		options obj
		answers []string
		code    mfa.Code
		asked   []mfa.PINAsk // For, Left, Wrong, Replug
	}
	ask := func(f mfa.PINFor, left int, wrong, replug bool) mfa.PINAsk {
		return mfa.PINAsk{For: f, Left: left, Wrong: wrong, Replug: replug}
	}
	for name, c := range (rows{
		"right at once":                {set: "2580", options: uvRequired, answers: []string{"2580"}, asked: []mfa.PINAsk{ask(mfa.PINVerify, 8, false, false)}},
		"right at the second":          {set: "2580", options: uvRequired, answers: []string{"1", "0000", "2580"}, asked: []mfa.PINAsk{ask(mfa.PINVerify, 8, false, false), ask(mfa.PINVerify, 8, true, false), ask(mfa.PINVerify, 7, true, false)}},
		"wrong three times":            {set: "2580", options: uvRequired, answers: []string{"0001", "0002", "0003"}, code: mfa.CodePINLocked, asked: []mfa.PINAsk{ask(mfa.PINVerify, 8, false, false), ask(mfa.PINVerify, 7, true, false), ask(mfa.PINVerify, 6, true, true)}},
		"given up":                     {set: "2580", options: uvRequired, code: mfa.CodeCancelled, asked: []mfa.PINAsk{ask(mfa.PINVerify, 8, false, false)}},
		"wished for":                   {set: "2580", options: uvPreferred, answers: []string{"2580"}, asked: []mfa.PINAsk{ask(mfa.PINVerify, 8, false, false)}},
		"wished for, none set":         {options: uvPreferred},
		"not wanted, none set":         {options: uvNot},
		"not wanted, but set":          {set: "2580", options: uvNot, answers: []string{"2580"}, asked: []mfa.PINAsk{ask(mfa.PINVerify, 8, false, false)}},
		"not wanted, not needed":       {set: "2580", config: func(c *virtualauth.Config) { c.UVOptional = true }, options: uvNot},
		"required, none set":           {options: uvRequired, answers: []string{"12", "2580"}, asked: []mfa.PINAsk{ask(mfa.PINNew, -1, false, false), ask(mfa.PINNew, -1, true, false)}},
		"not needed but for a passkey": {set: "2580", config: func(c *virtualauth.Config) { c.UVOptional = true }, options: obj{"authenticatorSelection": obj{"userVerification": "discouraged", "residentKey": "required"}}, answers: []string{"2580"}, asked: []mfa.PINAsk{ask(mfa.PINVerify, 8, false, false)}},
		"an old key":                   {set: "2580", config: func(c *virtualauth.Config) { c.Versions, c.PINProtocols = []string{"FIDO_2_0"}, []uint64{1} }, options: uvRequired, answers: []string{"2580"}, asked: []mfa.PINAsk{ask(mfa.PINVerify, 8, false, false)}},
		"it must be changed":           {set: "2580", config: func(c *virtualauth.Config) { c.ForcePINChange = true }, options: uvRequired, answers: []string{"2580", "13579"}, asked: []mfa.PINAsk{ask(mfa.PINVerify, 8, false, false), ask(mfa.PINChange, -1, false, false)}},
		"a PIN for other things":       {set: "2580", config: onlyForOtherThings, options: uvPreferred},
		"the same, and required":       {set: "2580", config: onlyForOtherThings, options: uvRequired, code: mfa.CodeKeyCannot},
		"no PIN at all":                {config: func(c *virtualauth.Config) { c.ClientPIN = false }, options: uvRequired, code: mfa.CodeKeyCannot},
	}) {
		t.Run(name, func(t *testing.T) {
			config := keyConfig()
			if c.config != nil {
				c.config(&config)
			}
			a := virtualauth.New(config)
			if c.set != "" {
				giveKeyAPIN(t, a, c.set)
			}
			o := &owner{answers: slices.Clone(c.answers)}
			_, err := o.client(a).Create(t.Context(), creationJSON(t, c.options), testOrigin)
			wantCode(t, "create", err, c.code)
			if len(o.asked) != len(c.asked) {
				t.Fatalf("asked %+v", o.asked)
			}
			for i, got := range o.asked {
				want := c.asked[i]
				if got.For != want.For || got.Left != want.Left || got.Wrong != want.Wrong || got.Replug != want.Replug || got.Min != 4 || got.Max != 63 || got.Local {
					t.Errorf("question %d: %+v", i, got)
				}
			}
			if c.code == "" && !slices.Contains(o.stages, mfa.StageTouchKey) {
				t.Errorf("no touch was asked for: %v", o.stages)
			}
		})
	}
}

func TestNobodyToAskForThePIN(t *testing.T) {
	a := virtualauth.New(keyConfig())
	giveKeyAPIN(t, a, "2580")
	_, err := Client{Open: opening(a)}.Create(t.Context(), creationJSON(t, uvRequired), testOrigin)
	wantCode(t, "create", err, mfa.CodePINNeeded)
}

// Whoever answers with a failure is not asked again, not even when it is one that a key
// gives to a PIN.
func TestAFailedAnswerIsTheEnd(t *testing.T) {
	for _, code := range []mfa.Code{mfa.CodePINWrong, mfa.CodePINLength, mfa.CodeCancelled} {
		a, asked := virtualauth.New(keyConfig()), 0
		giveKeyAPIN(t, a, "2580")
		ask := func(context.Context, mfa.PINAsk) (*mfa.Secret, error) {
			if asked++; asked > 1 {
				return nil, context.Canceled
			}
			return nil, mfa.Fail(code)
		}
		_, err := Client{Open: opening(a), PIN: ask}.Create(t.Context(), creationJSON(t, uvRequired), testOrigin)
		wantCode(t, string(code), err, code)
		if asked != 1 {
			t.Errorf("%s: asked %d times", code, asked)
		}
	}
}

// The sensor is asked first, and the PIN when it gave up.
func TestASensorThatFailsFallsBackToThePIN(t *testing.T) {
	config := keyConfig()
	config.BuiltInUV = true
	verified := false
	config.Consent = func(_ context.Context, p virtualauth.Prompt) (virtualauth.Decision, error) {
		return virtualauth.Decision{Approve: true, Verified: verified}, nil
	}
	a := virtualauth.New(config)
	giveKeyAPIN(t, a, "2580")
	o := &owner{answers: []string{"2580"}}
	if _, err := o.client(a).Create(t.Context(), creationJSON(t, uvRequired), testOrigin); err != nil {
		t.Fatal(err)
	}
	if len(o.asked) != 1 {
		t.Errorf("asked %d times", len(o.asked))
	}
	verified = true
	b := virtualauth.New(config)
	o = &owner{}
	if _, err := o.client(b).Create(t.Context(), creationJSON(t, uvRequired), testOrigin); err != nil || len(o.asked) != 0 {
		t.Errorf("%v, asked %d times", err, len(o.asked))
	}
}

func TestAKeyWithoutRoomForPasskeys(t *testing.T) {
	config := keyConfig()
	config.Discoverable = false
	o := &owner{}
	_, err := o.client(virtualauth.New(config)).Create(t.Context(), creationJSON(t, obj{"authenticatorSelection": obj{"residentKey": "required", "userVerification": "discouraged"}}), testOrigin)
	wantCode(t, "create", err, mfa.CodeKeyCannot)
}

func TestPlatformIsForPlatforms(t *testing.T) {
	platform := obj{"authenticatorSelection": obj{"authenticatorAttachment": "platform"}}
	_, err := Client{Open: never(t)}.Create(t.Context(), creationJSON(t, platform), testOrigin)
	wantCode(t, "a key", err, mfa.CodeUnsupportedOption)
	_, err = Client{Open: never(t), Platform: true}.Create(t.Context(), creationJSON(t, nil), testOrigin)
	wantCode(t, "this computer", err, mfa.CodeUnsupportedOption)
}

// At a sign-in nobody is asked for a new PIN: it would be that of whoever holds the key.
func TestNoNewPINAtASignIn(t *testing.T) {
	a := virtualauth.New(keyConfig())
	if _, err := (&owner{}).client(a).Create(t.Context(), creationJSON(t, uvPreferred), testOrigin); err != nil {
		t.Fatal(err)
	}
	o := &owner{answers: []string{"2580"}}
	_, err := o.client(a).Get(t.Context(), requestJSON(t, obj{"userVerification": "required"}), testOrigin)
	wantCode(t, "get", err, mfa.CodeNoCredential)
	if len(o.asked) != 0 {
		t.Errorf("asked %+v", o.asked)
	}
}

// oldSensor is a key of CTAP 2.0, which says in its own way that its sensor does not do.
type oldSensor struct {
	*virtualauth.Authenticator
	says ctap2.Status
}

func (o oldSensor) Exchange(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	response, err := o.Authenticator.Exchange(ctx, request, keepalive)
	if len(response) == 1 && (ctap2.Status(response[0]) == ctap2.StatusPUATRequired || ctap2.Status(response[0]) == ctap2.StatusOperationDenied) {
		response[0] = byte(o.says)
	}
	return response, err
}

// It asks its sensor within the request, and takes the PIN when the sensor is blocked.
func TestAnOldSensorThatIsBlockedFallsBackToThePIN(t *testing.T) {
	create := func(t *testing.T, c Client) error {
		_, err := c.Create(t.Context(), creationJSON(t, obj{"authenticatorSelection": obj{"userVerification": "required", "residentKey": "required"}}), testOrigin)
		return err
	}
	get := func(t *testing.T, c Client) error {
		_, err := c.Get(t.Context(), requestJSON(t, obj{"userVerification": "required"}), testOrigin)
		return err
	}
	for name, row := range map[string]struct {
		pin   string // the key's; empty: none
		says  ctap2.Status
		run   func(*testing.T, Client) error
		code  mfa.Code
		asked int
	}{
		"a registration":               {"2580", ctap2.StatusUVBlocked, create, "", 1},
		"a sign-in":                    {"2580", ctap2.StatusUVBlocked, get, "", 1},
		"it wants a token":             {"2580", ctap2.StatusPUATRequired, create, "", 1},
		"the person said no":           {"2580", ctap2.StatusOperationDenied, create, mfa.CodeDeclined, 0},
		"a registration without PIN":   {"", ctap2.StatusUVBlocked, create, mfa.CodeUVBlocked, 0},
		"a sign-in by a key with none": {"", ctap2.StatusUVBlocked, get, mfa.CodeUVBlocked, 0},
	} {
		t.Run(name, func(t *testing.T) {
			config, verified := keyConfig(), true
			config.BuiltInUV, config.UVRetries = true, 1
			config.Versions, config.PINProtocols = []string{"FIDO_2_0"}, []uint64{1}
			config.Consent = func(context.Context, virtualauth.Prompt) (virtualauth.Decision, error) {
				return virtualauth.Decision{Approve: true, Verified: verified}, nil
			}
			a := oldSensor{virtualauth.New(config), row.says}
			if row.pin != "" {
				giveKeyAPIN(t, a.Authenticator, row.pin)
			}
			o := &owner{answers: []string{"2580"}}
			if err := create(t, o.client(a)); err != nil || len(o.asked) != 0 {
				t.Fatalf("with a sensor that works: %v, asked %d times", err, len(o.asked))
			}
			verified = false
			wantCode(t, name, row.run(t, o.client(a)), row.code)
			if len(o.asked) != row.asked {
				t.Errorf("asked %d times", len(o.asked))
			}
		})
	}
}
