package pcsc

import (
	"runtime"
	"time"
	"unsafe"
)

const (
	scopeSystem = 2
	shareShared = 2
	leaveCard   = 0

	maxNames    = 64 << 10  // bytes of the list of readers
	maxResponse = 1<<16 + 2 // bytes of a response APDU
)

// procNames are the functions of the library that are called.
var procNames = []string{"SCardEstablishContext", "SCardReleaseContext", "SCardCancel", "SCardListReaders", "SCardGetStatusChange",
	"SCardConnect", "SCardDisconnect", "SCardBeginTransaction", "SCardEndTransaction", "SCardTransmit"}

// binding calls the system's library. Arguments are passed as machine words, which
// fits all three systems: a DWORD is one, or the lower half of one.
type binding struct {
	layout
	call func(proc string, args ...uintptr) code
}

// frame holds the memory of one call still: what is pinned stays where it is and alive
// until the frame is dropped.
type frame struct{ runtime.Pinner }

func (f *frame) bytes(b []byte) uintptr {
	f.Pin(&b[0])
	return uintptr(unsafe.Pointer(&b[0]))
}

func (f *frame) text(s string) uintptr { return f.bytes(append([]byte(s), 0)) }

func (f *frame) word(w *uintptr) uintptr {
	f.Pin(w)
	return uintptr(unsafe.Pointer(w))
}

func (b *binding) establish() (handle, code) {
	var f frame
	defer f.Unpin()
	ctx := new(uintptr)
	c := b.call("SCardEstablishContext", scopeSystem, 0, 0, f.word(ctx))
	return handle(*ctx), c
}

func (b *binding) listens() bool           { return listening() }
func (b *binding) release(ctx handle) code { return b.call("SCardReleaseContext", uintptr(ctx)) }
func (b *binding) cancel(ctx handle) code  { return b.call("SCardCancel", uintptr(ctx)) }
func (b *binding) begin(card handle) code  { return b.call("SCardBeginTransaction", uintptr(card)) }
func (b *binding) end(card handle) code {
	return b.call("SCardEndTransaction", uintptr(card), leaveCard)
}
func (b *binding) disconnect(card handle) code {
	return b.call("SCardDisconnect", uintptr(card), leaveCard)
}

// readers asks twice, for the size and for the names. A reader that came in between
// is one too many for the second; its change is told of again.
func (b *binding) readers(ctx handle) ([]string, code) {
	var f frame
	defer f.Unpin()
	size := new(uintptr)
	if c := b.call("SCardListReaders", uintptr(ctx), 0, 0, f.word(size)); c != codeOK {
		return nil, c
	}
	list := make([]byte, min(*size, maxNames)+1)
	*size = uintptr(len(list) - 1)
	if c := b.call("SCardListReaders", uintptr(ctx), 0, f.bytes(list), f.word(size)); c != codeOK {
		return nil, c
	}
	return names(list[:min(int(*size), len(list))]), codeOK
}

func (b *binding) wait(ctx handle, limit time.Duration, states []readerState) code {
	var f frame
	defer f.Unpin()
	at := make([]uintptr, len(states))
	for i, s := range states {
		at[i] = f.text(s.name)
	}
	packed := append(b.pack(states, at), 0) // never empty
	c := b.call("SCardGetStatusChange", uintptr(ctx), milliseconds(limit), f.bytes(packed), uintptr(len(states)))
	b.unpack(packed, states)
	return c
}

func (b *binding) connect(ctx handle, reader string) (handle, uint32, code) {
	var f frame
	defer f.Unpin()
	card, protocol := new(uintptr), new(uintptr)
	c := b.call("SCardConnect", uintptr(ctx), f.text(reader), shareShared, protocolT0|protocolT1, f.word(card), f.word(protocol))
	return handle(*card), uint32(*protocol), c
}

func (b *binding) transmit(card handle, protocol uint32, apdu []byte) ([]byte, code) {
	var f frame
	defer f.Unpin()
	out, size := make([]byte, maxResponse), new(uintptr)
	*size = uintptr(len(out))
	c := b.call("SCardTransmit", uintptr(card), f.bytes(b.request(protocol)), f.bytes(apdu), uintptr(len(apdu)), 0, f.bytes(out), f.word(size))
	if c != codeOK {
		return nil, c
	}
	return out[:min(int(*size), len(out))], codeOK
}
