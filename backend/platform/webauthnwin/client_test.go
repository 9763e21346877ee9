package webauthnwin

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Where the structures of each version end: behind the last field that it has.
var (
	attestationEnds = []int{0, 96, 112, 116, 128, 132, 144, 156, 192}
	assertionEnds   = []int{0, 72, 108, 120, 124, 136, 168}
)

func TestMakeCredential(t *testing.T) {
	for version, want := range map[uint32]struct {
		transports   string
		discoverable bool // was said at all
		clientData   string
	}{
		1: {}, 2: {}, 3: {"usb", false, ""}, 4: {"usb", true, ""}, 5: {"usb", true, ""}, 6: {"usb", true, ""},
		7: {"usb", true, ""}, 8: {"usb nfc", true, "other"}, 9: {"usb nfc", true, "other"}, math.MaxUint32: {"usb nfc", true, "other"},
	} {
		f := newFake(t, 9).attests(version)
		f.short = attestationEnds[min(version, 8)] // what is behind it is not there
		got, err := newClient(f, func() uintptr { return 42 }).MakeCredential(t.Context(), sampleCreate())
		if err != nil {
			t.Fatalf("version %d: %v (%s)", version, err, mfa.AsFailure(err).Explain())
		}
		if string(got.AttestationObject) != "object" || string(got.ClientDataJSON) != want.clientData ||
			!slices.Equal(got.Transports, strings.Fields(want.transports)) || (got.Discoverable != nil) != want.discoverable {
			t.Errorf("version %d: %+v", version, got)
		}
		if f.window != 42 || f.created.options.CancellationID == nil || *f.created.options.CancellationID != sampleID {
			t.Errorf("version %d: window %d, options %+v", version, f.window, f.created.options)
		}
		if !slices.Equal(f.freed, f.results) {
			t.Errorf("version %d: gave %v, freed %v", version, f.results, f.freed)
		}
	}
}

func TestGetAssertion(t *testing.T) {
	for version, want := range map[uint32]struct{ transport, clientData string }{
		1: {}, 2: {}, 3: {}, 4: {"hybrid", ""}, 5: {"hybrid", ""}, 6: {"hybrid", "other"}, 77: {"hybrid", "other"},
	} {
		f := newFake(t, 9).asserts(version)
		f.short = assertionEnds[min(version, 6)]
		got, err := newClient(f, nil).GetAssertion(t.Context(), sampleGet())
		if err != nil {
			t.Fatalf("version %d: %v (%s)", version, err, mfa.AsFailure(err).Explain())
		}
		if string(got.CredentialID) != "key" || string(got.Signature) != "sig" || string(got.UserHandle) != "user" || len(got.AuthData) != 37 ||
			got.Transport != want.transport || string(got.ClientDataJSON) != want.clientData {
			t.Errorf("version %d: %+v", version, got)
		}
		if !slices.Equal(f.freed, f.results) {
			t.Errorf("version %d: gave %v, freed %v", version, f.results, f.freed)
		}
	}
}

// Our own client data coming back is no news.
func TestClientDataOfOurs(t *testing.T) {
	f := newFake(t, 9).attests(8)
	req := sampleCreate()
	f.makeResult.ClientDataJSONSize, f.makeResult.ClientDataJSON = uint32(len(req.ClientDataJSON)), f.put(req.ClientDataJSON)
	if got, err := newClient(f, nil).MakeCredential(t.Context(), req); err != nil || got.ClientDataJSON != nil {
		t.Errorf("%q, %v", got.ClientDataJSON, err)
	}
}

func TestMeanings(t *testing.T) {
	for name, row := range map[string]struct {
		hr          hresult
		create, get mfa.Code
		code        string
	}{
		"NTE_EXISTS":                      {0x8009000F, mfa.CodeAlreadyRegistered, mfa.CodeAlreadyRegistered, ""},
		"ERROR_NOT_SUPPORTED":             {0x80070032, mfa.CodeUnsupportedOption, mfa.CodeUnsupportedOption, ""},
		"NTE_NOT_SUPPORTED":               {0x80090029, mfa.CodeUnsupportedOption, mfa.CodeUnsupportedOption, ""},
		"NTE_TOKEN_KEYSET_STORAGE_FULL":   {0x80090023, mfa.CodeAuthenticatorFull, mfa.CodeAuthenticatorFull, ""},
		"NTE_INVALID_PARAMETER":           {0x80090027, mfa.CodePlatformFailed, mfa.CodePlatformFailed, "0x80090027"},
		"NTE_NOT_FOUND":                   {0x80090011, mfa.CodeKeyMissing, mfa.CodeNoCredential, ""},
		"NTE_DEVICE_NOT_FOUND":            {0x80090035, mfa.CodeKeyMissing, mfa.CodeNoCredential, ""},
		"NTE_USER_CANCELLED":              {0x80090036, mfa.CodeCancelled, mfa.CodeCancelled, ""},
		"ERROR_CANCELLED":                 {0x800704C7, mfa.CodeCancelled, mfa.CodeCancelled, ""},
		"ERROR_TIMEOUT":                   {0x800705B4, mfa.CodeTimedOut, mfa.CodeTimedOut, ""},
		"E_FAIL":                          {0x80004005, mfa.CodePlatformFailed, mfa.CodePlatformFailed, "0x80004005"},
		"an export that is missing (127)": {noSuchFunction, mfa.CodePlatformFailed, mfa.CodePlatformFailed, "0x8007007F"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, 9)
			f.answers = []hresult{row.hr}
			_, err := newClient(f, nil).MakeCredential(t.Context(), sampleCreate())
			if !mfa.IsCode(err, row.create) || mfa.AsFailure(err).Params["code"] != row.code {
				t.Errorf("MakeCredential: %v %v", err, mfa.AsFailure(err).Params)
			}
			if !strings.Contains(mfa.AsFailure(err).Explain(), "NameOfTheFake") {
				t.Errorf("logged as %q", mfa.AsFailure(err).Explain())
			}
			_, err = newClient(f, nil).GetAssertion(t.Context(), sampleGet())
			if !mfa.IsCode(err, row.get) || mfa.AsFailure(err).Params["code"] != row.code {
				t.Errorf("GetAssertion: %v %v", err, mfa.AsFailure(err).Params)
			}
			if len(f.freed) != 0 {
				t.Errorf("freed %v", f.freed)
			}
		})
	}
}

func TestSuccessWithNothing(t *testing.T) {
	f := newFake(t, 9)
	f.empty = true
	if _, err := newClient(f, nil).GetAssertion(t.Context(), sampleGet()); !mfa.IsCode(err, mfa.CodePlatformFailed) {
		t.Error(err)
	}
}

func TestSilentRetry(t *testing.T) {
	for name, row := range map[string]struct {
		attestation string
		answers     []hresult
		calls       int
		code        mfa.Code
	}{
		"the second time is good":         {"direct", []hresult{0x80004005, ok}, 2, ""},
		"indirect as well":                {"indirect", []hresult{0x80004005, ok}, 2, ""},
		"once and not again":              {"direct", []hresult{0x80004005}, 2, mfa.CodePlatformFailed},
		"not without attestation":         {"none", []hresult{0x80004005, ok}, 1, mfa.CodePlatformFailed},
		"not where nothing was said":      {"", []hresult{0x80004005, ok}, 1, mfa.CodePlatformFailed},
		"not what has a meaning":          {"direct", []hresult{nteUserCancelled, ok}, 1, mfa.CodeCancelled},
		"not a bad parameter":             {"direct", []hresult{nteInvalidParameter, ok}, 1, mfa.CodePlatformFailed},
		"what the second time has to say": {"direct", []hresult{0x80004005, errorTimeout}, 2, mfa.CodeTimedOut},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, 9).attests(8)
			f.answers = row.answers
			req := sampleCreate()
			req.Attestation = row.attestation
			_, err := newClient(f, nil).MakeCredential(t.Context(), req)
			if f.calls != row.calls || (row.code == "" && err != nil) || (row.code != "" && !mfa.IsCode(err, row.code)) {
				t.Errorf("%d calls, %v", f.calls, err)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	// The first time comes before the window is there and is lost.
	for name, times := range map[string]int{"at once": 1, "until it is heard": 3} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, 9)
			f.block = times
			c := newClient(f, nil)
			c.again = time.Millisecond
			ctx, cancel := context.WithCancel(t.Context())
			f.began = cancel
			if _, err := c.MakeCredential(ctx, sampleCreate()); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
			if len(f.cancelled) < times || slices.ContainsFunc(f.cancelled, func(g guid) bool { return g != sampleID }) {
				t.Errorf("cancelled %v", f.cancelled)
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	f := newFake(t, 9)
	f.block = 1
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := newClient(f, nil).GetAssertion(ctx, sampleGet()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// A window that does not close is left to itself, with its memory, and what it gives
// in the end is freed.
func TestCancelIsNotHeard(t *testing.T) {
	for name, noID := range map[string]bool{"deaf": false, "without an ID": true} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, 9).asserts(6)
			f.block, f.noID = math.MaxInt, noID
			c := newClient(f, nil)
			c.again, c.grace = time.Millisecond, 5*time.Millisecond
			ctx, cancel := context.WithCancel(t.Context())
			f.began = cancel
			if _, err := c.GetAssertion(ctx, sampleGet()); !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
			if noID != (len(f.cancelled) == 0) {
				t.Errorf("cancelled %v", f.cancelled)
			}
			close(f.release)
			for {
				f.mu.Lock()
				done := len(f.results) == 1 && slices.Equal(f.results, f.freed)
				f.mu.Unlock()
				if done {
					return
				}
				runtime.Gosched()
			}
		})
	}
}

func TestNothingIsBegunWhenItIsOver(t *testing.T) {
	f := newFake(t, 9)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newClient(f, nil).MakeCredential(ctx, sampleCreate())
	if !errors.Is(err, context.Canceled) || f.calls != 0 {
		t.Errorf("%v after %d calls", err, f.calls)
	}
}

func TestPhonesBeforeTheSystemKnewThem(t *testing.T) {
	phone := authenticator.NativeDescriptor{ID: []byte("phone"), Transports: []string{"hybrid", "internal"}}
	both := authenticator.NativeDescriptor{ID: []byte("both"), Transports: []string{"hybrid", "usb"}}
	unsaid := authenticator.NativeDescriptor{ID: []byte("key")}
	for name, row := range map[string]struct {
		api    uint32
		hints  []string
		allow  []authenticator.NativeDescriptor
		refuse bool
	}{
		"only a phone is wanted":          {5, []string{"hybrid"}, nil, true},
		"only phones can answer":          {5, nil, []authenticator.NativeDescriptor{phone}, true},
		"a key can answer as well":        {5, nil, []authenticator.NativeDescriptor{phone, unsaid}, false},
		"the same can come by a cable":    {5, nil, []authenticator.NativeDescriptor{both}, false},
		"a key is wanted":                 {5, []string{"security-key"}, nil, false},
		"either is wanted":                {1, []string{"hybrid", "security-key"}, nil, false},
		"the system does know":            {6, []string{"hybrid"}, []authenticator.NativeDescriptor{phone}, false},
		"nothing is said of any of this ": {1, nil, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, row.api).asserts(1)
			f.getResult.Credential.ID = f.put([]byte("key"))
			req := sampleGet()
			req.Hints, req.Allow = row.hints, row.allow
			_, err := newClient(f, nil).GetAssertion(t.Context(), req)
			refused := mfa.IsCode(err, mfa.CodePlatformTooOld)
			if refused != row.refuse || refused != (f.calls == 0) {
				t.Errorf("%v after %d calls", err, f.calls)
			}
			if refused && (mfa.AsFailure(err).Params["have"] != "5" || mfa.AsFailure(err).Params["need"] != "6") {
				t.Errorf("%v", mfa.AsFailure(err).Params)
			}
		})
	}
}

func TestReadiness(t *testing.T) {
	f := newFake(t, 5)
	if err := require(f, VersionHybrid); !mfa.IsCode(err, mfa.CodePlatformTooOld) {
		t.Error(err)
	}
	if err := require(f, 5); err != nil {
		t.Error(err)
	}
	f.hello = true
	if is, err := helloAvailable(f); !is || err != nil {
		t.Error(is, err)
	}
	f.helloHR = 0x80004005
	if _, err := helloAvailable(f); !mfa.IsCode(err, mfa.CodePlatformFailed) || mfa.AsFailure(err).Params["code"] != "0x80004005" {
		t.Error(err)
	}
}

func TestElsewhere(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("this is Windows")
	}
	_, err := New(nil)
	_, versionErr := Version()
	_, helloErr := HelloAvailable()
	for _, err := range []error{err, versionErr, helloErr, Require(1)} {
		if !mfa.IsCode(err, mfa.CodePlatformMissing) || mfa.AsFailure(err).Params["system"] != runtime.GOOS {
			t.Error(err)
		}
	}
	if Hybrid() || Window() != 0 {
		t.Error("there is no such thing here")
	}
}

func TestOwnWindow(t *testing.T) {
	for name, row := range map[string]struct {
		all  []topWindow
		want uintptr
	}{
		"none":                    {nil, 0},
		"somebody else's":         {[]topWindow{{1, 8, true, false}}, 0},
		"hidden":                  {[]topWindow{{1, 7, false, false}}, 0},
		"a dialog before its own": {[]topWindow{{1, 7, true, true}, {2, 7, true, false}}, 2},
		"the one in front":        {[]topWindow{{1, 8, true, false}, {2, 7, true, false}, {3, 7, true, false}}, 2},
	} {
		if got := ownWindow(7, row.all); got != row.want {
			t.Errorf("%s: %d", name, got)
		}
	}
}
