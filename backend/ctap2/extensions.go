package ctap2

import (
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// The extensions that the product knows (CTAP 2.2 section 12).
const (
	ExtensionCredProtect  = "credProtect"
	ExtensionHMACSecret   = "hmac-secret"
	ExtensionHMACSecretMC = "hmac-secret-mc" // the outputs already at creation
	ExtensionLargeBlobKey = "largeBlobKey"
	ExtensionMinPINLength = "minPinLength"
)

// ExtensionInputs is what is asked of an authenticator besides the request.
type ExtensionInputs struct {
	CredProtect  uint64 // create: 1 to 3, 0 for none
	HMACSecret   bool   // create: the credential shall be able to do it
	LargeBlobKey bool
	MinPINLength bool // create
	// Salts is what HMACSecret.Input gives. At creation it goes out as hmac-secret-mc,
	// together with HMACSecret.
	Salts *HMACSecretInput
}

// For leaves out what an authenticator does not list: a request with other
// extensions may be refused.
func (in ExtensionInputs) For(i Info) ExtensionInputs {
	if !i.HasExtension(ExtensionCredProtect) {
		in.CredProtect = 0
	}
	if !i.HasExtension(ExtensionMinPINLength) {
		in.MinPINLength = false
	}
	in.LargeBlobKey = in.LargeBlobKey && i.HasExtension(ExtensionLargeBlobKey)
	if !i.HasExtension(ExtensionHMACSecret) || in.HMACSecret && !i.HasExtension(ExtensionHMACSecretMC) {
		in.Salts = nil
	}
	in.HMACSecret = in.HMACSecret && i.HasExtension(ExtensionHMACSecret)
	return in
}

// EncodeExtensionInputs writes member 06 of makeCredential or 04 of getAssertion;
// nil when nothing is asked.
func EncodeExtensionInputs(in ExtensionInputs) (ctapcbor.RawMessage, error) {
	m := message{}
	m.put(ExtensionCredProtect, in.CredProtect, in.CredProtect != 0)
	m.put(ExtensionLargeBlobKey, true, in.LargeBlobKey)
	m.put(ExtensionMinPINLength, true, in.MinPINLength)
	m.put(ExtensionHMACSecret, true, in.HMACSecret)
	if in.Salts != nil {
		name := ExtensionHMACSecret
		if in.HMACSecret {
			name = ExtensionHMACSecretMC
		}
		m[name] = in.Salts.message()
	}
	if len(m) == 0 {
		return nil, nil
	}
	return ctapcbor.Marshal(m)
}

// DecodeExtensionInputs reads what EncodeExtensionInputs writes, as an
// authenticator does. Extensions that are unknown here are passed over. No bytes are
// no extensions.
func DecodeExtensionInputs(data ctapcbor.RawMessage) (ExtensionInputs, error) {
	var in ExtensionInputs
	if len(data) == 0 {
		return in, nil
	}
	f, err := openMap(data, "extensions", true)
	if err != nil {
		return in, err
	}
	if level, given := value[uint64](f, ExtensionCredProtect); given {
		if level < 1 || level > 3 {
			f.fail(StatusInvalidOption, ExtensionCredProtect)
		}
		in.CredProtect = level
	}
	in.MinPINLength, _ = value[bool](f, ExtensionMinPINLength)
	if on, given := value[bool](f, ExtensionLargeBlobKey); given {
		if !on {
			f.fail(StatusInvalidOption, ExtensionLargeBlobKey)
		}
		in.LargeBlobKey = on
	}
	name := ExtensionHMACSecretMC
	switch item, _ := f.get(ExtensionHMACSecret); v := item.(type) {
	case nil:
	case bool:
		in.HMACSecret = v
	default:
		name = ExtensionHMACSecret
	}
	if salts, given := f.inside(name); given {
		if name == ExtensionHMACSecretMC && !in.HMACSecret {
			f.fail(StatusMissingParameter, ExtensionHMACSecret)
		}
		in.Salts = readHMACSecretInput(salts)
	}
	return in, f.err()
}

// HMACSecretInput is the input of hmac-secret at a sign-in (CTAP 2.2 section 12.7).
type HMACSecretInput struct {
	KeyAgreement pinuv.Point // 01: the platform's
	SaltEnc      []byte      // 02: one salt or two of 32 bytes, encrypted
	SaltAuth     []byte      // 03
	Protocol     uint64      // 04: One when absent
}

func (h *HMACSecretInput) message() message {
	m := message{1: agreementKey(h.KeyAgreement), 2: h.SaltEnc, 3: h.SaltAuth}
	m.put(4, h.Protocol, h.Protocol > pinuv.One)
	return m
}

func readHMACSecretInput(f fields) *HMACSecretInput {
	f.need(1, 2, 3)
	h := &HMACSecretInput{SaltEnc: f.bytes(2, 32, 80), SaltAuth: f.bytes(3, 16, 32), Protocol: f.uint(4)}
	if h.Protocol == 0 {
		h.Protocol = pinuv.One
	}
	if p := f.agreement(1); p != nil {
		h.KeyAgreement = *p
	}
	return h
}

// ExtensionOutputs is what an authenticator said about the extensions, in its
// authenticator data. A nil pointer means that it said nothing.
type ExtensionOutputs struct {
	CredProtect  uint64  // 0 when absent
	HMACSecret   *bool   // create
	Salted       []byte  // hmac-secret at a sign-in, or hmac-secret-mc: encrypted, for HMACSecret.Output
	MinPINLength *uint64 // code points
}

// EncodeExtensionOutputs writes AuthenticatorData.Extensions; nil when there is
// nothing to say.
func EncodeExtensionOutputs(out ExtensionOutputs) (ctapcbor.RawMessage, error) {
	m := message{}
	m.put(ExtensionCredProtect, out.CredProtect, out.CredProtect != 0)
	m.put(ExtensionMinPINLength, out.MinPINLength, out.MinPINLength != nil)
	switch {
	case out.HMACSecret != nil:
		m[ExtensionHMACSecret] = *out.HMACSecret
		m.put(ExtensionHMACSecretMC, out.Salted, out.Salted != nil)
	case out.Salted != nil:
		m[ExtensionHMACSecret] = out.Salted
	}
	if len(m) == 0 {
		return nil, nil
	}
	return ctapcbor.Marshal(m)
}

// DecodeExtensionOutputs reads AuthenticatorData.Extensions. Unknown extensions are
// passed over; no bytes are no extensions.
func DecodeExtensionOutputs(data ctapcbor.RawMessage) (ExtensionOutputs, error) {
	var out ExtensionOutputs
	if len(data) == 0 {
		return out, nil
	}
	f, err := openMap(data, "extension outputs", false)
	if err != nil {
		return out, err
	}
	out.CredProtect = f.uint(ExtensionCredProtect)
	out.MinPINLength = optional[uint64](f, ExtensionMinPINLength)
	name := ExtensionHMACSecretMC
	switch item, _ := f.get(ExtensionHMACSecret); v := item.(type) {
	case nil:
		return out, f.err()
	case bool:
		out.HMACSecret = &v
	default:
		name = ExtensionHMACSecret
	}
	out.Salted = f.bytes(name, 32, 80)
	return out, f.err()
}
