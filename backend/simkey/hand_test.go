package simkey

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

func TestItBlinksUntilItIsTouched(t *testing.T) {
	b := open(t, Config{})
	b.leave()
	if err := b.Touch(); !mfa.IsCode(err, mfa.CodeNotFound) {
		t.Errorf("touched for nothing: %v", err)
	}
	b.Plug(true)
	key := b.reach()
	result := make(chan error, 1)
	var alive []byte
	go func() {
		_, err := ctap2.MakeCredential(t.Context(), key, creation(false), func(status byte) { alive = append(alive, status) })
		result <- err
	}()
	if s := b.blinks(); s.Op != OpCreate || s.RPID != rpID {
		t.Errorf("%+v", s)
	}
	if err := b.Touch(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err != nil {
		t.Error(err)
	}
	if !slices.Contains(alive, ctap2.KeepaliveUPNeeded) {
		t.Errorf("keep-alives %v", alive)
	}
	if s := b.State(); s.Waiting || s.Op != "" || s.RPID != "" {
		t.Errorf("%+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _, err := create(ctx, key, nil, false)
		result <- err
	}()
	b.blinks()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	b.until("dark after a cancel", func(s State) bool { return !s.Waiting })
	if _, err := ctap2.GetInfo(t.Context(), key); err != nil {
		t.Errorf("after a cancel: %v", err)
	}
}

func TestItsPatienceEnds(t *testing.T) {
	b := open(t, Config{Patience: time.Millisecond})
	b.leave()
	b.Plug(true)
	if _, _, err := create(t.Context(), b.reach(), nil, false); !mfa.IsCode(err, mfa.CodeAuthenticatorTimeout) {
		t.Errorf("got %v", err)
	}
	if b.State().Waiting {
		t.Error("it still blinks")
	}
}

func TestPullingItOut(t *testing.T) {
	b := open(t, Config{})
	b.leave()
	b.Plug(true)
	b.Plug(true) // once is enough
	key := b.reach()
	before, _ := b.Bus().List(t.Context())
	result := make(chan error, 1)
	go func() {
		_, _, err := create(t.Context(), key, nil, false)
		result <- err
	}()
	b.blinks()
	b.Plug(false)
	if err := <-result; !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("in the middle: %v", err)
	}
	if _, err := key.Exchange(t.Context(), []byte{ctap2.CommandGetInfo}, nil); !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("afterwards: %v", err)
	}
	if s := b.State(); s.Plugged || s.Waiting {
		t.Errorf("%+v", s)
	}
	if slots, err := b.Bus().List(t.Context()); err != nil || len(slots) != 0 {
		t.Errorf("%v (%v)", slots, err)
	}
	b.Plug(true)
	after, _ := b.Bus().List(t.Context())
	if before[0].ID == after[0].ID || after[0].Name == "" || after[0].Vendor != vendor || after[0].Way != transport.WayUSB {
		t.Errorf("%+v, then %+v", before, after)
	}
	if _, err := b.Bus().Open(t.Context(), before[0].ID); !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("the old slot: %v", err)
	}
}

// TestPullingItOutIsAPowerCycle: a PIN that is locked can be tried again.
func TestPullingItOutIsAPowerCycle(t *testing.T) {
	b := open(t, Config{})
	b.Plug(true)
	key := b.reach()
	info, _ := ctap2.GetInfo(t.Context(), key)
	if err := ctap2.SetPIN(t.Context(), key, info, secret("2468"), rand.Reader); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b.token(key, "1111", ctap2.PermissionGetAssertion)
	}
	if _, err := b.token(key, "2468", ctap2.PermissionGetAssertion); !mfa.IsCode(err, mfa.CodePINLocked) {
		t.Errorf("after three wrong ones: %v", err)
	}
	b.Plug(false)
	b.Plug(true)
	if _, err := b.token(b.reach(), "2468", ctap2.PermissionGetAssertion); err != nil {
		t.Error(err)
	}
}

func TestWatching(t *testing.T) {
	b := open(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan int, 10)
	ended := make(chan error, 1)
	go func() {
		ended <- b.Bus().Watch(ctx, func() {
			slots, _ := b.Bus().List(context.Background())
			told <- len(slots)
		})
	}()
	if n := <-told; n != 0 {
		t.Errorf("%d slots at first", n)
	}
	b.Plug(true)
	if n := <-told; n != 1 {
		t.Errorf("%d slots when plugged", n)
	}
	b.Plug(false)
	if n := <-told; n != 0 {
		t.Errorf("%d slots when pulled", n)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := b.Bus().List(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestTwoPrograms: each has its channel, and one waits while the other is served.
func TestTwoPrograms(t *testing.T) {
	b := open(t, Config{})
	b.leave()
	b.Plug(true)
	one, two := b.reach(), b.reach()
	result := make(chan error, 2)
	go func() { _, _, err := create(t.Context(), one, nil, false); result <- err }()
	b.blinks()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _, err := ctap2.GetInfo(ctx, two); result <- err }()
	if err := b.Touch(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-result; err != nil {
			t.Error(err)
		}
	}
	cancel()
	one.Close()
	if _, err := ctap2.GetInfo(t.Context(), two); err != nil {
		t.Errorf("after the other let go: %v", err)
	}
}

func TestFingers(t *testing.T) {
	b := open(t, Config{Model: Fingerprint})
	b.leave()
	b.Plug(true)
	key := b.reach()
	info, _ := ctap2.GetInfo(t.Context(), key)
	verify := func(touch func() error) (*ctap2.Token, error) {
		t.Helper()
		type result struct {
			token *ctap2.Token
			err   error
		}
		done := make(chan result, 1)
		go func() {
			token, err := ctap2.TokenByUV(t.Context(), key, info, ctap2.PermissionMakeCredential, rpID, rand.Reader, nil)
			done <- result{token, err}
		}()
		if s := b.blinks(); s.Op != OpCreate || s.RPID != rpID {
			t.Errorf("%+v", s)
		}
		if err := touch(); err != nil {
			t.Fatal(err)
		}
		r := <-done
		return r.token, r.err
	}
	if _, err := verify(b.TouchUnknown); !mfa.IsCode(err, mfa.CodeUVFailed) {
		t.Errorf("a finger that it does not know: %v", err)
	}
	token, err := verify(b.Touch)
	if err != nil {
		t.Fatal(err)
	}
	if _, d, err := create(t.Context(), key, token, true); err != nil || !d.Flags.Has(ctap2.FlagUV) {
		t.Errorf("the finger was the touch: %v", err)
	}
}
