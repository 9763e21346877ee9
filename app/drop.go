package app

import (
	"context"

	"github.com/wailsapp/wails/v2/pkg/runtime"
)

// dropEvent is Wails' own, with two coordinates and the paths. Its runtime.OnFileDrop
// listens to the same one, but ends the program when a page sends it with fewer values.
const dropEvent = "wails:file-drop"

// catchDrops runs in the page's world, as askTheme does. Wails can keep files from
// replacing the page by taking drops from it altogether (DisableWebViewDrop), but then
// nobody gets them, on Linux and on Windows. So the page gets every drop and does nothing
// with it; and on Windows it is the page's half of Wails that has the paths looked up.
const catchDrops = `(() => {
	for (const kind of ["dragenter", "dragover", "drop"]) window.addEventListener(kind, (e) => e.preventDefault(), true);
	window.runtime.OnFileDrop(() => {}, true);
})()`

// listenForDrops takes the files that are dropped on the window.
func (s *shell) listenForDrops(ctx context.Context) {
	runtime.EventsOn(ctx, dropEvent, func(data ...any) { s.drop(dropped(data)) })
	runtime.WindowExecJS(ctx, catchDrops)
}

// dropped gives the paths of a drop. A page can send an event of the same name, but only
// with what JSON can say, which is never a []string.
func dropped(data []any) []string {
	if len(data) != 3 {
		return nil
	}
	paths, _ := data[2].([]string)
	return paths
}

// drop hands files over; the page goes on with their IDs. Wails tells the page of a drop,
// too, and takes the message behind it from the page as from the system, which nothing
// here can tell apart: see docs/THREAT-MODEL.md. The page's own code does not send it, the
// policy lets no other code in, and what is read this way goes to parsers and never back
// as it is.
func (s *shell) drop(paths []string) {
	if len(paths) == 0 {
		return
	}
	if b, err := s.seat.Backend(s.life); err == nil {
		b.Drop(paths)
	}
}
