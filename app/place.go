package app

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
)

// The window's sizes in pixels. The largest is a bound on what is read back, so
// that a damaged file cannot open a window nobody can see.
const (
	minWidth, minHeight         = 800, 600
	defaultWidth, defaultHeight = 1120, 740
	maxSide                     = 16384
	maxPlaceFile                = 4 << 10
)

// place is where the window was, as <home>/window.json keeps it.
type place struct {
	Width     int  `json:"width"`
	Height    int  `json:"height"`
	X         int  `json:"x"`
	Y         int  `json:"y"`
	Placed    bool `json:"placed"` // X and Y are known
	Maximised bool `json:"maximised"`
	Dark      bool `json:"dark"` // the theme, for the colour before the first paint
}

func defaultPlace() place { return place{Width: defaultWidth, Height: defaultHeight} }

func placeFile(home string) string { return filepath.Join(home, "window.json") }

// readPlace gives the remembered place, or the default when there is none or it
// makes no sense. It never fails: a window always opens.
func readPlace(home string) place {
	f, err := os.Open(placeFile(home))
	if err != nil {
		return defaultPlace()
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPlaceFile+1))
	if err != nil || len(text) > maxPlaceFile {
		return defaultPlace()
	}
	p := defaultPlace()
	if json.Unmarshal(text, &p) != nil {
		return defaultPlace()
	}
	if p.Width < minWidth || p.Width > maxSide || p.Height < minHeight || p.Height > maxSide {
		p.Width, p.Height = defaultWidth, defaultHeight
	}
	if p.X < -maxSide || p.X > maxSide || p.Y < -maxSide || p.Y > maxSide {
		p.X, p.Y, p.Placed = 0, 0, false
	}
	return p
}

// savePlace replaces the file in one step, so that a killed process leaves the
// old one or the new one.
func savePlace(home string, p place) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(home, ".window-*.json")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once renamed, as it should
	_, err = f.Write(text)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), placeFile(home))
}

// screen is the size of one monitor in pixels.
type screen struct{ Width, Height int }

// visibleOn reports that the window's title bar can be reached on screens that
// lie side by side: enough to notice that a second monitor is gone.
func (p place) visibleOn(screens []screen) bool {
	width, height := 0, 0
	for _, s := range screens {
		width += s.Width
		height = max(height, s.Height)
	}
	const grip = 80 // pixels of title bar that must be within reach
	return p.X+p.Width >= grip && p.X <= width-grip && p.Y >= 0 && p.Y <= height-grip
}
