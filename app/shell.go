package app

import (
	"context"
	"log/slog"
	"sync"

	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/keyferry/keyferry/app/bind"
	"github.com/keyferry/keyferry/app/events"
)

// shell is one run of the app:
//
//	newShell; the seat opens the back end beside it -> startup (the window is there)
//	   -> ready (the page stands) -> beforeClose (notes the place)
//	   -> shutdown (ends what runs)
type shell struct {
	home string
	api  *bind.API
	seat *bind.Seat
	log  *slog.Logger
	life context.Context // ends with the app: the page's calls and events
	stop context.CancelFunc
	send *events.Sender

	shown  chan struct{} // closed once window is set
	mu     sync.Mutex
	window context.Context // how Wails finds the window, from startup on
	place  place
}

// opener opens a back end; tests give their own.
type opener func(ctx context.Context, home string, log *slog.Logger) (bind.Backend, error)

func newShell(home string, log *slog.Logger, open opener) *shell {
	s := &shell{home: home, log: log, place: readPlace(home), shown: make(chan struct{})}
	s.life, s.stop = context.WithCancel(context.Background())
	s.seat = bind.NewSeat(func() (bind.Backend, error) { return s.open(open) })
	s.api = bind.New(bind.Config{Context: s.life, Seat: s.seat, Version: Version(), Pictures: pictures(), Dialogs: dialogs{s}, Log: log})
	s.send = events.New(bind.Event(s.api), s.emit, log)
	return s
}

func (s *shell) open(open opener) (bind.Backend, error) {
	backend, err := open(s.life, s.home, s.log)
	if err != nil {
		return nil, err
	}
	backend.Subscribe(s.send.Send)
	return backend, nil
}

// emit sends an event to the page, once there is a window.
func (s *shell) emit(name string, dto any) {
	select {
	case <-s.shown:
		runtime.EventsEmit(s.window, name, dto)
	case <-s.life.Done():
	}
}

// startup is called by Wails when it has made the window.
func (s *shell) startup(ctx context.Context) {
	s.mu.Lock()
	s.window = ctx
	s.mu.Unlock()
	close(s.shown)
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
	s.listenForDrops(ctx)
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
	s.send.Close()
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
