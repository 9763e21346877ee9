package channeltest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
)

// Person is asked by the authenticator at the far side: yes or no. It returns
// early when ctx ends, so the far side must hand down its cancel.
type Person func(ctx context.Context) (yes bool)

// Open gives a fresh channel to a fresh authenticator. It closes both with
// t.Cleanup.
type Open func(t *testing.T, person Person) ctap2.Channel

// patience is how long a test waits for something that must happen soon. It only
// ends tests that have failed.
const patience = 20 * time.Second

// Run holds a channel to the contract.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"GetInfoIsAnswered", getInfoIsAnswered},
		{"GarbageIsAnsweredWithAStatus", garbageIsAnsweredWithAStatus},
		{"CeremoniesFollowOneAnother", ceremoniesFollowOneAnother},
		{"ANoIsAResponse", aNoIsAResponse},
		{"KeepaliveIsBounded", keepaliveIsBounded},
		{"BuffersBelongToTheCaller", buffersBelongToTheCaller},
		{"NothingIsSentAfterCancel", nothingIsSentAfterCancel},
		{"CancelEndsAWait", cancelEndsAWait},
		{"DeadlineEndsAWait", deadlineEndsAWait},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open) })
	}
}

func yes(context.Context) bool { return true }
func no(context.Context) bool  { return false }

// ask exchanges and wants a response without an error.
func ask(t *testing.T, ch ctap2.Channel, request []byte) []byte {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	response, err := ch.Exchange(ctx, request, nil)
	if err != nil {
		t.Fatalf("request %#x: %v", request[:1], err)
	}
	if len(response) == 0 {
		t.Fatalf("request %#x: an empty response", request[:1])
	}
	return response
}

func getInfoIsAnswered(t *testing.T, open Open) {
	ch := open(t, no)
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	for range 2 {
		info, err := ctap2.GetInfo(ctx, ch)
		if err != nil {
			t.Fatal(err)
		}
		if len(info.Versions) == 0 {
			t.Error("getInfo names no version")
		}
	}
}

func garbageIsAnsweredWithAStatus(t *testing.T, open Open) {
	ch := open(t, yes)
	for name, request := range map[string][]byte{
		"unknown command":          {0x3f},
		"create without CBOR":      {ctap2.CommandMakeCredential},
		"create with an empty map": {ctap2.CommandMakeCredential, 0xa0},
		"create with half a map":   {ctap2.CommandMakeCredential, 0xa4, 0x01},
		"get with an array":        {ctap2.CommandGetAssertion, 0x80},
		"get with a break":         {ctap2.CommandGetAssertion, 0xff},
		"next without a first":     {ctap2.CommandGetNextAssertion},
		"keys out of order":        {ctap2.CommandGetAssertion, 0xa2, 0x02, 0x00, 0x01, 0x00},
	} {
		if response := ask(t, ch, request); response[0] == byte(ctap2.StatusOK) {
			t.Errorf("%s: was answered with success", name)
		}
	}
	ask(t, ch, []byte{ctap2.CommandGetInfo}) // and the channel still works
}

func ceremoniesFollowOneAnother(t *testing.T, open Open) {
	ch := open(t, yes)
	for range 2 {
		created, err := ctap2.Data(ask(t, ch, create(t)))
		if err != nil {
			t.Fatal(err)
		}
		id := credentialID(t, created)
		for range 2 {
			signed, err := ctap2.Data(ask(t, ch, get(t, id)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ctap2.DecodeGetAssertionResponse(signed); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func aNoIsAResponse(t *testing.T, open Open) {
	ch := open(t, no)
	if response := ask(t, ch, create(t)); response[0] != byte(ctap2.StatusOperationDenied) || len(response) != 1 {
		t.Errorf("a refusal came as % x", response)
	}
}

func keepaliveIsBounded(t *testing.T, open Open) {
	ch := open(t, yes)
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	over := false
	_, err := ch.Exchange(ctx, create(t), func(status byte) {
		if over {
			t.Error("keepalive was called after Exchange returned")
		}
		if status != ctap2.KeepaliveProcessing && status != ctap2.KeepaliveUPNeeded {
			t.Errorf("keepalive %d", status)
		}
	})
	over = true // the race detector watches this too
	if err != nil {
		t.Fatal(err)
	}
}

func buffersBelongToTheCaller(t *testing.T, open Open) {
	ch := open(t, yes)
	request := []byte{ctap2.CommandGetInfo}
	first := ask(t, ch, request)
	kept := bytes.Clone(first)
	if request[0] != ctap2.CommandGetInfo {
		t.Error("the request was changed")
	}
	clear(first)
	request[0] = 0xff
	if second := ask(t, ch, []byte{ctap2.CommandGetInfo}); !bytes.Equal(second, kept) {
		t.Error("writing into a response changed the next one")
	}
}

func nothingIsSentAfterCancel(t *testing.T, open Open) {
	asked := make(chan struct{}, 1)
	ch := open(t, func(context.Context) bool { asked <- struct{}{}; return true })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ch.Exchange(ctx, create(t), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
	select {
	case <-asked:
		t.Error("the person was asked after cancel")
	default:
	}
}

// endsAWait starts a request that nobody answers, ends its context by end, and
// wants the exchange to return for that reason.
func endsAWait(t *testing.T, open Open, ctx context.Context, end func(), want error) {
	waiting := make(chan struct{}, 1)
	left := make(chan struct{})
	defer close(left)
	ch := open(t, func(ctx context.Context) bool {
		waiting <- struct{}{}
		select {
		case <-ctx.Done():
		case <-left: // a far side that cannot hear the cancel is let go at the end
		}
		return false
	})
	result := make(chan error, 1)
	go func() {
		_, err := ch.Exchange(ctx, create(t), nil)
		result <- err
	}()
	guard := time.NewTimer(patience)
	defer guard.Stop()
	select {
	case <-waiting:
	case err := <-result:
		t.Fatalf("returned before the person was asked: %v", err)
	case <-guard.C:
		t.Fatal("the person was never asked")
	}
	end()
	select {
	case err := <-result:
		if !errors.Is(err, want) {
			t.Errorf("ended with %v, want %v", err, want)
		}
	case <-guard.C:
		t.Fatal("Exchange does not end with its context")
	}
}

func cancelEndsAWait(t *testing.T, open Open) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	endsAWait(t, open, ctx, cancel, context.Canceled)
}

func deadlineEndsAWait(t *testing.T, open Open) {
	ctx := &manualDeadline{Context: t.Context(), done: make(chan struct{})}
	endsAWait(t, open, ctx, ctx.pass, context.DeadlineExceeded)
}
