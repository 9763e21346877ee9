package tunnel

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// originFits refuses pages of other sites, which can make a browser open
// sockets. Programs send wss://HOST or no Origin at all; a relay on loopback has
// no TLS and may be named with ws or http.
func originFits(r *http.Request) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return true
	}
	if len(values) > 1 {
		return false
	}
	u, err := url.Parse(values[0])
	if err != nil || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Host == "" {
		return false
	}
	port := "443"
	switch u.Scheme {
	case "wss", "https":
	case "ws", "http":
		if !isLoopback(u.Hostname()) {
			return false
		}
		port = "80"
	default:
		return false
	}
	return sameHost(u.Host, r.Host, port)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// sameHost compares two "host" or "host:port", where no port means defaultPort.
func sameHost(a, b, defaultPort string) bool {
	full := func(hostport string) string {
		host, port, err := net.SplitHostPort(hostport)
		if err != nil {
			host, port = strings.Trim(hostport, "[]"), defaultPort
		}
		return net.JoinHostPort(strings.ToLower(host), port)
	}
	return full(a) == full(b)
}
