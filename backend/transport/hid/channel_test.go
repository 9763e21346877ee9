package hid

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestOpen(t *testing.T) {
	for _, c := range []struct {
		name   string
		device func(raw)
		code   mfa.Code // "" opens
		what   string
	}{
		{"strangers allocate too", func(r raw) {
			channel, nonce := r.answerTo(cmdInit)
			stranger := bytes.Repeat([]byte{7}, 8)
			r.say(channel, cmdInit, allocated(stranger, 99, 0)...)
			r.say(98, cmdCBOR, 0)
			r.say(channel, cmdInit, stranger[:3]...)
			r.say(channel, cmdError, byte(faultLength))
			r.next(channel, 0)
			r.init(channel, nonce)
		}, "", ""},
		{"a stranger's long message goes before", func(r raw) {
			channel, nonce := r.answerTo(cmdInit)
			r.say(channel, cmdPing, counting(100)...)
			r.first(channel, cmdPing, 100)
			r.init(channel, nonce)
		}, "", ""},
		{"another command that looks like the answer", func(r raw) {
			channel, nonce := r.answerTo(cmdInit)
			r.say(channel, cmdPing, allocated(nonce, 99, 0)...)
			r.init(channel, nonce)
		}, "", ""},
		{"busy for a while", func(r raw) {
			for range 3 {
				channel, _ := r.answerTo(cmdInit)
				r.say(channel, cmdError, byte(faultBusy))
			}
			r.init(r.answerTo(cmdInit))
		}, "", ""},
		{"longer answer", func(r raw) {
			channel, nonce := r.answerTo(cmdInit)
			r.say(channel, cmdInit, append(allocated(nonce, testChannel, CanCBOR|CanWink), 1, 2, 3)...)
		}, "", ""},
		{"busy for ever", func(r raw) {
			for {
				channel, _ := r.answerTo(cmdInit)
				r.say(channel, cmdError, byte(faultBusy))
			}
		}, mfa.CodeKeyBusy, ""},
		{"silent", func(r raw) { r.packet() }, mfa.CodeKeySilent, ""},
		{"only strangers are answered", func(r raw) {
			channel, _ := r.answerTo(cmdInit)
			for {
				time.Sleep(time.Second)
				r.say(channel, cmdInit, allocated(make([]byte, 8), 99, 0)...)
			}
		}, mfa.CodeKeySilent, ""},
		{"only strangers, without a pause", func(r raw) {
			channel, _ := r.answerTo(cmdInit)
			for range 200 {
				r.say(channel, cmdInit, allocated(make([]byte, 8), 99, 0)...)
			}
		}, mfa.CodeKeySilent, ""},
		{"gone", func(r raw) { r.packet(); r.Close() }, mfa.CodeKeyLost, ""},
		{"short answer", func(r raw) {
			channel, nonce := r.answerTo(cmdInit)
			r.say(channel, cmdInit, allocated(nonce, testChannel, 0)[:16]...)
		}, mfa.CodeKeyProtocol, "length"},
		{"another protocol", func(r raw) {
			channel, nonce := r.answerTo(cmdInit)
			answer := allocated(nonce, testChannel, 0)
			answer[12] = 3
			r.say(channel, cmdInit, answer...)
		}, mfa.CodeKeyProtocol, "version"},
		{"channel zero", func(r raw) {
			channel, nonce := r.answerTo(cmdInit)
			r.say(channel, cmdInit, allocated(nonce, 0, 0)...)
		}, mfa.CodeKeyProtocol, "channel"},
		{"the broadcast channel", func(r raw) {
			channel, nonce := r.answerTo(cmdInit)
			r.say(channel, cmdInit, allocated(nonce, broadcast, 0)...)
		}, mfa.CodeKeyProtocol, "channel"},
		{"no channel there", func(r raw) {
			for {
				channel, _ := r.answerTo(cmdInit)
				r.say(channel, cmdError, byte(faultChannel))
			}
		}, mfa.CodeKeyProtocol, "channel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host, far := Pipe(64)
				ended := make(chan struct{})
				go func() { defer close(ended); c.device(raw{far, 64}) }()
				defer func() { <-ended }()
				opened, err := Open(t.Context(), host, nil)
				if c.code != "" {
					wantFailure(t, err, c.code, c.what)
					if err := far.Write(t.Context(), make([]byte, 64)); err == nil {
						t.Error("the device was left open")
					}
					return
				}
				if err != nil {
					t.Fatal(err, mfa.AsFailure(err).Explain())
				}
				if ctap2, ctap1 := opened.Speaks(); !ctap2 || !ctap1 || opened.Version() != [3]byte{1, 2, 3} || opened.id != testChannel || opened.Way() != "usb" {
					t.Errorf("opened %+v", opened)
				}
				opened.Close()
				opened.Close()
			})
		})
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, far := Pipe(64)
		defer far.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := Open(ctx, host, nil); err != context.DeadlineExceeded { // and no failure around it
			t.Error(err)
		}
		if _, err := Open(ctx, host, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		host, far = Pipe(64)
		defer far.Close()
		if _, err := Open(t.Context(), host, bytes.NewReader(nil)); !mfa.IsCode(err, mfa.CodeInternal) {
			t.Errorf("without randomness: %v", err)
		}
	})
}

func TestMessages(t *testing.T) {
	plugged(t, Host{}, raw.behave, func(t *testing.T, c *Channel) {
		for _, n := range []int{0, 1, 56, 57, 58, 116, 117, 1024, 7608, 7609} {
			back, err := c.Ping(t.Context(), counting(n))
			if err != nil || !bytes.Equal(back, counting(n)) {
				t.Fatalf("%d bytes: %d came back, %v", n, len(back), err)
			}
		}
		_, err := c.Exchange(t.Context(), make([]byte, 7610), nil)
		wantFailure(t, err, mfa.CodeKeyProtocol, "length")
		if back, err := c.APDU(t.Context(), []byte{0, 3, 0, 0}); err != nil || len(back) != 4 {
			t.Errorf("APDU: % x, %v", back, err)
		}
		if err := c.Wink(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// faults are devices that do wrong once, and then behave.
var faults = []struct {
	name   string
	device func(r raw, channel uint32) // after the request was read
	code   mfa.Code                    // "": the answer is right all the same
	what   string
}{
	{"another channel's message before the answer", func(r raw, channel uint32) {
		r.say(channel+1, cmdCBOR, counting(200)...)
		r.say(channel, cmdCBOR, 0, 1)
	}, "", ""},
	{"another channel's packets within the answer", func(r raw, channel uint32) {
		r.first(channel, cmdCBOR, 60, append([]byte{0, 1}, make([]byte, 55)...)...)
		r.say(channel+1, cmdCBOR, counting(200)...)
		r.next(channel+1, 0)
		r.say(broadcast, cmdInit, allocated(make([]byte, 8), 4, 0)...)
		r.next(channel, 0)
	}, "", ""},
	{"keep-alives of a kind that nobody knows", func(r raw, channel uint32) {
		r.say(channel, cmdKeepalive, 9)
		r.say(channel, cmdCBOR, 0, 1)
	}, "", ""},
	{"wrong sequence at once", func(r raw, channel uint32) {
		r.first(channel, cmdCBOR, 100)
		r.next(channel, 1)
	}, mfa.CodeKeyProtocol, "sequence"},
	{"a sequence number twice", func(r raw, channel uint32) {
		r.first(channel, cmdCBOR, 200)
		r.next(channel, 0)
		r.next(channel, 0)
	}, mfa.CodeKeyProtocol, "sequence"},
	{"a message within the message", func(r raw, channel uint32) {
		r.first(channel, cmdCBOR, 100)
		r.first(channel, cmdCBOR, 100)
	}, mfa.CodeKeyProtocol, "sequence"},
	{"a keep-alive within the message", func(r raw, channel uint32) {
		r.first(channel, cmdCBOR, 100)
		r.say(channel, cmdKeepalive, 1)
	}, mfa.CodeKeyProtocol, "sequence"},
	{"an answer without a beginning", func(r raw, channel uint32) { r.next(channel, 0) }, mfa.CodeKeyProtocol, "sequence"},
	{"more than can be carried", func(r raw, channel uint32) { r.first(channel, cmdCBOR, 7610) }, mfa.CodeKeyProtocol, "length"},
	{"64 KiB", func(r raw, channel uint32) { r.first(channel, cmdCBOR, 65535) }, mfa.CodeKeyProtocol, "length"},
	{"nothing", func(r raw, channel uint32) { r.say(channel, cmdCBOR) }, mfa.CodeKeyProtocol, "length"},
	{"a keep-alive without a status", func(r raw, channel uint32) { r.say(channel, cmdKeepalive) }, mfa.CodeKeyProtocol, "length"},
	{"another command", func(r raw, channel uint32) { r.say(channel, cmdMsg, 0x90, 0) }, mfa.CodeKeyProtocol, "command"},
	{"an error without a code", func(r raw, channel uint32) { r.say(channel, cmdError) }, mfa.CodeKeyProtocol, "command"},
	{"says: bad command", func(r raw, channel uint32) { r.say(channel, cmdError, 0x01) }, mfa.CodeKeyProtocol, "refused"},
	{"says: bad parameter", func(r raw, channel uint32) { r.say(channel, cmdError, 0x02) }, mfa.CodeKeyProtocol, "refused"},
	{"says: bad length", func(r raw, channel uint32) { r.say(channel, cmdError, 0x03) }, mfa.CodeKeyProtocol, "refused"},
	{"says: bad sequence", func(r raw, channel uint32) { r.say(channel, cmdError, 0x04) }, mfa.CodeKeyProtocol, "refused"},
	{"says: time-out", func(r raw, channel uint32) { r.say(channel, cmdError, 0x05) }, mfa.CodeKeyProtocol, "refused"},
	{"says: locked", func(r raw, channel uint32) { r.say(channel, cmdError, 0x0A) }, mfa.CodeKeyBusy, ""},
	{"says: other", func(r raw, channel uint32) { r.say(channel, cmdError, 0x7F) }, mfa.CodeKeyFailed, ""},
	{"says an error within the message", func(r raw, channel uint32) {
		r.first(channel, cmdCBOR, 100)
		r.say(channel, cmdError, 0x7F)
	}, mfa.CodeKeyFailed, ""},
	{"silent", func(raw, uint32) {}, mfa.CodeKeySilent, ""},
	{"silent within the message", func(r raw, channel uint32) { r.first(channel, cmdCBOR, 100) }, mfa.CodeKeySilent, ""},
	{"talks to others only", func(r raw, channel uint32) {
		for range 40 {
			time.Sleep(100 * time.Millisecond)
			r.say(channel+1, cmdKeepalive, 2)
		}
	}, mfa.CodeKeySilent, ""},
}

func TestFaults(t *testing.T) {
	for _, c := range faults {
		t.Run(c.name, func(t *testing.T) {
			device := func(r raw) {
				channel, _ := r.answerTo(cmdCBOR)
				c.device(r, channel)
				r.behave()
			}
			plugged(t, Host{}, device, func(t *testing.T, ch *Channel) {
				began := time.Now()
				response, err := ch.Exchange(t.Context(), []byte{4}, func(s byte) { t.Errorf("keep-alive %d", s) })
				if c.code == "" {
					if err != nil || response[0] != 0 || response[1] != 1 {
						t.Errorf("% x, %v", response, err)
					}
				} else {
					wantFailure(t, err, c.code, c.what)
				}
				if took := time.Since(began); took > 3*time.Second {
					t.Errorf("it took %v", took)
				}
				time.Sleep(5 * time.Second) // whatever it still says is stale then
				if back, err := ch.Exchange(t.Context(), []byte{4, 5}, nil); err != nil || !bytes.Equal(back, []byte{4, 5}) {
					t.Errorf("afterwards: % x, %v %s", back, err, mfa.AsFailure(err).Explain())
				}
			})
		})
	}
}

func TestBusyIsAskedAgain(t *testing.T) {
	device := func(r raw) {
		for range 4 {
			channel, _ := r.answerTo(cmdCBOR)
			r.say(channel, cmdError, byte(faultBusy))
		}
		r.behave()
	}
	plugged(t, Host{}, device, func(t *testing.T, c *Channel) {
		began := time.Now()
		if back, err := c.Exchange(t.Context(), []byte{4}, nil); err != nil || !bytes.Equal(back, []byte{4}) {
			t.Errorf("% x, %v", back, err)
		}
		if took := time.Since(began); took != 400*time.Millisecond {
			t.Errorf("backed off for %v", took)
		}
	})
	busy := func(r raw) {
		for {
			channel, _ := r.answerTo(cmdCBOR)
			r.say(channel, cmdError, byte(faultBusy))
		}
	}
	plugged(t, Host{Busy: 3, Pause: time.Minute}, busy, func(t *testing.T, c *Channel) {
		began := time.Now()
		_, err := c.Exchange(t.Context(), []byte{4}, nil)
		wantFailure(t, err, mfa.CodeKeyBusy, "")
		if took := time.Since(began); took != 3*time.Minute {
			t.Errorf("gave up after %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Exchange(ctx, []byte{4}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestForgottenChannelIsAllocatedAgainOnce(t *testing.T) {
	device := func(r raw) {
		channel, _ := r.answerTo(cmdCBOR)
		r.say(channel, cmdError, byte(faultChannel))
		channel, nonce := r.answerTo(cmdInit)
		if channel != broadcast {
			panic("asked on a channel that is gone")
		}
		r.say(channel, cmdInit, allocated(nonce, 77, CanCBOR)...)
		channel, data := r.answerTo(cmdCBOR)
		if channel != 77 {
			panic("another channel")
		}
		r.say(channel, cmdCBOR, data...)
		for { // and then it forgets everything
			channel, command, data := r.message()
			if command == cmdInit {
				r.say(channel, cmdInit, allocated(data, channel&0xff+100, CanCBOR)...)
			} else {
				r.say(channel, cmdError, byte(faultChannel))
			}
		}
	}
	plugged(t, Host{}, device, func(t *testing.T, c *Channel) {
		if back, err := c.Exchange(t.Context(), []byte{4}, nil); err != nil || !bytes.Equal(back, []byte{4}) {
			t.Errorf("% x, %v", back, err)
		}
		_, err := c.Exchange(t.Context(), []byte{4}, nil)
		wantFailure(t, err, mfa.CodeKeyProtocol, "channel")
	})
}

// A device that gives another channel when it is asked to begin anew on ours has
// mixed something up.
func TestResyncKeepsTheChannel(t *testing.T) {
	device := func(r raw) {
		channel, _ := r.answerTo(cmdCBOR)
		r.next(channel, 0)
		channel, nonce := r.answerTo(cmdInit)
		r.say(channel, cmdInit, allocated(nonce, 5, CanCBOR)...)
	}
	plugged(t, Host{}, device, func(t *testing.T, c *Channel) {
		_, err := c.Exchange(t.Context(), []byte{4}, nil)
		wantFailure(t, err, mfa.CodeKeyProtocol, "sequence")
		_, err = c.Exchange(t.Context(), []byte{4}, nil)
		wantFailure(t, err, mfa.CodeKeyProtocol, "channel")
	})
}
