package events

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/desk"
)

func named(e desk.Event) (string, any, error) {
	if e.Ceremony.Name == "broken" {
		return "", nil, errors.New("cannot be drawn")
	}
	return e.Ceremony.Name, e.Ceremony, nil
}

func event(name string) desk.Event { return desk.Event{Ceremony: &desk.Ceremony{Name: name}} }

// Send must return while the window does not answer, and lose nothing meanwhile.
func TestSendNeverWaitsAndKeepsTheOrder(t *testing.T) {
	const count = 1000
	window := make(chan string) // nobody reads yet
	s := New(named, func(name string, _ any) { window <- name }, slog.New(slog.DiscardHandler))
	defer s.Close()
	var want []string
	for i := range count {
		name := string(rune('a' + i%26))
		want = append(want, name)
		s.Send(event(name))
	}
	var got []string
	for range count {
		got = append(got, <-window)
	}
	if !slices.Equal(got, want) {
		t.Error("the events came in another order")
	}
}

func TestAnEventThatCannotBeShownIsLoggedAndPassedOver(t *testing.T) {
	var log bytes.Buffer
	seen := make(chan string, 2)
	s := New(named, func(name string, _ any) { seen <- name }, slog.New(slog.NewTextHandler(&log, nil)))
	defer s.Close()
	s.Send(event("broken"))
	s.Send(event("fine"))
	if got := <-seen; got != "fine" {
		t.Errorf("emitted %q", got)
	}
	if !strings.Contains(log.String(), "cannot be drawn") {
		t.Error("the fault was not logged")
	}
}

func TestNothingIsBegunAfterClose(t *testing.T) {
	emitting, goOn, ended := make(chan string, 8), make(chan struct{}), make(chan struct{})
	s := New(named, func(name string, _ any) {
		emitting <- name
		<-goOn
		close(ended)
	}, slog.New(slog.DiscardHandler))
	s.Send(event("first"))
	<-emitting
	s.Send(event("second"))
	s.Close()
	s.Send(event("third"))
	close(goOn)
	<-ended
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) != 0 || len(emitting) != 0 {
		t.Error("something is still on its way")
	}
}
