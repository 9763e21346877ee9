package tunnel

import (
	"crypto/rand"
	"io"
	"log/slog"
	"time"
)

// Config holds the limits of a relay. A zero field means its default.
type Config struct {
	Life          time.Duration // a tunnel, from its first socket to its end; 180 s
	Messages      int           // messages in each direction; 64
	MessageSize   int           // bytes of one message; 64 KiB
	DirectionSize int           // bytes in each direction; 1 MiB
	Tunnels       int           // tunnels at a time; 4096
	Phones        int           // phones waiting to be rung at a time; 4096
	PerAddress    int           // sockets at a time from one IPv4 address or IPv6 /64; 64
	Rings         int           // unanswered rings at a time for one phone; 4

	WriteTimeout time.Duration // for one message to a receiver that does not read; 10 s
	CloseGrace   time.Duration // for the other side's half of a closing handshake; 2 s
	PingInterval time.Duration // between checks that a waiting phone is still there; 30 s

	Random io.Reader    // routing ID and tunnel IDs; crypto/rand
	Log    *slog.Logger // counts and reasons, never IDs or payloads; silent
}

func (c Config) withDefaults() Config {
	orElse(&c.Life, 180*time.Second)
	orElse(&c.Messages, 64)
	orElse(&c.MessageSize, 64<<10)
	orElse(&c.DirectionSize, 1<<20)
	orElse(&c.Tunnels, 4096)
	orElse(&c.Phones, 4096)
	orElse(&c.PerAddress, 64)
	orElse(&c.Rings, 4)
	orElse(&c.WriteTimeout, 10*time.Second)
	orElse(&c.CloseGrace, 2*time.Second)
	orElse(&c.PingInterval, 30*time.Second)
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func orElse[T int | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
