package pcsc

import (
	"encoding/binary"
	"math"
	"time"
)

// layout is where the fields of the service's two structures are, in bytes. All three
// systems have their own: pcsc-lite calls a long what is 32 bits elsewhere, and Apple
// packs. 64-bit little-endian machines only.
type layout struct {
	word int // size of DWORD
	size int // of SCARD_READERSTATE, which begins with a name and a pointer of the user's

	current, event, atrLength, atr, atrMax int
}

var layouts = map[string]layout{
	"linux":   {word: 8, size: 80, current: 16, event: 24, atrLength: 32, atr: 40, atrMax: 33},
	"darwin":  {word: 4, size: 61, current: 16, event: 20, atrLength: 24, atr: 28, atrMax: 33},
	"windows": {word: 4, size: 64, current: 16, event: 20, atrLength: 24, atr: 28, atrMax: 36},
}

// pack writes the states as an array of SCARD_READERSTATE. names are the addresses of
// their names.
func (l layout) pack(states []readerState, names []uintptr) []byte {
	b := make([]byte, l.size*len(states))
	for i, s := range states {
		at := b[i*l.size:]
		binary.LittleEndian.PutUint64(at, uint64(names[i]))
		l.put(at[l.current:], uint32(s.current))
	}
	return b
}

// unpack reads events and ATRs back.
func (l layout) unpack(b []byte, states []readerState) {
	for i := range states {
		at := b[i*l.size:]
		n := min(int(binary.LittleEndian.Uint32(at[l.atrLength:])), l.atrMax)
		states[i].event = state(binary.LittleEndian.Uint32(at[l.event:]))
		states[i].atr = append([]byte(nil), at[l.atr:l.atr+max(n, 0)]...)
	}
}

// request is a SCARD_IO_REQUEST: the protocol, and its own size.
func (l layout) request(protocol uint32) []byte {
	b := make([]byte, 2*l.word)
	l.put(b, protocol)
	l.put(b[l.word:], uint32(len(b)))
	return b
}

func (l layout) put(b []byte, v uint32) {
	if l.word == 8 {
		binary.LittleEndian.PutUint64(b, uint64(v))
		return
	}
	binary.LittleEndian.PutUint32(b, v)
}

// names splits a list of strings that each end in a zero and together in another one.
func names(b []byte) []string {
	var list []string
	for len(b) > 0 {
		n := 0
		for n < len(b) && b[n] != 0 {
			n++
		}
		if n == 0 {
			break
		}
		list = append(list, string(b[:n]))
		b = b[min(n+1, len(b)):]
	}
	return list
}

// milliseconds gives a limit as the service takes it.
func milliseconds(d time.Duration) uintptr {
	return uintptr(min(max(d.Milliseconds(), 0), math.MaxInt32))
}
