package hid

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/keyferry/keyferry/backend/mfa"
)

var errUnplugged = errors.New("pulled out")

// brittle is a device that is pulled out after some reports, read or written; the
// last one that it gives has only its first bytes.
type brittle struct {
	Device
	left int
	cut  int // bytes of the last report; -1: none of it
}

func (b *brittle) Read(ctx context.Context) ([]byte, error) {
	if b.left--; b.left < 0 {
		return nil, errUnplugged
	}
	report, err := b.Device.Read(ctx)
	if err == nil && b.left == 0 && b.cut >= 0 {
		return report[:b.cut], nil
	}
	return report, err
}

func (b *brittle) Write(ctx context.Context, report []byte) error {
	if b.left--; b.left < 0 {
		return errUnplugged
	}
	return b.Device.Write(ctx, report)
}

// TestVanishes pulls the device out before each report of a conversation, and
// within each: the failure says so, and nothing is left behind.
func TestVanishes(t *testing.T) {
	const whole = 1 + 1 + 6 + 6 + 1 + 1 // INIT, a ping of six reports each way, a request
	for left := range whole {
		for cut := -1; cut < 64; cut++ {
			synctest.Test(t, func(t *testing.T) {
				host, far := Pipe(64)
				ended := make(chan error)
				go func() { ended <- Serve(t.Context(), far, echo{}, CanCBOR) }()
				err := func() error {
					c, err := Open(t.Context(), &brittle{host, left, cut}, nil)
					if err != nil {
						return err
					}
					if _, err := c.Ping(t.Context(), counting(57+5*59)); err != nil {
						return err
					}
					_, err = c.Exchange(t.Context(), []byte{4}, nil)
					return err
				}()
				torn := mfa.IsCode(err, mfa.CodeKeyProtocol) && cut >= 0
				if !torn && !mfa.IsCode(err, mfa.CodeKeyLost) {
					t.Errorf("after %d reports, and %d bytes: %v", left, cut, err)
				}
				host.Close()
				<-ended
			})
		}
	}
}

// Pulled out while it waits for a touch.
func TestVanishesWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, far := Pipe(64)
		ended := make(chan error)
		go func() { ended <- Serve(t.Context(), far, &worker{}, CanCBOR) }()
		c, err := Open(t.Context(), host, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Exchange(t.Context(), []byte{workForever}, func(byte) { far.Close() })
		wantFailure(t, err, mfa.CodeKeyLost, "")
		<-ended
		_, err = c.Exchange(t.Context(), []byte{workEcho}, nil)
		wantFailure(t, err, mfa.CodeKeyLost, "")
	})
}

// Pulled out just as its person gives up.
func TestVanishesAtCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, far := Pipe(64)
		ended := make(chan error)
		go func() { ended <- Serve(t.Context(), far, &worker{}, CanCBOR) }()
		c, err := Open(t.Context(), host, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err = c.Exchange(ctx, []byte{workForever}, func(byte) { cancel(); far.Close() })
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		<-ended
	})
}
