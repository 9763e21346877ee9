package desktop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/keyferry/keyferry/app/e2e/atspi"
)

// Theme is what the desktop tells programs to look like.
type Theme string

const (
	Light Theme = "Adwaita"
	Dark  Theme = "Adwaita:dark"
)

// Options of a desktop.
type Options struct {
	Theme         Theme // default Light
	Width, Height int   // of the display, default 1280 x 860
}

// Desktop is a running display and session bus.
type Desktop struct {
	Bus *atspi.Bus // the accessibility bus

	folder  string // home and runtime folder of what runs here
	display string
	session string // address of the session bus
	theme   Theme
	ended   []func()
}

// startTime bounds how long the display and the bus may take to come up.
const startTime = 2 * time.Minute

// Start starts a desktop. Close ends it.
func Start(ctx context.Context, o Options) (*Desktop, error) {
	if o.Theme == "" {
		o.Theme = Light
	}
	if o.Width == 0 || o.Height == 0 {
		o.Width, o.Height = 1280, 860
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	d := &Desktop{theme: o.Theme}
	if err := d.start(ctx, o); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Desktop) start(ctx context.Context, o Options) (err error) {
	// The sockets' names must stay below 108 bytes, so not t.TempDir's long path.
	if d.folder, err = os.MkdirTemp("", "desk"); err != nil {
		return err
	}
	d.ended = append(d.ended, func() { os.RemoveAll(d.folder) })
	for _, sub := range []string{"home", "run"} {
		if err := os.Mkdir(filepath.Join(d.folder, sub), 0o700); err != nil {
			return err
		}
	}
	// Without -r a key repeats by itself when a busy machine lets it go late.
	number, err := d.serve(ctx, "Xvfb", "-displayfd", "3", "-nolisten", "tcp", "-noreset", "-r",
		"-screen", "0", fmt.Sprintf("%dx%dx24", o.Width, o.Height))
	if err != nil {
		return err
	}
	d.display = ":" + number
	d.session, err = d.serve(ctx, "dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=3")
	if err != nil {
		return err
	}
	d.Bus, err = atspi.Connect(ctx, d.session)
	if err == nil {
		d.ended = append(d.ended, func() { d.Bus.Close() })
	}
	return err
}

// serve starts a server that writes one line to descriptor 3 when it is ready.
func (d *Desktop) serve(ctx context.Context, name string, args ...string) (line string, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	cmd := d.Command(name, args...)
	cmd.ExtraFiles = []*os.File{w}
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	err = cmd.Start()
	w.Close()
	if err != nil {
		return "", err
	}
	d.ended = append(d.ended, func() { stop(cmd) })
	read := make(chan error, 1)
	go func() {
		s := bufio.NewScanner(r)
		if !s.Scan() {
			read <- errors.Join(fmt.Errorf("%s ended before it was ready", name), s.Err())
			return
		}
		line = strings.TrimSpace(s.Text())
		read <- nil
	}()
	select {
	case err := <-read:
		return line, err
	case <-ctx.Done():
		stop(cmd)
		<-read
		return "", fmt.Errorf("%s was not ready in time: %w", name, ctx.Err())
	}
}

// stop ends a server politely, and for sure.
func stop(cmd *exec.Cmd) {
	cmd.Process.Signal(syscall.SIGTERM)
	killer := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
	cmd.Wait()
	killer.Stop()
}

// Command is a program on this desktop. It ends with this process at the latest.
func (d *Desktop) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC",
		"HOME=" + filepath.Join(d.folder, "home"), "XDG_RUNTIME_DIR=" + filepath.Join(d.folder, "run"),
		"GDK_BACKEND=x11", "GSETTINGS_BACKEND=memory", "GTK_THEME=" + string(d.theme),
	}
	if d.display != "" {
		cmd.Env = append(cmd.Env, "DISPLAY="+d.display)
	}
	if d.session != "" {
		cmd.Env = append(cmd.Env, "DBUS_SESSION_BUS_ADDRESS="+d.session)
	}
	return cmd
}

// Screenshot saves the whole display as PNG.
func (d *Desktop) Screenshot(path string) error {
	return run(d.Command("import", "-window", "root", path))
}

// Shrink makes a PNG small enough to be kept with the sources: what a window
// shows needs no more than 128 colours.
func (d *Desktop) Shrink(path string) error {
	return run(d.Command("convert", path, "-strip", "+dither", "-colors", "128", "-define", "png:compression-level=9", "png8:"+path))
}

// Type types text into whatever has the focus.
func (d *Desktop) Type(text string) error {
	return run(d.Command("xdotool", "type", "--clearmodifiers", "--delay", "8", "--", text))
}

// Key presses keys by their names in xdotool, as "ctrl+a" or "Tab".
func (d *Desktop) Key(keys ...string) error {
	return run(d.Command("xdotool", append([]string{"key", "--clearmodifiers", "--"}, keys...)...))
}

// Resize gives the window of a process another size, and puts it into the display's
// corner, so that all of it is seen.
func (d *Desktop) Resize(pid, width, height int) error {
	return run(d.Command("xdotool", "search", "--onlyvisible", "--pid", strconv.Itoa(pid), "--name", ".", "windowsize", strconv.Itoa(width), strconv.Itoa(height), "windowmove", "0", "0"))
}

// Rest puts the mouse into the corner, where nothing lies under it.
func (d *Desktop) Rest() error { return run(d.Command("xdotool", "mousemove", "1", "1")) }

// FocusWindow gives the keyboard to a process's window with this title. Nobody
// manages the windows here, so a new one does not get it by itself.
func (d *Desktop) FocusWindow(pid int, title string) error {
	return run(d.Command("xdotool", "search", "--sync", "--onlyvisible", "--all", "--pid", strconv.Itoa(pid), "--name", "^"+regexp.QuoteMeta(title)+"$", "windowfocus", "--sync"))
}

func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, out)
	}
	return nil
}

// Close ends all that was started, the last first.
func (d *Desktop) Close() {
	for len(d.ended) > 0 {
		last := len(d.ended) - 1
		d.ended[last]()
		d.ended = d.ended[:last]
	}
}
