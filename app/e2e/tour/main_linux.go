package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/keyferry/keyferry/app/e2e/desktop"
	"github.com/keyferry/keyferry/app/e2e/walk"
	"github.com/keyferry/keyferry/app/e2e/window"
)

// tourTime bounds one walk, on a slow machine with much else to do. Each step has a
// limit of its own, so that nothing hangs for as long.
const tourTime = 90 * time.Minute

func main() {
	var t tour
	flag.StringVar(&t.out, "out", "build/tour", "leave the pictures in `DIR`")
	flag.StringVar(&t.bin, "bin", "build/bin", "the programs are in `DIR`")
	flag.StringVar(&t.texts, "texts", "frontend/src/i18n/en", "the window's texts")
	flag.StringVar(&t.only, "only", "", "with -every: walk these `PARTS` alone, by commas: first; own, others, metadata, keys, otherkeys, rules and account of the sandbox; hardware")
	flag.IntVar(&t.width, "width", 1120, "of the window, in pixels")
	flag.IntVar(&t.height, "height", 740, "of the window, in pixels")
	every := flag.Bool("every", false, "visit every screen, and list the pictures in README.md")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	do := t.run
	if *every {
		do = t.everything
	}
	err := t.clear()
	if err == nil {
		err = do(ctx)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "\nThe tour failed: %v\n", err)
		os.Exit(1)
	}
}

type tour struct {
	out, bin, texts string
	only            string
	width, height   int
}

// theme is what the desktop tells the window to look like.
type theme struct {
	name string
	as   desktop.Theme
}

var themes = []theme{{"light", desktop.Light}, {"dark", desktop.Dark}}

// clear makes the folder, without the pictures of an earlier walk.
func (t tour) clear() error {
	if err := os.MkdirAll(t.out, 0o755); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(t.out, "*.png"))
	for _, f := range old {
		err = errors.Join(err, os.Remove(f))
	}
	return err
}

// run walks the short tour in each theme.
func (t tour) run(ctx context.Context) error {
	for _, theme := range themes {
		fmt.Printf("\nThe tour, %s theme\n", theme.name)
		if err := t.walk(ctx, theme.name, theme.as); err != nil {
			return fmt.Errorf("%s theme: %w", theme.name, err)
		}
	}
	fmt.Printf("\nThe sign-in was verified. Pictures of each screen: %s\n", t.out)
	return nil
}

// walk is one walk through the window.
func (t tour) walk(ctx context.Context, name string, theme desktop.Theme) error {
	ctx, cancel := context.WithTimeout(ctx, tourTime)
	defer cancel()
	words, err := window.ReadWords(t.texts)
	if err != nil {
		return err
	}
	home, err := os.MkdirTemp("", "keyferry-tour")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	desk, err := desktop.Start(ctx, desktop.Options{Theme: theme, Width: t.width, Height: t.height})
	if err != nil {
		return err
	}
	defer desk.Close()
	win, err := window.Open(ctx, desk, filepath.Join(t.bin, "keyferry"), "--home", home)
	if err != nil {
		return err
	}
	defer win.Kill()
	shots, cam := 0, camera{desk: desk}
	p := walk.Person{Window: win, Words: words, Look: func(ctx context.Context, screen string) error {
		shots++
		return cam.take(ctx, filepath.Join(t.out, fmt.Sprintf("%s-%02d-%s.png", name, shots, screen)))
	}}
	const device = "my-phone"
	stages := []struct {
		says string
		do   walk.Step
	}{
		{"Create an account in the evaluation sandbox", p.CreateAccount},
		{"Show the code for a new device", p.BeginAdding(device)},
		{"Scan it with the simulated phone", p.Scan},
		{"Approve on the phone", p.Answer(true)},
		{"Accept the passkey as a device", p.Accept(device)},
		{"Sign out", p.SignOut},
		{"Give the password, show the code", p.BeginSignIn},
		{"Scan it with the simulated phone", p.Scan},
		{"Approve on the phone", p.Answer(true)},
		{"See the devices", walk.All(p.IsHome, p.Looks("signed-in"))},
		{"Close the window", win.Close},
		{"Ask the database whether the phone proved the sign-in", func(context.Context) error {
			trail, err := walk.Ctl{Program: filepath.Join(t.bin, "keyferryctl"), Home: home}.Trail()
			if err != nil {
				return err
			}
			return walk.SignedIn(trail)
		}},
	}
	for i, s := range stages {
		began := time.Now()
		fmt.Printf("  %2d/%d  %s ... ", i+1, len(stages), s.says)
		if err := s.do(ctx); err != nil {
			fmt.Println("failed")
			desk.Screenshot(filepath.Join(t.out, name+"-failed.png"))
			return fmt.Errorf("%s: %w", s.says, err)
		}
		fmt.Printf("done (%.1f s)\n", time.Since(began).Seconds())
	}
	return nil
}
