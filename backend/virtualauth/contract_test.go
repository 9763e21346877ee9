package virtualauth

import (
	"context"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/transport/channeltest"
)

func TestChannelContract(t *testing.T) {
	for name, cfg := range map[string]Config{"plain": {}, "Android": Android(), "iPhone": IPhone(),
		"key": {Discoverable: true, ClientPIN: true, CredMgmt: true, Selection: true, HMACSecret: true, U2F: true}} {
		t.Run(name, func(t *testing.T) {
			channeltest.Run(t, func(t *testing.T, person channeltest.Person) ctap2.Channel {
				cfg := cfg
				cfg.Consent = func(ctx context.Context, _ Prompt) (Decision, error) {
					yes := person(ctx)
					return Decision{Approve: yes, Verified: yes}, nil
				}
				a := New(cfg)
				t.Cleanup(func() { a.Close() })
				return a
			})
		})
	}
}
