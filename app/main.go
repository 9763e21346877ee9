package app

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/wailsapp/wails/v2"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/home"
)

// Main runs the app until its window is closed and gives the exit code: 0, 1
// when the window could not be opened, 2 for flags that do not exist.
func Main(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("keyferry", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir := flags.String("home", "", "keep the data in `DIR` (default: a folder of your user configuration)")
	version := flags.Bool("version", false, "print the version and stop")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "keyferry: unexpected argument %q\n", flags.Arg(0))
		return 2
	}
	if *version {
		fmt.Fprintln(stdout, "keyferry", Version())
		return 0
	}
	folder, err := dataFolder(*dir)
	if err != nil {
		fmt.Fprintln(stderr, "keyferry: no data folder:", err)
		return 1
	}
	s := newShell(folder, slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), openBackend)
	if !bindingsOnly {
		go s.seat.Open() // takes less time than the window; the page's calls wait for it
	}
	if err := wails.Run(s.options()); err != nil {
		fmt.Fprintln(stderr, "keyferry: the window cannot be opened:", err)
		return 1
	}
	return 0
}

// dataFolder is the absolute form of dir, or the default. Being absolute, it
// tells two data folders apart for the single-instance lock.
func dataFolder(dir string) (string, error) {
	if dir == "" {
		return home.DefaultDir()
	}
	return filepath.Abs(dir)
}

// Version is the product's version, or "dev".
func Version() string { return assembly.Version() }
