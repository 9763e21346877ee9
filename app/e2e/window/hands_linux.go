package window

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keyferry/keyferry/app/e2e/atspi"
)

// pressable are the roles a person would press. A button that opens a menu is a
// combo box to WebKit.
var pressable = []atspi.Role{atspi.PushButton, atspi.ToggleButton, atspi.Link, atspi.MenuItem, atspi.RadioButton, atspi.CheckBox, atspi.ComboBox}

// editable are the roles of fields.
var editable = []atspi.Role{atspi.Entry, atspi.PasswordText, atspi.ComboBox, atspi.SpinButton}

// Press waits for a button of this name that is not greyed out, and presses it.
func (w *Window) Press(ctx context.Context, name string) error {
	want := pressableNamed(name)
	return w.await(ctx, want.What, func(ctx context.Context) error {
		button, err := w.app.Find(ctx, want)
		if err != nil {
			return err
		}
		return button.Press(ctx)
	})
}

// CanPress waits for a button of this name that is not greyed out.
func (w *Window) CanPress(ctx context.Context, name string) error {
	_, err := w.find(ctx, pressableNamed(name))
	return err
}

func pressableNamed(name string) atspi.Want {
	return atspi.Want{What: fmt.Sprintf("a button %q", name), Name: func(n string) bool { return n == name },
		Fits: func(ctx context.Context, s atspi.Seen) bool {
			return slices.Contains(pressable, s.Role) && s.Is(ctx, atspi.StateEnabled)
		}}
}

// Fill puts the focus on a field and types over what is in it.
func (w *Window) Fill(ctx context.Context, name, text string) error {
	field, err := w.emptied(ctx, name)
	if err != nil {
		return err
	}
	if err := w.Desktop.Type(text); err != nil {
		return err
	}
	return w.holds(ctx, field, name, text)
}

// Type does the same and does not look whether the text stands there: the last
// letter may send it off.
func (w *Window) Type(ctx context.Context, name, text string) error {
	if _, err := w.emptied(ctx, name); err != nil {
		return err
	}
	return w.Desktop.Type(text)
}

// emptied puts the focus on a field and wipes what is in it.
func (w *Window) emptied(ctx context.Context, name string) (atspi.Seen, error) {
	var field atspi.Seen
	_, err := w.find(ctx, atspi.Want{What: "a field " + name, Name: func(n string) bool { return n == name },
		Fits: func(ctx context.Context, s atspi.Seen) bool {
			fits := slices.Contains(editable, s.Role) && s.Is(ctx, atspi.StateEnabled)
			if fits {
				field = s
			}
			return fits
		}})
	if err != nil {
		return field, err
	}
	if err := w.focus(ctx, field.Node); err != nil {
		return field, err
	}
	if err := w.Desktop.Key("ctrl+a", "BackSpace"); err != nil {
		return field, err
	}
	return field, w.holds(ctx, field, name, "")
}

// holds waits until a field has this text. Keys are on their way for a while,
// and what is done next must not overtake them. A password shows only how long
// it is, and fields for codes put blanks and hyphens in.
func (w *Window) holds(ctx context.Context, field atspi.Seen, name, text string) error {
	return w.await(ctx, fmt.Sprintf("what was typed in %q", name), func(ctx context.Context) error {
		content, err := field.Text(ctx)
		if err != nil {
			return err
		}
		there := plain(content) == plain(text)
		if field.Role == atspi.PasswordText {
			there = utf8.RuneCountInString(content) == utf8.RuneCountInString(text)
		}
		if !there {
			return atspi.ErrAbsent
		}
		return nil
	})
}

// plain is what is left when the form of a text does not count.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

func (w *Window) focus(ctx context.Context, n atspi.Node) error {
	if err := n.Focus(ctx); err != nil {
		return err
	}
	return w.await(ctx, "the focus", func(ctx context.Context) error {
		if !n.Is(ctx, atspi.StateFocused) {
			return atspi.ErrAbsent
		}
		return nil
	})
}

// Select chooses in a closed list by typing the first letters of a choice, and waits
// until that is chosen.
func (w *Window) Select(ctx context.Context, list, choice string) error {
	node, err := w.find(ctx, atspi.Want{Role: atspi.ComboBox, What: "a list " + list, Name: func(n string) bool { return n == list }})
	if err != nil {
		return err
	}
	if err := w.focus(ctx, node); err != nil {
		return err
	}
	if err := w.Desktop.Type(choice); err != nil {
		return err
	}
	return w.await(ctx, fmt.Sprintf("%q chosen in %q", choice, list), func(ctx context.Context) error {
		chosen := false
		err := node.Walk(ctx, func(s atspi.Seen) bool {
			chosen = chosen || s.Name == choice && s.Is(ctx, atspi.StateSelected)
			return chosen
		})
		if err == nil && !chosen {
			err = atspi.ErrAbsent
		}
		return err
	})
}

// OpenRow opens the row of a list that has this text, by the keyboard.
func (w *Window) OpenRow(ctx context.Context, text string) error {
	row, err := w.find(ctx, atspi.Want{Role: atspi.TableRow, What: "a row with " + text, Name: func(string) bool { return true },
		Fits: func(ctx context.Context, s atspi.Seen) bool { return s.Reads(ctx, text) == nil }})
	if err != nil {
		return err
	}
	if err := w.focus(ctx, row); err != nil {
		return err
	}
	return w.Desktop.Key("Return")
}

// UnfoldUnder opens what is folded up under a text, by the keyboard. WebKit has no role
// for such a text.
func (w *Window) UnfoldUnder(ctx context.Context, text string) error {
	line, err := w.find(ctx, atspi.Want{Role: atspi.Unknown, What: "what is folded up under " + text, Name: func(n string) bool { return n == text },
		Fits: func(ctx context.Context, s atspi.Seen) bool { return s.Is(ctx, atspi.StateFocusable) }})
	if err != nil {
		return err
	}
	if err := w.focus(ctx, line); err != nil {
		return err
	}
	return w.Desktop.Key("Return")
}

// InSight waits until a button of this name lies wholly in the window. Nothing is
// scrolled for it.
func (w *Window) InSight(ctx context.Context, name string) error {
	frame, err := w.find(ctx, atspi.Want{Role: atspi.Frame, What: "the window", Name: func(string) bool { return true }})
	if err != nil {
		return err
	}
	return w.await(ctx, fmt.Sprintf("%q in sight", name), func(ctx context.Context) error {
		in, err := frame.Box(ctx)
		if err != nil {
			return err
		}
		seen, err := w.Count(ctx, func(s atspi.Seen) bool {
			if s.Role != atspi.PushButton || s.Name != name || !s.Is(ctx, atspi.StateShowing) {
				return false
			}
			b, err := s.Box(ctx)
			return err == nil && b.Height > 0 && b.X >= in.X && b.Y >= in.Y && b.X+b.Width <= in.X+in.Width && b.Y+b.Height <= in.Y+in.Height
		})
		if err == nil && seen == 0 {
			err = atspi.ErrAbsent
		}
		return err
	})
}

// TextOf is the text of what has this name.
func (w *Window) TextOf(ctx context.Context, name string) (text string, err error) {
	err = w.await(ctx, fmt.Sprintf("the text of %q", name), func(ctx context.Context) error {
		named, err := w.app.Find(ctx, atspi.Named(atspi.AnyRole, name))
		if err != nil {
			return err
		}
		text, err = named.Content(ctx)
		if err == nil && text == "" {
			err = atspi.ErrAbsent
		}
		return err
	})
	return text, err
}

// ReadOne waits until one of these texts is on the screen.
func (w *Window) ReadOne(ctx context.Context, texts ...string) error {
	return w.await(ctx, fmt.Sprintf("one of %q", texts), func(ctx context.Context) error {
		if slices.ContainsFunc(texts, func(text string) bool { return w.Reads(ctx, text) }) {
			return nil
		}
		return atspi.ErrAbsent
	})
}

// Everything is all text that is on the screen, in reading order.
func (w *Window) Everything(ctx context.Context) (string, error) { return w.app.Content(ctx) }

// ScrollTo brings what has this name into sight.
func (w *Window) ScrollTo(ctx context.Context, name string) error {
	return w.await(ctx, fmt.Sprintf("%q", name), func(ctx context.Context) error {
		_, err := w.app.Find(ctx, atspi.Named(atspi.AnyRole, name)) // scrolls there when it is away
		return err
	})
}

// Quiet waits until no short message is on the screen: those that come and go lie over
// the page or the dialog, others are deep in it and stay.
func (w *Window) Quiet(ctx context.Context) error {
	return w.await(ctx, "the short message to go", func(ctx context.Context) error {
		under := 0
		told, err := w.Count(ctx, func(n atspi.Seen) bool {
			if n.Role == atspi.DocumentWeb || n.Role == atspi.Dialog {
				under = n.Depth
			}
			if n.Role != atspi.Status || n.Depth != under+1 {
				return false
			}
			content, err := n.Content(ctx)
			return err == nil && content != ""
		})
		if err == nil && told > 0 {
			err = atspi.ErrAbsent
		}
		return err
	})
}

// Title is the title of the page.
func (w *Window) Title(ctx context.Context) (string, error) {
	page, err := w.find(ctx, atspi.Want{Role: atspi.DocumentWeb, What: "the page", Name: func(string) bool { return true }})
	if err != nil {
		return "", err
	}
	return page.Name(ctx)
}
