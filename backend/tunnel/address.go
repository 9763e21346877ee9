package tunnel

import (
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

type (
	tunnelID  [16]byte
	routingID [3]byte
	contactID string
)

// maxContactID bounds the names of phones; Google's are push tokens of about 160 characters.
const maxContactID = 256

type operation int

const (
	opNew operation = iota + 1
	opConnect
	opContact
	opPhone
)

// target is what a path asks for.
type target struct {
	op      operation
	tunnel  tunnelID
	routing routingID
	contact contactID
}

// parsePath reads a request's path. Anything that is not exactly one of the
// four forms is not there.
func parsePath(path string) (t target, ok bool) {
	parts := strings.Split(path, "/")
	if len(parts) < 4 || parts[0] != "" || parts[1] != "cable" {
		return target{}, false
	}
	switch args := parts[3:]; {
	case parts[2] == "new" && len(args) == 1:
		t.op = opNew
		return t, readHex(t.tunnel[:], args[0])
	case parts[2] == "connect" && len(args) == 2:
		t.op = opConnect
		return t, readHex(t.routing[:], args[0]) && readHex(t.tunnel[:], args[1])
	case parts[2] == "contact" && len(args) == 1:
		t.op, t.contact = opContact, contactID(args[0])
		return t, t.contact.valid()
	case parts[2] == "phone" && len(args) == 1:
		t.op, t.contact = opPhone, contactID(args[0])
		return t, t.contact.valid()
	}
	return target{}, false
}

func readHex(into []byte, digits string) bool {
	if len(digits) != hex.EncodedLen(len(into)) {
		return false
	}
	_, err := hex.Decode(into, []byte(digits))
	return err == nil
}

func (c contactID) valid() bool {
	if c == "" || len(c) > maxContactID || strings.ContainsAny(string(c), "\r\n") {
		return false
	}
	_, err := base64.RawURLEncoding.DecodeString(string(c))
	return err == nil
}

// source is whom the limit per address counts: an IPv4 address, or the /64 that
// one IPv6 household gets. A peer without an IP address counts as one source.
func source(r *http.Request) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits)
	return prefix
}
