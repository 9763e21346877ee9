package window

import (
	"context"
	"fmt"

	"github.com/keyferry/keyferry/app/e2e/atspi"
)

// maxTabs bounds the way to a control: more than once around any page.
const maxTabs = 60

// TabTo presses Tab until the keyboard is at a control of this name. What is not
// reached once around, nobody reaches without a mouse.
func (w *Window) TabTo(ctx context.Context, name string) error {
	at, err := w.focused(ctx)
	for range maxTabs {
		if err != nil || at.Name == name {
			return err
		}
		if err = w.Desktop.Key("Tab"); err == nil {
			at, err = w.moved(ctx, at)
		}
	}
	return fmt.Errorf("Tab does not lead to %q\nthe screen:\n%s", name, w.app.Dump(ctx))
}

// HasFocus waits until the keyboard is at a control of this name, which nobody has
// gone to.
func (w *Window) HasFocus(ctx context.Context, name string) error {
	return w.await(ctx, fmt.Sprintf("the keyboard at %q", name), func(ctx context.Context) error {
		if at, err := w.focused(ctx); err != nil || at.Name == name {
			return err
		}
		return atspi.ErrAbsent
	})
}

// focused is what has the keyboard, of things in things the inner one; the zero value
// when nothing has it.
func (w *Window) focused(ctx context.Context) (at atspi.Seen, err error) {
	err = w.app.Walk(ctx, func(s atspi.Seen) bool {
		if s.Is(ctx, atspi.StateFocused) {
			at = s
		}
		return false
	})
	return at, err
}

// moved waits until the keyboard is somewhere else.
func (w *Window) moved(ctx context.Context, from atspi.Seen) (at atspi.Seen, err error) {
	err = w.await(ctx, "the keyboard to move on", func(ctx context.Context) error {
		if at, err = w.focused(ctx); err == nil && at.Node == from.Node {
			err = atspi.ErrAbsent
		}
		return err
	})
	return at, err
}
