package virtualauth

import (
	"io"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
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
		{ctap2.ExtensionCredProtect, c.CredProtect}, {ctap2.ExtensionHMACSecret, c.HMACSecret && !c.tokenless()},
		{ctap2.ExtensionHMACSecretMC, c.HMACSecret && c.HMACSecretMC && !c.tokenless()},
		{ctap2.ExtensionLargeBlobKey, c.LargeBlobKey}, {ctap2.ExtensionMinPINLength, len(c.MinPINLengthFor) > 0},
	} {
		if e.on {
			out = append(out, e.name)
		}
	}
	return out
}

// inputs reads the extension inputs of a request. What is not offered is left out,
// as extensions that are unknown here are passed over.
func (c Config) inputs(raw ctapcbor.RawMessage) (ctap2.ExtensionInputs, error) {
	offered := ctap2.Info{Extensions: c.extensions()}
	if len(offered.Extensions) == 0 {
		return ctap2.ExtensionInputs{}, nil
	}
	in, err := ctap2.DecodeExtensionInputs(raw)
	return in.For(offered), err
}

// extend takes over what the extensions of makeCredential say about a new
// credential and gives the outputs to sign; nil when there are none.
// secrets are those of hmac-secret-mc.
func (a *Authenticator) extend(c *credential, in ctap2.ExtensionInputs, secrets *secrets, verified bool) (out ctapcbor.RawMessage, err error) {
	c.Protect = in.CredProtect
	says := ctap2.ExtensionOutputs{CredProtect: c.Protect}
	if a.cfg.HMACSecret { // each credential has one, so that it need not be asked for at once
		if c.Random, err = a.random(credRandomSize); err != nil {
			return nil, err
		}
	}
	if in.HMACSecret {
		says.HMACSecret = &in.HMACSecret
	}
	if in.MinPINLength && slices.Contains(a.cfg.MinPINLengthFor, c.RPID) {
		says.MinPINLength = number(a.cfg.MinPINLength)
	}
	if in.LargeBlobKey {
		if c.LargeBlobKey, err = a.random(largeBlobKeySize); err != nil {
			return nil, err
		}
	}
	if says.Salted, err = secrets.salted(c, verified); err != nil {
		return nil, err
	}
	return ctap2.EncodeExtensionOutputs(says)
}

func (a *Authenticator) random(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(a.cfg.Rand, b)
	return b, err
}

// permitted leaves out the credentials that may not be used, or even be seen,
// with so little proof of the person.
func permitted(fits []*credential, named, verified bool) []*credential {
	return slices.DeleteFunc(fits, func(c *credential) bool {
		return !verified && (c.Protect == protectRequired || c.Protect == protectOptionalWithList && !named)
	})
}
