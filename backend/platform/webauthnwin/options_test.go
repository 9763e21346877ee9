package webauthnwin

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

func create(t *testing.T, api uint32, change func(*authenticator.NativeCreate)) *createInput {
	t.Helper()
	req := sampleCreate()
	if change != nil {
		change(&req)
	}
	in, err := buildCreate(api, req, &guid{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Unpin)
	return in
}

func get(t *testing.T, api uint32, change func(*authenticator.NativeGet)) *getInput {
	t.Helper()
	req := sampleGet()
	if change != nil {
		change(&req)
	}
	in, err := buildGet(api, req, &guid{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Unpin)
	return in
}

func TestVersionsOfStructures(t *testing.T) {
	for api, want := range map[uint32]structVersions{
		0: {3, 4}, 1: {3, 4}, 2: {3, 4}, 3: {4, 5}, 4: {5, 6}, 5: {5, 6}, 6: {6, 6}, 7: {7, 7}, 8: {8, 8}, 9: {9, 9}, 10: {9, 9}, math.MaxUint32: {9, 9},
	} {
		if made, got := create(t, api, nil).options.Version, get(t, api, nil).options.Version; (structVersions{made, got}) != want {
			t.Errorf("API version %d: make %d, get %d, and not %+v", api, made, got, want)
		}
	}
}

func TestCreateInput(t *testing.T) {
	in := create(t, 9, nil)
	if in.rp.Version != 1 || word(in.rp.ID) != rpID || word(in.rp.Name) != "Keyferry Prüfung" || in.rp.Icon != nil {
		t.Errorf("RP %+v", in.rp)
	}
	u := in.user
	if u.Version != 1 || u.IDSize != 3 || *(*[3]byte)(unsafe.Pointer(u.ID)) != [3]byte{1, 2, 3} || word(u.Name) != "root@example.org" || word(u.DisplayName) != "Zoë 🗝" {
		t.Errorf("user %+v, %q, %q", u, word(u.Name), word(u.DisplayName))
	}
	for i, p := range unsafe.Slice(in.parameters.First, in.parameters.Count) {
		if p.Version != 1 || word(p.Type) != "public-key" || p.Alg != []int32{-7, -257}[i] {
			t.Errorf("parameter %d: %+v", i, p)
		}
	}
	if json := unsafe.Slice(in.data.JSON, in.data.JSONSize); !bytes.Equal(json, sampleCreate().ClientDataJSON) || word(in.data.HashAlg) != "SHA-256" || in.data.Version != 1 {
		t.Errorf("client data %q, %+v", json, in.data)
	}
	o := in.options
	if o.Attachment != 2 || o.RequireResidentKey != 0 || o.PreferResidentKey != 1 || o.UserVerification != 1 || o.Attestation != 3 ||
		o.TimeoutMilliseconds != 120_000 || o.CancellationID == nil {
		t.Errorf("options %+v", o)
	}
	if o.OldExcludeList != (credentials{}) {
		t.Errorf("old exclude list %+v", o.OldExcludeList)
	}
	list := unsafe.Slice(o.ExcludeList.First, o.ExcludeList.Count)
	if len(list) != 2 || list[0].Transports != 0x03 || list[1].Transports != 0x20 || string(unsafe.Slice(list[1].ID, list[1].IDSize)) != "old phone" || word(list[0].Type) != "public-key" || list[0].Version != 1 {
		t.Errorf("exclude list %+v", list)
	}
}

func TestGetInput(t *testing.T) {
	in := get(t, 9, nil)
	o := in.options
	if word(in.rpID) != rpID || o.Attachment != 2 || o.UserVerification != 2 || o.CancellationID == nil {
		t.Errorf("%q, options %+v", word(in.rpID), o)
	}
	list := unsafe.Slice(o.AllowList.First, o.AllowList.Count)
	if len(list) != 2 || list[0].Transports != 1 || list[1].Transports != 0 {
		t.Errorf("allow list %+v", list)
	}
	// Without the same list in its old form, keys that know U2F only stay dark.
	old := unsafe.Slice(o.OldAllowList.First, o.OldAllowList.Count)
	if len(old) != 2 || string(unsafe.Slice(old[0].ID, old[0].IDSize)) != "key" || word(old[1].Type) != "public-key" {
		t.Errorf("old allow list %+v", old)
	}
	none := get(t, 9, func(r *authenticator.NativeGet) { r.Allow = nil }).options
	if none.AllowList != nil || none.OldAllowList != (credentials{}) {
		t.Errorf("lists without credentials: %+v, %+v", none.AllowList, none.OldAllowList)
	}
}

func TestHints(t *testing.T) {
	for name, row := range map[string]struct {
		api   uint32
		hints []string
		want  []string
	}{
		"before there were any":   {7, []string{"hybrid"}, nil},
		"in order":                {8, []string{"hybrid", "security-key"}, []string{"hybrid", "security-key"}},
		"never to Windows Hello":  {9, []string{"client-device", "security-key"}, []string{"security-key"}},
		"only to Windows Hello":   {9, []string{"client-device"}, nil},
		"unknown and said twice":  {9, []string{"telepathy", "hybrid", "hybrid"}, []string{"hybrid"}},
		"none":                    {9, nil, nil},
		"of a version to be made": {12, []string{"hybrid"}, []string{"hybrid"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := create(t, row.api, func(r *authenticator.NativeCreate) { r.Hints = row.hints }).options
			g := get(t, row.api, func(r *authenticator.NativeGet) { r.Hints = row.hints }).options
			for _, list := range [][]*uint16{unsafe.Slice(o.Hints, o.HintCount), unsafe.Slice(g.Hints, g.HintCount)} {
				var words []string
				for _, p := range list {
					words = append(words, word(p))
				}
				if !slices.Equal(words, row.want) {
					t.Errorf("%q", words)
				}
			}
		})
	}
}

func TestTransports(t *testing.T) {
	for name, row := range map[string]struct {
		api   uint32
		words string
		mask  uint32
	}{
		"unknown how":                            {9, "", 0},
		"a key":                                  {9, "usb nfc ble", 0x07},
		"a phone's passkey, which says internal": {9, "hybrid internal", 0x20},
		"of Windows Hello":                       {9, "internal", 0x10},
		"a phone, before phones were known":      {5, "hybrid", 0},
		"and with internal":                      {5, "hybrid internal", 0},
		"a card":                                 {9, "smart-card", 0x40},
		"a card, before cards were known":        {8, "smart-card nfc", 0x02},
		"a word to be invented":                  {9, "telepathy internal", 0x10},
	} {
		t.Run(name, func(t *testing.T) {
			if mask := transportMask(row.api, strings.Fields(row.words)); mask != row.mask {
				t.Errorf("%#x", mask)
			}
		})
	}
	if words := transportWords(0xFFFFFFFF); !slices.Equal(words, []string{"usb", "nfc", "ble", "internal", "hybrid", "smart-card"}) {
		t.Errorf("%q", words)
	}
}

func TestWordsOfOptions(t *testing.T) {
	for word, want := range map[string]uint32{"required": 1, "preferred": 2, "discouraged": 3, "": 0, "odd": 0} {
		if o := create(t, 9, func(r *authenticator.NativeCreate) { r.UserVerification = word }).options; o.UserVerification != want {
			t.Errorf("user verification %q is %d", word, o.UserVerification)
		}
	}
	for word, want := range map[string]uint32{"none": 1, "indirect": 2, "direct": 3, "": 0} {
		if o := create(t, 9, func(r *authenticator.NativeCreate) { r.Attestation = word }).options; o.Attestation != want {
			t.Errorf("attestation %q is %d", word, o.Attestation)
		}
	}
	for word, want := range map[string][2]int32{"required": {1, 0}, "preferred": {0, 1}, "discouraged": {}, "": {}} {
		if o := create(t, 9, func(r *authenticator.NativeCreate) { r.ResidentKey = word }).options; o.RequireResidentKey != want[0] || o.PreferResidentKey != want[1] {
			t.Errorf("resident key %q is %d, %d", word, o.RequireResidentKey, o.PreferResidentKey)
		}
	}
	for given, want := range map[time.Duration]uint32{0: 120_000, -1: 120_000, time.Minute: 60_000, time.Nanosecond: 1, time.Hour: 600_000} {
		if o := get(t, 9, func(r *authenticator.NativeGet) { r.Timeout = given }).options; o.TimeoutMilliseconds != want {
			t.Errorf("time limit %v is %d ms", given, o.TimeoutMilliseconds)
		}
	}
}

func TestNamesThatAreMissing(t *testing.T) {
	in := create(t, 9, func(r *authenticator.NativeCreate) { r.RP.Name, r.User.DisplayName = "", "" })
	if word(in.rp.Name) != rpID || word(in.user.DisplayName) != "root@example.org" {
		t.Errorf("%q, %q", word(in.rp.Name), word(in.user.DisplayName))
	}
	in = create(t, 9, func(r *authenticator.NativeCreate) { r.User.Name, r.User.DisplayName = "", "" })
	if word(in.user.Name) != "" || word(in.user.DisplayName) != "" {
		t.Errorf("%q, %q", word(in.user.Name), word(in.user.DisplayName))
	}
}

func TestWhatCannotBeAsked(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*authenticator.NativeCreate)
		code   mfa.Code
		field  string
	}{
		"no user handle":           {func(r *authenticator.NativeCreate) { r.User.ID = nil }, mfa.CodeInvalidInput, "user"},
		"a long user handle":       {func(r *authenticator.NativeCreate) { r.User.ID = make([]byte, 65) }, mfa.CodeInvalidInput, "user"},
		"a name with a zero in it": {func(r *authenticator.NativeCreate) { r.User.Name = "root\x00@evil" }, mfa.CodeInvalidInput, "name"},
		"an RP ID with a zero":     {func(r *authenticator.NativeCreate) { r.RP.ID = "a.example\x00.b" }, mfa.CodeInvalidInput, "rp"},
		"no algorithm":             {func(r *authenticator.NativeCreate) { r.Parameters = nil }, mfa.CodeUnsupportedAlgorithm, ""},
		"an odd algorithm": {func(r *authenticator.NativeCreate) {
			r.Parameters = []ctap2.CredentialParameters{{Type: "public-key", Alg: 1 << 40}}
		}, mfa.CodeUnsupportedAlgorithm, ""},
		"an odd type": {func(r *authenticator.NativeCreate) {
			r.Parameters = []ctap2.CredentialParameters{{Type: "password", Alg: -7}}
		}, mfa.CodeUnsupportedAlgorithm, ""},
		"no client data":          {func(r *authenticator.NativeCreate) { r.ClientDataJSON = nil }, mfa.CodeInvalidInput, "client-data"},
		"endless client data":     {func(r *authenticator.NativeCreate) { r.ClientDataJSON = make([]byte, 64<<10+1) }, mfa.CodeInvalidInput, "client-data"},
		"a credential without ID": {func(r *authenticator.NativeCreate) { r.Exclude = make([]authenticator.NativeDescriptor, 1) }, mfa.CodeInvalidInput, "credentials"},
		"a long credential ID":    {func(r *authenticator.NativeCreate) { r.Exclude[0].ID = make([]byte, 1024) }, mfa.CodeInvalidInput, "credentials"},
		"very many credentials": {func(r *authenticator.NativeCreate) {
			r.Exclude = slices.Repeat(r.Exclude[:1], 257)
		}, mfa.CodeInvalidInput, "credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			req := sampleCreate()
			row.change(&req)
			_, err := buildCreate(9, req, nil)
			if !mfa.IsCode(err, row.code) || mfa.AsFailure(err).Params["field"] != row.field {
				t.Errorf("%v %v", err, mfa.AsFailure(err).Params)
			}
		})
	}
}
