package authenticator

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

func never(t *testing.T) Opener {
	return func(context.Context, Want) (Authenticator, error) {
		t.Error("the authenticator was opened")
		return nil, mfa.Fail(mfa.CodeInternal)
	}
}

func TestOriginAndRPID(t *testing.T) {
	for _, c := range []struct {
		name, origin, rpID string
		want               mfa.Code
	}{
		{"equal", testOrigin, testRPID, ""},
		{"none given", testOrigin, "", ""},
		{"parent", "https://login.keyferry.internal", testRPID, ""},
		{"localhost", "https://localhost", "localhost", ""},
		{"child", testOrigin, "login.keyferry.internal", mfa.CodeRPIDMismatch},
		{"other", testOrigin, "keyferry.external", mfa.CodeRPIDMismatch},
		{"only the ending", "https://notkeyferry.internal", testRPID, mfa.CodeRPIDMismatch},
		{"top level", testOrigin, "internal", mfa.CodeRPIDMismatch},
		{"empty label", testOrigin, ".internal", mfa.CodeRPIDMismatch},
		{"upper case", testOrigin, "Keyferry.internal", mfa.CodeRPIDMismatch},
		{"trailing dot", testOrigin, "keyferry.internal.", mfa.CodeRPIDMismatch},
		{"RP ID with a port", testOrigin, "keyferry.internal:443", mfa.CodeRPIDMismatch},
		{"http", "http://keyferry.internal", testRPID, mfa.CodeOriginMismatch},
		{"no scheme", "keyferry.internal", testRPID, mfa.CodeOriginMismatch},
		{"port", "https://keyferry.internal:443", testRPID, mfa.CodeOriginMismatch},
		{"empty port", "https://keyferry.internal:", testRPID, mfa.CodeOriginMismatch},
		{"path", "https://keyferry.internal/", testRPID, mfa.CodeOriginMismatch},
		{"user", "https://keyferry.internal@evil.example", testRPID, mfa.CodeOriginMismatch},
		{"user before", "https://a@keyferry.internal", testRPID, mfa.CodeOriginMismatch},
		{"backslash", `https://evil.example\.keyferry.internal`, testRPID, mfa.CodeOriginMismatch},
		{"quote", `https://a".keyferry.internal`, testRPID, mfa.CodeOriginMismatch},
		{"address", "https://127.0.0.1", "127.0.0.1", mfa.CodeOriginMismatch},
		{"address 6", "https://[::1]", "::1", mfa.CodeOriginMismatch},
		{"not ASCII", "https://kéyferry.internal", testRPID, mfa.CodeOriginMismatch},
		{"window's own", "wails://wails", "wails", mfa.CodeOriginMismatch},
		{"empty", "", testRPID, mfa.CodeOriginMismatch},
		{"long", "https://" + strings.Repeat("a.", 130) + "b", testRPID, mfa.CodeOriginMismatch},
	} {
		_, err := checkOrigin(c.origin, c.rpID)
		wantCode(t, c.name, err, c.want)
		if c.want == "" {
			continue
		}
		_, err = Client{Open: never(t)}.Create(t.Context(), creationJSON(t, obj{"rp": obj{"id": c.rpID, "name": "x"}}), c.origin)
		wantCode(t, c.name+" (create)", err, c.want)
		_, err = Client{Open: never(t)}.Get(t.Context(), requestJSON(t, obj{"rpId": c.rpID}), c.origin)
		wantCode(t, c.name+" (get)", err, c.want)
	}
}

func TestOptionsAreReadStrictly(t *testing.T) {
	good := string(creationJSON(t, nil))
	user := func(m obj) []byte { return creationJSON(t, obj{"user": m}) }
	deep := strings.Repeat(`[`, 20) + strings.Repeat(`]`, 20)
	for _, c := range []struct {
		name  string
		in    []byte
		field string // "" accepted
	}{
		{"good", []byte(good), ""},
		{"wrapped", []byte(`{"publicKey":` + good + `}`), ""},
		{"unknown members", creationJSON(t, obj{"hints": []string{"hybrid"}, "future": obj{"x": 1}}), ""},
		{"null members", []byte(strings.Replace(good, `{`, `{"timeout":null,"excludeCredentials":null,`, 1)), ""},
		{"nothing", nil, "options"},
		{"null", []byte("null"), "options"},
		{"an array", []byte("[]"), "options"},
		{"cut off", []byte(good[:len(good)-1]), "options"},
		{"something behind", []byte(good + "{}"), "options"},
		{"noise behind", []byte(good + "x"), "options"},
		{"doubled member", []byte(strings.Replace(good, `{`, `{"challenge":"AAAAAAAAAAAAAAAAAAAAAA",`, 1)), "options"},
		{"doubled deep inside", []byte(strings.Replace(good, `{`, `{"x":[{"a":1,"a":2}],`, 1)), "options"},
		{"nested too deeply", []byte(strings.Replace(good, `{`, `{"x":`+deep+`,`, 1)), "options"},
		{"not UTF-8", []byte(strings.Replace(good, `"ada"`, "\"a\xffa\"", 1)), "options"},
		{"over 256 KiB", append([]byte(good), bytes.Repeat([]byte(" "), maxOptions)...), "options"},
		{"wrapped in a text", []byte(`{"publicKey":"x"}`), "publicKey"},
		{"Challenge for challenge", []byte(strings.Replace(good, `"challenge"`, `"Challenge"`, 1)), "challenge"},
		{"no challenge", creationJSON(t, obj{"challenge": nil}), "challenge"},
		{"short challenge", creationJSON(t, obj{"challenge": "AAAA"}), "challenge"},
		{"padded challenge", creationJSON(t, obj{"challenge": testChallenge + "=="}), "challenge"},
		{"challenge with a line break", creationJSON(t, obj{"challenge": testChallenge[:4] + "\n" + testChallenge[4:]}), "challenge"},
		{"standard base64", creationJSON(t, obj{"challenge": "++++++++++++++++++++++"}), "challenge"},
		{"stray bits", creationJSON(t, obj{"challenge": "AAAAAAAAAAAAAAAAAAAAAB"}), "challenge"},
		{"challenge is a number", creationJSON(t, obj{"challenge": 7}), "challenge"},
		{"no rp", creationJSON(t, obj{"rp": nil}), "rp"},
		{"rp is text", creationJSON(t, obj{"rp": testRPID}), "rp"},
		{"no user", creationJSON(t, obj{"user": nil}), "user"},
		{"no user.id", user(obj{"name": "ada"}), "user.id"},
		{"empty user.id", user(obj{"id": "", "name": "ada"}), "user.id"},
		{"user.id of 65 bytes", user(obj{"id": strings.Repeat("A", 87)}), "user.id"},
		{"user.name is a list", user(obj{"id": "AQ", "name": []int{}}), "user.name"},
		{"user.name too long", user(obj{"id": "AQ", "name": strings.Repeat("a", 3000)}), "user.name"},
		{"no algorithms", creationJSON(t, obj{"pubKeyCredParams": nil}), "pubKeyCredParams"},
		{"alg is text", creationJSON(t, obj{"pubKeyCredParams": []obj{{"type": "public-key", "alg": "ES256"}}}), "pubKeyCredParams.alg"},
		{"alg is broken", creationJSON(t, obj{"pubKeyCredParams": []obj{{"type": "public-key", "alg": 7.5}}}), "pubKeyCredParams.alg"},
		{"alg is missing", creationJSON(t, obj{"pubKeyCredParams": []obj{{"type": "public-key"}}}), "pubKeyCredParams.alg"},
		{"algorithms of numbers", creationJSON(t, obj{"pubKeyCredParams": []int{-7}}), "pubKeyCredParams"},
		{"300 excluded", creationJSON(t, obj{"excludeCredentials": make([]obj, 300)}), "excludeCredentials"},
		{"excluded without ID", creationJSON(t, obj{"excludeCredentials": []obj{{"type": "public-key"}}}), "excludeCredentials.id"},
		{"timeout is text", creationJSON(t, obj{"timeout": "60000"}), "timeout"},
		{"requireResidentKey is text", creationJSON(t, obj{"authenticatorSelection": obj{"requireResidentKey": "true"}}), "authenticatorSelection.requireResidentKey"},
	} {
		_, err := parseCreation(c.in)
		if c.field == "" {
			if err != nil {
				t.Errorf("%s: %v (%s)", c.name, err, mfa.AsFailure(err).Explain())
			}
			continue
		}
		if !mfa.IsCode(err, mfa.CodeInvalidInput) || mfa.AsFailure(err).Params["field"] != c.field {
			t.Errorf("%s: %v %v, want field %s", c.name, err, mfa.AsFailure(err), c.field)
		}
		_, err = Client{Open: never(t)}.Create(t.Context(), c.in, testOrigin)
		wantCode(t, c.name, err, mfa.CodeInvalidInput)
	}
	for name, in := range map[string][]byte{
		"no challenge":     requestJSON(t, obj{"challenge": nil}),
		"rpId is a number": requestJSON(t, obj{"rpId": 1}),
		"allowed is text":  requestJSON(t, obj{"allowCredentials": "x"}),
	} {
		_, err := Client{Open: never(t)}.Get(t.Context(), in, testOrigin)
		wantCode(t, name, err, mfa.CodeInvalidInput)
	}
}

func TestTimeoutIsKeptInBounds(t *testing.T) {
	for given, want := range map[any]time.Duration{nil: 5 * time.Minute, 0: time.Minute, -5: time.Minute, 1000: time.Minute,
		120_000: 2 * time.Minute, 3_600_000: 10 * time.Minute, int64(1) << 62: 10 * time.Minute} {
		o, err := parseCreation(creationJSON(t, obj{"timeout": given}))
		if err != nil || o.timeout != want {
			t.Errorf("timeout %v: %v (%v), want %v", given, o.timeout, err, want)
		}
	}
}

func FuzzOptions(f *testing.F) {
	f.Add(creationJSON(f, nil))
	f.Add(requestJSON(f, obj{"allowCredentials": []obj{{"type": "public-key", "id": "AA"}}, "timeout": 1}))
	f.Add([]byte(`{"publicKey":{"challenge":"AAAAAAAAAAAAAAAAAAAAAA"}}`))
	f.Add(creationJSON(f, obj{"extensions": obj{"prf": obj{"eval": inputs("one", "two")}, "largeBlob": obj{"support": "required"}}}))
	f.Add(requestJSON(f, obj{"allowCredentials": []obj{{"type": "public-key", "id": "AA"}}, "extensions": obj{"prf": obj{"evalByCredential": obj{"AA": inputs("one")}}, "largeBlob": obj{"write": "AA"}}}))
	a := virtualauth.New(virtualauth.Config{MaxCredentials: 1, Algorithms: []int64{-8}, Transports: []string{"usb"}, Discoverable: true, BuiltInUV: true, HMACSecret: true, HMACSecretMC: true, LargeBlobKey: true})
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, err := parseCreation(data); err == nil {
			if len(o.challenge) < 16 || len(o.user.ID) == 0 || o.timeout < minTimeout {
				t.Fatalf("accepted %q as %+v", data, o)
			}
		}
		if _, err := (Client{Open: opening(a)}).Create(t.Context(), data, testOrigin); err != nil && mfa.AsFailure(err).Code == mfa.CodeInternal {
			t.Fatalf("%q: %v", data, mfa.AsFailure(err).Explain())
		}
		if _, err := (Client{Open: opening(a)}).Get(t.Context(), data, testOrigin); err != nil && mfa.AsFailure(err).Code == mfa.CodeInternal {
			t.Fatalf("%q: %v", data, mfa.AsFailure(err).Explain())
		}
	})
}
