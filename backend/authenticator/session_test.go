package authenticator

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// waiting is a phone that asks and gets no answer. It counts its Close calls.
type waiting struct {
	*virtualauth.Authenticator
	asked  chan struct{}
	closed atomic.Int32
}

func newWaiting() *waiting {
	w := &waiting{asked: make(chan struct{}, 1)}
	cfg := virtualauth.Android()
	cfg.Consent = func(ctx context.Context, _ virtualauth.Prompt) (virtualauth.Decision, error) {
		w.asked <- struct{}{}
		<-ctx.Done()
		return virtualauth.Decision{}, ctx.Err()
	}
	w.Authenticator = virtualauth.New(cfg)
	return w
}

func (w *waiting) Close() error { w.closed.Add(1); return w.Authenticator.Close() }

func TestCancelWhileOpening(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	open := func(ctx context.Context, w Want) (Authenticator, error) {
		if w.Purpose != PurposeCreate {
			t.Errorf("purpose %d", w.Purpose)
		}
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	_, err := Client{Open: open}.Create(ctx, creationJSON(t, nil), testOrigin)
	wantCode(t, "create", err, mfa.CodeCancelled)
}

func TestCancelBetweenOpeningAndRequest(t *testing.T) {
	w := newWaiting()
	ctx, cancel := context.WithCancel(t.Context())
	open := func(context.Context, Want) (Authenticator, error) { cancel(); return w, nil }
	var stages []mfa.Stage
	_, err := Client{Open: open, Report: func(p mfa.Progress) { stages = append(stages, p.Stage) }}.Create(ctx, creationJSON(t, nil), testOrigin)
	wantCode(t, "create", err, mfa.CodeCancelled)
	if w.closed.Load() != 1 || len(stages) != 0 || len(w.asked) != 0 {
		t.Errorf("closed %d times, stages %v, asked %d", w.closed.Load(), stages, len(w.asked))
	}
}

func TestCancelWhileThePhoneAsks(t *testing.T) {
	w := newWaiting()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-w.asked; cancel() }()
	var stages []mfa.Stage
	open := func(context.Context, Want) (Authenticator, error) { return w, nil }
	_, err := Client{Open: open, Report: func(p mfa.Progress) {
		if len(w.asked) != 0 {
			t.Error("confirm-on-phone was reported after the request went out")
		}
		stages = append(stages, p.Stage)
	}}.Create(ctx, creationJSON(t, nil), testOrigin)
	wantCode(t, "create", err, mfa.CodeCancelled)
	if w.closed.Load() != 1 || len(stages) != 1 || stages[0] != mfa.StageConfirm {
		t.Errorf("closed %d times, stages %v", w.closed.Load(), stages)
	}
}

func TestCancelledBeforeItStarts(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	open := func(ctx context.Context, _ Want) (Authenticator, error) { return nil, ctx.Err() }
	_, err := Client{Open: open}.Get(ctx, requestJSON(t, nil), testOrigin)
	wantCode(t, "get", err, mfa.CodeCancelled)
}

func TestTheOpenersFailureIsKept(t *testing.T) {
	open := func(context.Context, Want) (Authenticator, error) { return nil, mfa.Fail(mfa.CodeRadioOff) }
	_, err := Client{Open: open}.Get(t.Context(), requestJSON(t, nil), testOrigin)
	wantCode(t, "get", err, mfa.CodeRadioOff)
}

func TestTimeWhileOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		open := func(ctx context.Context, _ Want) (Authenticator, error) { <-ctx.Done(); return nil, ctx.Err() }
		_, err := Client{Open: open}.Create(t.Context(), creationJSON(t, obj{"timeout": 90_000}), testOrigin)
		wantCode(t, "create", err, mfa.CodeTimedOut)
		if took := time.Since(start); took != 90*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// TestTimeToAnswer: the person has what is left of the ceremony's time, but a
// minute at least.
func TestTimeToAnswer(t *testing.T) {
	for opening, want := range map[time.Duration]time.Duration{10 * time.Second: 2 * time.Minute, 110 * time.Second: 170 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			w := newWaiting()
			start := time.Now()
			open := func(context.Context, Want) (Authenticator, error) { time.Sleep(opening); return w, nil }
			_, err := Client{Open: open}.Create(t.Context(), creationJSON(t, obj{"timeout": 120_000}), testOrigin)
			wantCode(t, "create", err, mfa.CodeAuthenticatorTimeout)
			if took := time.Since(start); took != want || w.closed.Load() != 1 {
				t.Errorf("opened after %v, ended after %v, closed %d times", opening, took, w.closed.Load())
			}
		})
	}
}
