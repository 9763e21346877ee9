package desk

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/stock"
)

const seeds = "GAHT20000001,3132333435363738393031323334353637383930,TOTP\n"

func (b *bench) previewTokens(t *testing.T) (string, *stock.Preview) {
	t.Helper()
	h, who := b.seat(t)
	p, err := h.Stock.Preview(t.Context(), who, []byte(seeds), stock.Secrets{})
	if err != nil {
		t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
	}
	id, err := b.ShowTokens(who, p)
	if err != nil {
		t.Fatal(err)
	}
	return id, p
}

func live(p *stock.Preview, now time.Time) bool { return p.Codes(now, 0, 1)[0] != "" }

func (b *bench) previewUsers(t *testing.T) (string, *account.UserList) {
	t.Helper()
	l, err := account.ReadUsers([]byte("name,password\nann,correct horse\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, who := b.seat(t)
	id, err := b.ShowUsers(who, l)
	if err != nil {
		t.Fatal(err)
	}
	return id, l
}

func TestPreviewsAreWiped(t *testing.T) {
	for name, end := range map[string]func(b *bench, tokens, users string){
		"closed":   func(b *bench, tokens, users string) { b.ClosePreview(tokens); b.ClosePreview(users) },
		"replaced": func(b *bench, _, _ string) { b.previewTokens(b.hall.t); b.previewUsers(b.hall.t) },
		"signed out": func(b *bench, _, _ string) {
			if _, err := b.SignOut(b.hall.t.Context()); err != nil {
				b.hall.t.Error(err)
			}
		},
		"idle":    func(b *bench, _, _ string) { b.hall.time.pass(time.Hour) },
		"sandbox": func(b *bench, _, _ string) { b.OpenSandbox(b.hall.t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.create(t)
			tokens, p := b.previewTokens(t)
			users, l := b.previewUsers(t)
			if !live(p, b.Now()) || l.Rows[0].Password.Len() == 0 {
				t.Fatal("nothing to wipe")
			}
			end(b, tokens, users)
			if live(p, b.Now()) {
				t.Error("the seeds are still there")
			}
			if l.Rows[0].Password.Len() != 0 {
				t.Error("the passwords are still there")
			}
			never := errors.New("it was lent")
			wants(t, b.UseTokens(t.Context(), tokens, func(context.Context, *stock.Preview) error { return never }), mfa.CodeImportGone)
			wants(t, b.UseUsers(t.Context(), users, func(context.Context, *account.UserList) error { return never }), mfa.CodeImportGone)
		})
	}
}

// Closing a preview ends what runs on it, and waits: nothing is wiped under its hands.
func TestClosingAPreviewCancelsItsImport(t *testing.T) {
	b := newBench(t)
	b.create(t)
	id, p := b.previewTokens(t)
	began, ended := make(chan struct{}), make(chan error)
	go func() {
		ended <- b.UseTokens(t.Context(), id, func(ctx context.Context, p *stock.Preview) error {
			close(began)
			<-ctx.Done()
			if !live(p, b.Now()) {
				t.Error("wiped while it was in use")
			}
			return ctx.Err()
		})
	}()
	<-began
	b.ClosePreview(id)
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the import ended with %v", err)
	}
	if live(p, b.Now()) {
		t.Error("the seeds are still there")
	}
}

func TestPreviewOfASessionThatEnded(t *testing.T) {
	b := newBench(t)
	b.create(t)
	h, who := b.seat(t)
	p, err := h.Stock.Preview(t.Context(), who, []byte(seeds), stock.Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = b.ShowTokens(who, p)
	wants(t, err, mfa.CodeNotSignedIn)
	if live(p, b.Now()) {
		t.Error("nobody will wipe it")
	}
}
