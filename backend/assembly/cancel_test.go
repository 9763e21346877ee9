package assembly

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/google/go-tpm/tpm2/transport"

	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/platform/tpm/tpmtest"
)

// interrupted is the emulator's device for somebody who gives up at one of its commands.
type interrupted struct {
	transport.TPMCloser
	left *atomic.Int32 // commands until then
	then *atomic.Pointer[context.CancelFunc]
}

func (d interrupted) Send(command []byte) ([]byte, error) {
	if d.left.Add(-1) == 0 {
		(*d.then.Load())()
	}
	return d.TPMCloser.Send(command)
}

// TestCancelledEnrolmentLeavesNothingInThisComputer gives up at each command to the TPM
// in turn. There is a device and its passkey, or there is neither.
func TestCancelledEnrolmentLeavesNothingInThisComputer(t *testing.T) {
	e, dir := tpmtest.New(t), t.TempDir()
	e.Guards(100, 600)
	var left atomic.Int32
	var then atomic.Pointer[context.CancelFunc]
	v := visitDesk(t, Config{Home: dir, Secrets: nobody(dir), Cheap: true, TPM: func() (transport.TPMCloser, error) {
		device, err := e.Open()
		return interrupted{device, &left, &then}, err
	}})
	v.create(t)
	house, who, err := v.Seat()
	if err != nil {
		t.Fatal(err)
	}
	person := ceremony.Person{Confirm: func(ctx context.Context, _ ceremony.Candidate) (bool, error) { return true, ctx.Err() },
		PIN: func(ctx context.Context, _ mfa.PINAsk) (*mfa.Secret, error) {
			return mfa.NewSecret([]byte(rightPIN)), ctx.Err()
		}}
	for at := int32(1); ; at++ {
		ctx, cancel := context.WithCancel(t.Context())
		then.Store(&cancel)
		left.Store(at)
		_, failed := house.Ceremonies.Enrol(ctx, who, "", "my-computer", mfa.RoadComputer, person)
		reached := left.Load() <= 0
		cancel()
		kept, err := house.Store.LocalPasskeys(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		devices, err := v.owned(t)
		if err != nil {
			t.Fatal(err)
		}
		f := mfa.AsFailure(failed)
		switch {
		case len(kept) != len(devices), len(devices) != 0 && f != nil:
			t.Fatalf("command %d: %d passkeys, %d devices, %v", at, len(kept), len(devices), f)
		case f == nil && (reached || at < 10):
			t.Fatalf("command %d: it went on, or there are few commands", at)
		case f == nil:
			return
		case f.Code != mfa.CodeCancelled || f.Params["left"] != "" || at > 100:
			t.Fatalf("command %d: %v (%s) %v", at, f, f.Explain(), f.Params)
		}
	}
}
