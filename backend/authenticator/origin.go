package authenticator

import (
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	scheme    = "https://"
	maxDomain = 253
	maxLabel  = 63
)

// checkOrigin holds RP ID and origin against each other (WebAuthn Level 3
// sections 5.1.3 step 8 and 5.1.4 step 7) and gives the RP ID, which is the
// origin's host when the options name none.
//
// An origin is https:// and a lower-case domain name, nothing behind it: a port,
// a path, user information or an address is origin-mismatch. The RP ID must be
// that host or a parent of it with at least two labels, else rp-id-mismatch. The
// public suffix list is not asked: both values are the account's own and are
// equal in this product, and a parent is only taken where a caller says so.
func checkOrigin(origin, rpID string) (string, error) {
	host, secure := strings.CutPrefix(origin, scheme)
	if !secure || !isDomain(host) {
		return "", mfa.Fail(mfa.CodeOriginMismatch)
	}
	if rpID == "" {
		return host, nil
	}
	if !isDomain(rpID) || host != rpID && !strings.HasSuffix(host, "."+rpID) {
		return "", mfa.Fail(mfa.CodeRPIDMismatch)
	}
	return rpID, nil
}

// isDomain takes lower-case letters, digits and inner hyphens, in at least two
// labels of which the last is no number (an IP address has one), or localhost.
func isDomain(name string) bool {
	if name == "localhost" {
		return true
	}
	labels := strings.Split(name, ".")
	if len(name) > maxDomain || len(labels) < 2 || strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > maxLabel || l[0] == '-' || l[len(l)-1] == '-' ||
			strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}
