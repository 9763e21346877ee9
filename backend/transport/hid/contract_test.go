package hid

import (
	"context"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/transport/channeltest"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// TestChannelContract holds a Channel to what every CTAP channel has to do, over
// reports of the usual size and of sizes that cut messages in many pieces or in
// one.
func TestChannelContract(t *testing.T) {
	for name, size := range map[string]int{"64 bytes": 64, "32 bytes": 32, "8 bytes": 8, "1024 bytes": 1024} {
		t.Run(name, func(t *testing.T) {
			channeltest.Run(t, func(t *testing.T, person channeltest.Person) ctap2.Channel {
				inside := virtualauth.New(virtualauth.Config{Consent: func(ctx context.Context, _ virtualauth.Prompt) (virtualauth.Decision, error) {
					yes := person(ctx)
					return virtualauth.Decision{Approve: yes, Verified: yes}, nil
				}})
				host, device := Pipe(size)
				served := make(chan error, 1)
				go func() { served <- Serve(context.Background(), device, inside, CanCBOR|NoMSG) }()
				c, err := Open(t.Context(), host, nil)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close(); <-served; inside.Close() })
				return c
			})
		})
	}
}
