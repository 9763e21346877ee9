package ctap2

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

func stream() io.Reader { return rand.NewChaCha8([32]byte{7}) }

func pin(text string) *mfa.Secret { return mfa.NewSecret([]byte(text)) }

// device answers like an authenticator whose PIN commands are replaced one by one. It
// keeps what it was asked.
type device struct {
	t      testing.TB
	server *pinuv.Server
	asked  []ClientPINRequest
	// answer gives a status and an answer for a subcommand; without it the subcommand
	// is done as it should be.
	answer map[uint64]func(r ClientPINRequest) (Status, ClientPINResponse)
	raw    map[uint64][]byte
	token  []byte
}

func newDevice(t testing.TB) *device {
	t.Helper()
	s, err := pinuv.NewServer(rand.NewChaCha8([32]byte{8}), func() time.Time { return time.Unix(0, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return &device{t: t, server: s, answer: map[uint64]func(ClientPINRequest) (Status, ClientPINResponse){}, raw: map[uint64][]byte{}}
}

func (d *device) status(subcommand uint64, s Status) *device {
	d.answer[subcommand] = func(ClientPINRequest) (Status, ClientPINResponse) { return s, ClientPINResponse{} }
	return d
}

func (d *device) gives(subcommand uint64, r ClientPINResponse) *device {
	d.answer[subcommand] = func(ClientPINRequest) (Status, ClientPINResponse) { return StatusOK, r }
	return d
}

func (d *device) Exchange(_ context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	if request[0] != CommandClientPIN {
		d.t.Fatalf("command %02x", request[0])
	}
	r, err := DecodeClientPINRequest(request[1:])
	if err != nil {
		d.t.Fatal(err)
	}
	d.asked = append(d.asked, r)
	if raw, ok := d.raw[r.Subcommand]; ok {
		return raw, nil
	}
	var s Status
	var out ClientPINResponse
	if f := d.answer[r.Subcommand]; f != nil {
		s, out = f(r)
	} else {
		s, out = d.properly(r, keepalive)
	}
	data, err := EncodeClientPINResponse(out)
	if err != nil {
		d.t.Fatal(err)
	}
	return append([]byte{byte(s)}, data...), nil
}

func (d *device) properly(r ClientPINRequest, keepalive func(byte)) (Status, ClientPINResponse) {
	tries := uint64(5)
	switch r.Subcommand {
	case PINGetRetries:
		return StatusOK, ClientPINResponse{PINRetries: &tries}
	case PINGetUVRetries:
		return StatusOK, ClientPINResponse{UVRetries: &tries}
	case PINGetKeyAgreement:
		k := d.server.KeyAgreement()
		return StatusOK, ClientPINResponse{KeyAgreement: &k}
	}
	shared, err := d.server.Decapsulate(r.Protocol, *r.KeyAgreement)
	if err != nil {
		return StatusInvalidParameter, ClientPINResponse{}
	}
	switch r.Subcommand {
	case PINSet, PINChange:
		if !shared.Verify(append(bytes.Clone(r.NewPINEnc), r.PINHashEnc...), r.PinUvAuthParam) {
			return StatusPINAuthInvalid, ClientPINResponse{}
		}
		return StatusOK, ClientPINResponse{}
	case PINGetTokenUsingUV:
		keepalive(KeepaliveUPNeeded)
	}
	text, err := d.server.Issue(shared, r.Permissions, r.RPID)
	if err != nil {
		d.t.Fatal(err)
	}
	return StatusOK, ClientPINResponse{Token: text}
}

func (d *device) last() ClientPINRequest { return d.asked[len(d.asked)-1] }

func withPIN() Info { return modern() }

func TestWhatTheDeviceSaysAboutPINs(t *testing.T) {
	tooMany, off := uint64(256), pinuv.Point{}
	byPIN := func(d *device) error {
		_, err := TokenByPIN(t.Context(), d, withPIN(), pin("1234"), PermissionGetAssertion, "a", stream())
		return err
	}
	byUV := func(d *device) error {
		info := withPIN()
		info.Options[OptionUserVerification] = true
		_, err := TokenByUV(t.Context(), d, info, PermissionGetAssertion, "a", stream(), func(byte) {})
		return err
	}
	set := func(d *device) error {
		info := withPIN()
		info.Options[OptionClientPIN] = false
		return SetPIN(t.Context(), d, info, pin("1234"), stream())
	}
	change := func(d *device) error {
		return ChangePIN(t.Context(), d, withPIN(), pin("1234"), pin("5678"), stream())
	}
	retries := func(d *device) error { _, _, err := PINRetries(t.Context(), d, withPIN()); return err }
	uvRetries := func(d *device) error { _, err := UVRetries(t.Context(), d, withPIN()); return err }
	const perms = PINGetTokenWithPINPerms
	for _, c := range []struct {
		name string
		run  func(*device) error
		make func(*device) *device
		want mfa.Code
		left string
	}{
		{"a token", byPIN, nil, "", ""},
		{"a token by the sensor", byUV, nil, "", ""},
		{"the first PIN", set, nil, "", ""},
		{"another PIN", change, nil, "", ""},
		{"wrong", byPIN, func(d *device) *device { return d.status(perms, StatusPINInvalid) }, mfa.CodePINWrong, "5"},
		{"wrong at changing", change, func(d *device) *device { return d.status(PINChange, StatusPINInvalid) }, mfa.CodePINWrong, "5"},
		{"wrong, and it does not say how many are left", byPIN, func(d *device) *device {
			return d.status(perms, StatusPINInvalid).status(PINGetRetries, StatusInvalidCommand)
		}, mfa.CodePINWrong, ""},
		{"locked", change, func(d *device) *device { return d.status(PINChange, StatusPINAuthBlocked) }, mfa.CodePINLocked, ""},
		{"blocked", change, func(d *device) *device { return d.status(PINChange, StatusPINBlocked) }, mfa.CodePINBlocked, ""},
		{"no PIN", byPIN, func(d *device) *device { return d.status(perms, StatusPINNotSet) }, mfa.CodePINNotSet, ""},
		{"a new one is wanted first", byPIN, func(d *device) *device { return d.status(perms, StatusPINPolicyViolation) }, mfa.CodePINChangeNeeded, ""},
		{"its own rules", set, func(d *device) *device { return d.status(PINSet, StatusPINPolicyViolation) }, mfa.CodePINRefused, ""},
		{"its own rules at changing", change, func(d *device) *device { return d.status(PINChange, StatusPINPolicyViolation) }, mfa.CodePINRefused, ""},
		{"another program was faster", set, func(d *device) *device { return d.status(PINSet, StatusPINAuthInvalid) }, mfa.CodePINSet, ""},
		{"another finger", byUV, func(d *device) *device { return d.status(PINGetTokenUsingUV, StatusUVInvalid) }, mfa.CodeUVFailed, ""},
		{"too many fingers", byUV, func(d *device) *device { return d.status(PINGetTokenUsingUV, StatusUVBlocked) }, mfa.CodeUVBlocked, ""},
		{"no finger", byUV, func(d *device) *device { return d.status(PINGetTokenUsingUV, StatusUserActionTimeout) }, mfa.CodeAuthenticatorTimeout, ""},
		{"no key agreement", byPIN, func(d *device) *device { return d.gives(PINGetKeyAgreement, ClientPINResponse{}) }, mfa.CodeAuthenticatorProtocol, ""},
		{"no point of the curve", byPIN, func(d *device) *device { return d.gives(PINGetKeyAgreement, ClientPINResponse{KeyAgreement: &off}) }, mfa.CodeAuthenticatorProtocol, ""},
		{"an RSA key", byPIN, func(d *device) *device {
			d.raw[PINGetKeyAgreement] = append([]byte{0}, ctapcbor.MustMarshal(map[any]any{1: map[any]any{1: 3, -1: make([]byte, 32), -2: []byte{1}}})...)
			return d
		}, mfa.CodeAuthenticatorProtocol, ""},
		{"no token", byPIN, func(d *device) *device { return d.gives(perms, ClientPINResponse{}) }, mfa.CodeAuthenticatorProtocol, ""},
		{"a short token", byPIN, func(d *device) *device { return d.gives(perms, ClientPINResponse{Token: make([]byte, 32)}) }, mfa.CodeAuthenticatorProtocol, ""},
		{"a long token", byPIN, func(d *device) *device { return d.gives(perms, ClientPINResponse{Token: make([]byte, 64)}) }, mfa.CodeAuthenticatorProtocol, ""},
		{"half a block", byPIN, func(d *device) *device { return d.gives(perms, ClientPINResponse{Token: make([]byte, 40)}) }, mfa.CodeAuthenticatorProtocol, ""},
		{"no CBOR", byPIN, func(d *device) *device { d.raw[perms] = []byte{0, 0xff}; return d }, mfa.CodeAuthenticatorProtocol, ""},
		{"no tries", retries, func(d *device) *device { return d.gives(PINGetRetries, ClientPINResponse{}) }, mfa.CodeAuthenticatorProtocol, ""},
		{"256 tries", retries, func(d *device) *device { return d.gives(PINGetRetries, ClientPINResponse{PINRetries: &tooMany}) }, mfa.CodeAuthenticatorProtocol, ""},
		{"no tries at the sensor", uvRetries, func(d *device) *device { return d.gives(PINGetUVRetries, ClientPINResponse{PINRetries: new(uint64)}) }, mfa.CodeAuthenticatorProtocol, ""},
	} {
		d := newDevice(t)
		if c.make != nil {
			d = c.make(d)
		}
		err := c.run(d)
		f := mfa.AsFailure(err)
		if c.want == "" && err != nil || c.want != "" && (f == nil || f.Code != c.want || f.Params["left"] != c.left) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if f != nil && (strings.Contains(f.Explain(), "1234") || strings.Contains(fmt.Sprint(f.Params), "1234")) {
			t.Errorf("%s tells the PIN: %v", c.name, f.Explain())
		}
	}
	d := newDevice(t)
	if n, err := UVRetries(t.Context(), d, withPIN()); n != 5 || err != nil {
		t.Errorf("%d tries at the sensor, %v", n, err)
	}
}

// What can be known before is not asked, above all when a try would be lost.
func TestWhatIsNotAsked(t *testing.T) {
	least := uint64(6)
	strict := withPIN()
	strict.MinPINLength = &least
	none := Info{Versions: []string{"FIDO_2_0"}}
	future := withPIN()
	future.PinUvAuthProtocols = []uint64{3}
	sensor := withPIN()
	delete(sensor.Options, OptionPinUvAuthToken)
	sensor.Options[OptionUserVerification] = true
	unset := func(i Info) Info { i.Options[OptionClientPIN] = false; return i }
	for _, c := range []struct {
		name string
		run  func(Channel) error
		want mfa.Code
	}{
		{"a PIN for what can have none", func(ch Channel) error {
			_, err := TokenByPIN(t.Context(), ch, none, pin("1234"), 1, "a", stream())
			return err
		}, mfa.CodeKeyCannot},
		{"setting what can have none", func(ch Channel) error { return SetPIN(t.Context(), ch, none, pin("1234"), stream()) }, mfa.CodeKeyCannot},
		{"changing what can have none", func(ch Channel) error { return ChangePIN(t.Context(), ch, none, pin("1234"), pin("5678"), stream()) }, mfa.CodeKeyCannot},
		{"a protocol of tomorrow", func(ch Channel) error { _, _, err := PINRetries(t.Context(), ch, future); return err }, mfa.CodeKeyCannot},
		{"a PIN too short to be right", func(ch Channel) error {
			_, err := TokenByPIN(t.Context(), ch, withPIN(), pin("123"), 1, "a", stream())
			return err
		}, mfa.CodePINLength},
		{"a PIN that has to be changed", func(ch Channel) error { // some keys answer 0x31 to a right one
			i, must := withPIN(), true
			i.ForcePINChange = &must
			_, err := TokenByPIN(t.Context(), ch, i, pin("1234"), 1, "a", stream())
			return err
		}, mfa.CodePINChangeNeeded},
		{"a new one too short", func(ch Channel) error { return ChangePIN(t.Context(), ch, strict, pin("1234"), pin("12345"), stream()) }, mfa.CodePINLength},
		{"a first one too short", func(ch Channel) error {
			i := withPIN()
			i.MinPINLength = &least
			return SetPIN(t.Context(), ch, unset(i), pin("12345"), stream())
		}, mfa.CodePINLength},
		{"a first one where there is one", func(ch Channel) error { return SetPIN(t.Context(), ch, withPIN(), pin("1234"), stream()) }, mfa.CodePINSet},
		{"a sensor that is not there", func(ch Channel) error {
			_, err := TokenByUV(t.Context(), ch, withPIN(), 1, "a", stream(), nil)
			return err
		}, mfa.CodeKeyCannot},
		{"a sensor without tokens", func(ch Channel) error {
			_, err := TokenByUV(t.Context(), ch, sensor, 1, "a", stream(), nil)
			return err
		}, mfa.CodeKeyCannot},
		{"no management", func(ch Channel) error { _, _, err := Stock(t.Context(), ch, none, &Token{}); return err }, mfa.CodeKeyCannot},
	} {
		d := newDevice(t)
		if err := c.run(d); !mfa.IsCode(err, c.want) || len(d.asked) > 0 {
			t.Errorf("%s: %v after %d questions", c.name, err, len(d.asked))
		}
	}
	if least, most := strict.PINLength(); least != 6 || most != 63 {
		t.Errorf("a PIN of %d to %d", least, most)
	}
	huge, tiny := uint64(1)<<63, uint64(0)
	for _, i := range []Info{{MinPINLength: &huge}, {MaxPINLength: &tiny}, {MinPINLength: &huge, MaxPINLength: &tiny}, {MaxPINLength: &huge}} {
		if least, most := i.PINLength(); least < 4 || most > 63 || least > most {
			t.Errorf("%+v: a PIN of %d to %d", i, least, most)
		}
	}
}

// A PIN that is from before the key wanted longer ones opens it all the same, so
// that it can be changed.
func TestAnOldShortPINIsTried(t *testing.T) {
	least := uint64(6)
	info := withPIN()
	info.MinPINLength = &least
	d := newDevice(t)
	if _, err := TokenByPIN(t.Context(), d, info, pin("1234"), 1, "a", stream()); err != nil {
		t.Error(err)
	}
	if err := ChangePIN(t.Context(), d, info, pin("1234"), pin("123456"), stream()); err != nil {
		t.Error(err)
	}
}

func TestTokensAreBoundWhereTheyCanBe(t *testing.T) {
	d := newDevice(t)
	info := withPIN()
	info.Options[OptionUserVerification] = true
	touched := 0
	token, err := TokenByUV(t.Context(), d, info, PermissionMakeCredential, "example.org", stream(), func(s byte) { touched += int(s) })
	if err != nil || touched != int(KeepaliveUPNeeded) {
		t.Fatal(err, touched)
	}
	if r := d.last(); r.Subcommand != PINGetTokenUsingUV || r.Permissions != PermissionMakeCredential || r.RPID != "example.org" {
		t.Errorf("asked for %+v", r)
	}
	hash := make([]byte, 32)
	if !d.server.Use(token.Protocol(), PermissionMakeCredential, "example.org", hash, token.Authenticate(hash)) {
		t.Error("the token does not open the device")
	}
	key := token.key
	if text := fmt.Sprintf("%v %+v %#v %x", token, token, *token, *token); strings.Contains(text, fmt.Sprintf("%x", key)) || strings.Contains(text, fmt.Sprint(key)) || token.LogValue().String() != "[secret]" {
		t.Errorf("printed as %s", text)
	}
	token.Wipe()
	token.Wipe()
	(*Token)(nil).Wipe()
	if !bytes.Equal(key, make([]byte, len(key))) {
		t.Error("a wiped token is still there")
	}
	delete(info.Options, OptionPinUvAuthToken)
	if _, err := TokenByPIN(t.Context(), d, info, pin("1234"), PermissionMakeCredential, "example.org", stream()); err != nil {
		t.Fatal(err)
	}
	if r := d.last(); r.Subcommand != PINGetToken || r.Permissions != 0 || r.RPID != "" {
		t.Errorf("a key of CTAP 2.0 was asked for %+v", r)
	}
}

// After a failure nothing of the key agreement before is used.
func TestEveryTryAgreesAnew(t *testing.T) {
	d := newDevice(t).status(PINGetTokenWithPINPerms, StatusPINInvalid)
	r := stream()
	for range 2 {
		_, _ = TokenByPIN(t.Context(), d, withPIN(), pin("1234"), 1, "a", r)
	}
	var subcommands []uint64
	for _, r := range d.asked {
		subcommands = append(subcommands, r.Subcommand)
	}
	once := []uint64{PINGetKeyAgreement, PINGetTokenWithPINPerms, PINGetRetries}
	if !slices.Equal(subcommands, append(slices.Clone(once), once...)) {
		t.Errorf("asked %v", subcommands)
	}
	if *d.asked[1].KeyAgreement == *d.asked[4].KeyAgreement {
		t.Error("the platform used its key twice")
	}
}

func TestACancelledPINIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := newDevice(t)
	d.answer[PINGetTokenWithPINPerms] = func(ClientPINRequest) (Status, ClientPINResponse) {
		cancel()
		return StatusPINInvalid, ClientPINResponse{}
	}
	if _, err := TokenByPIN(ctx, d, withPIN(), pin("1234"), 1, "a", stream()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	dry := newDevice(t)
	if _, err := TokenByPIN(t.Context(), dry, withPIN(), pin("1234"), 1, "a", bytes.NewReader(make([]byte, 3))); !mfa.IsCode(err, mfa.CodeInternal) {
		t.Errorf("without randomness: %v", err)
	}
}

func TestHMACSecret(t *testing.T) {
	for _, protocols := range [][]uint64{{1}, {2}, nil} {
		d := newDevice(t)
		info := withPIN()
		info.PinUvAuthProtocols = protocols
		h, err := NewHMACSecret(t.Context(), d, info, stream())
		if err != nil {
			t.Fatal(err)
		}
		one, two := PRFSalt([]byte("one")), PRFSalt([]byte("two"))
		for _, second := range [][]byte{nil, two[:]} {
			input, err := h.Input(one[:], second)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := EncodeExtensionInputs(ExtensionInputs{Salts: input})
			if err != nil {
				t.Fatal(err)
			}
			// The authenticator's side.
			in, err := DecodeExtensionInputs(raw)
			if err != nil || in.Salts == nil {
				t.Fatal(err)
			}
			shared, err := d.server.Decapsulate(in.Salts.Protocol, in.Salts.KeyAgreement)
			if err != nil || !shared.Verify(in.Salts.SaltEnc, in.Salts.SaltAuth) {
				t.Fatal("the salts are not authentic", err)
			}
			salts, err := shared.Decrypt(in.Salts.SaltEnc)
			if err != nil {
				t.Fatal(err)
			}
			var made, want []byte
			for salt := range slices.Chunk(salts, 32) {
				mac := hmac.New(sha256.New, []byte("credential"))
				mac.Write(salt)
				made = mac.Sum(made)
			}
			text, err := shared.Encrypt(made)
			if err != nil {
				t.Fatal(err)
			}
			outputs, err := EncodeExtensionOutputs(ExtensionOutputs{Salted: text})
			if err != nil {
				t.Fatal(err)
			}
			// And back.
			out, err := DecodeExtensionOutputs(outputs)
			if err != nil {
				t.Fatal(err)
			}
			first, other, err := h.Output(out.Salted)
			if want = append(bytes.Clone(first), other...); err != nil || !bytes.Equal(want, made) || (other == nil) != (second == nil) {
				t.Errorf("%v: %x and %x, %v", protocols, first, other, err)
			}
		}
		for _, n := range []int{0, 16, 31, 33, 48} {
			if _, err := h.Input(make([]byte, n), nil); !mfa.IsCode(err, mfa.CodeInvalidInput) {
				t.Errorf("a salt of %d bytes: %v", n, err)
			}
			if _, err := h.Input(one[:], make([]byte, n)); !mfa.IsCode(err, mfa.CodeInvalidInput) {
				t.Errorf("a second salt of %d bytes: %v", n, err)
			}
			if _, _, err := h.Output(make([]byte, n)); n != 48 && !mfa.IsCode(err, mfa.CodeAuthenticatorProtocol) {
				t.Errorf("an output of %d bytes: %v", n, err)
			}
		}
		h.Wipe()
		(*HMACSecret)(nil).Wipe()
		if _, err := h.Input(one[:], nil); err == nil {
			t.Error("wiped, and still used")
		}
	}
}
