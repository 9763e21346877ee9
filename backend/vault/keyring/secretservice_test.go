//go:build linux

package keyring

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/keyferry/keyferry/backend/mfa"
)

func someKey() *mfa.Secret {
	b := make([]byte, 32)
	for i := range b {
		b[i] = byte(i * 9) // 0x00 and bytes that are no text
	}
	return mfa.NewSecret(b)
}

func wants(t *testing.T, what string, err error, code mfa.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !mfa.IsCode(err, code) {
		t.Errorf("%s: %v (%s), want %q", what, err, mfa.AsFailure(err).Explain(), code)
	}
}

func TestSecretServiceKeepsKeys(t *testing.T) {
	address := startBus(t)
	f := startService(t, address)
	s, ctx := onBus(address), t.Context()
	_, err := s.Get(ctx, "a.1")
	wants(t, "Get before", err, mfa.CodeNotFound)
	wants(t, "Delete before", s.Delete(ctx, "a.1"), mfa.CodeNotFound)
	wants(t, "Set", s.Set(ctx, "a.1", someKey()), "")
	wants(t, "Set another", s.Set(ctx, "a.2", mfa.NewSecret([]byte("other"))), "")
	wants(t, "Set again", s.Set(ctx, "a.1", someKey()), "")
	got, err := s.Get(ctx, "a.1")
	wants(t, "Get", err, "")
	if !got.Equal(someKey()) {
		t.Error("it gives another key back")
	}
	f.mu.Lock()
	if len(f.items) != 2 {
		t.Errorf("%d items", len(f.items))
	}
	f.mu.Unlock()
	wants(t, "Delete", s.Delete(ctx, "a.1"), "")
	_, err = s.Get(ctx, "a.1")
	wants(t, "Get after", err, mfa.CodeNotFound)
	wants(t, "no key", s.Set(ctx, "a.3", nil), mfa.CodeInvalidInput)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, item := range f.items {
		if item.label == "" || bytes.Contains([]byte(item.label), item.secret.Value) {
			t.Errorf("label %q", item.label)
		}
	}
}

func TestMissingLockedAndNotFoundAreThreeThings(t *testing.T) {
	for name, test := range map[string]struct {
		spoil         func(*fakeService)
		get, del, set mfa.Code
		asks          bool // and every question that was not shown is dismissed
	}{
		"locked, items in sight": {spoil: func(f *fakeService) { f.locked = true },
			get: mfa.CodeVaultStoreLocked, del: mfa.CodeVaultStoreLocked, set: mfa.CodeVaultStoreLocked, asks: true},
		"locked, items hidden": {spoil: func(f *fakeService) { f.locked, f.hides = true, true },
			get: mfa.CodeVaultStoreLocked, del: mfa.CodeVaultStoreLocked, set: mfa.CodeVaultStoreLocked, asks: true},
		"locked without a password": {spoil: func(f *fakeService) { f.locked, f.hides, f.silent = true, true, true }},
		"no default collection": {spoil: func(f *fakeService) { f.homeless = true; clear(f.items) },
			get: mfa.CodeVaultStoreLocked, del: mfa.CodeVaultStoreLocked, set: mfa.CodeVaultStoreLocked},
		"the entry is gone": {spoil: func(f *fakeService) { clear(f.items) }, get: mfa.CodeNotFound, del: mfa.CodeNotFound},
		"refuses": {spoil: func(f *fakeService) { f.refuse = dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", nil) },
			get: mfa.CodeVaultStoreLocked, del: mfa.CodeVaultStoreLocked, set: mfa.CodeVaultStoreLocked},
		"is another program": {spoil: func(f *fakeService) { f.refuse = dbus.NewError("org.freedesktop.DBus.Error.UnknownMethod", nil) },
			get: mfa.CodeVaultNoStore, del: mfa.CodeVaultNoStore, set: mfa.CodeVaultNoStore},
		"an empty answer": {spoil: func(f *fakeService) {
			for _, i := range f.items {
				i.secret.Value = nil
			}
		}, get: mfa.CodeVaultStoreLocked},
		"an endless answer": {spoil: func(f *fakeService) {
			for _, i := range f.items {
				i.secret.Value = make([]byte, maxKey+1)
			}
		}, get: mfa.CodeVaultStoreLocked},
	} {
		t.Run(name, func(t *testing.T) {
			address := startBus(t)
			f := startService(t, address)
			s, ctx := onBus(address), t.Context()
			wants(t, "first Set", s.Set(ctx, "a.1", someKey()), "")
			f.set(func() { test.spoil(f) })
			_, err := s.Get(ctx, "a.1")
			wants(t, "Get", err, test.get)
			wants(t, "Set", s.Set(ctx, "a.2", someKey()), test.set)
			wants(t, "Delete", s.Delete(ctx, "a.1"), test.del)
			if len(f.asked) != 0 {
				t.Error("it asked the person")
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if (f.dismissed > 0) != test.asks {
				t.Errorf("%d questions dismissed", f.dismissed)
			}
		})
	}
}

func TestNoServiceAndNoBus(t *testing.T) {
	address := startBus(t)
	for name, s := range map[string]*SecretService{
		"no service": onBus(address),
		"no bus":     onBus("unix:path=" + t.TempDir() + "/nobody"),
		"no address": {Dial: func() (*dbus.Conn, error) { return nil, errors.New("not set") }},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Get(t.Context(), "a.1")
			wants(t, "Get", err, mfa.CodeVaultNoStore)
			wants(t, "Set", s.Set(t.Context(), "a.1", someKey()), mfa.CodeVaultNoStore)
			wants(t, "Delete", s.Delete(t.Context(), "a.1"), mfa.CodeVaultNoStore)
			wants(t, "Unlock", s.Unlock(t.Context()), mfa.CodeVaultNoStore)
		})
	}
}

func TestUnlockAsksThePerson(t *testing.T) {
	for name, test := range map[string]struct {
		state  func(*fakeService)
		answer string
		code   mfa.Code
		asked  int
	}{
		"and gets the password":         {func(f *fakeService) { f.locked = true }, "yes", "", 1},
		"who closes the question":       {func(f *fakeService) { f.locked = true }, "no", mfa.CodeVaultStoreLocked, 1},
		"not when it is open":           {func(*fakeService) {}, "no", "", 0},
		"not when nothing is to ask":    {func(f *fakeService) { f.locked, f.silent = true, true }, "no", "", 0},
		"for a first collection":        {func(f *fakeService) { f.homeless = true }, "yes", "", 1},
		"who wants no first collection": {func(f *fakeService) { f.homeless = true }, "no", mfa.CodeVaultStoreLocked, 1},
	} {
		t.Run(name, func(t *testing.T) {
			address := startBus(t)
			f := startService(t, address)
			f.answer = test.answer
			f.set(func() { test.state(f) })
			s := onBus(address)
			wants(t, "Unlock", s.Unlock(t.Context()), test.code)
			if len(f.asked) != test.asked {
				t.Errorf("asked %d times", len(f.asked))
			}
			if test.code == "" {
				wants(t, "Set", s.Set(t.Context(), "a.1", someKey()), "")
			}
		})
	}
}

func TestAQuestionEndsWithItsContext(t *testing.T) {
	address := startBus(t)
	f := startService(t, address)
	f.set(func() { f.locked = true })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-f.asked; cancel() }()
	if err := onBus(address).Unlock(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Unlock: %v", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dismissed != 1 {
		t.Error("the question stays open on the screen")
	}
}

func TestASilentServiceEndsWithItsContext(t *testing.T) {
	address := startBus(t)
	f := startService(t, address)
	f.hangs = make(chan struct{})
	defer close(f.hangs)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := onBus(address).Get(ctx, "a.1"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get: %v", err)
	}
	late, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	_, err := onBus(address).Get(late, "a.1")
	if !errors.Is(err, context.DeadlineExceeded) && !mfa.IsCode(err, mfa.CodeVaultStoreLocked) {
		t.Errorf("Get: %v", err)
	}
}

func TestSystemNamesItself(t *testing.T) {
	if System().Name() == "" || strings.ContainsAny(System().Name(), "\n/") {
		t.Error(System().Name())
	}
}
