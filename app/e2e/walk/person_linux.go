package walk

import (
	"context"
	"fmt"

	"github.com/keyferry/keyferry/app/e2e/atspi"
	"github.com/keyferry/keyferry/app/e2e/window"
)

// Root. The password is the test's own; it protects nothing.
const (
	Email    = "root@sandbox.keyferry.internal"
	Password = "correct horse 7"
)

// Person is somebody in front of the window.
type Person struct {
	*window.Window
	Words window.Words
	// Look is called at each new screen with a short name for it; may be nil.
	Look func(ctx context.Context, screen string) error
}

// Step is one thing that is done or seen.
type Step = func(ctx context.Context) error

// Do takes steps until one fails, and says which.
func Do(ctx context.Context, steps ...Step) error {
	for i, s := range steps {
		if err := s(ctx); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

// All makes one step of several.
func All(steps ...Step) Step {
	return func(ctx context.Context) error { return Do(ctx, steps...) }
}

// Push presses the button with the text of this key. Keys are those of
// frontend/src/i18n/en; fill is name, value, name, value.
func (p Person) Push(key string, fill ...string) Step {
	return func(ctx context.Context) error { return p.Press(ctx, p.Words.Say(key, fill...)) }
}

// Enter types over what is in the field with the label of this key.
func (p Person) Enter(key, text string) Step {
	return func(ctx context.Context) error { return p.Fill(ctx, p.Words.Say(key), text) }
}

// Title waits for a heading.
func (p Person) Title(key string, fill ...string) Step {
	return func(ctx context.Context) error { return p.See(ctx, atspi.Heading, p.Words.Say(key, fill...)) }
}

// Heading waits for a heading of words that are no text of the window.
func (p Person) Heading(words string) Step {
	return func(ctx context.Context) error { return p.See(ctx, atspi.Heading, words) }
}

// Scroll brings a button or a heading into sight.
func (p Person) Scroll(key string) Step {
	return func(ctx context.Context) error { return p.ScrollTo(ctx, p.Words.Say(key)) }
}

// Button waits for a button.
func (p Person) Button(key string, fill ...string) Step {
	return func(ctx context.Context) error { return p.See(ctx, atspi.PushButton, p.Words.Say(key, fill...)) }
}

// Enabled waits for a button that is not greyed out.
func (p Person) Enabled(key string) Step {
	return func(ctx context.Context) error { return p.CanPress(ctx, p.Words.Say(key)) }
}

// Unfold opens what is folded up under a text.
func (p Person) Unfold(key string) Step {
	return func(ctx context.Context) error { return p.UnfoldUnder(ctx, p.Words.Say(key)) }
}

// Says waits for a text anywhere on the screen.
func (p Person) Says(key string, fill ...string) Step { return p.Shows(p.Words.Say(key, fill...)) }

// SaysOne waits for one of these texts.
func (p Person) SaysOne(keys ...string) Step {
	texts := make([]string, len(keys))
	for i, k := range keys {
		texts[i] = p.Words.Say(k)
	}
	return func(ctx context.Context) error { return p.ReadOne(ctx, texts...) }
}

// Shows waits for words that are no text of the window, such as a name.
func (p Person) Shows(words string) Step {
	return func(ctx context.Context) error { return p.Read(ctx, words) }
}

// Looks tells whoever watches that a screen is there.
func (p Person) Looks(screen string) Step {
	return func(ctx context.Context) error {
		if p.Look == nil {
			return nil
		}
		return p.Look(ctx, screen)
	}
}

// Key presses keys by their names, as "Escape".
func (p Person) Key(names ...string) Step {
	return func(context.Context) error { return p.Desktop.Key(names...) }
}

// Tab goes to a control by the Tab key.
func (p Person) Tab(key string, fill ...string) Step {
	return func(ctx context.Context) error { return p.TabTo(ctx, p.Words.Say(key, fill...)) }
}

// At waits until the keyboard is at the control of this key: nobody has to go there.
func (p Person) At(key string) Step {
	return func(ctx context.Context) error { return p.HasFocus(ctx, p.Words.Say(key)) }
}

// Keys types text into what has the keyboard.
func (p Person) Keys(text string) Step {
	return func(context.Context) error { return p.Desktop.Type(text) }
}

// Failed waits for the title of a failure.
func (p Person) Failed(code string, fill ...string) Step {
	return All(p.Says("failure."+code+".s_title", fill...), p.Looks("failed-"+code))
}

// Row opens the row of a list that has this text.
func (p Person) Row(text string) Step {
	return func(ctx context.Context) error { return p.OpenRow(ctx, text) }
}

// Choose answers the system's dialog for files with a path.
func (p Person) Choose(path string) Step {
	return func(ctx context.Context) error { return p.ChooseFile(ctx, path) }
}

// Take chooses in a closed list.
func (p Person) Take(key, choice string) Step {
	return func(ctx context.Context) error { return p.Select(ctx, p.Words.Say(key), choice) }
}
