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

func TestKeepalives(t *testing.T) {
	works := func(every time.Duration, times int) func(raw) {
		return func(r raw) {
			channel, data := r.answerTo(cmdCBOR)
			for i := range times {
				time.Sleep(every)
				r.say(channel, cmdKeepalive, byte(1+min(i, 1)))
			}
			r.say(channel, cmdCBOR, data...)
			r.behave()
		}
	}
	plugged(t, Host{}, works(2*time.Second, 30), func(t *testing.T, c *Channel) { // a minute, and never a gap
		var heard []byte
		back, err := c.Exchange(t.Context(), []byte{4}, func(s byte) { heard = append(heard, s) })
		if err != nil || len(back) != 1 || len(heard) != 30 || heard[0] != 1 || heard[29] != 2 {
			t.Errorf("% x, %v, keep-alives % x", back, err, heard)
		}
	})
	plugged(t, Host{Longest: time.Minute}, works(time.Second, 1000), func(t *testing.T, c *Channel) {
		began := time.Now()
		_, err := c.Exchange(t.Context(), []byte{4}, nil)
		wantFailure(t, err, mfa.CodeKeySilent, "")
		if took := time.Since(began); took != time.Minute {
			t.Errorf("gave up after %v", took)
		}
	})
	plugged(t, Host{Keepalives: 50}, works(time.Millisecond, 51), func(t *testing.T, c *Channel) {
		heard := 0
		_, err := c.Exchange(t.Context(), []byte{4}, func(byte) { heard++ })
		wantFailure(t, err, mfa.CodeKeySilent, "")
		if heard != 50 {
			t.Errorf("%d keep-alives were handed on", heard)
		}
	})
}

func TestCancel(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers func(r raw, channel uint32) // after CANCEL was read
		settled bool                        // the next request goes without INIT
		took    time.Duration
	}{
		{"the device says so", func(r raw, channel uint32) { r.say(channel, cmdCBOR, statusCancel) }, true, 0},
		{"after some keep-alives", func(r raw, channel uint32) {
			for range 3 {
				time.Sleep(100 * time.Millisecond)
				r.say(channel, cmdKeepalive, 2)
			}
			r.say(channel, cmdCBOR, statusCancel)
		}, true, 300 * time.Millisecond},
		{"it was done already", func(r raw, channel uint32) { r.say(channel, cmdCBOR, counting(300)...) }, true, 0},
		{"it says an error", func(r raw, channel uint32) { r.say(channel, cmdError, 0x7F) }, true, 0},
		{"it says nothing", func(raw, uint32) {}, false, time.Second},
		{"it goes on working", func(r raw, channel uint32) {
			for range 20 {
				r.say(channel, cmdKeepalive, 2)
				time.Sleep(100 * time.Millisecond)
			}
		}, false, time.Second},
		{"it talks without a pause", func(r raw, channel uint32) {
			for range 50 {
				r.say(channel, cmdKeepalive, 2)
			}
		}, false, time.Second},
		{"it breaks the rules", func(r raw, channel uint32) { r.next(channel, 4) }, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var next byte // the command after the cancelled one
			device := func(r raw) {
				channel, _ := r.answerTo(cmdCBOR)
				r.say(channel, cmdKeepalive, 2)
				if on, _ := r.answerTo(cmdCancel); on != channel {
					panic("cancelled elsewhere")
				}
				c.answers(r, channel)
				for {
					channel, command, data := r.message()
					if next == 0 {
						next = command
					}
					if command == cmdInit {
						r.init(channel, data)
					} else {
						r.say(channel, command, data...)
					}
				}
			}
			plugged(t, Host{}, device, func(t *testing.T, ch *Channel) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				_, err := ch.Exchange(ctx, []byte{1}, func(byte) {
					if ctx.Err() != nil {
						t.Error("a keep-alive was handed on after the end")
					}
				})
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("ended with %v", err)
				}
				if took := time.Since(began); took != time.Second+c.took {
					t.Errorf("took %v", took)
				}
				time.Sleep(5 * time.Second)
				if back, err := ch.Exchange(t.Context(), []byte{4}, nil); err != nil || !bytes.Equal(back, []byte{4}) {
					t.Errorf("afterwards: % x, %v", back, err)
				}
				if (next != cmdInit) != c.settled {
					t.Errorf("the next command was %02x", next)
				}
			})
		})
	}
}

// U2F has no cancel: its answer, if it comes, is thrown away.
func TestCancelOfAnAPDU(t *testing.T) {
	device := func(r raw) {
		channel, _ := r.answerTo(cmdMsg)
		time.Sleep(1500 * time.Millisecond)
		r.say(channel, cmdMsg, 0x69, 0x85)
		r.behave()
	}
	plugged(t, Host{}, device, func(t *testing.T, c *Channel) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.APDU(ctx, []byte{0, 1, 0, 0}); !errors.Is(err, context.DeadlineExceeded) || c.unsettled {
			t.Errorf("ended with %v, unsettled %t", err, c.unsettled)
		}
		if back, err := c.APDU(t.Context(), []byte{0, 3, 0, 0}); err != nil || len(back) != 4 {
			t.Errorf("afterwards: % x, %v", back, err)
		}
	})
}

// A device that takes no reports holds nobody up, and what it got of a message is
// not left to it.
func TestWriteThatHangs(t *testing.T) {
	plugged(t, Host{}, func(raw) {}, func(t *testing.T, c *Channel) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := c.Ping(ctx, make([]byte, 7609)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %v", took)
		}
		_, err := c.Ping(t.Context(), make([]byte, 7609))
		wantFailure(t, err, mfa.CodeKeySilent, "")
	})
}

// What a device did not offer is not asked of it.
func TestWinkOfADeviceThatCannot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, far := Pipe(64)
		r := raw{far, 64}
		go func() {
			channel, nonce := r.answerTo(cmdInit)
			r.say(channel, cmdInit, allocated(nonce, testChannel, NoMSG)...)
			channel, _ = r.answerTo(cmdMsg)
			r.say(channel, cmdMsg, 0x90)
		}()
		c, err := Open(t.Context(), host, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if ctap2, ctap1 := c.Speaks(); ctap2 || ctap1 {
			t.Errorf("it speaks %t, %t", ctap2, ctap1)
		}
		if err := c.Wink(t.Context()); err != nil {
			t.Error(err)
		}
		_, err = c.APDU(t.Context(), []byte{0, 3, 0, 0})
		wantFailure(t, err, mfa.CodeKeyProtocol, "length")
	})
}

func TestExchangesWaitForOneAnother(t *testing.T) {
	device := func(r raw) {
		channel, data := r.answerTo(cmdCBOR)
		time.Sleep(2 * time.Second)
		r.say(channel, cmdCBOR, data...)
		r.behave()
	}
	plugged(t, Host{}, device, func(t *testing.T, c *Channel) {
		done := make(chan error)
		go func() {
			_, err := c.Exchange(t.Context(), []byte{1}, nil)
			done <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Wink(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second exchange ended with %v", err)
		}
		if err := c.Wink(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestReportsOfAWrongSize(t *testing.T) {
	for _, sizes := range [][2]int{{7, 64}, {64, 7}, {1025, 64}, {64, 1025}, {0, 0}} {
		if _, err := Open(t.Context(), odd{sizes: sizes}, nil); mfa.AsFailure(err).Params["what"] != "report" {
			t.Errorf("sizes %v: %v", sizes, err)
		}
	}
	for _, n := range []int{0, 4, 63, 65} {
		if _, err := Open(t.Context(), odd{sizes: [2]int{64, 64}, says: make([]byte, n)}, nil); mfa.AsFailure(err).Params["what"] != "report" {
			t.Errorf("a report of %d bytes: %v", n, err)
		}
	}
}

// A device that has always something to say to others holds nobody up. Time does
// not pass for it, so this is the machine's own clock.
func TestChatter(t *testing.T) {
	chatter := odd{sizes: [2]int{64, 64}, says: reports(64, 3, cmdKeepalive, []byte{2})[0]}
	if _, err := (Host{Gap: time.Millisecond}).Open(t.Context(), chatter); !mfa.IsCode(err, mfa.CodeKeySilent) {
		t.Error(err)
	}
}

// odd is a device that says one thing for ever.
type odd struct {
	sizes [2]int
	says  []byte
}

func (o odd) Read(context.Context) ([]byte, error) { return o.says, nil }
func (odd) Write(context.Context, []byte) error    { return nil }
func (o odd) Sizes() (in, out int)                 { return o.sizes[0], o.sizes[1] }
func (odd) Close() error                           { return nil }
