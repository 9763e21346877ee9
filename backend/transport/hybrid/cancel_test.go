package hybrid

import (
	"context"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// TestCancel cancels in each stage and inside Exchange.
func TestCancel(t *testing.T) {
	for _, stage := range []mfa.Stage{mfa.StageNeedsBluetooth, mfa.StageShowQR, mfa.StagePhoneSeen, mfa.StageConnecting} {
		t.Run(string(stage), func(t *testing.T) {
			l := newLab(t)
			ctx, cancel := context.WithCancel(t.Context())
			phoneCtx, stopPhone := context.WithCancel(t.Context())
			go func() {
				select {
				case uri := <-l.codes:
					code, err := ParseURI(uri)
					if err == nil {
						err = l.phone.Answer(phoneCtx, code)
					}
					l.ended <- err
				case <-phoneCtx.Done():
					l.ended <- nil
				}
			}()
			_, err := l.client.Connect(ctx, GetAssertion, func(p mfa.Progress) {
				if p.Stage == stage {
					cancel()
				}
				l.report(p)
			})
			wantCode(t, err, mfa.CodeCancelled)
			stopPhone()
			<-l.ended
		})
	}
	t.Run("while the phone asks", func(t *testing.T) {
		l := newLab(t)
		asked, phoneStopped := make(chan struct{}), make(chan struct{})
		l.phone.Handle = func(ctx context.Context, _ []byte) ([]byte, error) {
			close(asked)
			<-ctx.Done()
			close(phoneStopped)
			return nil, ctx.Err()
		}
		s, err := l.connect()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-asked; cancel() }()
		_, err = s.Exchange(ctx, testRequest, nil)
		wantCode(t, err, mfa.CodeCancelled)
		<-phoneStopped
		wantCode(t, <-l.ended, mfa.CodeComputerHungUp)
		s.Close()
	})
	t.Run("a deadline of the caller", func(t *testing.T) {
		l := newLab(t)
		l.phone.Handle = func(ctx context.Context, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() }
		s, err := l.connect()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err = s.Exchange(ctx, testRequest, nil)
		wantCode(t, err, mfa.CodeTimedOut)
		<-l.ended
	})
	t.Run("close breaks Exchange off", func(t *testing.T) {
		l := newLab(t)
		asked := make(chan struct{})
		l.phone.Handle = func(ctx context.Context, _ []byte) ([]byte, error) { close(asked); <-ctx.Done(); return nil, ctx.Err() }
		s, err := l.connect()
		if err != nil {
			t.Fatal(err)
		}
		go func() { <-asked; s.Close() }()
		_, err = s.Exchange(t.Context(), testRequest, nil)
		wantCode(t, err, mfa.CodeTunnelLost)
		<-l.ended
	})
	t.Run("the phone's person stops", func(t *testing.T) {
		l := newLab(t)
		ctx, cancel := context.WithCancel(t.Context())
		l.phone.Handle = func(ctx context.Context, _ []byte) ([]byte, error) { cancel(); <-ctx.Done(); return nil, ctx.Err() }
		go func() {
			code, err := ParseURI(<-l.codes)
			if err == nil {
				err = l.phone.Answer(ctx, code)
			}
			l.ended <- err
		}()
		s, err := l.client.Connect(t.Context(), GetAssertion, l.report)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Exchange(t.Context(), testRequest, nil)
		if !mfa.IsCode(err, mfa.CodePhoneHungUp) && !mfa.IsCode(err, mfa.CodeTunnelLost) {
			t.Errorf("got %v", err)
		}
		wantCode(t, <-l.ended, mfa.CodeCancelled)
	})
}
