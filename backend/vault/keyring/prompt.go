//go:build linux || freebsd || netbsd || openbsd || dragonfly

package keyring

import (
	"context"
	"errors"

	"github.com/godbus/dbus/v5"
)

var errRefused = errors.New("keyring: the person closed the question")

// Unlock lets the service ask the person for the password of the default collection,
// or for a new one when there is none yet, and waits for the answer. Nothing is asked
// when it is open already. secret-store-missing, secret-store-locked, also when the
// person closes the question.
func (s *SecretService) Unlock(ctx context.Context) error {
	return s.with(ctx, func(ctx context.Context, t *talk) error {
		var home, prompt dbus.ObjectPath
		err := t.call(ctx, servicePath, serviceIface+".ReadAlias", "default").Store(&home)
		if err != nil {
			return err
		}
		if home == nothing {
			properties := map[string]dbus.Variant{collectionIface + ".Label": dbus.MakeVariant("Default keyring")}
			err = t.call(ctx, servicePath, serviceIface+".CreateCollection", properties, "default").Store(&home, &prompt)
		} else {
			prompt, err = t.unlock(ctx, home)
		}
		if err != nil || prompt == nothing {
			return err
		}
		return t.ask(ctx, prompt)
	})
}

// ask shows the service's question and waits for Completed (section 5.9).
func (t *talk) ask(ctx context.Context, prompt dbus.ObjectPath) error {
	defer func() {
		if ctx.Err() != nil { // the question must not outlive who asked it
			_ = t.dismiss(context.WithoutCancel(ctx), prompt)
		}
	}()
	signals := make(chan *dbus.Signal, 8)
	t.conn.Signal(signals)
	defer t.conn.RemoveSignal(signals)
	match := []dbus.MatchOption{dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(promptIface)}
	if err := t.conn.AddMatchSignalContext(ctx, match...); err != nil {
		return err
	}
	if err := t.call(ctx, prompt, promptIface+".Prompt", "").Err; err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case s, open := <-signals:
			if !open {
				return isLocked(dbus.ErrClosed)
			}
			if s.Path != prompt || s.Name != promptIface+".Completed" {
				continue
			}
			dismissed, ok := false, len(s.Body) > 0
			if ok {
				dismissed, ok = s.Body[0].(bool)
			}
			if !ok || dismissed {
				return isLocked(errRefused)
			}
			return nil
		}
	}
}

// dismiss closes a question that nobody was shown, and fails if there was one.
func (t *talk) dismiss(ctx context.Context, prompt dbus.ObjectPath) error {
	if prompt == nothing {
		return nil
	}
	_ = t.call(ctx, prompt, promptIface+".Dismiss").Err
	return isLocked(errAsks)
}
