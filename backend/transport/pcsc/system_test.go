//go:build linux

package pcsc

import (
	"context"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport/nfc"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// key is a software authenticator without U2F.
type key struct{ *virtualauth.Authenticator }

func (key) APDU(context.Context, []byte) ([]byte, error) { return []byte{0x6D, 0x00}, nil }

func TestSystem(t *testing.T) {
	a := virtualauth.New(virtualauth.Config{UserVerification: true})
	t.Cleanup(func() { a.Close() })
	r := startReader(t, func() *nfc.Applet { return nfc.NewApplet(key{a}, nfc.VersionU2F) })
	bus := System()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	changes := make(chan struct{}, 100)
	watching := make(chan error, 1)
	wctx, unwatch := context.WithCancel(ctx)
	go func() { watching <- bus.Watch(wctx, func() { changes <- struct{}{} }) }()
	<-changes
	slots, err := bus.List(ctx)
	t.Log(slots, err)
	r.put(t, keyATR)
	<-changes
	slots, err = bus.List(ctx)
	t.Log(slots, err)
	k, err := bus.Open(ctx, slots[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(k.Speaks())
	t.Log(ctap2.GetInfo(ctx, k))
	r.pull(1)
	_, err = ctap2.GetInfo(ctx, k)
	t.Log(err, mfa.AsFailure(err).Explain())
	k.Close()
	<-changes
	slots, err = bus.List(ctx)
	t.Log(slots, err)
	unwatch()
	t.Log(<-watching)
}
