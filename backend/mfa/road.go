package mfa

import "slices"

// Road is by what a passkey is reached.
type Road string

const (
	RoadPhone    Road = "phone"    // our own hybrid client
	RoadKey      Road = "key"      // a security key: USB, NFC
	RoadComputer Road = "computer" // this computer's own authenticator
	RoadSystem   Road = "system"   // the operating system's window, which knows keys and phones
)

// IsKnown reports one of the four.
func (r Road) IsKnown() bool {
	return slices.Contains([]Road{RoadPhone, RoadKey, RoadComputer, RoadSystem}, r)
}

// OnPhone reports that the credential is reached by hybrid.
func (c Credential) OnPhone() bool { return slices.Contains(c.Transports, "hybrid") }

// OnKey reports that the credential lies on a security key.
func (c Credential) OnKey() bool {
	return slices.ContainsFunc(c.Transports, func(t string) bool { return t == "usb" || t == "nfc" || t == "ble" || t == "smart-card" })
}

// OnComputer reports that the credential lies in a computer's own authenticator.
func (c Credential) OnComputer() bool {
	return slices.Contains(c.Transports, "internal") && !c.OnPhone() && !c.OnKey()
}

// ReachedBy reports that the credential may be met on a road. One that does not say how
// it is reached may be met on each.
func (c Credential) ReachedBy(r Road) bool {
	if !c.OnPhone() && !c.OnKey() && !c.OnComputer() {
		return true
	}
	switch r {
	case RoadPhone:
		return c.OnPhone()
	case RoadKey:
		return c.OnKey()
	case RoadComputer:
		return c.OnComputer()
	}
	return c.OnPhone() || c.OnKey()
}
