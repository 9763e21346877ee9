package window

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/keyferry/keyferry/app/e2e/atspi"
	"github.com/keyferry/keyferry/app/e2e/desktop"
)

// patience is how long a person waits for one thing. It is long, because test
// machines are slow and busy; what is there is seen at once.
const patience = 60 * time.Second

// Window is a running program and its window.
type Window struct {
	Desktop *desktop.Desktop
	cmd     *exec.Cmd
	app     atspi.Node
	log     *output
	ended   chan struct{}
	err     error // of the process, once ended
}

// Open starts the program and waits until its window can be read.
func Open(ctx context.Context, d *desktop.Desktop, program string, args ...string) (*Window, error) {
	w := &Window{Desktop: d, cmd: d.Command(program, args...), log: &output{}, ended: make(chan struct{})}
	w.cmd.Stdout, w.cmd.Stderr = w.log, w.log
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		w.err = w.cmd.Wait()
		close(w.ended)
	}()
	err := w.await(ctx, "the window", func(ctx context.Context) (err error) {
		if w.app, err = d.Bus.App(ctx, w.cmd.Process.Pid); err != nil {
			return err
		}
		_, err = w.app.Find(ctx, atspi.Want{Role: atspi.DocumentWeb, Name: func(string) bool { return true }})
		return err
	})
	if err != nil {
		w.Kill()
		return nil, err
	}
	return w, nil
}

// PID is the process.
func (w *Window) PID() int { return w.cmd.Process.Pid }

// Log is what the program has written.
func (w *Window) Log() string { return w.log.String() }

// await tries until try succeeds; what went wrong comes with the screen's text.
func (w *Window) await(ctx context.Context, what string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	go func() {
		select {
		case <-w.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := w.Desktop.Bus.Until(ctx, what, try)
	if err == nil {
		return nil
	}
	select {
	case <-w.ended:
		return fmt.Errorf("the program ended while %s was waited for: %v\n%s", what, w.err, w.Log())
	default:
	}
	look, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	return fmt.Errorf("%w\nthe screen:\n%s\nthe log:\n%s", err, w.app.Dump(look), w.Log())
}

// See waits until a thing with this role and name is on the screen.
func (w *Window) See(ctx context.Context, role atspi.Role, name string) error {
	_, err := w.find(ctx, atspi.Named(role, name))
	return err
}

func (w *Window) find(ctx context.Context, want atspi.Want) (found atspi.Node, err error) {
	err = w.await(ctx, want.What, func(ctx context.Context) (err error) {
		found, err = w.app.Find(ctx, want)
		return err
	})
	return found, err
}

// Read waits until this text is anywhere on the screen.
func (w *Window) Read(ctx context.Context, text string) error {
	return w.await(ctx, fmt.Sprintf("the text %q", text), func(ctx context.Context) error {
		return w.app.Reads(ctx, text)
	})
}

// Reads reports whether the text is on the screen now.
func (w *Window) Reads(ctx context.Context, text string) bool { return w.app.Reads(ctx, text) == nil }

// Close asks the program to end, as the session does when it ends, and waits.
func (w *Window) Close(ctx context.Context) error {
	w.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-w.ended:
		return w.err
	case <-ctx.Done():
		w.Kill()
		return ctx.Err()
	case <-time.After(patience):
		w.Kill()
		return fmt.Errorf("the program did not end\n%s", w.Log())
	}
}

// Kill ends the program at once, as a power cut does.
func (w *Window) Kill() {
	w.cmd.Process.Kill()
	<-w.ended
}

// output collects what a process writes; it keeps the first 64 KiB.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buf.Len() < 64<<10 {
		o.buf.Write(p)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSpace(o.buf.String())
}

// Count counts what fits in the tree.
func (w *Window) Count(ctx context.Context, fits func(atspi.Seen) bool) (n int, err error) {
	err = w.app.Walk(ctx, func(s atspi.Seen) bool {
		if fits(s) {
			n++
		}
		return false
	})
	return n, err
}

// Resize gives the window another size, as dragging its corner does.
func (w *Window) Resize(ctx context.Context, width, height int) error {
	if err := w.Desktop.Resize(w.PID(), width, height); err != nil {
		return err
	}
	return w.HasSize(ctx, width, height)
}

// HasSize waits until the window has this size, in pixels.
func (w *Window) HasSize(ctx context.Context, width, height int) error {
	return w.await(ctx, fmt.Sprintf("a window of %d x %d", width, height), func(ctx context.Context) error {
		frame, err := w.app.Find(ctx, atspi.Want{Role: atspi.Frame, Name: func(string) bool { return true }})
		if err != nil {
			return err
		}
		if b, err := frame.Box(ctx); err != nil || int(b.Width) != width || int(b.Height) != height {
			return atspi.ErrAbsent
		}
		return nil
	})
}
