package bind

import (
	"errors"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/keys"
)

var errEmptyEvent = errors.New("bind: an event without content")

// The events that the page subscribes to.
const (
	EventCeremony = "ceremony" // CeremonyDTO
	EventPhone    = "phone"    // SimPhoneDTO
	EventSimKey   = "simkey"   // SimKeyDTO
	EventKeys     = "keys"     // []KeyDTO: security keys came or went
	EventReset    = "reset"    // ResetDTO: how far a key's reset is
	EventState    = "state"    // StateDTO
	EventImport   = "import"   // ImportProgressDTO
	EventFiles    = "files"    // []FileDTO, dropped on the window
)

// Event gives an event's name and DTO. It is a function and not a method,
// because every method of API can be called by the page.
func Event(a *API) func(desk.Event) (string, any, error) {
	return func(e desk.Event) (string, any, error) {
		switch {
		case e.Ceremony != nil:
			dto, err := a.ceremony(*e.Ceremony)
			return EventCeremony, dto, err
		case e.Phone != nil:
			return EventPhone, phone(*e.Phone), nil
		case e.SimKey != nil:
			return EventSimKey, simKey(*e.SimKey), nil
		case e.Keys != nil:
			return EventKeys, each(*e.Keys, a.key(func(k keys.Key) string { return e.Models[k.Info.AAGUID] })), nil
		case e.Reset != nil:
			return EventReset, ResetDTO{Stage: string(*e.Reset)}, nil
		case e.State != nil:
			return EventState, a.state(*e.State), nil
		case e.Import != nil:
			return EventImport, progress(*e.Import), nil
		case len(e.Files) > 0:
			return EventFiles, each(e.Files, file), nil
		}
		return "", nil, errEmptyEvent
	}
}
