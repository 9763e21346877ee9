package pcsc

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/transport"
)

// TestWinscard runs on testdata/winscard.c, see wine_test.go.
func TestWinscard(t *testing.T) {
	if os.Getenv("KEYFERRY_FAKE") != "winscard" {
		t.Skip("needs the library of testdata")
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	b := System()
	slots, err := b.List(ctx)
	if err != nil || len(slots) != 1 || slots[0] != (transport.Slot{ID: "3 Fake Contactless Reader 0", Name: "Fake Contactless Reader 0", Way: transport.WayNFC}) {
		t.Fatalf("List: %+v, %v", slots, err)
	}
	watch, leave := context.WithCancel(ctx)
	told, result := make(chan struct{}, 10), make(chan error, 1)
	go func() { result <- b.Watch(watch, func() { told <- struct{}{} }) }()
	<-told
	leave()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Watch: %v", err)
	}
	k, err := b.Open(ctx, slots[0].ID)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if got, err := k.Exchange(ctx, []byte{4}, nil); err != nil || string(got) != "\x00\xA1\x01\x81\x68FIDO_2_0" {
		t.Errorf("Exchange: % X, %v", got, err)
	}
	if got, err := k.APDU(ctx, []byte{0, 3, 0, 0, 0, 0, 0}); err != nil || string(got) != "\x6D\x00" {
		t.Errorf("APDU: % X, %v", got, err)
	}
	k.Close()
}
