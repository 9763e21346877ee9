package tpm

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/platform/tpm/tpmtest"
)

// fake is a TPM that answers what the test says.
type fake struct {
	answer func(n int, command []byte) ([]byte, error)
	n      int
	closed chan struct{}
}

func newFake(answer func(n int, command []byte) ([]byte, error)) *fake {
	return &fake{answer: answer, closed: make(chan struct{})}
}

func (f *fake) Send(command []byte) ([]byte, error) {
	f.n++
	return f.answer(f.n, command)
}

func (f *fake) Close() error { close(f.closed); return nil }

func (f *fake) device() (transport.TPMCloser, error) { return f, nil }

func response(code tpm2.TPMRC, body ...byte) []byte {
	out := binary.BigEndian.AppendUint32([]byte{0x80, 1}, uint32(10+len(body)))
	return append(binary.BigEndian.AppendUint32(out, uint32(code)), body...)
}

// told is an answer to the question for the lock-out's properties.
func told(values map[tpm2.TPMPT]uint32) []byte {
	body := binary.BigEndian.AppendUint32([]byte{0}, uint32(tpm2.TPMCapTPMProperties))
	body = binary.BigEndian.AppendUint32(body, uint32(len(values)))
	for p, v := range values {
		body = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(body, uint32(p)), v)
	}
	return response(0, body...)
}

func usual(permanent, wrong, max, interval uint32) map[tpm2.TPMPT]uint32 {
	return map[tpm2.TPMPT]uint32{tpm2.TPMPTPermanent: permanent, tpm2.TPMPTLockoutCounter: wrong, tpm2.TPMPTMaxAuthFail: max,
		tpm2.TPMPTLockoutInterval: interval, tpm2.TPMPTLockoutRecovery: 86400}
}

func TestOpenLooksAtTheGuard(t *testing.T) {
	without := usual(0, 0, 32, 600)
	delete(without, tpm2.TPMPTMaxAuthFail)
	rows := []struct {
		name   string
		answer []byte
		why    string // of tpm-failed, or its code; empty: it opens
	}{
		{"as usual", told(usual(0, 0, 32, 600)), ""},
		{"locked", told(usual(inLockout, 32, 32, 600)), ""},
		{"nothing is forgiven", told(usual(0, 0, 32, 0)), whyNoGuard},
		{"no tries", told(usual(0, 0, 0, 600)), whyNoGuard},
		{"as many tries as you like", told(usual(0, 0, 1<<31, 600)), whyNoGuard},
		{"it does not tell", told(without), whyAnswer},
		{"it tells of something else", response(0, 0, 0, 0, 0, 1, 0, 0, 0, 0), whyAnswer},
		{"nothing", nil, whyAnswer},
		{"too much", bytes.Repeat([]byte{1}, 5000), whyAnswer},
		{"an older TPM", response(0x1e), whyOld},
		{"failure mode", response(tpm2.TPMRCFailure), whyBroken},
		{"what nobody foresaw", response(tpm2.TPMRCInitialize), "0x100"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := newFake(func(int, []byte) ([]byte, error) { return row.answer, nil })
			a, err := Open(t.Context(), Config{Device: f.device, Store: storetest.NewMemory()})
			if row.why == "" {
				wantCode(t, err, "")
				a.Close()
			} else if f := wantCode(t, err, mfa.CodeTPMFailed); cmp.Or(f.Params["why"], f.Params["code"]) != row.why {
				t.Errorf("params %v", f.Params)
			}
			<-f.closed
			if err := Probe(t.Context(), newFake(f.answer).device); (err == nil) != (row.why == "") {
				t.Error("the probe: ", explained(err))
			}
		})
	}
}

func TestRetriesAreTheTPMs(t *testing.T) {
	answer := told(usual(0, 3, 32, 600))
	f := newFake(func(int, []byte) ([]byte, error) { return answer, nil })
	a, err := Open(t.Context(), Config{Device: f.device, Store: storetest.NewMemory()})
	wantCode(t, err, "")
	defer a.Close()
	info, _ := ctap2.ParseInfo(a.GetInfo())
	left, replug, err := ctap2.PINRetries(t.Context(), a, info)
	if err != nil || left != 29 || replug {
		t.Error(left, replug, explained(err))
	}
	answer = told(usual(0, 32, 32, 7200))
	_, _, err = ctap2.PINRetries(t.Context(), a, info)
	if f := wantCode(t, err, mfa.CodeTPMLockout); f.Params["seconds"] != "7200" {
		t.Errorf("params %v", f.Params)
	}
	answer = told(usual(0, 0, 1000, 600))
	if left, _, err = ctap2.PINRetries(t.Context(), a, info); err != nil || left != 255 {
		t.Error(left, explained(err))
	}
}

func TestLook(t *testing.T) {
	e := tpmtest.New(t)
	e.Guards(7, 300)
	g, err := Look(t.Context(), e.Open)
	if want := (Guard{Max: 7, Interval: 5 * time.Minute}); err != nil || g != want {
		t.Errorf("%+v %s", g, explained(err))
	}
	e.Do(func(t transport.TPM) error {
		_, err := tpm2.HierarchyChangeAuth{AuthHandle: tpm2.TPMRHLockout, NewAuth: tpm2.TPM2BAuth{Buffer: []byte("owner")}}.Execute(t)
		return err
	})
	if g, err = Look(t.Context(), e.Open); err != nil || !g.Kept {
		t.Errorf("%+v %s", g, explained(err))
	}
}

// "Later" is asked again; a lock-out is none.
func TestLater(t *testing.T) {
	for _, code := range []tpm2.TPMRC{tpm2.TPMRCTesting, tpm2.TPMRCNVRate, tpm2.TPMRCRetry, tpm2.TPMRCYielded} {
		f := newFake(func(n int, _ []byte) ([]byte, error) {
			if n < 3 {
				return response(code), nil
			}
			return told(usual(0, 0, 32, 600)), nil
		})
		a, err := Open(t.Context(), Config{Device: f.device, Store: storetest.NewMemory()})
		wantCode(t, err, "")
		if f.n != 3 {
			t.Errorf("%v: asked %d times", code, f.n)
		}
		a.Close()
	}
	f := newFake(func(int, []byte) ([]byte, error) { return response(tpm2.TPMRCTesting), nil })
	_, err := Open(t.Context(), Config{Device: f.device, Store: storetest.NewMemory(), Patience: 30 * time.Millisecond})
	wantCode(t, err, mfa.CodeTPMFailed)
	f = newFake(func(int, []byte) ([]byte, error) { return response(tpm2.TPMRCLockout), nil })
	_, err = Open(t.Context(), Config{Device: f.device, Store: storetest.NewMemory()})
	wantCode(t, err, mfa.CodeTPMFailed)
	if f.n != 1 {
		t.Errorf("asked %d times", f.n)
	}
}

// A TPM that says nothing any more holds nobody up. In the time of a bubble: a slow
// machine must not take the first answer for none.
func TestSilence(t *testing.T) { synctest.Test(t, silence) }

func silence(t *testing.T) {
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	f := newFake(func(n int, _ []byte) ([]byte, error) {
		if n > 1 {
			<-never
		}
		return told(usual(0, 0, 32, 600)), nil
	})
	a, err := Open(t.Context(), Config{Device: f.device, Store: storetest.NewMemory()})
	wantCode(t, err, "")
	info, _ := ctap2.ParseInfo(a.GetInfo())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := ctap2.PINRetries(ctx, a, info); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	_, _, err = ctap2.PINRetries(t.Context(), a, info)
	if f := wantCode(t, err, mfa.CodeTPMFailed); f.Params["why"] != whySilent {
		t.Errorf("params %v", f.Params)
	}
	_, _, err = ctap2.PINRetries(t.Context(), a, info) // it stays broken
	wantCode(t, err, mfa.CodeTPMFailed)
	a.Close()
}

func TestCancelWhileTheTPMWorks(t *testing.T) {
	working, finish := make(chan struct{}), make(chan struct{})
	f := newFake(func(n int, _ []byte) ([]byte, error) {
		if n == 2 {
			close(working)
			<-finish
		}
		return told(usual(0, 0, 32, 600)), nil
	})
	a, err := Open(t.Context(), Config{Device: f.device, Store: storetest.NewMemory()})
	wantCode(t, err, "")
	defer a.Close()
	info, _ := ctap2.ParseInfo(a.GetInfo())
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-working
		cancel()
	}()
	if _, _, err := ctap2.PINRetries(ctx, a, info); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	// The next one waits for its turn, and is cancelled there.
	ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, _, err := ctap2.PINRetries(ctx, a, info); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(finish)
	if left, _, err := ctap2.PINRetries(t.Context(), a, info); err != nil || left != 32 {
		t.Error(left, explained(err))
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	f := newFake(func(int, []byte) ([]byte, error) { return told(usual(0, 0, 32, 600)), nil })
	a, err := Open(t.Context(), Config{Device: f.device, Store: storetest.NewMemory()})
	wantCode(t, err, "")
	defer a.Close()
	rows := []struct {
		name    string
		request []byte
		want    ctap2.Status
	}{
		{"empty", nil, ctap2.StatusInvalidLength},
		{"unknown", []byte{0x7a}, ctap2.StatusInvalidCommand},
		{"getInfo with more", []byte{4, 0}, ctap2.StatusInvalidLength},
		{"no CBOR", []byte{1, 0xff}, ctap2.StatusInvalidCBOR},
		{"clientPIN without members", []byte{6, 0xa0}, ctap2.StatusMissingParameter},
		{"clientPIN by fingerprint", []byte{6, 0xa2, 1, 2, 2, 6}, ctap2.StatusInvalidSubcommand},
		{"token without anything", []byte{6, 0xa2, 1, 2, 2, 5}, ctap2.StatusMissingParameter},
		{"token without permissions", []byte{6, 0xa2, 1, 2, 2, 9}, ctap2.StatusMissingParameter},
		{"token for large blobs", []byte{6, 0xa3, 1, 2, 2, 9, 9, 0x10}, ctap2.StatusUnauthorizedPerm},
		{"token without a party", []byte{6, 0xa3, 1, 2, 2, 9, 9, 1}, ctap2.StatusMissingParameter},
		{"protocol 3", []byte{6, 0xa2, 1, 3, 2, 2}, ctap2.StatusInvalidParameter},
		{"next of nothing", []byte{8}, ctap2.StatusNotAllowed},
		{"large blobs", []byte{0x0c, 0xa0}, ctap2.StatusInvalidLength},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			answer, err := a.Exchange(t.Context(), row.request, nil)
			if err != nil || len(answer) != 1 || ctap2.Status(answer[0]) != row.want {
				t.Errorf("%x %v", answer, explained(err))
			}
		})
	}
}

// Whatever a TPM answers, it is a failure and nothing worse.
func FuzzAnswers(f *testing.F) {
	f.Add(told(usual(0, 0, 32, 600)), []byte{0, 1, 2})
	f.Add(response(0, 0x80, 0, 0, 1), response(0, 0, 4, 1, 2, 3, 4))
	f.Add(response(tpm2.TPMRCLockout), response(tpm2.TPMRCAuthFail+0x100))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		if isLater(one) || isLater(two) {
			t.Skip() // that is asked again for long
		}
		d := newFake(func(n int, _ []byte) ([]byte, error) {
			switch {
			case n == 1:
				return told(usual(0, 0, 32, 600)), nil
			case n%2 == 0:
				return one, nil
			}
			return two, nil
		})
		store := storetest.NewMemory()
		store.PutLocalState(t.Context(), mfa.LocalState{Parent: []byte{0, 11}, PINPublic: []byte{0, 1, 1}, PINPrivate: two})
		a, err := Open(t.Context(), Config{Device: d.device, Store: store})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		info, _ := ctap2.ParseInfo(a.GetInfo())
		if _, err := ctap2.TokenByPIN(t.Context(), a, info, secret(rightP), ctap2.PermissionCredentialManagement, "", zeros{}); err == nil {
			t.Error("a token from nowhere")
		}
		info.Options[ctap2.OptionClientPIN] = false
		store.ResetLocal(t.Context())
		ctap2.SetPIN(t.Context(), a, info, secret(rightP), zeros{})
	})
}

// zeros is randomness that is none: a fuzz run must repeat.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(i + 1)
	}
	return len(b), nil
}
