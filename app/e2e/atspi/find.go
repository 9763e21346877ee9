package atspi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Bounds of a walk, so that a page in change cannot keep it going.
const (
	maxDepth = 60
	maxNodes = 4000
)

// lookAgain is how long a wait stays quiet without any signal; signals of a
// page that is being replaced can get lost.
const lookAgain = 100 * time.Millisecond

// Seen is a node with what was read from it.
type Seen struct {
	Node
	Role  Role
	Name  string
	Depth int
}

// Walk visits the tree below n in reading order until visit says stop. Nodes
// that vanish meanwhile are passed over.
func (n Node) Walk(ctx context.Context, visit func(Seen) (stop bool)) error {
	left := maxNodes
	var walk func(n Node, depth int) (bool, error)
	walk = func(n Node, depth int) (bool, error) {
		if left--; left < 0 || depth > maxDepth {
			return true, nil
		}
		role, err := n.Role(ctx)
		if err != nil {
			return false, ctx.Err()
		}
		name, err := n.Name(ctx)
		if err != nil {
			return false, ctx.Err()
		}
		if visit(Seen{Node: n, Role: role, Name: name, Depth: depth}) {
			return true, nil
		}
		children, err := n.Children(ctx)
		if err != nil {
			return false, ctx.Err()
		}
		for _, c := range children {
			if stop, err := walk(c, depth+1); stop || err != nil {
				return stop, err
			}
		}
		return false, nil
	}
	_, err := walk(n, 0)
	return err
}

// Want describes what is looked for. AnyRole fits all.
type Want struct {
	Role Role
	Name func(string) bool
	Fits func(context.Context, Seen) bool // nil: anything
	What string                           // for messages
}

// Named wants exactly this name.
func Named(role Role, name string) Want {
	return Want{Role: role, Name: func(s string) bool { return s == name }, What: fmt.Sprintf("%s %q", role, name)}
}

// Containing wants a name with this in it.
func Containing(role Role, part string) Want {
	return Want{Role: role, Name: func(s string) bool { return strings.Contains(s, part) }, What: fmt.Sprintf("%s with %q", role, part)}
}

// Find gives the first that fits and is showing, or ErrAbsent. What fits and is
// scrolled away is scrolled into sight, to be there when one looks again.
func (n Node) Find(ctx context.Context, w Want) (found Node, err error) {
	ok, away := false, (*Node)(nil)
	err = n.Walk(ctx, func(s Seen) bool {
		if (w.Role != AnyRole && s.Role != w.Role) || !w.Name(s.Name) || (w.Fits != nil && !w.Fits(ctx, s)) {
			return false
		}
		if ok = s.Is(ctx, StateShowing); ok {
			found = s.Node
		} else if away == nil {
			away = &s.Node
		}
		return ok
	})
	return found, absent(ctx, err, ok, away)
}

// Reads gives ErrAbsent unless the text is part of a name or of a text that is
// showing; it scrolls as Find does.
func (n Node) Reads(ctx context.Context, text string) error {
	ok, away := false, (*Node)(nil)
	err := n.Walk(ctx, func(s Seen) bool {
		has := strings.Contains(s.Name, text)
		if !has {
			content, err := s.Text(ctx)
			has = err == nil && strings.Contains(content, text)
		}
		if !has {
			return false
		}
		if ok = s.Is(ctx, StateShowing); !ok {
			away = &s.Node // the innermost is the last
		}
		return ok
	})
	return absent(ctx, err, ok, away)
}

// absent is the answer of a look that may have found something scrolled away.
func absent(ctx context.Context, err error, ok bool, away *Node) error {
	if err != nil || ok {
		return err
	}
	if away != nil {
		away.ScrollTo(ctx) // what cannot be scrolled stays away
	}
	return ErrAbsent
}

// Content is the text of n and, where it has none of its own, of all that is
// inside, in reading order.
func (n Node) Content(ctx context.Context) (string, error) {
	var all strings.Builder
	err := n.Walk(ctx, func(s Seen) bool {
		own, err := s.Text(ctx)
		if err == nil {
			all.WriteString(strings.ReplaceAll(own, embedded, "") + "\n")
		}
		return err == nil && s.Depth == 0 && own != "" && !strings.Contains(own, embedded)
	})
	return strings.TrimSpace(all.String()), err
}

// embedded stands in a text for a child that has a text of its own (U+FFFC).
const embedded = "\uFFFC"

// Until tries again with each change on the screen until try succeeds or fails
// with something else than ErrAbsent. When ctx ends first, the error says what
// was waited for.
func (b *Bus) Until(ctx context.Context, what string, try func(context.Context) error) error {
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		err := try(ctx)
		if err == nil || !errors.Is(err, ErrAbsent) && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain for %s: %w", what, ctx.Err())
		case <-b.changed:
			b.settle()
		case <-again.C:
		}
	}
}

// settle takes what is queued: one look answers all of it. A bus that has ended closes
// the queue, and then there is no end of what can be taken.
func (b *Bus) settle() {
	for {
		select {
		case _, open := <-b.changed:
			if !open {
				return
			}
		default:
			return
		}
	}
}

// Dump writes the tree as indented lines, for the message of a failed test.
func (n Node) Dump(ctx context.Context) string {
	var out strings.Builder
	n.Walk(ctx, func(s Seen) bool {
		text, _ := s.Text(ctx)
		fmt.Fprintf(&out, "%s%s %q %q\n", strings.Repeat("  ", s.Depth), s.Role, s.Name, text)
		return false
	})
	return out.String()
}
