package authenticator

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// keyOf is a key with a PIN and a passkey of each user, in this order.
func keyOf(t *testing.T, config virtualauth.Config, users ...string) *virtualauth.Authenticator {
	t.Helper()
	a := virtualauth.New(config)
	t.Cleanup(func() { a.Close() })
	giveKeyAPIN(t, a, "2580")
	for _, u := range users {
		user := obj{"id": base64.RawURLEncoding.EncodeToString([]byte("handle of " + u)), "name": u, "displayName": "The " + u}
		o := &owner{answers: []string{"2580"}}
		options := creationJSON(t, obj{"user": user, "authenticatorSelection": obj{"residentKey": "required", "userVerification": "required"}})
		if _, err := o.client(a).Create(t.Context(), options, testOrigin); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// handleOf is whose passkey signed.
func handleOf(t *testing.T, response []byte) string {
	t.Helper()
	var r struct{ Response struct{ UserHandle string } }
	if err := json.Unmarshal(response, &r); err != nil {
		t.Fatal(err)
	}
	handle, err := base64.RawURLEncoding.DecodeString(r.Response.UserHandle)
	if err != nil {
		t.Fatal(err)
	}
	return string(handle)
}

var anybody = obj{"userVerification": "required"}

func TestThePersonChoosesTheAccount(t *testing.T) {
	for name, c := range map[string]struct {
		choose int
		want   string
	}{"the newest": {0, "handle of carol"}, "the second": {1, "handle of bob"}, "the oldest": {2, "handle of anna"}} {
		t.Run(name, func(t *testing.T) {
			a := keyOf(t, keyConfig(), "anna", "bob", "carol")
			o := &owner{answers: []string{"2580"}}
			client := o.client(a)
			var asked []mfa.AccountsAsk
			client.Choose = func(_ context.Context, ask mfa.AccountsAsk) (int, error) {
				asked = append(asked, ask)
				return c.choose, nil
			}
			response, err := client.Get(t.Context(), requestJSON(t, anybody), testOrigin)
			if err != nil {
				t.Fatal(err)
			}
			if got := handleOf(t, response); got != c.want {
				t.Errorf("signed in as %q", got)
			}
			want := []mfa.FoundAccount{{Name: "carol", FullName: "The carol"}, {Name: "bob", FullName: "The bob"}, {Name: "anna", FullName: "The anna"}}
			if len(asked) != 1 || !slices.Equal(asked[0].Accounts, want) {
				t.Errorf("asked %+v", asked)
			}
			if want := []mfa.Stage{mfa.StageEnterPIN, mfa.StageTouchKey, mfa.StageChooseAccount}; !slices.Equal(o.stages, want) {
				t.Errorf("stages %v", o.stages)
			}
		})
	}
}

func TestNobodyIsAskedForAnAccount(t *testing.T) {
	chooses := keyConfig()
	chooses.ChoosesAccount = true
	for name, c := range map[string]struct {
		config virtualauth.Config
		users  []string
		nobody bool // no callback
		want   string
	}{
		"there is one":               {keyConfig(), []string{"anna"}, false, "handle of anna"},
		"there is nobody to ask":     {keyConfig(), []string{"anna", "bob"}, true, "handle of bob"},
		"it was chosen on a display": {chooses, []string{"anna", "bob"}, false, "handle of bob"},
	} {
		t.Run(name, func(t *testing.T) {
			a := keyOf(t, c.config, c.users...)
			client := (&owner{answers: []string{"2580"}}).client(a)
			if !c.nobody {
				client.Choose = func(context.Context, mfa.AccountsAsk) (int, error) {
					t.Error("asked")
					return 0, nil
				}
			}
			response, err := client.Get(t.Context(), requestJSON(t, anybody), testOrigin)
			if err != nil {
				t.Fatal(err)
			}
			if got := handleOf(t, response); got != c.want {
				t.Errorf("signed in as %q", got)
			}
		})
	}
}

func TestNoAccountIsChosen(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(context.Context) (int, error)
		code   mfa.Code
	}{
		"cancelled":     {func(context.Context) (int, error) { return 1, mfa.Fail(mfa.CodeCancelled) }, mfa.CodeCancelled},
		"one too many":  {func(context.Context) (int, error) { return 2, nil }, mfa.CodeInternal},
		"one too few":   {func(context.Context) (int, error) { return -1, nil }, mfa.CodeInternal},
		"cannot be had": {func(context.Context) (int, error) { return 0, errors.New("no screen") }, mfa.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			client := (&owner{answers: []string{"2580"}}).client(keyOf(t, keyConfig(), "anna", "bob"))
			client.Choose = func(ctx context.Context, _ mfa.AccountsAsk) (int, error) { return c.answer(ctx) }
			response, err := client.Get(t.Context(), requestJSON(t, anybody), testOrigin)
			wantCode(t, "get", err, c.code)
			if response != nil {
				t.Errorf("%s", response)
			}
		})
	}
}

// Whoever does not answer is not waited for longer than the ceremony lasts, and what
// comes after that counts for nothing.
func TestTheChoiceOfAnAccountEnds(t *testing.T) {
	for name, c := range map[string]struct {
		late bool // it answers all the same
		stop func(cancel func())
		code mfa.Code
	}{
		"the time is over":             {false, func(func()) {}, mfa.CodeAuthenticatorTimeout},
		"the time is over, and chosen": {true, func(func()) {}, mfa.CodeAuthenticatorTimeout},
		"cancelled":                    {false, func(cancel func()) { cancel() }, mfa.CodeCancelled},
		"cancelled, and chosen":        {true, func(cancel func()) { cancel() }, mfa.CodeCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := (&owner{answers: []string{"2580"}}).client(keyOf(t, keyConfig(), "anna", "bob"))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var begun time.Time
				client.Choose = func(ctx context.Context, _ mfa.AccountsAsk) (int, error) {
					begun = time.Now()
					c.stop(cancel)
					<-ctx.Done()
					if c.late {
						return 1, nil
					}
					return 0, ctx.Err()
				}
				_, err := client.Get(ctx, requestJSON(t, anybody), testOrigin)
				wantCode(t, "get", err, c.code)
				if took := time.Since(begun); took > maxTimeout {
					t.Errorf("after %v", took)
				}
			})
		})
	}
}

func TestWhatIsShownOfAccounts(t *testing.T) {
	answer := func(id, name, full string) ctap2.GetAssertionResponse {
		return ctap2.GetAssertionResponse{Credential: &ctap2.PublicKeyCredentialDescriptor{ID: []byte(id)}, User: &ctap2.User{ID: []byte{1}, Name: name, DisplayName: full}}
	}
	found := func(name, full, mark string) mfa.FoundAccount {
		return mfa.FoundAccount{Name: name, FullName: full, Mark: mark}
	}
	long := strings.Repeat("ä", 70)
	for name, c := range map[string]struct {
		in   []ctap2.GetAssertionResponse
		want []mfa.FoundAccount
	}{
		"names":                    {[]ctap2.GetAssertionResponse{answer("aaaa", "ann", "Ann B."), answer("bbbb", "bob", "bob")}, []mfa.FoundAccount{found("ann", "Ann B.", ""), found("bob", "", "")}},
		"no names":                 {[]ctap2.GetAssertionResponse{answer("aaaaX", "", ""), answer("bbbbX", "", "")}, []mfa.FoundAccount{found("", "", "61616161"), found("", "", "62626262")}},
		"one that is not told":     {[]ctap2.GetAssertionResponse{answer("aaaa", "ann", ""), {Credential: &ctap2.PublicKeyCredentialDescriptor{ID: []byte("bbbb")}}}, []mfa.FoundAccount{found("ann", "", ""), found("", "", "62626262")}},
		"only the name for show":   {[]ctap2.GetAssertionResponse{answer("aaaa", "", "Ann"), answer("bbbb", "Ann", "")}, []mfa.FoundAccount{found("Ann", "", "61616161"), found("Ann", "", "62626262")}},
		"the same":                 {[]ctap2.GetAssertionResponse{answer("aaaa", "ann", ""), answer("bbbb", "ann", ""), answer("cccc", "ann", "Ann")}, []mfa.FoundAccount{found("ann", "", "61616161"), found("ann", "", "62626262"), found("ann", "Ann", "")}},
		"IDs that begin alike":     {[]ctap2.GetAssertionResponse{answer("aaaaaX", "", ""), answer("aaaaaY", "", "")}, []mfa.FoundAccount{found("", "", "616161616158"), found("", "", "616161616159")}},
		"IDs that are the same":    {[]ctap2.GetAssertionResponse{answer("aa", "", ""), answer("aa", "", "")}, []mfa.FoundAccount{found("", "", "6161"), found("", "", "6161")}},
		"no ID":                    {[]ctap2.GetAssertionResponse{{}, answer("aaaa", "ann", "")}, []mfa.FoundAccount{found("", "", ""), found("ann", "", "")}},
		"control characters":       {[]ctap2.GetAssertionResponse{answer("aaaa", "an\x00\x1b[31mn\u202e", "\t A\n\u2066B\ufffd "), answer("bbbb", "\x07\u200f", "")}, []mfa.FoundAccount{found("an[31mn", "A B", ""), found("", "", "62626262")}},
		"too long":                 {[]ctap2.GetAssertionResponse{answer("aaaa", long, "")}, []mfa.FoundAccount{found(long[:128], "", "")}},
		"the same where it is cut": {[]ctap2.GetAssertionResponse{answer("aaaa", long+"1", ""), answer("bbbb", long+"2", "")}, []mfa.FoundAccount{found(long[:128], "", "61616161"), found(long[:128], "", "62626262")}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := accounts(c.in); !slices.Equal(got, c.want) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// All answers are with the client before somebody is asked, and the one that was chosen
// is all that leaves it.
func TestOneAnswerLeaves(t *testing.T) {
	a := keyOf(t, keyConfig(), "anna", "bob")
	kept := &recording{Authenticator: a}
	client := (&owner{answers: []string{"2580"}}).client(kept)
	client.Open = func(context.Context, Want) (Authenticator, error) { return kept, nil }
	client.Choose = func(context.Context, mfa.AccountsAsk) (int, error) {
		if !kept.closed {
			t.Error("the key is held while somebody reads")
		}
		return 0, nil
	}
	response, err := client.Get(t.Context(), requestJSON(t, anybody), testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	if n := kept.count(ctap2.CommandGetNextAssertion); n != 1 {
		t.Errorf("asked for %d more", n)
	}
	if handleOf(t, response) != "handle of bob" || bytes.Contains(response, []byte("anna")) {
		t.Errorf("%s", response)
	}
}

// recording counts what is asked of an authenticator.
type recording struct {
	Authenticator
	commands []byte
	closed   bool
}

func (r *recording) Close() error {
	r.closed = true
	return nil
}

func (r *recording) Exchange(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	r.commands = append(r.commands, request[0])
	return r.Authenticator.Exchange(ctx, request, keepalive)
}

func (r *recording) count(command byte) int { return bytes.Count(r.commands, []byte{command}) }
