package simkey

import (
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport/hid"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// Plain is CTAP 2.1 with a PIN, passkeys, credential management and U2F, and
// attests by itself. The others say what they have besides, or instead.
const (
	Plain       Model = "plain"
	Certified   Model = "certified"   // attested under the Issuer's root
	Fingerprint Model = "fingerprint" // attested, with built-in user verification
	Old         Model = "old"         // CTAP 2.0: PIN protocol one, no permissions, management by the prototype
	U2F         Model = "u2f"         // no CTAP2 at all
)

var models = []Model{Plain, Certified, Fingerprint, Old, U2F}

// Models lists what can be chosen, in the order in which it is offered.
func Models() []Model { return slices.Clone(models) }

// AAGUID is what the model calls itself: zero for U2F, which has no such thing.
func (m Model) AAGUID() mfa.AAGUID {
	if m == U2F {
		return mfa.AAGUID{}
	}
	return mfa.AAGUID{'K', 'e', 'y', 'f', 'e', 'r', 0x42, 'y', 0x80, 's', 'i', 'm', 'k', 'e', 'y', m.number()}
}

// number tells the models apart, from 1 on.
func (m Model) number() byte { return byte(slices.Index(models, m) + 1) }

// name is what the key calls itself on the bus.
func (m Model) name() string {
	return map[Model]string{
		Plain: "Simulated security key", Certified: "Simulated certified key", Fingerprint: "Simulated fingerprint key",
		Old: "Simulated key of CTAP 2.0", U2F: "Simulated U2F key",
	}[m]
}

func (m Model) check() error {
	if !slices.Contains(models, m) {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "model")
	}
	return nil
}

// capabilities is what the model says of itself at INIT.
func (m Model) capabilities() hid.Capability {
	if m == U2F {
		return hid.CanWink
	}
	return hid.CanWink | hid.CanCBOR
}

const (
	firmware = 0x00010203
	maxKeys  = 25 // credentials that fit, as on many keys of their time
)

// config is the authenticator inside.
func (m Model) config() virtualauth.Config {
	c := virtualauth.Config{
		AAGUID: m.AAGUID(), Algorithms: []int64{ctap2.ES256, ctap2.EdDSA}, Attestation: virtualauth.Self, Firmware: firmware,
		Discoverable: true, Counter: virtualauth.Rising, Transports: []string{"usb"}, MaxCredentials: maxKeys,
		ClientPIN: true, UVOptional: true, CredMgmt: true, Selection: true, Reset: true,
		CredProtect: true, HMACSecret: true, U2F: true,
	}
	switch m {
	case Certified:
		c.Attestation = virtualauth.Packed
	case Fingerprint:
		c.Attestation, c.BuiltInUV = virtualauth.Packed, true
	case Old:
		c.Versions, c.PINProtocols = []string{"FIDO_2_0", "FIDO_2_1_PRE"}, []uint64{1}
		c.Algorithms = []int64{ctap2.ES256}
		c.UVOptional, c.Selection = false, false
		c.Info = func(i *ctap2.Info) { i.Transports, i.Algorithms, i.FirmwareVersion = nil, nil, nil } // later inventions
	case U2F:
		return virtualauth.Config{Counter: virtualauth.Rising, MaxCredentials: maxKeys, U2F: true}
	}
	return c
}
