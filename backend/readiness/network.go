package readiness

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"time"
)

// tunnelPort is that of TLS.
const tunnelPort = "443"

// Network is what a check may do on the network.
type Network interface {
	// Proxy gives the address (host:port) of the proxy that stands between here and an
	// https host, "" for none.
	Proxy(host string) string
	// Resolve asks for the addresses of a name.
	Resolve(ctx context.Context, host string) error
	// Connect opens a TCP connection to host:port and closes it. Nothing is sent.
	Connect(ctx context.Context, address string) error
}

// reached is how far one came to a host.
type reached struct {
	proxy, named, connected bool
	err                     error
}

// reachLimit is less than Limit, so that a firewall that drops what it gets is told as
// such, and with how far one came.
const reachLimit = 2 * time.Second

// reach fails only when it was called off.
func reach(outer context.Context, n Network, host string) (reached, error) {
	ctx, stop := context.WithTimeout(outer, reachLimit)
	defer stop()
	var r reached
	if proxy := n.Proxy(host); proxy != "" {
		r.proxy = true
		r.err = n.Connect(ctx, proxy)
	} else {
		if r.err = n.Resolve(ctx, host); r.err != nil {
			return r, outer.Err()
		}
		r.named = true
		r.err = n.Connect(ctx, net.JoinHostPort(host, tunnelPort))
	}
	r.connected = r.err == nil
	return r, outer.Err()
}

type systemNetwork struct{}

// Proxy is that of the environment, which the way to the phone uses, too.
func (systemNetwork) Proxy(host string) string {
	u, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: host}})
	if err != nil || u == nil {
		return ""
	}
	if u.Port() != "" {
		return u.Host
	}
	port := map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func (systemNetwork) Resolve(ctx context.Context, host string) error {
	_, err := net.DefaultResolver.LookupHost(ctx, host)
	return err
}

func (systemNetwork) Connect(ctx context.Context, address string) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return c.Close()
}
