package tunnel

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Serve answers on ln until ctx ends or ln fails. It closes ln and the relay,
// waits for every socket to be gone, and returns nil when ctx was the reason.
func (r *Relay) Serve(ctx context.Context, ln net.Listener) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // a WebSocket upgrade is a thing of HTTP/1.1
	server := &http.Server{
		Handler:           r,
		Protocols:         protocols,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // its lines name addresses
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ln) }()
	var err error
	select {
	case <-ctx.Done():
		_ = server.Close()
		<-failed
	case err = <-failed:
		_ = server.Close()
	}
	r.Close()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
