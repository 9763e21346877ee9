package hid

import (
	"context"
	"crypto/rand"
	"runtime"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// System is the USB ports of this system: the HID manager of macOS. A program outside
// the App Sandbox needs no entitlement and no consent for it; one inside needs
// com.apple.security.device.usb, without which a key cannot be opened (key-permission).
// Where IOKit cannot be loaded everything fails with key-unsupported (param system).
func System() transport.KeyBus { return macBus{} }

// macBus opens the framework when it is first asked for something.
type macBus struct{}

var macKit = sync.OnceValues(func() (*iokitBus, error) {
	kit, err := loadIOKit()
	if err != nil {
		return nil, mfa.Fail(mfa.CodeKeyUnsupported, "system", runtime.GOOS).Because(err)
	}
	return &iokitBus{kit: kit, host: Host{Rand: rand.Reader}}, nil
})

func (macBus) List(ctx context.Context) ([]transport.Slot, error) {
	b, err := macKit()
	if err != nil {
		return nil, err
	}
	return b.List(ctx)
}

func (macBus) Watch(ctx context.Context, changed func()) error {
	b, err := macKit()
	if err != nil {
		return err
	}
	return b.Watch(ctx, changed)
}

func (macBus) Open(ctx context.Context, slotID string) (transport.Key, error) {
	b, err := macKit()
	if err != nil {
		return nil, err
	}
	return b.Open(ctx, slotID)
}
