package pcsc

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/nfc"
)

func TestList(t *testing.T) {
	with := func(r *fakeReader, alter func(*fakeReader)) *fakeReader { alter(r); return r }
	memory := append([]byte{0x3B, 0x8F, 0x80, 0x01}, append(slices.Clone(storage), 0x03, 0, 1, 0, 0, 0, 0, 0x6A)...)
	for _, c := range []struct {
		name    string
		readers []*fakeReader
		want    string // names, with ! behind those that are in trouble
		selects int
	}{
		{"no reader", nil, "", 0},
		{"an empty reader", []*fakeReader{{name: "R"}}, "", 0},
		{"a key", []*fakeReader{keyOn("ACS ACR122U PICC Interface 00 00")}, "ACS ACR122U PICC Interface", 1},
		{"two keys", []*fakeReader{keyOn("A 00 00"), {name: "B"}, keyOn("C 01 00")}, "A C", 2},
		{"a bank card", []*fakeReader{{name: "R", atr: contactlessATR, card: bank{}}}, "", 1},
		{"a memory card", []*fakeReader{{name: "R", atr: memory, card: bank{}}}, "", 0},
		{"the chip of a USB key", []*fakeReader{with(keyOn("Yubico YubiKey OTP+FIDO+CCID 00 00"), func(r *fakeReader) {
			r.atr = []byte{0x3B, 0xFD, 0x13, 0, 0, 0x81, 0x31, 0xFE, 0x15, 0x80, 0x73, 0xC0, 0x21, 0xC0, 0x57, 0x59, 0x75, 0x62, 0x69, 0x4B, 0x65, 0x79, 0x40}
		})}, "", 0},
		{"a card that says nothing", []*fakeReader{with(keyOn("R"), func(r *fakeReader) { r.flags = stateMute })}, "", 0},
		{"a key that another program keeps for itself", []*fakeReader{with(keyOn("R"), func(r *fakeReader) { r.flags = stateExclusive })}, "R!", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(c.readers...)
			b := f.bus()
			for range 2 {
				slots, err := b.List(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, s := range slots {
					if s.Way != transport.WayNFC {
						t.Errorf("way %q", s.Way)
					}
					if s.Trouble != nil {
						s.Name += "!"
					}
					got = append(got, s.Name)
				}
				if strings.Join(got, " ") != c.want {
					t.Errorf("got %q", got)
				}
			}
			if f.selects != c.selects {
				t.Errorf("%d selections for two lists, want %d", f.selects, c.selects)
			}
			f.idle(t)
		})
	}
}

func TestACardIsAskedAgainWhenItWasLaidDownAgain(t *testing.T) {
	r := keyOn("R")
	f := newFake(r)
	b := f.bus()
	for n := range 3 {
		f.change(func() { r.count++ })
		if slots, _ := b.List(t.Context()); len(slots) != 1 || f.selects != n+1 {
			t.Errorf("%d keys, %d selections", len(slots), f.selects)
		}
	}
	f.change(func() { r.card = bank{}; r.count++ })
	if slots, _ := b.List(t.Context()); len(slots) != 0 || len(b.keys) != 1 {
		t.Errorf("%d keys, %d verdicts kept", len(slots), len(b.keys))
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		function string
		code     code
		list     mfa.Code // empty: none
		open     mfa.Code
	}{
		{"establish", codeNoService, mfa.CodeReaderNoService, mfa.CodeReaderNoService},
		{"establish", codeServiceStopped, mfa.CodeReaderNoService, mfa.CodeReaderNoService},
		{"establish", codeComm, mfa.CodeReaderNoService, mfa.CodeReaderNoService},
		{"establish", codeSecurity, mfa.CodeReaderDenied, mfa.CodeReaderDenied},
		{"establish", 0x80100001, mfa.CodeKeyFailed, mfa.CodeKeyFailed},
		{"readers", codeServiceStopped, mfa.CodeReaderNoService, ""},
		{"readers", codeNoReaders, "", ""},
		{"wait", codeUnknownReader, "", mfa.CodeReaderMissing},
		{"wait", codeServiceStopped, mfa.CodeReaderNoService, mfa.CodeReaderNoService},
		{"connect", codeSecurity, "", mfa.CodeReaderDenied},
		{"connect", codeSharing, "", mfa.CodeKeyBusy},
		{"connect", codeNoCard, "", mfa.CodeKeyLost},
		{"connect", codeUnpowered, "", mfa.CodeKeyLost},
		{"connect", codeUnresponsive, "", mfa.CodeKeyLost},
		{"connect", codeProtocol, "", mfa.CodeKeyProtocol},
		{"begin", codeReset, "", mfa.CodeKeyLost},
		{"connect", codeUnknownReader, "", mfa.CodeReaderMissing},
		{"begin", codeReaderUnavailable, "", mfa.CodeReaderMissing},
		{"transmit", codeReaderUnavailable, "", mfa.CodeReaderMissing},
		{"transmit", codeRemoved, "", mfa.CodeKeyLost},
		{"transmit", codeNotTransacted, "", mfa.CodeKeyLost},
		{"transmit", codeComm, "", mfa.CodeReaderNoService},
	} {
		t.Run(c.function+" "+c.code.Error(), func(t *testing.T) {
			f := newFake(keyOn("R"))
			b := f.bus()
			f.fails[c.function] = c.code
			_, err := b.List(t.Context())
			if (err != nil) != (c.list != "") || err != nil && !mfa.IsCode(err, c.list) {
				t.Errorf("List: %v, want %q", err, c.list)
			}
			k, err := b.Open(t.Context(), "0 R")
			if (err != nil) != (c.open != "") || err != nil && !mfa.IsCode(err, c.open) {
				t.Errorf("Open: %v, want %q", err, c.open)
			}
			if err == nil {
				k.Close()
			} else if k != nil {
				t.Error("a failure came with a key")
			}
			f.idle(t)
		})
	}
}

func TestRefusedAtTheDoor(t *testing.T) {
	f := newFake()
	f.fails["establish"], f.fails["listens"] = codeNoService, 1
	if _, err := f.bus().List(t.Context()); !mfa.IsCode(err, mfa.CodeReaderDenied) {
		t.Errorf("List: %v", err)
	}
}

func TestALibraryThatComesLaterIsFound(t *testing.T) {
	missing := true
	f := newFake()
	b := newBus(func() (service, error) {
		if missing {
			return nil, noService(errors.New("no library"))
		}
		return f, nil
	})
	if _, err := b.List(t.Context()); !mfa.IsCode(err, mfa.CodeReaderNoService) {
		t.Errorf("without: %v", err)
	}
	missing = false
	if _, err := b.List(t.Context()); err != nil {
		t.Errorf("with: %v", err)
	}
}

func TestOpenAndLift(t *testing.T) {
	r := keyOn("R")
	f := newFake(r)
	k, err := f.bus().Open(t.Context(), "0 R")
	if err != nil {
		t.Fatal(err)
	}
	if two, one := k.Speaks(); !two || one || r.holder == 0 {
		t.Errorf("speaks %t %t, transaction of %d", two, one, r.holder)
	}
	if _, err := k.Exchange(t.Context(), []byte{4}, nil); err != nil {
		t.Error(err)
	}
	f.change(func() { r.atr = nil })
	for range 2 {
		if _, err := k.Exchange(t.Context(), []byte{4}, nil); !mfa.IsCode(err, mfa.CodeKeyLost) {
			t.Errorf("after it was lifted: %v", err)
		}
	}
	k.Close()
	k.Close()
	f.idle(t)
}

// Its reader is pulled out, with the key on it.
func TestOpenAndPullTheReader(t *testing.T) {
	r := keyOn("R")
	f := newFake(r)
	k, err := f.bus().Open(t.Context(), "0 R")
	if err != nil {
		t.Fatal(err)
	}
	f.change(func() { r.atr, f.slots = nil, nil })
	for range 2 {
		if _, err := k.Exchange(t.Context(), []byte{4}, nil); !mfa.IsCode(err, mfa.CodeReaderMissing) {
			t.Errorf("after the reader was pulled out: %v", err)
		}
	}
	k.Close()
	f.idle(t)
}

// Nobody is to reset, or give a PIN to, a key that lies where the one stood that they chose.
func TestAnotherKeyInItsPlaceIsNotOpened(t *testing.T) {
	r := keyOn("R")
	f := newFake(r)
	b := f.bus()
	slots, err := b.List(t.Context())
	if err != nil || len(slots) != 1 {
		t.Fatalf("%v, %v", slots, err)
	}
	f.change(func() { r.card = nfc.NewApplet(speaks{}, nfc.VersionFIDO2); r.count += 2 })
	for _, id := range []string{slots[0].ID, "R", "", "x R", "65536 R"} {
		if k, err := b.Open(t.Context(), id); k != nil || !mfa.IsCode(err, mfa.CodeKeyLost) {
			t.Errorf("%q: %v", id, err)
		}
	}
	now, err := b.List(t.Context())
	if err != nil || len(now) != 1 || now[0].ID == slots[0].ID || now[0].Name != slots[0].Name {
		t.Fatalf("%v, %v", now, err)
	}
	k, err := b.Open(t.Context(), now[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	k.Close()
	f.idle(t)
}

func TestOldCardsGetNoLe(t *testing.T) {
	r := keyOn("R")
	r.t0 = true
	f := newFake(r)
	k, err := f.bus().Open(t.Context(), "0 R")
	if err != nil {
		t.Fatal(err)
	}
	k.Close()
	if got := r.got[0]; len(got) != 13 || got[4] != 8 {
		t.Errorf("the selection was % X", got)
	}
}

func TestCallsThatHang(t *testing.T) {
	for _, function := range []string{"establish", "connect", "begin", "transmit"} {
		t.Run(function, func(t *testing.T) {
			f := newFake(keyOn("R"))
			hang := make(chan struct{})
			f.hangs[function] = hang
			b := f.bus()
			ctx, cancel := context.WithCancel(t.Context())
			go func() { // not before it hangs
				until(t, func() bool { return f.hung.Load() > 0 })
				cancel()
			}()
			if _, err := b.Open(ctx, "0 R"); !errors.Is(err, context.Canceled) {
				t.Errorf("Open: %v", err)
			}
			close(hang)
			until(t, func() bool {
				f.mu.Lock()
				defer f.mu.Unlock()
				return f.living == 0 && len(f.open) == 0 && b.stuck.Load() == 0
			})
		})
	}
}

func TestHangingCallsAreFew(t *testing.T) {
	f := newFake(keyOn("R"))
	hang := make(chan struct{})
	f.hangs["establish"] = hang
	b := f.bus()
	for n := range maxStuck {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { // not before it hangs
			until(t, func() bool { return f.hung.Load() == int32(n+1) })
			cancel()
		}()
		if _, err := b.List(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if _, err := b.List(t.Context()); !mfa.IsCode(err, mfa.CodeReaderNoService) {
		t.Errorf("one more: %v", err)
	}
	close(hang)
	until(t, func() bool { return b.stuck.Load() == 0 })
	if slots, err := b.List(t.Context()); len(slots) != 1 || err != nil {
		t.Errorf("later: %v, %v", slots, err)
	}
}

// until polls what nothing tells of.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for late := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(late) {
			t.Fatal("it never came so far")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestWatch(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		f := newFake()
		f.deaf = deaf
		if deaf {
			f.slots = []*fakeReader{{name: "empty"}} // one wakes the wait that new ones do not
		}
		b := f.bus()
		ctx, cancel := context.WithCancel(t.Context())
		told, result := make(chan struct{}, 10), make(chan error, 1)
		go func() { result <- b.Watch(ctx, func() { told <- struct{}{} }) }()
		<-told
		r := keyOn("R")
		f.change(func() {
			f.slots = append(f.slots, r)
			f.slots[0].count++
		})
		<-told
		f.change(func() { r.atr = nil; r.count++ })
		<-told
		f.change(func() { r.atr = contactlessATR; r.count++ })
		<-told
		f.change(func() { f.slots = f.slots[:0] })
		<-told
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
		until(t, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.living == 0 })
	}
}

func TestWatchHearsOnlyOfKeys(t *testing.T) {
	r, other := keyOn("R"), &fakeReader{name: "chip"}
	f := newFake(r, other)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told, result := make(chan struct{}, 10), make(chan error, 1)
	go func() { result <- f.bus().Watch(ctx, func() { told <- struct{}{} }) }()
	<-told
	f.change(func() { other.atr = []byte{0x3B, 0}; other.count++ })
	f.change(func() { r.flags = 0x100 }) // somebody uses it
	f.change(func() { r.flags = stateExclusive })
	<-told
	cancel()
	<-result
	if n := len(told); n != 0 {
		t.Errorf("told %d times more", n)
	}
}

func TestWatchEndsWithTheService(t *testing.T) {
	f := newFake(keyOn("R"))
	told, result := make(chan struct{}, 1), make(chan error, 1)
	go func() { result <- f.bus().Watch(t.Context(), func() { told <- struct{}{} }) }()
	<-told
	f.mu.Lock()
	f.fails["readers"] = codeServiceStopped
	f.mu.Unlock()
	f.change(func() { f.slots[0].count++ })
	if err := <-result; !mfa.IsCode(err, mfa.CodeReaderNoService) {
		t.Errorf("ended with %v", err)
	}
	until(t, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.living == 0 })
}

func TestWatchDoesNotWaitForAServiceThatHangs(t *testing.T) {
	f := newFake()
	hang := make(chan struct{})
	f.hangs["wait"] = hang
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := f.bus().Watch(ctx, func() { t.Error("told") }); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	close(hang)
	until(t, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.living == 0 })
}

func TestReaderName(t *testing.T) {
	for in, want := range map[string]string{
		"ACS ACR122U PICC Interface 00 00":         "ACS ACR122U PICC Interface",
		"Identiv uTrust 3700 F CL Reader [2] 0A 1": "Identiv uTrust 3700 F CL Reader [2] 0A 1",
		"HID\x1b[31m 01 00":                        "HID[31m",
		"\xff\xfe":                                 "",
		" 00 00":                                   "00 00",
		strings.Repeat("ä", 100):                   strings.Repeat("ä", maxName),
	} {
		if got := readerName(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

var _ nfc.Card = (*card)(nil)
