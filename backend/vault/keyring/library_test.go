package keyring

import (
	"context"
	"errors"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestLibraryTellsWhatIsWrong(t *testing.T) {
	unknown, absent := errors.New("unknown"), errors.New("absent")
	kept := map[string]string{}
	var fails error
	l := &Library{name: "Test", unknown: unknown, absent: func(err error) bool { return errors.Is(err, absent) },
		get: func(service, user string) (string, error) {
			text, ok := kept[service+user]
			if fails == nil && !ok {
				return "", unknown
			}
			return text, fails
		},
		set:    func(service, user, text string) error { kept[service+user] = text; return fails },
		delete: func(service, user string) error { delete(kept, service+user); return fails },
	}
	ctx := t.Context()
	key := func() *mfa.Secret { return mfa.NewSecret([]byte{0, 0xff, '\n'}) }
	if err := l.Unlock(ctx); err != nil {
		t.Fatal(err)
	}
	if err := l.Set(ctx, "a", key()); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Get(ctx, "a"); err != nil || !got.Equal(key()) {
		t.Fatalf("Get: %v", err)
	}
	if err := l.Delete(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	kept[service+"b"] = "not base64!"
	for name, test := range map[string]struct {
		err  error
		code mfa.Code
	}{"unknown": {nil, mfa.CodeNotFound}, "absent": {absent, mfa.CodeVaultNoStore}, "other": {errors.New("36"), mfa.CodeVaultStoreLocked}} {
		fails = test.err
		if _, err := l.Get(ctx, "a"); code(err) != test.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	fails = nil
	if _, err := l.Get(ctx, "b"); code(err) != mfa.CodeVaultStoreLocked {
		t.Errorf("what is not ours: %v", err)
	}
	if err := l.Set(ctx, "a", nil); code(err) != mfa.CodeInvalidInput {
		t.Error(err)
	}
}

func TestALibraryThatHangsIsGivenUp(t *testing.T) {
	running, release := make(chan struct{}), make(chan struct{})
	l := &Library{get: func(string, string) (string, error) { close(running); <-release; return "", nil }}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-running; cancel() }()
	if _, err := l.Get(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(release)
}
