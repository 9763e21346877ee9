package app

import (
	"context"
	"log/slog"
	"os"
	"sync"

	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/keyferry/keyferry/app/bind"
	"github.com/keyferry/keyferry/app/events"
)

// shell is one run of the app:
//
//	options -> startup (opens the back end while the page loads) -> ready
//	   -> beforeClose (notes the place) -> shutdown (ends what runs)
type shell struct {
	home string
	open opener
	api  *bind.API
	seat *bind.Seat
	log  *slog.Logger
	life context.Context // ends with the app: the page's calls and events
	stop context.CancelFunc

	mu     sync.Mutex
	window context.Context // how Wails finds the window, from startup on
	place  place
}

// opener opens a back end; tests give their own.
type opener func(ctx context.Context, home string, log *slog.Logger) (bind.Backend, error)

func newShell(home string, open opener) *shell {
	ctx, stop := context.WithCancel(context.Background())
	seat := bind.NewSeat()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return &shell{home: home, open: open, seat: seat, log: log, life: ctx, stop: stop, place: readPlace(home),
		api: bind.New(bind.Config{Context: ctx, Seat: seat, Version: Version(), Pictures: pictures(), Log: log})}
}

// startup opens the back end. Wails runs it beside the loading of the page; the
// page's calls wait in the seat until it is done.
func (s *shell) startup(ctx context.Context) {
	s.mu.Lock()
	s.window = ctx
	s.mu.Unlock()
	backend, err := s.open(ctx, s.home, s.log)
	if err != nil {
		s.seat.Refuse(err)
		return
	}
	sender := events.New(bind.Event(s.api), func(name string, dto any) { runtime.EventsEmit(ctx, name, dto) }, s.log)
	context.AfterFunc(s.life, sender.Close)
	backend.Subscribe(sender.Send)
	s.seat.Take(backend)
}

// ready restores the place once the page stands, and asks it for its theme.
func (s *shell) ready(ctx context.Context) {
	s.mu.Lock()
	p := s.place
	s.mu.Unlock()
	if p.Placed && !p.Maximised && p.visibleOn(screensOf(ctx)) {
		runtime.WindowSetPosition(ctx, p.X, p.Y)
	}
	runtime.EventsOn(ctx, themeEvent, func(data ...any) {
		if len(data) == 1 {
			dark, _ := data[0].(bool)
			s.theme(ctx, dark)
		}
	})
	runtime.WindowExecJS(ctx, askTheme)
}

func (s *shell) theme(ctx context.Context, dark bool) {
	s.mu.Lock()
	s.place.Dark = dark
	s.mu.Unlock()
	c := background(dark)
	runtime.WindowSetBackgroundColour(ctx, c.R, c.G, c.B, c.A)
}

// beforeClose notes where the window is; it never keeps the window open.
func (s *shell) beforeClose(ctx context.Context) (prevent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.place.Maximised = runtime.WindowIsMaximised(ctx)
	if runtime.WindowIsNormal(ctx) {
		s.place.Width, s.place.Height = runtime.WindowGetSize(ctx)
		s.place.X, s.place.Y = runtime.WindowGetPosition(ctx)
		s.place.Placed = true
	}
	return false
}

// shutdown ends a running ceremony and closes the data. The place is written
// last and only by the process that holds the data folder.
func (s *shell) shutdown(context.Context) {
	s.stop()
	if s.seat.Close() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := savePlace(s.home, s.place); err != nil {
			s.log.Warn("the place of the window was not kept", "cause", err)
		}
	}
}

// second runs in the first process when the app is started once more.
func (s *shell) second(options.SecondInstanceData) {
	s.mu.Lock()
	ctx := s.window
	s.mu.Unlock()
	if ctx != nil {
		runtime.WindowShow(ctx)
		runtime.WindowUnminimise(ctx) // raises it, too
	}
}
