package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/keyferry/keyferry/app/e2e/desktop"
)

// The part of the display that is watched: inside of both windows, and nothing
// but one colour until the page has painted.
const (
	screenWidth, screenHeight = 1120, 740
	watchX, watchY            = 300, 150
	watchWidth, watchHeight   = 520, 440
)

const (
	paintTime = 60 * time.Second // gives up after
	painted   = 8                // colours
	lookEvery = 2 * time.Millisecond
	settle    = 2 * time.Second // from first paint to weighing the memory
)

// figures of one start.
type figures struct {
	paint  time.Duration
	memory int64 // bytes, proportional set size
}

func main() {
	window := flag.String("window", "build/bin/keyferry", "the `PROGRAM` to measure")
	empty := flag.String("empty", "build/bin/emptywindow", "the empty window to measure it against")
	runs := flag.Int("runs", 11, "starts of each")
	asJSON := flag.Bool("json", false, "print JSON")
	flag.Parse()
	if err := compare(*window, *empty, *runs, *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func compare(window, empty string, runs int, asJSON bool) error {
	home, err := os.MkdirTemp("", "keyferry-measure")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	desk, err := desktop.Start(context.Background(), desktop.Options{Width: screenWidth, Height: screenHeight})
	if err != nil {
		return err
	}
	defer desk.Close()
	starts := map[string][]string{"keyferry": {window, "--home", home}, "empty": {empty}}
	all := map[string][]figures{}
	for i := range runs + 1 {
		for _, who := range []string{"empty", "keyferry"} {
			f, err := start(desk, starts[who])
			if err != nil {
				return fmt.Errorf("%s: %w", who, err)
			}
			if i > 0 { // the first start of each warms the file cache
				all[who] = append(all[who], f)
			}
		}
	}
	k, e := median(all["keyferry"]), median(all["empty"])
	ratio, over := float64(k.paint)/float64(e.paint), float64(k.memory-e.memory)/1e6
	if asJSON {
		return json.NewEncoder(os.Stdout).Encode(map[string]float64{
			"paint_ms": ms(k.paint), "empty_paint_ms": ms(e.paint), "paint_ratio": ratio,
			"memory_mb": float64(k.memory) / 1e6, "empty_memory_mb": float64(e.memory) / 1e6, "memory_over_mb": over, "runs": float64(runs)})
	}
	fmt.Printf("first paint   keyferry %.0f ms, empty window %.0f ms: ratio %.2f (at most 1.2)\n", ms(k.paint), ms(e.paint), ratio)
	fmt.Printf("memory        keyferry %.1f MB, empty window %.1f MB: %.1f MB over it (at most 30)\n", float64(k.memory)/1e6, float64(e.memory)/1e6, over)
	fmt.Printf("medians of %d starts each, in turn\n", runs)
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// median takes the middle of each figure on its own.
func median(list []figures) figures {
	paints, memories := make([]time.Duration, 0, len(list)), make([]int64, 0, len(list))
	for _, f := range list {
		paints, memories = append(paints, f.paint), append(memories, f.memory)
	}
	slices.Sort(paints)
	slices.Sort(memories)
	return figures{paints[len(list)/2], memories[len(list)/2]}
}

// start starts the program once and ends it.
func start(desk *desktop.Desktop, args []string) (figures, error) {
	camera, err := desk.Camera()
	if err != nil {
		return figures{}, err
	}
	defer camera.Close()
	cmd := desk.Command(args[0], args[1:]...)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return figures{}, err
	}
	defer func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	}()
	for {
		// The bare display is one colour, and so is the window before its page; words
		// with smooth edges have many.
		colours, err := camera.Colours(watchX, watchY, watchWidth, watchHeight, painted)
		if err != nil {
			return figures{}, err
		}
		if colours >= painted {
			break
		}
		if time.Since(began) > paintTime {
			return figures{}, fmt.Errorf("nothing was painted within %v", paintTime)
		}
		time.Sleep(lookEvery)
	}
	f := figures{paint: time.Since(began)}
	time.Sleep(settle)
	f.memory, err = memory(cmd.Process.Pid)
	return f, err
}

// memory adds up the proportional set sizes of a process and its descendants,
// which is where WebKit renders.
func memory(pid int) (int64, error) {
	parents := map[int]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		_, after, _ := strings.Cut(string(text), ") ") // the name may hold blanks
		if fields := strings.Fields(after); len(fields) > 1 {
			parents[id], _ = strconv.Atoi(fields[1])
		}
	}
	total := int64(0)
	for id := range parents {
		if !descends(id, pid, parents) {
			continue
		}
		pss, err := pss(id)
		if err != nil {
			return 0, err
		}
		total += pss
	}
	return total, nil
}

func descends(id, from int, parents map[int]int) bool {
	for ; id > 1; id = parents[id] {
		if id == from {
			return true
		}
	}
	return false
}

// pss reads a process's proportional set size in bytes.
func pss(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "Pss:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("process %d does not say its memory", pid)
}
