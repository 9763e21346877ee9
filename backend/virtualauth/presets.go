package virtualauth

import (
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// The providers that the presets imitate.
var (
	googlePasswordManager = mfa.AAGUID{0xea, 0x9b, 0x8d, 0x66, 0x4d, 0x01, 0x1d, 0x21, 0x3c, 0xe4, 0xb6, 0xb4, 0x8c, 0xb5, 0x75, 0xd4}
	applePasswords        = mfa.AAGUID{0xfb, 0xfc, 0x30, 0x07, 0x15, 0x4e, 0x4e, 0xcc, 0x8c, 0x0b, 0x6e, 0x02, 0x05, 0x57, 0xd7, 0xbd}
	iPhoneInfo            = mfa.AAGUID{0xf2, 0x4a, 0x8e, 0x70, 0xd0, 0xd3, 0xf8, 0x2c, 0x29, 0x37, 0x32, 0x52, 0x3c, 0xc4, 0xde, 0x5a}
)

// phone is what all phones seen have in common: passkeys only, no attestation,
// a counter that stays at zero, and the account is chosen on the phone.
func phone() Config {
	return Config{
		Attestation: None, Discoverable: true, AlwaysDiscoverable: true, UserVerification: true,
		BackupEligible: true, BackupState: true, Counter: Zero, ChoosesAccount: true, EmptyNames: true,
		Transports: []string{"internal", "hybrid"}, Versions: []string{"FIDO_2_0", "FIDO_2_1"},
	}
}

// Android answers getInfo like Google Play services: no AAGUID there, extension
// prf, options rk, up, uv, plat false. Its passkeys name Google Password Manager.
func Android() Config {
	c := phone()
	c.AAGUID = googlePasswordManager
	c.Info = func(i *ctap2.Info) {
		i.AAGUID, i.Algorithms = mfa.AAGUID{}, nil
		i.Extensions = []string{"prf"}
		i.Options = map[string]bool{"rk": true, "up": true, "uv": true, "plat": false}
	}
	return c
}

// IPhone answers getInfo like a recent iOS: extensions largeBlob and prf, options
// rk, uv and jsonMessages. Its assertions have flags 0x1d, counter 0 and
// userSelected. Its passkeys name Apple Passwords.
func IPhone() Config {
	c := phone()
	c.AAGUID = applePasswords
	c.Info = func(i *ctap2.Info) {
		i.AAGUID, i.Algorithms = iPhoneInfo, nil
		i.Extensions = []string{"largeBlob", "prf"}
		i.Options = map[string]bool{"rk": true, "uv": true, "jsonMessages": true}
	}
	return c
}
