package assembly

import (
	"context"
	"testing"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/platform/tpm"
	"github.com/keyferry/keyferry/backend/transport"
)

// someClient is an operating system's client that counts who comes.
type someClient struct{ came int }

func (c *someClient) MakeCredential(context.Context, authenticator.NativeCreate) (authenticator.NativeCredential, error) {
	c.came++
	return authenticator.NativeCredential{}, nil
}

func (c *someClient) GetAssertion(context.Context, authenticator.NativeGet) (authenticator.NativeAssertion, error) {
	c.came++
	return authenticator.NativeAssertion{}, nil
}

// The client of macOS is asked for when it is needed: before there is a window it says so,
// and that is not for good.
func TestLateClient(t *testing.T) {
	var c someClient
	var why error = mfa.Fail(mfa.CodePlatformMissing, "why", "no-window")
	l := late(func() (authenticator.Native, error) { return &c, why })
	if _, err := l.MakeCredential(t.Context(), authenticator.NativeCreate{}); !mfa.IsCode(err, mfa.CodePlatformMissing) {
		t.Error(err)
	}
	if _, err := l.GetAssertion(t.Context(), authenticator.NativeGet{}); !mfa.IsCode(err, mfa.CodePlatformMissing) || c.came != 0 {
		t.Error(err, c.came)
	}
	why = nil
	if _, err := l.MakeCredential(t.Context(), authenticator.NativeCreate{}); err != nil {
		t.Error(err)
	}
	if _, err := l.GetAssertion(t.Context(), authenticator.NativeGet{}); err != nil || c.came != 2 {
		t.Error(err, c.came)
	}
}

// Each way leads to who may go it: this computer to the system where that keeps its
// passkeys, which Windows never does here.
func TestWaysOfMachines(t *testing.T) {
	buses, chip, client := []transport.KeyBus{computerBus{}}, tpm.SystemDevice, &someClient{}
	both, near, far := []string{"internal", "hybrid"}, []string{"internal"}, []string{"hybrid"}
	for name, row := range map[string]struct {
		machine
		key, computer mfa.Road
		meets         [3]bool // this computer: a passkey with both, near, far
	}{
		"Linux":             {machine{buses: buses, tpm: chip}, mfa.RoadKey, mfa.RoadComputer, [3]bool{false, true, false}},
		"Windows":           {machine{system: client}, mfa.RoadSystem, mfa.RoadComputer, [3]bool{false, true, false}},
		"macOS":             {machine{buses: buses}, mfa.RoadKey, mfa.RoadComputer, [3]bool{false, true, false}},
		"macOS, associated": {machine{buses: buses, system: client, keeps: true}, mfa.RoadKey, mfa.RoadSystem, [3]bool{true, false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			roads := row.roads(nil, keys.New(keys.Config{}), storetest.NewMemory())
			h := desk.House{Ceremonies: ceremony.New(ceremony.Config{Roads: roads})}
			if got := h.Road(mfa.RoadKey); got != row.key {
				t.Errorf("keys by %s", got)
			}
			if got := h.Road(mfa.RoadComputer); got != row.computer {
				t.Errorf("this computer by %s", got)
			}
			if got := h.Road(mfa.RoadPhone); got != mfa.RoadPhone {
				t.Errorf("phones by %s", got)
			}
			for i, transports := range [][]string{both, near, far} {
				if got := h.Meets(mfa.Credential{Transports: transports}, mfa.RoadComputer); got != row.meets[i] {
					t.Errorf("%v is met: %v", transports, got)
				}
			}
		})
	}
}
