package bind

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
)

// format does to an error what Wails and the page do: format, then read again.
func format(t *testing.T, err error) FailureDTO {
	t.Helper()
	text, ok := Format(err).(string)
	if !ok {
		t.Fatalf("Format gave a %T; the page's runtime keeps text only", Format(err))
	}
	var f FailureDTO
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFailuresCrossWithAllTheyHave(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		want FailureDTO
	}{
		{"with params and a cause", mfa.Fail(mfa.CodeNameTaken, "name", "pixel").Because(errors.New("row 7")),
			FailureDTO{"name-taken", "conflict", "change-input", map[string]string{"name": "pixel"}, "EntityAlreadyExists", "row 7"}},
		{"bare", mfa.Fail(mfa.CodeSignInRefused), FailureDTO{"sign-in-refused", "denied", "change-input", map[string]string{}, "AccessDenied", ""}},
		{"foreign", errors.New("odd"), FailureDTO{"internal", "internal", "report", map[string]string{}, "ServiceFailure", "odd"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			api, _ := bound(t, &fake{err: row.err})
			if got := format(t, api.CheckDeviceName(EnrolmentRequest{Name: "pixel"})); !reflect.DeepEqual(got, row.want) {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

func TestEveryMethodTurnsAPanicIntoAFailure(t *testing.T) {
	const secret = "hunter2hunter2"
	api, log := bound(t, &fake{panics: secret, running: running()})
	methods := reflect.ValueOf(api)
	quiet := map[string]bool{ // they call nothing that can panic in the fake
		"OpenSandbox": true, "LeaveSandbox": true, "Touch": true, "ChooseFile": true, "CancelSignIn": true, "CancelCeremony": true, "Ceremony": true}
	for i := range methods.NumMethod() {
		name := methods.Type().Method(i).Name
		t.Run(name, func(t *testing.T) {
			args := make([]reflect.Value, methods.Method(i).Type().NumIn())
			for k := range args {
				args[k] = reflect.Zero(methods.Method(i).Type().In(k))
			}
			out := methods.Method(i).Call(args)
			err, _ := out[len(out)-1].Interface().(error)
			if name == "State" {
				if s := out[0].Interface().(StateDTO); s.Phase != "broken" || s.Failure == nil || s.Failure.Code != "internal" {
					t.Errorf("the state is %+v, not broken with internal", s)
				}
				return
			}
			if !quiet[name] && !mfa.IsCode(err, mfa.CodeInternal) {
				t.Errorf("error %v, want internal", err)
			}
			if err != nil && strings.Contains(format(t, err).Detail, secret) {
				t.Error("the panic's value went to the page")
			}
		})
	}
	if strings.Contains(log.String(), secret) || !strings.Contains(log.String(), "stack") {
		t.Error("the log must have the stack and not the panic's value")
	}
}

func TestPasswordsAreBytesAndWipedAfterwards(t *testing.T) {
	f := &fake{state: everything()}
	api, _ := bound(t, f)
	for _, row := range []struct {
		name string
		call func([]byte) error
	}{
		{"sign in", func(text []byte) error {
			var req SignInRequest
			if err := json.Unmarshal(text, &req); err != nil {
				return err
			}
			_, err := api.SignIn(req)
			if strings.Trim(string(req.Password), "\x00") != "" {
				t.Error("the request still holds the password")
			}
			return err
		}},
		{"create account", func(text []byte) error {
			var req CreateAccountRequest
			if err := json.Unmarshal(text, &req); err != nil {
				return err
			}
			_, err := api.CreateAccount(req)
			return err
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := row.call([]byte(`{"password":[195,164,98]}`)); err != nil {
				t.Fatal(err)
			}
			if f.typed != "äb" {
				t.Errorf("the back end was given %q", f.typed)
			}
			if f.secret.Len() != 0 {
				t.Error("the password was not wiped")
			}
		})
	}
}

func TestPasswordRefuses(t *testing.T) {
	for _, row := range []struct{ name, text string }{
		{"base64", `"aGk="`}, {"null", `null`}, {"beyond a byte", `[256]`}, {"negative", `[-1]`}, {"no number", `["a"]`},
		{"too long", "[" + strings.Repeat("97,", maxPasswordText/3) + "97]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var p Password
			err := p.UnmarshalJSON([]byte(row.text))
			if err == nil {
				t.Fatal("taken")
			}
			if strings.ContainsAny(err.Error(), "0123456789") {
				t.Errorf("the error quotes what was sent: %v", err)
			}
		})
	}
}

func TestScanTakesBase64(t *testing.T) {
	f := &fake{}
	api, _ := bound(t, f)
	if _, err := api.ScanWithSimulatedPhone(base64.StdEncoding.EncodeToString([]byte("picture"))); err != nil || string(f.picture) != "picture" {
		t.Errorf("picture %q, error %v", f.picture, err)
	}
	for name, text := range map[string]string{"not base64": "%", "too large": strings.Repeat("A", maxPicture+4)} {
		if _, err := api.ScanWithSimulatedPhone(text); !mfa.IsCode(err, mfa.CodePictureUnreadable) {
			t.Errorf("%s: error %v, want picture-unreadable", name, err)
		}
	}
}

func TestEventsAreNamed(t *testing.T) {
	api, _ := bound(t, &fake{})
	state := everything()
	for _, row := range []struct {
		name  string
		event desk.Event
		want  string
	}{
		{"ceremony", desk.Event{Ceremony: running()}, EventCeremony},
		{"state", desk.Event{State: &state}, EventState},
	} {
		t.Run(row.name, func(t *testing.T) {
			name, dto, err := Event(api)(row.event)
			if err != nil || name != row.want || dto == nil {
				t.Errorf("got %q, %v, %v", name, dto, err)
			}
		})
	}
	listed := []keys.Key{{ID: "1", Info: ctap2.Info{AAGUID: mfa.AAGUID{7}}}, {ID: "2", Info: ctap2.Info{AAGUID: mfa.AAGUID{8}}}}
	_, dto, err := Event(api)(desk.Event{Keys: &listed, Models: map[mfa.AAGUID]string{{7}: "Acme Key"}})
	if got, is := dto.([]KeyDTO); err != nil || !is || len(got) != 2 || got[0].Model != "Acme Key" || got[1].Model == "Acme Key" {
		t.Errorf("keys as an event: %+v, %v", dto, err)
	}
	undrawable := running()
	undrawable.QR = "undrawable"
	if _, _, err := Event(api)(desk.Event{Ceremony: undrawable}); err == nil {
		t.Error("a code that cannot be drawn must be an error")
	}
	if _, _, err := Event(api)(desk.Event{}); err == nil {
		t.Error("an empty event must be an error")
	}
}
