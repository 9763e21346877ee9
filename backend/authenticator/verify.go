package authenticator

import (
	"context"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// proof is how a request shows that the person was verified: by a token, by the
// authenticator itself (uv), or not at all. With a token the option uv is never sent
// (CTAP 2.2 section 6.1.1).
type proof struct {
	uv       bool
	param    []byte
	protocol uint64
}

// given reports whether the authenticator will have verified the person.
func (p proof) given() bool { return p.uv || p.param != nil }

// uvTries is how often somebody may fail at the sensor before the PIN is asked for,
// where the authenticator does not say.
const uvTries = 3

// verify has the person verified as far as the request needs it, and signs hash with
// what comes of it. It follows CTAP 2.2 section 6.1.1 (and 6.2.1), the platform's part:
//
//   - a phone verifies by itself, so it is only asked to;
//   - what has a sensor of its own is asked for a token by it, and for the PIN when the
//     sensor was refused too often;
//   - a sensor without tokens (CTAP 2.0) is asked within the request: see proven;
//   - what has a PIN is asked for a token by that;
//   - what could have a PIN and has none gets one, if verification is required for a new
//     credential; at a sign-in it has no credential that was verified: no-credential.
//
// key-cannot (what=verification), pin-needed (nobody can be asked), pin-locked,
// pin-blocked, user-verification-blocked, and cancelled by the person.
func (s session) verify(ctx context.Context, wish string, p ctap2.Permission, rpID string, hash []byte) (proof, error) {
	if s.hybrid() {
		return proof{uv: wish == required || wish == preferred && s.info.IsOn(ctap2.OptionUserVerification)}, nil
	}
	token, err := s.token(ctx, wish, p, rpID)
	switch {
	case err != nil:
		return proof{}, err
	case token != nil:
		defer token.Wipe()
		return proof{param: token.Authenticate(hash), protocol: token.Protocol()}, nil
	}
	// Without tokens a sensor is asked within the request itself (CTAP 2.0).
	return proof{uv: s.needs(wish, p) && s.info.IsOn(ctap2.OptionUserVerification)}, nil
}

// proven has the person verified and does what the proof is for. Where a sensor that was
// asked within the request is blocked, it is done again with the PIN, if there is one
// (CTAP 2.1 section 6.5.3.2); newer keys without tokens say pin-needed then.
func (s session) proven(ctx context.Context, wish string, p ctap2.Permission, rpID string, hash []byte, do func(proof) ([]byte, error)) ([]byte, error) {
	by, err := s.verify(ctx, wish, p, rpID, hash)
	if err != nil {
		return nil, err
	}
	answer, err := do(by)
	gaveUp := mfa.IsCode(err, mfa.CodeUVBlocked) || mfa.IsCode(err, mfa.CodePINNeeded)
	if !gaveUp || !by.uv || s.hybrid() || !s.info.IsOn(ctap2.OptionClientPIN) || s.info.IsOn(ctap2.OptionNoMcGaPermissions) {
		return answer, err
	}
	token, err := s.tokenByPIN(ctx, p, rpID)
	if err != nil {
		return nil, err
	}
	defer token.Wipe()
	return do(proof{param: token.Authenticate(hash), protocol: token.Protocol()})
}

// needs reports whether the request must show verification.
func (s session) needs(wish string, p ctap2.Permission) bool {
	uv := s.info.IsOn(ctap2.OptionUserVerification)
	pin := s.info.IsOn(ctap2.OptionClientPIN) && !s.info.IsOn(ctap2.OptionNoMcGaPermissions) // one that is for other things proves nothing here
	switch {
	case wish == required, s.info.IsOn(ctap2.OptionAlwaysUV):
		return true
	case wish == preferred:
		return uv || pin
	}
	return p&ctap2.PermissionMakeCredential != 0 && pin && !s.info.IsOn(ctap2.OptionMakeCredUvNotRqd)
}

// token gets a token by the way that is there; nil when none is needed, or when the
// sensor is asked without one.
func (s session) token(ctx context.Context, wish string, p ctap2.Permission, rpID string) (*ctap2.Token, error) {
	if !s.needs(wish, p) {
		return nil, nil
	}
	_, mayHavePIN := s.info.Options[ctap2.OptionClientPIN]
	mayHavePIN = mayHavePIN && !s.info.IsOn(ctap2.OptionNoMcGaPermissions)
	if s.info.IsOn(ctap2.OptionUserVerification) {
		if !s.info.IsOn(ctap2.OptionPinUvAuthToken) {
			return nil, nil
		}
		token, err := s.tokenBySensor(ctx, p, rpID)
		if err == nil || !s.info.IsOn(ctap2.OptionClientPIN) || !mayHavePIN || !sensorGaveUp(err) {
			return token, err
		}
	}
	if !mayHavePIN {
		return nil, mfa.Fail(mfa.CodeKeyCannot, "what", "verification")
	}
	return s.tokenByPIN(ctx, p, rpID)
}

func sensorGaveUp(err error) bool {
	return mfa.IsCode(err, mfa.CodeUVBlocked) || mfa.IsCode(err, mfa.CodeUVFailed)
}

// tokenBySensor lets the authenticator's own sensor verify the person.
func (s session) tokenBySensor(ctx context.Context, p ctap2.Permission, rpID string) (*ctap2.Token, error) {
	tries := uvTries
	if n := s.info.PreferredPlatformUvAttempts; n != nil {
		tries = int(min(max(*n, 1), uvTries))
	}
	for {
		token, err := ctap2.TokenByUV(ctx, s, s.info, p, rpID, s.rand(), s.touch())
		tries--
		if err == nil || tries == 0 || !mfa.IsCode(err, mfa.CodeUVFailed) {
			return token, err
		}
	}
}
