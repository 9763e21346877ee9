package window

import (
	"context"

	"github.com/keyferry/keyferry/app/e2e/atspi"
)

// ChooseFile answers the system's dialog for files, which must be on its way:
// it gives the path and presses the dialog's own button to open or to save.
func (w *Window) ChooseFile(ctx context.Context, path string) error {
	dialog, err := w.find(ctx, atspi.Want{Role: atspi.FileChooser, What: "the system's dialog for files", Name: func(string) bool { return true }})
	if err != nil {
		return err
	}
	title, err := dialog.Name(ctx)
	if err != nil {
		return err
	}
	if err := w.Desktop.FocusWindow(w.PID(), title); err != nil {
		return err
	}
	// For opening, the field for a path appears when it is asked for; for saving it
	// is there, and the key goes to it.
	if err := w.Desktop.Key("ctrl+l"); err != nil {
		return err
	}
	var field atspi.Node
	err = w.await(ctx, "the dialog's field for a path", func(ctx context.Context) error {
		field, err = dialog.Find(ctx, atspi.Want{Role: atspi.Text, Name: func(string) bool { return true },
			Fits: func(ctx context.Context, s atspi.Seen) bool { return s.Is(ctx, atspi.StateFocused) }})
		return err
	})
	if err != nil {
		return err
	}
	if err := field.SetText(ctx, path); err != nil {
		return err
	}
	err = w.await(ctx, "the dialog to close", func(ctx context.Context) error {
		for _, name := range []string{"Open", "Save"} {
			if button, err := dialog.Find(ctx, atspi.Named(atspi.PushButton, name)); err == nil {
				if button.Is(ctx, atspi.StateSensitive) {
					button.Press(ctx) // it may close before it answers
				}
				return atspi.ErrAbsent
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	frame, err := w.find(ctx, atspi.Want{Role: atspi.Frame, What: "the window", Name: func(string) bool { return true }})
	if err != nil {
		return err
	}
	if title, err = frame.Name(ctx); err != nil {
		return err
	}
	return w.Desktop.FocusWindow(w.PID(), title)
}
