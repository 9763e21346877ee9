package atspi

import (
	"context"
	"fmt"
	"path"
	"strconv"

	"github.com/godbus/dbus/v5"
)

// ref is how D-Bus names an accessible: who owns it, and where.
type ref struct {
	Sender string
	Path   dbus.ObjectPath
}

// Node is one accessible: a window, a button, a text.
type Node struct {
	bus *Bus
	ref ref
}

// State is a bit of the state set, by its number in AtspiStateType.
type State uint

const (
	StateActive    State = 1
	StateChecked   State = 4
	StateEnabled   State = 8
	StateFocusable State = 11
	StateFocused   State = 12
	StateSelected  State = 23
	StateSensitive State = 24
	StateShowing   State = 25
)

func (n Node) call(ctx context.Context, method string, args ...any) *dbus.Call {
	return n.bus.conn.Object(n.ref.Sender, n.ref.Path).CallWithContext(ctx, method, 0, args...)
}

func (n Node) property(ctx context.Context, iface, name string, into any) error {
	var v dbus.Variant
	if err := n.call(ctx, "org.freedesktop.DBus.Properties.Get", iface, name).Store(&v); err != nil {
		return err
	}
	return v.Store(into)
}

// Children lists the accessibles inside. The socket in which GTK holds the page
// of another process counts its child but leaves it out of GetChildren
// (at-spi2-core 2.46), so what is counted and not listed is asked for by index.
func (n Node) Children(ctx context.Context) ([]Node, error) {
	var refs []ref
	if err := n.call(ctx, accessible+".GetChildren").Store(&refs); err != nil {
		return nil, err
	}
	if len(refs) == 0 {
		var count int32
		if err := n.property(ctx, accessible, "ChildCount", &count); err != nil {
			return nil, err
		}
		for i := range min(count, maxNodes) {
			var r ref
			if err := n.call(ctx, accessible+".GetChildAtIndex", i).Store(&r); err != nil {
				return nil, err
			}
			refs = append(refs, r)
		}
	}
	nodes := make([]Node, 0, len(refs))
	for _, r := range refs {
		if r.Path != nullPath {
			nodes = append(nodes, Node{bus: n.bus, ref: r})
		}
	}
	return nodes, nil
}

// Role is what kind of thing it is.
func (n Node) Role(ctx context.Context) (role Role, err error) {
	err = n.call(ctx, accessible+".GetRole").Store(&role)
	return role, err
}

// Name is the accessible name: what a screen reader says.
func (n Node) Name(ctx context.Context) (name string, err error) {
	err = n.property(ctx, accessible, "Name", &name)
	return name, err
}

// Description is the accessible description.
func (n Node) Description(ctx context.Context) (text string, err error) {
	err = n.property(ctx, accessible, "Description", &text)
	return text, err
}

// Is reports a state.
func (n Node) Is(ctx context.Context, s State) bool {
	var set []uint32
	if n.call(ctx, accessible+".GetState").Store(&set) != nil || len(set) < 2 {
		return false
	}
	return set[s/32]&(1<<(s%32)) != 0
}

// Text is the whole text of an accessible of the page, ErrAbsent for GTK's own,
// which have none and complain in the program's log when they are asked.
func (n Node) Text(ctx context.Context) (text string, err error) {
	if n.isOfGTK() {
		return "", ErrAbsent
	}
	err = n.call(ctx, "org.a11y.atspi.Text.GetText", int32(0), int32(-1)).Store(&text)
	return text, err
}

// SetText replaces the text of a field of GTK's own.
func (n Node) SetText(ctx context.Context, text string) error {
	var done bool
	if err := n.call(ctx, "org.a11y.atspi.EditableText.SetTextContents", text).Store(&done); err != nil {
		return err
	}
	if !done {
		return fmt.Errorf("atspi: the text was refused")
	}
	return nil
}

// isOfGTK reports whether this is GTK's own accessible: it numbers them, WebKit
// names them by a UUID.
func (n Node) isOfGTK() bool {
	last := path.Base(string(n.ref.Path))
	_, err := strconv.Atoi(last)
	return err == nil || last == "root"
}

// Press does the first action, as a click or the space key does.
func (n Node) Press(ctx context.Context) error {
	var done bool
	if err := n.call(ctx, "org.a11y.atspi.Action.DoAction", int32(0)).Store(&done); err != nil {
		return err
	}
	if !done {
		return fmt.Errorf("atspi: the action was refused")
	}
	return nil
}

// Focus puts the keyboard focus here.
func (n Node) Focus(ctx context.Context) error {
	var done bool
	if err := n.call(ctx, "org.a11y.atspi.Component.GrabFocus").Store(&done); err != nil {
		return err
	}
	if !done {
		return fmt.Errorf("atspi: the focus was refused")
	}
	return nil
}

// ScrollTo scrolls whatever is around until this is in sight.
func (n Node) ScrollTo(ctx context.Context) error {
	const anywhere = uint32(6) // ATSPI_SCROLL_ANYWHERE
	var done bool
	return n.call(ctx, "org.a11y.atspi.Component.ScrollTo", anywhere).Store(&done)
}

// Box is where something is on the screen, in pixels.
type Box struct{ X, Y, Width, Height int32 }

// Box asks for the extents relative to the screen.
func (n Node) Box(ctx context.Context) (b Box, err error) {
	const ofScreen = uint32(0) // ATSPI_COORD_TYPE_SCREEN
	err = n.call(ctx, "org.a11y.atspi.Component.GetExtents", ofScreen).Store(&b)
	return b, err
}
