package virtualauth

import "github.com/keyferry/keyferry/backend/ctap2"

// info is the getInfo answer that Config describes.
func (a *Authenticator) info() ctap2.Info {
	c := a.cfg
	i := ctap2.Info{
		Versions:   c.Versions,
		AAGUID:     c.AAGUID,
		Options:    map[string]bool{ctap2.OptionPlatform: false, ctap2.OptionResidentKey: c.Discoverable, ctap2.OptionUserPresence: true},
		Transports: c.Transports,
	}
	if c.UserVerification {
		i.Options[ctap2.OptionUserVerification] = true
	}
	for _, alg := range c.Algorithms {
		i.Algorithms = append(i.Algorithms, ctap2.CredentialParameters{Type: ctap2.PublicKeyType, Alg: alg})
	}
	if c.Info != nil {
		c.Info(&i)
	}
	return i
}
