package account

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// fuse is a context that is cancelled after it was asked so many times. The store asks
// once for each call, so it stops a use case between any two.
type fuse struct {
	context.Context
	left atomic.Int64
}

func (f *fuse) Err() error {
	if f.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// Wherever a use case stops, it is done or it has not begun: an error means that
// nothing was written, and what was written is no error.
func TestInterruptedAnywhere(t *testing.T) {
	for name, use := range map[string]func(ctx context.Context, o *office) error{
		"check a password": func(ctx context.Context, o *office) error {
			_, err := o.CheckPassword(ctx, root, secret("correct horse"))
			return err
		},
		"change a password": func(ctx context.Context, o *office) error {
			return o.ChangePassword(ctx, o.alice, secret("correct horse"), secret("second horse"))
		},
		"set a password": func(ctx context.Context, o *office) error {
			_, err := o.SetPassword(ctx, o.admin, o.alice.PrincipalID, 1, secret("second horse"), true)
			return err
		},
		"add a user": func(ctx context.Context, o *office) error {
			_, err := o.AddUser(ctx, o.admin, NewUser{Name: "bob", Password: secret("correct horse"), Administrator: true})
			return err
		},
		"add users": func(ctx context.Context, o *office) error {
			l, err := ReadUsers([]byte("name,password,administrator\nbob,longenough,yes\ncarol,longenough,no\n"))
			if err != nil {
				return err
			}
			_, err = o.AddUsers(ctx, o.admin, l, false, nil)
			return err
		},
		"change a user": func(ctx context.Context, o *office) error {
			_, err := o.ChangeUser(ctx, o.admin, o.alice.PrincipalID, 1, "alicia", "")
			return err
		},
		"remove a user": func(ctx context.Context, o *office) error {
			return o.RemoveUser(ctx, o.admin, o.alice.PrincipalID, 1, true)
		},
		"make an administrator": func(ctx context.Context, o *office) error {
			_, err := o.SetAdministrator(ctx, o.admin, o.alice.PrincipalID, true)
			return err
		},
		"add a group": func(ctx context.Context, o *office) error {
			_, err := o.AddGroup(ctx, o.admin, "staff", "")
			return err
		},
		"save settings": func(ctx context.Context, o *office) error {
			_, err := o.SaveSettings(ctx, o.admin, 1, mfa.Settings{Passwords: mfa.PasswordRules{MinLength: 8}})
			return err
		},
		"count a wrong code": func(ctx context.Context, o *office) error {
			_, err := o.WrongCode(ctx, o.alice.PrincipalID, wrongCode(""))
			return err
		},
		"rehearse": func(ctx context.Context, o *office) error { _, err := o.Rehearse(ctx, o.admin, o.now); return err },
		"judge": func(ctx context.Context, o *office) error {
			_, err := o.Verdict(ctx, mfa.Principal{ID: o.alice.PrincipalID})
			return err
		},
		"list users": func(ctx context.Context, o *office) error { _, err := o.Users(ctx, o.admin); return err },
	} {
		t.Run(name, func(t *testing.T) {
			for calls := int64(0); ; calls++ {
				o := newOffice(t)
				before := o.last(t).Seq
				ctx := &fuse{Context: t.Context()}
				ctx.left.Store(calls)
				err := use(ctx, o)
				if err == nil {
					if calls == 0 {
						t.Error("it never asked")
					}
					return
				}
				if !mfa.IsCode(mfa.AsFailure(err), mfa.CodeCancelled) || o.last(t).Seq != before {
					t.Fatalf("stopped after %d calls: %v, %d events", calls, err, o.last(t).Seq-before)
				}
				if calls > 100 {
					t.Fatal("it never ends")
				}
			}
		})
	}
}
