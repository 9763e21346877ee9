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
		if took := time.Since(began); took != time.Minute+time.Second { // it does not listen to the cancel
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

// A device that works for ever is told to stop, so that it does not blink on, and the
// next exchange finds it ready. Second tries take no time of their own.
func TestEndlessWorkIsCancelled(t *testing.T) {
	works := func(busy int) func(raw) {
		return func(r raw) {
			for range busy {
				channel, _ := r.answerTo(cmdCBOR)
				time.Sleep(2 * time.Second)
				r.say(channel, cmdKeepalive, 2)
				time.Sleep(2 * time.Second)
				r.say(channel, cmdError, byte(faultBusy))
			}
			asked, stopped := make(chan uint32), make(chan struct{})
			go func() {
				channel, _ := r.answerTo(cmdCBOR)
				asked <- channel
				r.answerTo(cmdCancel)
				r.say(channel, cmdCBOR, statusCancel)
				close(stopped)
			}()
			channel := <-asked
			for tick := time.NewTicker(time.Second); ; {
				select {
				case <-tick.C:
					r.say(channel, cmdKeepalive, 2)
					continue
				case <-stopped:
				}
				tick.Stop()
				break
			}
			r.behave()
		}
	}
	for name, c := range map[string]struct {
		host Host
		busy int
		took time.Duration
	}{
		"by its time":            {Host{Longest: 30*time.Second + time.Millisecond}, 0, 30*time.Second + time.Millisecond},
		"by its number":          {Host{Keepalives: 10}, 0, 11 * time.Second},
		"after it had been busy": {Host{Longest: 30*time.Second + time.Millisecond}, 3, 30*time.Second + time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			plugged(t, c.host, works(c.busy), func(t *testing.T, ch *Channel) {
				began := time.Now()
				_, err := ch.Exchange(t.Context(), []byte{1}, nil)
				wantFailure(t, err, mfa.CodeKeySilent, "")
				if took := time.Since(began); took != c.took || ch.unsettled {
					t.Errorf("gave up after %v, unsettled %t", took, ch.unsettled)
				}
				if back, err := ch.Exchange(t.Context(), []byte{4}, nil); err != nil || !bytes.Equal(back, []byte{4}) {
					t.Errorf("afterwards: % x, %v", back, err)
				}
			})
		})
	}
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
