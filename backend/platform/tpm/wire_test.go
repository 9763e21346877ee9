package tpm

import (
	"sync"

	"github.com/google/go-tpm/tpm2/transport"
)

// wire is a device that listens to what crosses the bus, and can break it.
type wire struct {
	transport.TPMCloser
	mu     sync.Mutex
	said   [][]byte // commands and responses
	count  int      // commands so far
	breaks int      // at which command it breaks; 0: never
	how    func(command []byte) ([]byte, error)
	before func(n int)
}

func (w *wire) Send(command []byte) ([]byte, error) {
	w.mu.Lock()
	w.count++
	n := w.count
	broken := w.breaks > 0 && n >= w.breaks
	w.mu.Unlock()
	if w.before != nil {
		w.before(n)
	}
	if broken {
		return w.how(command)
	}
	response, err := w.TPMCloser.Send(command)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, append([]byte(nil), command...), append([]byte(nil), response...))
	return response, err
}
