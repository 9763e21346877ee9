package virtualauth

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
)

// claim is what makeCredential and getAssertion say about the person.
type claim struct {
	op         Op
	rpID       string
	options    map[string]bool
	param      []byte // pinUvAuthParam
	protocol   uint64
	hash       []byte // clientDataHash: what the parameter authenticates
	permission pinuv.Permission
}

// proof is what came of a claim.
type proof struct {
	verified bool // by a token
	present  bool // the token's own gesture was a touch, a moment ago
	verify   bool // built-in user verification has to happen with the touch
}

// checkParam is what comes first in both commands: a parameter that nobody here
// could have made, and the empty one, by which a platform of CTAP 2.0 asks for a
// touch (CTAP 2.2 sections 6.1.2 and 6.2.2, steps 1 and 2).
func (a *Authenticator) checkParam(ctx context.Context, c claim, ask asking) error {
	switch {
	case c.param == nil:
		return nil
	case a.cfg.tokenless() && len(c.param) == 0:
		return ctap2.StatusPINNotSet
	case a.cfg.tokenless():
		return ctap2.StatusInvalidParameter
	case len(c.param) == 0:
		if err := a.touch(ctx, ask, Prompt{Op: OpSelect, RPID: c.rpID}); err != nil {
			return err
		}
		if a.protected() {
			return ctap2.StatusPINInvalid
		}
		return ctap2.StatusPINNotSet
	case c.protocol == 0:
		return ctap2.StatusMissingParameter
	case !slices.Contains(a.cfg.PINProtocols, c.protocol):
		return ctap2.StatusInvalidParameter
	}
	return nil
}

// authorise decides whether what a claim shows is enough (CTAP 2.2 sections
// 6.1.2 and 6.2.2, steps 5 to 11). The parameter has passed checkParam.
func (a *Authenticator) authorise(c claim) (proof, error) {
	if c.param != nil {
		present, err := a.redeem(c)
		return proof{verified: err == nil, present: present}, err
	}
	verify := c.options[ctap2.OptionUserVerification]
	if verify && !a.cfg.UserVerification && !a.cfg.BuiltInUV {
		return proof{}, ctap2.StatusInvalidOption
	}
	up, given := c.options[ctap2.OptionUserPresence]
	if a.cfg.AlwaysUV && (up || !given) && !verify {
		if !a.cfg.BuiltInUV {
			return proof{}, a.needed()
		}
		verify = true
	}
	if c.op == OpCreate && !verify && !a.cfg.tokenless() && a.protected() {
		if optional := a.cfg.UVOptional && !c.options[ctap2.OptionResidentKey]; !optional {
			return proof{}, a.needed()
		}
	}
	return proof{verify: verify}, nil
}

// needed says how more proof can be had.
func (a *Authenticator) needed() error {
	if a.cfg.ClientPIN {
		return ctap2.StatusPUATRequired
	}
	return ctap2.StatusOperationDenied
}

// consent asks for the touch, and for built-in user verification where the proof
// wants it, and turns the answer into a status, or into the flags to sign.
func (a *Authenticator) consent(ctx context.Context, ask asking, p Prompt, by proof) (Decision, ctap2.Flags, error) {
	d := Decision{Approve: true}
	if !by.present {
		var err error
		if d, err = a.askVerified(ctx, ask, p, a.cannotVerify); err != nil {
			return d, 0, err
		}
	}
	flags := ctap2.FlagUP
	if by.verified || d.Verified && (a.cfg.UserVerification || p.Verify) {
		flags |= ctap2.FlagUV
	}
	faults := a.currentFaults()
	if faults.NoUV {
		flags &^= ctap2.FlagUV
	}
	if faults.NoUP {
		flags &^= ctap2.FlagUP
	}
	return d, flags, nil
}

// askVerified asks, and counts the tries where verification is built in. failed
// turns a failed verification of such an authenticator into the status of the command.
func (a *Authenticator) askVerified(ctx context.Context, ask asking, p Prompt, failed func(ctap2.Status) error) (Decision, error) {
	if a.cfg.BuiltInUV && p.Verify && a.Security().UVRetries == 0 {
		return Decision{}, failed(ctap2.StatusUVBlocked)
	}
	d, err := ask(ctx, p)
	switch {
	case err != nil:
		return d, err
	case !d.Approve:
		return d, ctap2.StatusOperationDenied
	case !p.Verify || a.currentFaults().NoUV:
		return d, nil
	case d.Verified:
		a.mu.Lock()
		defer a.mu.Unlock()
		a.security.UVRetries = a.cfg.UVRetries
		return d, nil
	case !a.cfg.BuiltInUV:
		return d, ctap2.StatusUVInvalid
	}
	a.mu.Lock()
	a.security.UVRetries--
	left := a.security.UVRetries
	a.mu.Unlock()
	if left == 0 {
		return d, failed(ctap2.StatusUVBlocked)
	}
	return d, failed(ctap2.StatusUVInvalid)
}

// cannotVerify sends the platform to the PIN, if there is one.
func (a *Authenticator) cannotVerify(ctap2.Status) error {
	if a.pinIsSet() {
		return ctap2.StatusPUATRequired
	}
	return ctap2.StatusOperationDenied
}
