package macos

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

const rpID = "keyferry.example.org"

// fakeServices is the system: what its sheet says next, and what it was asked.
type fakeServices struct {
	is        signature
	answer    answer
	err       error
	twice     bool
	stays     bool // the sheet stays until it is cancelled
	deaf      bool // and does not even close then
	asked     []request
	windows   []uintptr
	cancelled chan struct{}
}

func newServices() *fakeServices {
	return &fakeServices{is: signature{domains: []string{"webcredentials:" + rpID}}, cancelled: make(chan struct{}, 8)}
}

func (f *fakeServices) client() *client {
	c := newClient(f, func() uintptr { return 77 })
	c.grace = 20 * time.Millisecond
	return c
}

func (f *fakeServices) signed() signature { return f.is }

func (f *fakeServices) perform(window uintptr, r request, done func(answer, error)) (cancel func()) {
	f.asked, f.windows = append(f.asked, r), append(f.windows, window)
	if !f.stays && !f.deaf {
		go func() {
			done(f.answer, f.err)
			if f.twice {
				done(answer{}, errors.New("again"))
			}
		}()
	}
	return func() {
		f.cancelled <- struct{}{}
		if f.stays {
			done(answer{}, &nsError{domainAuthorization, errorCanceled})
		}
	}
}

func clientData(challenge []byte) []byte {
	return fmt.Appendf(nil, `{"type":"webauthn.create","challenge":%q,"origin":"https://%s"}`, base64.RawURLEncoding.EncodeToString(challenge), rpID)
}

var challenge = []byte("sixteen bytes ok")

func creation() authenticator.NativeCreate {
	return authenticator.NativeCreate{
		ClientDataJSON: clientData(challenge), RP: ctap2.RelyingParty{ID: rpID, Name: "Keyferry"},
		User:       ctap2.User{ID: []byte{1, 2, 3}, Name: "root", DisplayName: "Root"},
		Parameters: []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: es256}, {Type: ctap2.PublicKeyType, Alg: -257}, {Type: "other", Alg: -8}},
		Exclude:    []authenticator.NativeDescriptor{{ID: []byte{9}}}, ResidentKey: "preferred", UserVerification: "required", Attestation: "direct",
	}
}

func signIn() authenticator.NativeGet {
	return authenticator.NativeGet{ClientDataJSON: clientData(challenge), RPID: rpID, UserVerification: "preferred"}
}

func made() answer {
	return answer{near: true, credentialID: []byte{4, 2}, clientDataJSON: []byte(`{"origin":"https://keyferry.example.org"}`), attestationObject: []byte{0xA3}}
}

func signed() answer {
	hash := sha256.Sum256([]byte(rpID))
	return answer{near: true, credentialID: []byte{4, 2}, clientDataJSON: []byte(`{}`), authData: append(hash[:], 0x1D, 0, 0, 0, 0), signature: []byte{0x30}, userHandle: []byte{1}}
}

func TestMakeCredential(t *testing.T) {
	for name, test := range map[string]struct {
		spoil      func(*answer)
		want       mfa.Code // empty: it goes well
		transports []string
		rk         bool
	}{
		"on this computer":              {func(*answer) {}, "", []string{"hybrid", "internal"}, true},
		"on a phone":                    {func(a *answer) { a.near = false }, "", []string{"hybrid"}, true},
		"on a security key":             {func(a *answer) { a.securityKey, a.near = true, false }, "", nil, false},
		"no attestation object":         {func(a *answer) { a.attestationObject = nil }, mfa.CodePlatformFailed, nil, false},
		"no client data":                {func(a *answer) { a.clientDataJSON = nil }, mfa.CodePlatformFailed, nil, false},
		"no credential ID":              {func(a *answer) { a.credentialID = nil }, mfa.CodePlatformFailed, nil, false},
		"a credential ID without end":   {func(a *answer) { a.credentialID = make([]byte, 1024) }, mfa.CodePlatformFailed, nil, false},
		"an attestation without end":    {func(a *answer) { a.attestationObject = make([]byte, maxAttestation+1) }, mfa.CodePlatformFailed, nil, false},
		"client data that do not stop":  {func(a *answer) { a.clientDataJSON = make([]byte, maxClientData+1) }, mfa.CodePlatformFailed, nil, false},
		"everything as long as allowed": {func(a *answer) { a.credentialID = make([]byte, 1023) }, "", []string{"hybrid", "internal"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newServices()
			f.answer, f.twice = made(), true
			test.spoil(&f.answer)
			got, err := f.client().MakeCredential(t.Context(), creation())
			if test.want != "" {
				if !mfa.IsCode(err, test.want) {
					t.Errorf("MakeCredential = %v, want %s", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Transports, test.transports) || (got.Discoverable != nil) != test.rk || len(got.ClientDataJSON) == 0 {
				t.Errorf("got %+v", got)
			}
			if f.windows[0] != 77 {
				t.Errorf("window %d", f.windows[0])
			}
		})
	}
}

func TestGetAssertion(t *testing.T) {
	allow := func(ids ...byte) (list []authenticator.NativeDescriptor) {
		for _, id := range ids {
			list = append(list, authenticator.NativeDescriptor{ID: []byte{4, id}})
		}
		return list
	}
	for name, test := range map[string]struct {
		spoil     func(*answer)
		allow     []authenticator.NativeDescriptor
		want      mfa.Code
		transport string
	}{
		"by this computer":       {func(*answer) {}, nil, "", "internal"},
		"by a phone":             {func(a *answer) { a.near = false }, allow(1, 2), "", "hybrid"},
		"by a security key":      {func(a *answer) { a.securityKey = true }, allow(2), "", ""},
		"without a user handle":  {func(a *answer) { a.userHandle = nil }, allow(2), "", "internal"},
		"by another credential":  {func(*answer) {}, allow(1, 3), mfa.CodePlatformFailed, ""},
		"for another RP":         {func(a *answer) { a.authData[0] ^= 1 }, nil, mfa.CodePlatformFailed, ""},
		"without anybody":        {func(a *answer) { a.authData[32] &^= 1 }, nil, mfa.CodePlatformFailed, ""},
		"authenticator data cut": {func(a *answer) { a.authData = a.authData[:36] }, nil, mfa.CodePlatformFailed, ""},
		"no signature":           {func(a *answer) { a.signature = nil }, nil, mfa.CodePlatformFailed, ""},
		"a long user handle":     {func(a *answer) { a.userHandle = make([]byte, 65) }, nil, mfa.CodePlatformFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newServices()
			f.answer = signed()
			test.spoil(&f.answer)
			req := signIn()
			req.Allow = test.allow
			got, err := f.client().GetAssertion(t.Context(), req)
			if test.want != "" && !mfa.IsCode(err, test.want) || test.want == "" && err != nil {
				t.Fatalf("GetAssertion = %v, want %q", err, test.want)
			}
			if test.want == "" && (got.Transport != test.transport || !bytes.Equal(got.CredentialID, []byte{4, 2})) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestWhatTheSheetIsAskedFor(t *testing.T) {
	f := newServices()
	f.answer = made()
	if _, err := f.client().MakeCredential(t.Context(), creation()); err != nil {
		t.Fatal(err)
	}
	r := f.asked[0]
	if !r.create || r.rpID != rpID || !bytes.Equal(r.challenge, challenge) || r.user.Name != "root" {
		t.Errorf("asked %+v", r)
	}
	if r.verification != wordRequired || r.residentKey != wordPreferred || r.attestation != wordDirect {
		t.Errorf("preferences %q, %q, %q", r.verification, r.residentKey, r.attestation)
	}
	if !slices.Equal(r.algorithms, []int{es256, -257}) || len(r.list) != 1 {
		t.Errorf("algorithms %v, %d excluded", r.algorithms, len(r.list))
	}
}

func TestWhichSheet(t *testing.T) {
	key := authenticator.NativeDescriptor{ID: []byte{1}, Transports: []string{"usb", "nfc"}}
	phone := authenticator.NativeDescriptor{ID: []byte{2}, Transports: []string{"internal", "hybrid"}}
	unknown := authenticator.NativeDescriptor{ID: []byte{3}}
	for name, test := range map[string]struct {
		hints         []string
		allow         []authenticator.NativeDescriptor
		platform, key bool
	}{
		"no hints":            {nil, nil, true, true},
		"key":                 {[]string{"security-key"}, nil, false, true},
		"computer":            {[]string{"client-device"}, nil, true, false},
		"phone":               {[]string{"hybrid"}, nil, true, false},
		"phone, then key":     {[]string{"hybrid", "security-key"}, nil, true, true},
		"unknown hints":       {[]string{"telepathy"}, nil, true, true},
		"a key's credential":  {nil, []authenticator.NativeDescriptor{key}, false, true},
		"a phone's as well":   {nil, []authenticator.NativeDescriptor{key, phone}, true, true},
		"nobody knows whose":  {nil, []authenticator.NativeDescriptor{key, unknown}, true, true},
		"against the hints":   {[]string{"client-device"}, []authenticator.NativeDescriptor{key}, false, true},
		"more than are bound": {nil, append(slices.Repeat([]authenticator.NativeDescriptor{key}, maxDescriptors), phone), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			req := signIn()
			req.Hints, req.Allow = test.hints, test.allow
			r, err := getRequest(req)
			if err != nil || r.platform != test.platform || r.securityKey != test.key {
				t.Errorf("platform %v, key %v, %v", r.platform, r.securityKey, err)
			}
			if len(r.list) > maxDescriptors {
				t.Errorf("%d descriptors", len(r.list))
			}
		})
	}
}

func TestAlgorithms(t *testing.T) {
	req := creation()
	req.Parameters = []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: -8}}
	if r, err := createRequest(req); err != nil || r.platform || !r.securityKey {
		t.Errorf("EdDSA: %+v, %v", r, err)
	}
	req.Hints = []string{"client-device"}
	if _, err := createRequest(req); !mfa.IsCode(err, mfa.CodeUnsupportedAlgorithm) {
		t.Errorf("EdDSA on this computer: %v", err)
	}
	req.Hints, req.Parameters = nil, nil
	if _, err := createRequest(req); !mfa.IsCode(err, mfa.CodeUnsupportedAlgorithm) {
		t.Errorf("nothing: %v", err)
	}
}

func TestClientDataWithoutAChallenge(t *testing.T) {
	for _, json := range []string{``, `{}`, `[]`, `{"challenge":""}`, `{"challenge":"=="}`, `{"challenge":5}`, `{"challenge":"` + strings.Repeat("A", 4096) + `"}`} {
		f := newServices()
		if _, err := f.client().GetAssertion(t.Context(), authenticator.NativeGet{ClientDataJSON: []byte(json), RPID: rpID}); !mfa.IsCode(err, mfa.CodeInternal) {
			t.Errorf("%.20q: %v", json, err)
		}
		if len(f.asked) > 0 {
			t.Errorf("%.20q: the sheet was shown", json)
		}
	}
}

func TestErrors(t *testing.T) {
	as := func(code int) error { return &nsError{domainAuthorization, code} }
	for name, test := range map[string]struct {
		err   error
		want  mfa.Code
		param string
	}{
		"cancelled":              {as(errorCanceled), mfa.CodeCancelled, ""},
		"excluded":               {as(errorExcluded), mfa.CodeAlreadyRegistered, ""},
		"excluded, before 15":    {&nsError{domainWebKit, webKitExcluded}, mfa.CodeAlreadyRegistered, ""},
		"nobody vouches":         {as(errorFailed), mfa.CodePlatformFailed, "1004"},
		"unknown":                {as(errorUnknown), mfa.CodePlatformFailed, "1000"},
		"invalid response":       {as(errorInvalidResponse), mfa.CodePlatformFailed, "1002"},
		"not handled":            {as(errorNotHandled), mfa.CodePlatformFailed, "1003"},
		"not interactive":        {as(errorNotInteractive), mfa.CodePlatformFailed, "1005"},
		"no place for passkeys":  {as(errorNotSetUp), mfa.CodePlatformMissing, whyNotSetUp},
		"of tomorrow":            {as(4711), mfa.CodePlatformFailed, "4711"},
		"1001 of somebody else":  {&nsError{"NSCocoaErrorDomain", errorCanceled}, mfa.CodePlatformFailed, "other 1001"},
		"8 of the sheet itself":  {as(webKitExcluded), mfa.CodePlatformFailed, "8"},
		"no error of the system": {errors.New("nil"), mfa.CodePlatformFailed, "internal"},
		"a failure already":      {missing(whyNoWindow), mfa.CodePlatformMissing, whyNoWindow},
		"wrapped":                {fmt.Errorf("sheet: %w", as(errorCanceled)), mfa.CodeCancelled, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newServices()
			f.err = test.err
			_, err := f.client().MakeCredential(t.Context(), creation())
			if !mfa.IsCode(err, test.want) {
				t.Fatalf("%v means %v, want %s", test.err, err, test.want)
			}
			if params := fmt.Sprint(mfa.AsFailure(err).Params); !strings.Contains(params, test.param) {
				t.Errorf("params %s lack %q", params, test.param)
			}
		})
	}
}

func TestTheEndOfTheContextClosesTheSheet(t *testing.T) {
	for name, deaf := range map[string]bool{"a sheet that closes": false, "a sheet that does not": true} {
		t.Run(name, func(t *testing.T) {
			f := newServices()
			f.stays, f.deaf = !deaf, deaf
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				_, err := f.client().MakeCredential(ctx, creation())
				ended <- err
			}()
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("MakeCredential = %v", err)
			}
		})
	}
	t.Run("before it began", func(t *testing.T) {
		f := newServices()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := f.client().GetAssertion(ctx, signIn()); !errors.Is(err, context.Canceled) || len(f.asked) > 0 {
			t.Errorf("GetAssertion = %v, asked %d times", err, len(f.asked))
		}
	})
	t.Run("a time limit", func(t *testing.T) {
		f := newServices()
		f.stays = true
		req := creation()
		req.Timeout = time.Millisecond
		if _, err := f.client().MakeCredential(t.Context(), req); !mfa.IsCode(err, mfa.CodeTimedOut) {
			t.Errorf("MakeCredential = %v", err)
		}
		<-f.cancelled
	})
}

func TestNobodyIsAskedForDomainsThatDoNotVouch(t *testing.T) {
	f := newServices()
	f.is = signature{domains: []string{"webcredentials:example.com"}}
	_, err := f.client().MakeCredential(t.Context(), creation())
	if !mfa.IsCode(err, mfa.CodePlatformMissing) || !strings.Contains(fmt.Sprint(mfa.AsFailure(err).Params), whyNotAssociated) {
		t.Errorf("MakeCredential = %v", err)
	}
	if len(f.asked) > 0 {
		t.Error("the sheet was shown")
	}
}
