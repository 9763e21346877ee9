package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
)

// world is a wine prefix and the program in it.
type world struct {
	folder, program, scripts string
}

// patience bounds one run; the longest takes some seconds.
const patience = 2 * time.Minute

func open(t *testing.T) *world {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds a library in C and a program, and starts wine ten times")
	}
	wine, err := exec.LookPath("wine64")
	if err != nil {
		wine = "/usr/lib/wine/wine64"
	}
	_, noCompiler := exec.LookPath("x86_64-w64-mingw32-gcc")
	if _, err := os.Stat(wine); err != nil || noCompiler != nil {
		t.Skip("needs wine64 and gcc-mingw-w64-x86-64: build/setup.sh wine")
	}
	scripts, err := filepath.Abs("../../../../build/wine")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{folder: t.TempDir(), scripts: scripts}
	w.program = filepath.Join(w.folder, "winecheck.exe")
	build := exec.Command("go", "build", "-o", w.program, ".")
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=")
	for _, cmd := range []*exec.Cmd{build, exec.Command(filepath.Join(scripts, "prefix.sh"), w.folder)} {
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	t.Cleanup(w.close)
	return w
}

// close waits for the server of this prefix, which would write to the folder when it
// goes.
func (w *world) close() {
	for _, server := range []string{"wineserver64", "wineserver", "/usr/lib/wine/wineserver64", "/usr/lib/wine/wineserver"} {
		stop := exec.Command(server, "--kill", "--wait")
		stop.Env = []string{"PATH=" + os.Getenv("PATH"), "WINEPREFIX=" + filepath.Join(w.folder, "wine"),
			"HOME=" + filepath.Join(w.folder, "home"), "TMPDIR=" + filepath.Join(w.folder, "home")}
		if stop.Run() == nil {
			return
		}
	}
}

// answer is what the program printed, and what the library was given, in order.
type answer struct {
	Result  json.RawMessage
	Failure mfa.Code
	Params  map[string]string
	Cause   string
	given   map[string][]string
}

// ask puts all questions to one run of the program.
func (w *world) ask(t *testing.T, questions ...question) []answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(w.scripts, "wine.sh"), w.folder, w.program)
	cmd.Env = append(os.Environ(), "KEYFERRY_FAKE="+questions[0].Fake)
	cmd.WaitDelay = time.Second // the server holds on to what it inherited
	var stdin, stdout, stderr bytes.Buffer
	for _, q := range questions {
		_ = json.NewEncoder(&stdin).Encode(q)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &stdin, &stdout, &stderr
	failed := cmd.Run()
	answers := make([]answer, len(questions))
	decoder := json.NewDecoder(&stdout)
	for i := range answers {
		if err := decoder.Decode(&answers[i]); err != nil {
			t.Fatalf("question %+v: %v, %v\n%s", questions[i], err, failed, stderr.String())
		}
		answers[i].given = map[string][]string{}
	}
	at := -1
	for line := range strings.Lines(stderr.String()) {
		line, fake := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "fake: ")
		key, value, pair := strings.Cut(line, "=")
		switch {
		case !fake || !pair:
		case key == "question":
			at++
		default:
			answers[at].given[key] = append(answers[at].given[key], value)
		}
	}
	return answers
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if a.Failure != "" {
		t.Fatalf("%s %v: %s", a.Failure, a.Params, a.Cause)
	}
	if err := json.Unmarshal(a.Result, v); err != nil {
		t.Fatal(err)
	}
}

// hold compares what the library was given with what it should have been.
func (a answer) hold(t *testing.T, want map[string]string) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		given := a.given[key]
		if n := strings.Count(want[key], "|") + 1; key == "cancelled" && len(given) > n && len(slices.Compact(slices.Clone(given))) == 1 {
			given = given[:n] // it is cancelled again until it ends, and on a busy machine that takes
		}
		if got := strings.Join(given, " | "); got != want[key] {
			t.Errorf("%s is %q and not %q", key, got, want[key])
		}
	}
}

func goodData() string {
	hash := sha256.Sum256([]byte(rpID))
	return "authdata=" + hex.EncodeToString(append(hash[:], 0x01, 0, 0, 0, 9))
}

const (
	absent       = ""                                 // what the library says of a key that it did not come to
	cancellation = "0403020106050807090a0b0c0d0e0f10" // its ID, as bytes
)

// Layout, versions, pinning, copying and freeing: one call each per version, and what
// the library then was given.
func (w *world) versions(t *testing.T) {
	for _, v := range []struct {
		api              int
		make, get        string // of the options
		made             string // transports of the attestation
		discoverable     bool
		used             string // transport of the assertion
		madeData, gotOne string // client data that comes back
	}{
		{1, "3", "4", "nfc", false, "", "", ""},
		{3, "4", "5", "nfc", true, "", "", ""},
		{4, "5", "6", "nfc", true, "", "", ""},
		{6, "6", "6", "nfc", true, "hybrid", "", ""},
		{7, "7", "7", "nfc", true, "hybrid", "", ""},
		{8, "8", "8", "nfc", true, "hybrid", "", ""},
		{9, "9", "9", "usb nfc", true, "hybrid", "{}", "{}"},
	} {
		from := func(version int, value string) string {
			if v.api < version {
				return absent
			}
			return value
		}
		hybrid := "0"
		if v.api >= 6 {
			hybrid = "32"
		}
		fake := fmt.Sprintf("api=%d %s", v.api, goodData())
		answers := w.ask(t, question{fake, "make"}, question{fake, "get"})
		t.Run(fmt.Sprintf("make, version %d", v.api), func(t *testing.T) {
			var got authenticator.NativeCredential
			answers[0].into(t, &got)
			if string(got.AttestationObject) != "object of the fake" || strings.Join(got.Transports, " ") != v.made ||
				(got.Discoverable != nil && *got.Discoverable) != v.discoverable || string(got.ClientDataJSON) != v.madeData {
				t.Errorf("%+v", got)
			}
			answers[0].hold(t, map[string]string{
				"window": fmt.Sprint(window), "rp.version": "1", "rp.id": rpID, "rp.name": "Keyferry Prüfung 🗝", "rp.icon": "<null>",
				"user.version": "1", "user.id": "cafe01", "user.name": "root@example.org", "user.display": "Zoë", "user.icon": "<null>",
				"alg": "-7 | -257", "alg.type": "public-key | public-key",
				"data.version": "1", "data.json": hex.EncodeToString([]byte(clientData)), "data.hash": "SHA-256",
				"options.version": v.make, "timeout": "90000", "exclude.old.count": "0", "extensions": "0", "attachment": "2",
				"require-resident-key": "0", "user-verification": "2", "attestation": "3", "flags": "0", "cancellation": cancellation,
				"exclude.id": "010203 | 0405", "exclude.version": "1 | 1", "exclude.type": "public-key | public-key", "exclude.transports": "3 | " + hybrid,
				"enterprise": from(3, "0"), "large-blob": from(3, "0"), "prefer-resident-key": from(3, "1"), "private": from(4, "0"), "prf": from(6, "0"),
				"json-ext": from(7, "0"), "hints": from(8, "2"), "hint": from(8, "hybrid | security-key"), "payment": from(8, "0"),
				"remote-origin": from(9, "<null>"), "options-json": from(9, "0"), "authenticator": from(9, "0"),
				"freed": "attestation",
			})
		})
		t.Run(fmt.Sprintf("get, version %d", v.api), func(t *testing.T) {
			var got authenticator.NativeAssertion
			answers[1].into(t, &got)
			if string(got.Signature) != "signature of the fake" || !bytes.Equal(got.CredentialID, []byte{1, 2, 3}) || string(got.UserHandle) != "user" ||
				"authdata="+hex.EncodeToString(got.AuthData) != goodData() || got.Transport != v.used || string(got.ClientDataJSON) != v.gotOne {
				t.Errorf("%+v", got)
			}
			answers[1].hold(t, map[string]string{
				"window": fmt.Sprint(window), "rp.id": rpID,
				"data.version": "1", "data.json": hex.EncodeToString([]byte(clientData)), "data.hash": "SHA-256",
				"options.version": v.get, "timeout": "120000", "allow.old.count": "3", "allow.old": "010203 | 0405 | 06", "extensions": "0",
				"attachment": "2", "user-verification": "1", "flags": "0", "u2f-app-id": "<null>", "cancellation": cancellation,
				"allow.id": "010203 | 0405 | 06", "allow.version": "1 | 1 | 1", "allow.type": "public-key | public-key | public-key",
				"allow.transports": "3 | " + hybrid + " | 0",
				"large-blob":       from(3, "0"), "private": from(4, "0"), "auto-fill": from(7, "0"), "json-ext": from(7, "0"),
				"hints": from(8, "2"), "hint": from(8, "security-key | hybrid"),
				"remote-origin": from(9, "<null>"), "options-json": from(9, "0"), "authenticator": from(9, "0"),
				"freed": "assertion",
			})
		})
	}
}

// What is asked of one version only, and what goes wrong.
func (w *world) outcomes(t *testing.T) {
	rows := []struct {
		name     string
		fake, do string
		failure  mfa.Code
		code     string            // param
		result   string            // has these words
		given    map[string]string // to the library
	}{
		{"the person cancels", "hr=0x800704C7", "make", mfa.CodeCancelled, "", "", nil},
		{"the person is not allowed", "hr=0x80090036", "get", mfa.CodeCancelled, "", "", nil},
		{"nobody is there in time", "hr=0x800705B4", "make", mfa.CodeTimedOut, "", "", nil},
		{"no credential", "hr=0x80090011", "get", mfa.CodeNoCredential, "", "", nil},
		{"no device", "hr=0x80090035", "make", mfa.CodeKeyMissing, "", "", nil},
		{"it is registered already", "hr=0x8009000F", "make", mfa.CodeAlreadyRegistered, "", "", nil},
		{"the key is full", "hr=0x80090023", "make", mfa.CodeAuthenticatorFull, "", "", nil},
		{"it cannot", "hr=0x80090029", "make", mfa.CodeUnsupportedOption, "", "", nil},
		{"a parameter is wrong", "hr=0x80090027", "make", mfa.CodePlatformFailed, "0x80090027", "", map[string]string{"rp.id": rpID}},
		{"something else, and again", "hr=0x80004005", "make", mfa.CodePlatformFailed, "0x80004005", "", map[string]string{"rp.id": rpID + " | " + rpID}},
		{"something else, not attested", "hr=0x80004005", "make -plain", mfa.CodePlatformFailed, "0x80004005", "", map[string]string{"rp.id": rpID}},

		{"cancelled", "wait", "make -cancel 300ms", mfa.CodeCancelled, "", "", map[string]string{"cancelled": cancellation, "freed": absent}},
		{"cancelled, the first is lost", "wait deaf=1", "get -cancel 300ms", mfa.CodeCancelled, "", "", map[string]string{"cancelled": cancellation + " | " + cancellation}},
		{"out of time", "wait", "get -deadline 300ms", mfa.CodeTimedOut, "", "", map[string]string{"cancelled": cancellation}},

		{"no result", "garbage=none", "make", mfa.CodePlatformFailed, "0x80004003", "", map[string]string{"freed": absent}},
		{"a result of no version", "garbage=version", "make", mfa.CodePlatformFailed, "malformed", "", map[string]string{"freed": "attestation"}},
		{"an object without end", "garbage=object", "make", mfa.CodePlatformFailed, "malformed", "", map[string]string{"freed": "attestation"}},
		{"authenticator data without end", "garbage=authdata", "make", mfa.CodePlatformFailed, "malformed", "", map[string]string{"freed": "attestation"}},
		{"client data without end", "garbage=clientdata", "make", mfa.CodePlatformFailed, "malformed", "", map[string]string{"freed": "attestation"}},
		{"an assertion of no version", "garbage=version", "get", mfa.CodePlatformFailed, "malformed", "", map[string]string{"freed": "assertion"}},
		{"a signature without end", "garbage=signature", "get", mfa.CodePlatformFailed, "malformed", "", map[string]string{"freed": "assertion"}},
		{"a credential ID without end", "garbage=credential", "get", mfa.CodePlatformFailed, "malformed", "", map[string]string{"freed": "assertion"}},
		{"a user handle without end", "garbage=user", "get", mfa.CodePlatformFailed, "malformed", "", map[string]string{"freed": "assertion"}},
		{"an answer to another RP", "authdata=00", "get", mfa.CodePlatformFailed, "malformed", "", map[string]string{"freed": "assertion"}},

		{"no list of those registered", "echo", "make -plain", "", "", `"ClientDataJSON":null`, map[string]string{"exclude": "<null>", "attestation": "0", "hints": "0", "prefer-resident-key": "0"}},
		{"no list of those allowed", "echo", "get -plain", "", "", `"ClientDataJSON":null`, map[string]string{"allow": "<null>", "allow.old.count": "0"}},

		{"no Windows Hello", "", "hello", "", "", "false", nil},
		{"Windows Hello", "hello", "hello", "", "", "true", nil},
		{"Windows Hello cannot say", "hr=0x80004005", "hello", mfa.CodePlatformFailed, "0x80004005", "", nil},
		{"no Bluetooth at all", "", "radio", mfa.CodeRadioMissing, "", "", nil},
		{"a desktop without windows", "", "window", "", "", "", nil},
		{"what phones need", "", "version", "", "", `{"hybrid":true,"require":"","version":9}`, nil},
	}
	var questions []question
	for _, row := range rows {
		if !strings.Contains(row.fake, "authdata=") {
			row.fake += " " + goodData()
		}
		questions = append(questions, question{row.fake, row.do})
	}
	for i, a := range w.ask(t, questions...) {
		t.Run(rows[i].name, func(t *testing.T) {
			if a.Failure != rows[i].failure || a.Params["code"] != rows[i].code || !strings.Contains(string(a.Result), rows[i].result) {
				t.Errorf("%s %v (%s), result %s", a.Failure, a.Params, a.Cause, a.Result)
			}
			a.hold(t, rows[i].given)
		})
	}
}

func TestUnderWine(t *testing.T) {
	w := open(t)
	w.versions(t)
	w.outcomes(t)

	t.Run("before phones were known", func(t *testing.T) {
		answers := w.ask(t, question{"api=5", "version"}, question{"api=5 wait", "get -cancel 300ms"})
		if got := string(answers[0].Result); got != `{"hybrid":false,"require":"platform-too-old","version":5}` {
			t.Error(got)
		}
		if answers[1].Failure != mfa.CodeCancelled {
			t.Errorf("%+v", answers[1])
		}
	})

	// The last two change the prefix.
	library := filepath.Join(w.folder, "wine", "drive_c", "windows", "system32", "webauthn.dll")
	t.Run("a library that does not say its version", func(t *testing.T) {
		if err := os.Rename(filepath.Join(w.folder, "unversioned", "webauthn.dll"), library); err != nil {
			t.Fatal(err)
		}
		fake := "api=1 " + goodData()
		answers := w.ask(t, question{fake, "version"}, question{fake, "get"})
		if got := string(answers[0].Result); got != `{"hybrid":false,"require":"platform-too-old","version":1}` {
			t.Error(got)
		}
		answers[1].hold(t, map[string]string{"options.version": "4", "freed": "assertion"})
	})
	t.Run("no library", func(t *testing.T) {
		// One beside the program must not be taken for the system's.
		if err := os.Rename(library, filepath.Join(w.folder, "webauthn.dll")); err != nil {
			t.Fatal(err)
		}
		for _, a := range w.ask(t, question{"", "version"}, question{"", "hello"}, question{"", "make"}, question{"", "get"}) {
			if a.Failure != mfa.CodePlatformMissing || a.Params["system"] != "windows" {
				t.Errorf("%s %v %s", a.Failure, a.Params, a.Result)
			}
		}
	})
}
