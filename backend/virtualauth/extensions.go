package virtualauth

import (
	"io"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// Extension identifiers (CTAP 2.2 section 12).
const (
	extensionCredProtect  = "credProtect"
	extensionHMACSecret   = "hmac-secret"
	extensionLargeBlobKey = "largeBlobKey"
	extensionMinPINLength = "minPinLength"
)

// Levels of credProtect (CTAP 2.2 section 12.1). A credential without one has the first.
const (
	protectOptional         = 1 // user verification is optional
	protectOptionalWithList = 2 // optional when the credential is named
	protectRequired         = 3
)

const (
	credRandomSize   = 64
	largeBlobKeySize = 32
)

// extensions lists what getInfo offers.
func (c Config) extensions() (out []string) {
	for _, e := range []struct {
		name string
		on   bool
	}{
		{extensionCredProtect, c.CredProtect}, {extensionHMACSecret, c.HMACSecret && !c.tokenless()},
		{extensionLargeBlobKey, c.LargeBlobKey}, {extensionMinPINLength, len(c.MinPINLengthFor) > 0},
	} {
		if e.on {
			out = append(out, e.name)
		}
	}
	return out
}

// inputs splits the extension inputs of a request; what is not offered is left
// out, as unknown extensions are passed over.
func (c Config) inputs(raw ctapcbor.RawMessage) (map[string]ctapcbor.RawMessage, error) {
	offered := c.extensions()
	if len(raw) == 0 || len(offered) == 0 {
		return nil, nil
	}
	var in map[string]ctapcbor.RawMessage
	if err := ctapcbor.Unmarshal(raw, &in); err != nil {
		return nil, ctap2.StatusCBORUnexpectedType
	}
	for name := range in {
		if !slices.Contains(offered, name) {
			delete(in, name)
		}
	}
	return in, nil
}

// input reads one extension input of one type.
func input[T any](in map[string]ctapcbor.RawMessage, name string) (v T, given bool, err error) {
	raw, given := in[name]
	if !given {
		return v, false, nil
	}
	var item any
	if err := ctapcbor.Unmarshal(raw, &item); err != nil {
		return v, true, ctap2.StatusInvalidCBOR
	}
	v, ok := item.(T)
	if !ok {
		return v, true, ctap2.StatusCBORUnexpectedType
	}
	return v, true, nil
}

// extend takes over what the extensions of makeCredential say about a new
// credential and gives the outputs to sign; nil when there are none.
func (a *Authenticator) extend(c *credential, raw ctapcbor.RawMessage) (ctapcbor.RawMessage, error) {
	in, err := a.cfg.inputs(raw)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	if level, given, err := input[uint64](in, extensionCredProtect); err != nil {
		return nil, err
	} else if given {
		if level < protectOptional || level > protectRequired {
			return nil, ctap2.StatusInvalidOption
		}
		c.Protect = level
		out[extensionCredProtect] = level
	}
	if a.cfg.HMACSecret { // each credential has one, so that it need not be asked for at once
		c.Random = make([]byte, credRandomSize)
		if _, err := io.ReadFull(a.cfg.Rand, c.Random); err != nil {
			return nil, err
		}
	}
	if wanted, given, err := input[bool](in, extensionHMACSecret); err != nil {
		return nil, err
	} else if given {
		out[extensionHMACSecret] = wanted
	}
	if wanted, _, err := input[bool](in, extensionMinPINLength); err != nil {
		return nil, err
	} else if wanted && slices.Contains(a.cfg.MinPINLengthFor, c.RPID) {
		out[extensionMinPINLength] = uint64(a.cfg.MinPINLength)
	}
	if wanted, given, err := input[bool](in, extensionLargeBlobKey); err != nil {
		return nil, err
	} else if given {
		if !wanted || !c.Discoverable {
			return nil, ctap2.StatusInvalidOption
		}
		c.LargeBlobKey = make([]byte, largeBlobKeySize)
		if _, err := io.ReadFull(a.cfg.Rand, c.LargeBlobKey); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return ctapcbor.Marshal(out)
}

// permitted leaves out the credentials that may not be used, or even be seen,
// with so little proof of the person.
func permitted(fits []*credential, named, verified bool) []*credential {
	return slices.DeleteFunc(fits, func(c *credential) bool {
		return !verified && (c.Protect == protectRequired || c.Protect == protectOptionalWithList && !named)
	})
}
