package hybrid

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// DomainURL turns a tunnel server ID into the base URL of the service
// ("wss://cable.ua5v.com", no slash at the end). It fails with mfa
// tunnel-unknown. A base with the scheme ws is taken only on a loopback address.
type DomainURL func(id uint16) (string, error)

// PublicDomainURL is the specification's: TLS to TunnelDomain.
func PublicDomainURL(id uint16) (string, error) {
	domain, err := TunnelDomain(id)
	if err != nil {
		return "", err
	}
	return "wss://" + domain, nil
}

var (
	assignedDomains = [AssignedDomains]string{"cable.ua5v.com", "cable.auth.com"}
	topLevels       = [4]string{".com", ".org", ".net", ".info"}
)

// Hosts are the names of the assigned tunnel servers: Google's and Apple's.
func Hosts() []string { return assignedDomains[:] }

const labelAlphabet = "abcdefghijklmnopqrstuvwxyz234567"

// isServerID reports that an ID has a domain: assigned, or from 256 on hashed.
func isServerID(id uint16) bool { return id < AssignedDomains || id >= 256 }

// TunnelDomain is the host name of a tunnel server: assigned for 0 (Google) and
// 1 (Apple), computed by hashing from 256 on. The rest fails with mfa
// tunnel-unknown.
func TunnelDomain(id uint16) (string, error) {
	if !isServerID(id) {
		return "", mfa.Fail(mfa.CodeTunnelUnknown, "id", strconv.Itoa(int(id)))
	}
	if id < AssignedDomains {
		return assignedDomains[id], nil
	}
	input := binary.LittleEndian.AppendUint16([]byte("caBLEv2 tunnel server domain"), id)
	digest := sha256.Sum256(append(input, 0))
	v := binary.LittleEndian.Uint64(digest[:8])
	topLevel := topLevels[v&3]
	var label strings.Builder
	for v >>= 2; v != 0; v >>= 5 {
		label.WriteByte(labelAlphabet[v&31])
	}
	return "cable." + label.String() + topLevel, nil
}

// NewURL is where a phone opens a tunnel. It is a convention of Google's
// service, not part of the specification.
func NewURL(base string, tunnelID []byte) string {
	return base + "/cable/new/" + upperHex(tunnelID)
}

// ConnectURL is where a client meets the phone after a code was scanned.
func ConnectURL(base string, routingID, tunnelID []byte) string {
	return base + "/cable/connect/" + upperHex(routingID) + "/" + upperHex(tunnelID)
}

// ContactURL is where a client rings a linked phone.
func ContactURL(base string, contactID []byte) string {
	return base + "/cable/contact/" + base64.RawURLEncoding.EncodeToString(contactID)
}

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
