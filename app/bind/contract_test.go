package bind

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// crossing is everything that contract.ts has a name for. TestEverythingCrosses finds
// what is missing here.
var crossing = []any{AddingWayDTO{}, AdmissionDTO{}, AdmissionDiffDTO{}, AdmissionRowDTO{}, AttachRequest{}, BlobDTO{}, CertificatesDTO{}, DecisionDTO{},
	DriftRowDTO{}, FactDTO{}, FindingDTO{}, GrantedDTO{}, GroupDTO{}, ImportedBlobDTO{}, InlineRequest{}, MetadataDTO{}, ModelDTO{}, ModelDetailsDTO{},
	NeedDTO{}, OddDTO{}, OutcomeDTO{}, PolicyDTO{}, PolicyUsersDTO{}, PolicyWordsDTO{}, PreflightDTO{}, PreflightRequest{}, RulesDTO{}, SavePolicyRequest{},
	StatusReportDTO{}, TemplateDTO{}, TrustDTO{}, TryRequest{},
	AccountDTO{}, AccountsAskDTO{}, FoundAccountDTO{}, ActivityFilter{}, AddUserRequest{}, AssignTokenRequest{}, BackupRequest{}, CandidateDTO{}, CeremonyDTO{},
	ChangePasswordRequest{}, ChangeUserRequest{}, ClockDTO{}, CodeDeviceDTO{}, CreateAccountRequest{}, DeviceDTO{}, DeviceRequest{}, DriftDTO{},
	DocumentedDTO{}, DriftSampleDTO{}, EnrolmentRequest{}, KeyDTO{}, KeyPINRequest{}, KeyPasskeyDTO{}, LadderDTO{}, PINAskDTO{}, PasskeyRequest{}, ReadinessDTO{}, ResetDTO{}, RungDTO{}, SightingDTO{}, SimKeyDTO{}, EventDTO{}, FailureDTO{}, FileDTO{}, ForecastDTO{}, IdentityDTO{}, ImportProgressDTO{}, ImportRequest{},
	LinkedPhoneDTO{}, NewAppDTO{}, PasskeyDTO{}, PassphraseRequest{}, PasswordRulesDTO{}, PreviewCodesRequest{}, QRDTO{}, RenameDeviceRequest{},
	ReportRowDTO{}, RestoreRequest{}, SaveRequest{}, SaveSettingsRequest{}, SavedDTO{}, SeedFileRequest{}, SessionDTO{}, SetPasswordRequest{},
	SettingsDTO{}, SignInDTO{}, SignInRequest{}, SimPhoneDTO{}, SlotDTO{}, StateDTO{}, SummaryDTO{}, TokenPreviewDTO{}, TokenRowDTO{},
	TwoCodesRequest{}, UserDTO{}, UserPreviewDTO{}, UserRequest{}, UserRowDTO{}, VaultDTO{}, VerdictDTO{}, WayDeviceDTO{}}

// The page's half of the contract is TypeScript. Its interfaces must have the
// members that the DTOs have in JSON, and its BoundAPI the methods of API.
func TestContractIsTheSameOnBothSides(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "frontend", "src", "api", "contract.ts"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dto := range crossing {
		typ := reflect.TypeOf(dto)
		t.Run(typ.Name(), func(t *testing.T) {
			var want []string
			for i := range typ.NumField() {
				want = append(want, typ.Field(i).Tag.Get("json"))
			}
			slices.Sort(want)
			if got := members(t, string(text), typ.Name(), `([A-Za-z0-9]+)\??:`); !slices.Equal(got, want) {
				t.Errorf("the page has %v, Go has %v", got, want)
			}
		})
	}
	t.Run("BoundAPI", func(t *testing.T) {
		var want []string
		api := reflect.TypeFor[*API]()
		for i := range api.NumMethod() {
			want = append(want, api.Method(i).Name)
		}
		if got := members(t, string(text), "BoundAPI", `(?m)^\s*([A-Z][A-Za-z]+)\(`); !slices.Equal(got, want) {
			t.Errorf("the page has %v, Go has %v", got, want)
		}
	})
}

// inline are the requests that contract.ts writes at the method that takes them.
var inline = []any{PhoneSignInRequest{}, SetPhoneRequest{}, SetAdministratorRequest{}, SaveActivityRequest{}, CompareRequest{}, SaveAdmissionRequest{}, SaveDifferencesRequest{},
	DeletePolicyRequest{}, RemoveGroupRequest{}, SetMemberRequest{}, InlineOwnerRequest{}, KeyPasskeyRequest{}, KeyPasskeysRequest{}, ChooseAccountRequest{}}

// Whatever is reached from a method or an event stands in one of the two lists, and
// each interface of the page has its half in Go.
func TestEverythingCrosses(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "frontend", "src", "api", "contract.ts"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, dto := range slices.Concat(crossing, inline) {
		listed[reflect.TypeOf(dto).Name()] = true
	}
	reached := map[string]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(typ.Elem())
		case reflect.Struct:
			if reached[typ.Name()] {
				return
			}
			reached[typ.Name()] = true
			if !listed[typ.Name()] {
				t.Errorf("%s crosses and is compared with nothing", typ.Name())
			}
			for i := range typ.NumField() {
				walk(typ.Field(i).Type)
			}
		}
	}
	api := reflect.TypeFor[*API]()
	for i := range api.NumMethod() {
		method := api.Method(i).Type
		for k := 1; k < method.NumIn(); k++ {
			walk(method.In(k))
		}
		for k := range method.NumOut() {
			walk(method.Out(k))
		}
	}
	walk(reflect.TypeFor[ImportProgressDTO]())
	walk(reflect.TypeFor[ResetDTO]())
	for name := range listed {
		if !reached[name] {
			t.Errorf("%s crosses nowhere", name)
		}
	}
	page := map[string]bool{"BoundAPI": true, "Events": true, "Runtime": true, "Window": true}
	for _, m := range regexp.MustCompile(`(?m)^export interface (\w+) `).FindAllStringSubmatch(string(text), -1) {
		if !listed[m[1]] && !page[m[1]] {
			t.Errorf("Go has no %s", m[1])
		}
	}
	for _, dto := range inline {
		typ := reflect.TypeOf(dto)
		for i := range typ.NumField() {
			if tag := typ.Field(i).Tag.Get("json"); !strings.Contains(string(text), "req: {") || !regexp.MustCompile(`req: \{[^}]*\b`+tag+`:`).Match(text) {
				t.Errorf("no request of the page has the member %s of %s", tag, typ.Name())
			}
		}
	}
}

var (
	comment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	nested  = regexp.MustCompile(`\([^)]*\)|<[^<>]*>`)
)

// members lists what an interface declares, sorted.
func members(t *testing.T, text, name, pattern string) []string {
	t.Helper()
	_, body, ok := strings.Cut(text, "export interface "+name+" {")
	if !ok {
		t.Fatalf("contract.ts has no interface %s", name)
	}
	body, _, _ = strings.Cut(comment.ReplaceAllString(body, ""), "\n}")
	if first, _, _ := strings.Cut(body, "\n"); strings.Contains(first, "}") {
		body, _, _ = strings.Cut(first, "}") // an interface on one line
	}
	if !strings.HasPrefix(pattern, "(?m)") {
		body = nested.ReplaceAllString(body, "")
	}
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(body, -1) {
		found = append(found, m[1])
	}
	slices.Sort(found)
	return found
}

// Lists must arrive as [] and absent values as null, because the page was
// promised so; a zero time must be 0.
func TestShapes(t *testing.T) {
	api, _ := bound(t, &fake{})
	for _, row := range []struct {
		name string
		dto  any
		want string
	}{
		{"empty state", api.state(fake{}.state), `"account":null,"session":null,"failure":null`},
		{"empty lists", api.state(fake{}.state), `"backups":[]`},
		{"full state", api.state(everything()), `"session":{"principalId":"P","principal":"a@b.example","kind":"root","administrator":true,"startedAt":1700000000123,"mfaAt":1700000001123,"mfaPresent":true,"device":"pixel","recovered":true,"limit":"set-up-device","verdict":{"state":"grace","reason":"no-device","deadline":1700003600123}}`},
		{"vault", api.state(everything()), `"vault":{"state":"open","system":"Keyring","store":"secret-store-locked","slots":[{"id":"S","kind":"system","createdAt":1700000000123}]},"ended":"idle"`},
		{"no vault without an account", api.state(fake{}.state), `"vault":null,"ended":""`},
		{"device never used", api.device("x.example")(deviceOf()), `"lastUsedAt":0`},
		{"device without transports", api.device("x.example")(deviceOf()), `"transports":[]`},
		{"device's algorithm", api.device("x.example")(deviceOf()), `"algorithm":"EdDSA"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			text, err := json.Marshal(row.dto)
			if err != nil || !strings.Contains(string(text), row.want) {
				t.Errorf("%s lacks %s (%v)", text, row.want, err)
			}
		})
	}
	c, err := api.ceremony(*running())
	if err != nil || c.QR == nil || c.QR.Size != 2 || !slices.Equal(c.QR.Rows, []string{"10", "01"}) || c.Until != 5 || c.Device.Passkey.RPID != "keyferry.internal" {
		t.Errorf("ceremony %+v, error %v", c, err)
	}
}
