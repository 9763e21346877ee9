package pcsc

import "time"

// handle is a context or a card of the service.
type handle uintptr

// service is the functions of PC/SC that are used here. All but cancel may block.
type service interface {
	establish() (handle, code)
	// listens reports that the service takes connections, whatever it does with them.
	listens() bool
	release(ctx handle) code
	cancel(ctx handle) code // ends a wait of the same context
	readers(ctx handle) ([]string, code)
	// wait returns when a reader is not in its current state any more, and sets the
	// event of each. A wait of 0 gives the states at once.
	wait(ctx handle, limit time.Duration, states []readerState) code
	connect(ctx handle, reader string) (card handle, protocol uint32, c code)
	begin(card handle) code
	end(card handle) code
	transmit(card handle, protocol uint32, apdu []byte) ([]byte, code)
	disconnect(card handle) code
}

// readerState is what is known of a reader, and what is new.
type readerState struct {
	name           string
	current, event state
	atr            []byte
}

// state is a set of flags and, in its upper half, a count of the events at the reader.
type state uint32

const (
	stateUnaware   state = 0x0000
	stateChanged   state = 0x0002
	stateUnknown   state = 0x0004
	statePresent   state = 0x0020
	stateExclusive state = 0x0080
	stateMute      state = 0x0200

	protocolT0 = 1
	protocolT1 = 2

	// plugged is the reader that is not one: its state changes when readers come and
	// go.
	plugged = `\\?PnP?\Notification`
)
