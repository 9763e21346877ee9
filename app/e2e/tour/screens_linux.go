package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keyferry/keyferry/app/e2e/desktop"
	"github.com/keyferry/keyferry/app/e2e/walk"
	"github.com/keyferry/keyferry/app/e2e/window"
)

// gallery is every screen once, in each theme.
type gallery struct {
	tour
	mu     sync.Mutex
	titles []picture // in the order of the walk
}

// everything visits every screen, both themes side by side, and lists what it
// has left behind in README.md.
func (t tour) everything(ctx context.Context) error {
	g := &gallery{tour: t}
	failed := make([]error, len(themes))
	var both sync.WaitGroup
	for i, theme := range themes {
		both.Go(func() {
			if failed[i] = g.visit(ctx, theme); failed[i] != nil {
				fmt.Printf("  %-5s  failed: %v\n", theme.name, failed[i]) // the other may walk on for long
			}
		})
	}
	both.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	fmt.Printf("\n%d screens in each theme: %s\n", len(g.titles), t.out)
	if t.only != "" {
		return nil // the list is of all
	}
	return os.WriteFile(filepath.Join(t.out, "README.md"), []byte(g.readme()), 0o644)
}

// visit walks in one theme.
func (g *gallery) visit(ctx context.Context, theme theme) error {
	ctx, cancel := context.WithTimeout(ctx, tourTime)
	defer cancel()
	dir, err := os.MkdirTemp("", "keyferry-screens")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	desk, err := desktop.Start(ctx, desktop.Options{Theme: theme.as, Width: g.width, Height: g.height})
	if err != nil {
		return err
	}
	defer desk.Close()
	if err := desk.Rest(); err != nil {
		return err
	}
	full := filepath.Join(dir, "full")
	h := &harbour{ctl: walk.Ctl{Program: filepath.Join(g.bin, "keyferryctl"), Home: full}, dir: dir}
	if err := h.build(); err != nil {
		return err
	}
	w := &shooting{gallery: g, theme: theme, camera: camera{desk: desk}}
	if g.walks("first") {
		if err := w.beginnings(ctx, filepath.Join(dir, "fresh"), filepath.Join(dir, "keyferry-recovery.txt")); err != nil {
			return err
		}
	}
	if g.only != "first" && g.only != "hardware" {
		err := w.open(ctx, full, func(p walk.Person) []chapter {
			v := &visitor{Person: p, h: h}
			return slices.Concat(v.door(), v.parts(g.tour))
		})
		if err != nil {
			return err
		}
	}
	if g.walks("hardware") {
		if err := w.hardware(ctx, filepath.Join(dir, "real")); err != nil {
			return err
		}
	}
	return w.shrink()
}

// beginnings walks in a new account, until its database is damaged.
func (s *shooting) beginnings(ctx context.Context, home, recovery string) error {
	err := s.open(ctx, home, func(p walk.Person) []chapter { return first(p, recovery) })
	if err != nil {
		return err
	}
	if err := s.open(ctx, home, locked); err != nil {
		return err
	}
	if err := damage(filepath.Join(home, "keyferry.db")); err != nil {
		return err
	}
	return s.open(ctx, home, damaged)
}

// walks reports whether a part is walked: those that are named, or all when none is.
func (t tour) walks(part string) bool {
	return t.only == "" || slices.Contains(strings.Split(t.only, ","), part)
}

// parts gives the chapters of those that are walked.
func (v *visitor) parts(t tour) (all []chapter) {
	for _, part := range []struct {
		name     string
		chapters func() []chapter
	}{{"own", v.own}, {"others", v.others}, {"metadata", v.metadata}, {"keys", v.keys}, {"otherkeys", v.otherKeys}, {"rules", v.rules}, {"account", v.account}} {
		if t.walks(part.name) {
			all = append(all, part.chapters()...)
		}
	}
	return all
}

// shooting is one theme's walk.
type shooting struct {
	*gallery
	theme  theme
	camera camera
	taken  []string // files
	says   string   // what is walked now
}

// open opens the window on a data folder, walks through chapters and closes it.
func (s *shooting) open(ctx context.Context, home string, walks func(walk.Person) []chapter) error {
	here := func(program string, args ...string) (string, []string) { return program, args }
	return s.openOn(ctx, here, home, walks)
}

// openOn does the same on a computer of one's own.
func (s *shooting) openOn(ctx context.Context, command func(string, ...string) (string, []string), home string, walks func(walk.Person) []chapter) error {
	words, err := window.ReadWords(s.texts)
	if err != nil {
		return err
	}
	program, err := filepath.Abs(filepath.Join(s.bin, "keyferry"))
	if err != nil {
		return err
	}
	program, args := command(program, "--home", home)
	win, err := window.Open(ctx, s.camera.desk, program, args...)
	if err != nil {
		return err
	}
	defer win.Kill()
	if err := win.Resize(ctx, s.width, s.height); err != nil {
		return err
	}
	p := walk.Person{Window: win, Words: words}
	p.Look = func(ctx context.Context, screen string) error { return s.look(ctx, win, screen) }
	for _, c := range walks(p) {
		began := time.Now()
		s.says = c.says
		if err := walk.Do(ctx, c.steps...); err != nil {
			s.camera.desk.Screenshot(filepath.Join(s.out, "failed-"+s.theme.name+".png"))
			return fmt.Errorf("%s theme: %s: %w", s.theme.name, c.says, err)
		}
		fmt.Printf("  %-5s  %s: done (%.1f s)\n", s.theme.name, c.says, time.Since(began).Seconds())
	}
	return win.Close(ctx)
}

// look photographs a screen the first time it is seen, once no short message
// about what was done before lies over it.
func (s *shooting) look(ctx context.Context, win *window.Window, screen string) error {
	path := filepath.Join(s.out, screen+"-"+s.theme.name+".png")
	if slices.Contains(s.taken, path) {
		return nil
	}
	if err := win.Quiet(ctx); err != nil {
		return err
	}
	title, err := win.Title(ctx)
	if err != nil {
		return err
	}
	if err := s.camera.take(ctx, path); err != nil {
		return err
	}
	s.note(picture{screen, strings.TrimSuffix(title, " · Keyferry"), s.says})
	s.taken = append(s.taken, path)
	return nil
}

// shrink makes the pictures small, when nobody in the window waits any more.
func (s *shooting) shrink() error {
	for _, path := range s.taken {
		if err := s.camera.desk.Shrink(path); err != nil {
			return err
		}
	}
	return nil
}

// damage writes over a database, all but its header.
func damage(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	copy(data[100:], bytes.Repeat([]byte{0xa5}, len(data)))
	return os.WriteFile(file, data, 0o600)
}
