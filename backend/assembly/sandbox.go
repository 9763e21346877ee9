package assembly

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/home"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/simkey"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/transport/ble"
	"github.com/keyferry/keyferry/backend/tunnel"
)

// sandbox is everything simulated: a radio, a relay and a phone, all on
// 127.0.0.1, and a security key in memory. The code is the product's; only the air, the
// internet and the wire are not. This computer's TPM is real, there, too: what it keeps
// lies in the sandbox's database.
type sandbox struct {
	radio  *ble.Loopback
	tunnel string // base URL of the relay
	phone  *phonesim.Phone
	key    *simkey.Key

	stop    context.CancelFunc
	running sync.WaitGroup
}

// keyPatience is how long the simulated key blinks. Real ones give up sooner: whoever
// meets one for the first time reads before they touch it.
const keyPatience = 2 * time.Minute

// openSandbox starts it. With radio and relay given (keyferryctl, two
// processes) there is no phone in this process.
func openSandbox(radio, relay string, folder *home.Home, told desk.Simulated, log *slog.Logger) (*sandbox, error) {
	at := radio
	if at == "" {
		at = "127.0.0.1:0"
	}
	l, err := ble.ListenLoopback(at)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &sandbox{radio: l, tunnel: relay, stop: stop}
	if s.key, err = simkey.Open(simkey.Config{Path: folder.Key(), Changed: told.Key, Patience: keyPatience, Clock: time.Now, Rand: rand.Reader}); err != nil {
		s.close()
		return nil, err
	}
	if relay != "" {
		return s, nil
	}
	if err := s.serveRelay(ctx, log); err != nil {
		s.close()
		return nil, err
	}
	s.phone, err = phonesim.Open(phonesim.Config{Advertiser: ble.LoopbackAdvertiser{Addr: l.Addr()}, DomainURL: s.domain,
		Path: folder.Phone(), Changed: told.Phone, Clock: time.Now, Rand: rand.Reader, Log: log})
	if err != nil {
		s.close()
		return nil, err
	}
	s.running.Go(func() {
		if err := s.phone.Serve(ctx); err != nil && !errors.Is(err, context.Canceled) {
			log.Warn("the simulated phone cannot be rung", "err", mfa.AsFailure(err))
		}
	})
	return s, nil
}

func (s *sandbox) serveRelay(ctx context.Context, log *slog.Logger) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return mfa.Fail(mfa.CodeTunnelUnreachable, "host", "127.0.0.1").Because(err)
	}
	s.tunnel = "ws://" + ln.Addr().String()
	relay := tunnel.New(tunnel.Config{Log: log})
	s.running.Go(func() {
		if err := relay.Serve(ctx, ln); err != nil && !errors.Is(err, context.Canceled) {
			log.Warn("the sandbox's relay stopped", "err", mfa.AsFailure(err))
		}
	})
	return nil
}

// domain leads every tunnel server ID to the one relay.
func (s *sandbox) domain(uint16) (string, error) { return s.tunnel, nil }

// machine is the computer that the sandbox pretends to be.
func (s *sandbox) machine() machine {
	return machine{radio: s.radio, buses: []transport.KeyBus{s.key.Bus()}}
}

func (s *sandbox) close() {
	s.stop()
	if s.phone != nil {
		s.phone.Close()
	}
	if s.key != nil {
		s.key.Close()
	}
	s.running.Wait()
	s.radio.Close()
}
