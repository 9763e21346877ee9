package virtualauth

import (
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
)

// Limits of a security key; a phone has none.
const (
	keyMessage = 2048 // maxMsgSize
	keyList    = 8    // maxCredentialCountInList
	keyID      = 128  // maxCredentialIdLength
)

// isKey reports that getInfo says more than a phone does.
func (c Config) isKey() bool { return c.ClientPIN || c.BuiltInUV || c.U2F }

// info is the getInfo answer that Config describes.
func (a *Authenticator) info() ctap2.Info {
	c := a.cfg
	i := ctap2.Info{
		Versions:   c.Versions,
		AAGUID:     c.AAGUID,
		Options:    map[string]bool{ctap2.OptionPlatform: false, ctap2.OptionResidentKey: c.Discoverable, ctap2.OptionUserPresence: true},
		Transports: c.Transports,
	}
	if c.UserVerification || c.BuiltInUV {
		i.Options[ctap2.OptionUserVerification] = true
	}
	for _, alg := range c.Algorithms {
		i.Algorithms = append(i.Algorithms, ctap2.CredentialParameters{Type: ctap2.PublicKeyType, Alg: alg})
	}
	i.Extensions = c.extensions()
	if c.isKey() {
		a.keyInfo(&i)
	}
	if c.Info != nil {
		c.Info(&i)
	}
	return i
}

// keyInfo adds what a security key says, as far as its version of CTAP has words for it.
func (a *Authenticator) keyInfo(i *ctap2.Info) {
	c := a.cfg
	if c.U2F && !c.AlwaysUV {
		i.Versions = append([]string{"U2F_V2"}, i.Versions...)
	}
	i.MaxMsgSize, i.MaxCredentialCountInList, i.MaxCredentialIDLength = number(keyMessage), number(keyList), number(keyID)
	if !c.tokenless() {
		i.PinUvAuthProtocols = slices.Clone(c.PINProtocols)
	}
	if c.ClientPIN {
		i.Options[ctap2.OptionClientPIN] = a.pinIsSet()
	}
	if !c.modern() {
		if c.CredMgmt {
			i.Options["credentialMgmtPreview"] = true
		}
		return
	}
	for option, on := range map[string]bool{
		ctap2.OptionPinUvAuthToken: !c.tokenless(), "credMgmt": c.CredMgmt, ctap2.OptionAlwaysUV: c.AlwaysUV,
		ctap2.OptionMakeCredUvNotRqd: c.UVOptional && !c.AlwaysUV,
	} {
		if on {
			i.Options[option] = true
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if c.ClientPIN {
		i.MinPINLength, i.ForcePINChange = number(c.MinPINLength), &[]bool{a.security.ForceChange}[0]
	}
	if c.Firmware != 0 {
		i.FirmwareVersion = number(int(c.Firmware))
	}
	if c.BuiltInUV {
		i.UvModality, i.PreferredPlatformUvAttempts = number(uvFingerprint), number(c.UVRetries)
	}
	if c.CredMgmt {
		i.RemainingDiscoverableCredentials = number(max(0, c.MaxCredentials-len(a.store)))
	}
}

const uvFingerprint = 0x02 // USER_VERIFY_FINGERPRINT_INTERNAL of the FIDO registry

func number(n int) *uint64 {
	u := uint64(n)
	return &u
}
