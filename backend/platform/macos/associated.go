package macos

import "strings"

// Entitlements that are asked for.
const (
	entitlementDomains = "com.apple.developer.associated-domains"
	entitlementBrowser = "com.apple.developer.web-browser.public-key-credential" // for browsers: any RP ID
)

const (
	maxDomains = 256
	maxDomain  = 512 // bytes
)

// signature is what a program's own signature allows it.
type signature struct {
	domains []string // of entitlementDomains, such as webcredentials:example.org?mode=developer
	browser bool
}

// any says whether passkeys of any RP may be asked for.
func (s signature) any() bool { return s.browser || len(s.hosts()) > 0 }

// covers says whether passkeys of an RP may be. Whether the domain agrees is seen when the
// system is asked.
func (s signature) covers(rpID string) bool {
	if s.browser {
		return true
	}
	for _, host := range s.hosts() {
		if strings.EqualFold(host, rpID) {
			return true
		}
		if parent, wild := strings.CutPrefix(host, "*."); wild && parent != "" && len(rpID) > len(parent)+1 &&
			strings.EqualFold(rpID[len(rpID)-len(parent)-1:], "."+parent) {
			return true
		}
	}
	return false
}

func (s signature) hosts() (hosts []string) {
	for _, d := range s.domains[:min(len(s.domains), maxDomains)] {
		service, host, _ := strings.Cut(d, ":")
		host, _, _ = strings.Cut(host, "?")
		if service == "webcredentials" && host != "" {
			hosts = append(hosts, host)
		}
	}
	return hosts
}
