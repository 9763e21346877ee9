package ctap2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Token is a pinUvAuthToken: proof that the person was verified, for as long as the
// authenticator lets it live. Make one per ceremony and wipe it.
type Token struct {
	protocol uint64
	key      []byte
}

// Protocol is the PIN/UV auth protocol that the token was made with.
func (t *Token) Protocol() uint64 { return t.protocol }

// Authenticate gives the pinUvAuthParam of a message: the clientDataHash of
// makeCredential and getAssertion, AuthMessage of credential management.
func (t *Token) Authenticate(message []byte) []byte {
	return pinuv.Authenticate(t.protocol, t.key, message)
}

// Wipe zeroes the token. It may be called twice, and on nil.
func (t *Token) Wipe() {
	if t != nil {
		clear(t.key)
		t.key = nil
	}
}

// Format never shows the token.
func (Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[secret]") }

// LogValue never shows the token.
func (Token) LogValue() slog.Value { return slog.StringValue("[secret]") }

// TokenByPIN gets a token for a PIN, which the caller wipes. p and rpID bind the
// token where the authenticator can do that (option pinUvAuthToken); rpID may be
// empty for what concerns no relying party.
//
// pin-wrong (params: left, when the authenticator tells), pin-locked, pin-blocked,
// pin-not-set, pin-change-needed (before the PIN was looked at: ChangePIN judges it),
// pin-length (too short or long to be right, and no try is lost), key-cannot (params:
// what=pin), else the failures of MakeCredential.
func TokenByPIN(ctx context.Context, ch Channel, info Info, pin *mfa.Secret, p Permission, rpID string, rand io.Reader) (*Token, error) {
	if _, possible := info.Options[OptionClientPIN]; !possible {
		return nil, mfa.Fail(mfa.CodeKeyCannot, "what", "pin")
	}
	// The PIN may be from before the authenticator wanted longer ones.
	text, err := pinuv.Normalise(pin, pinuv.MinPIN, pinuv.MaxPIN)
	if err != nil {
		return nil, err
	}
	defer text.Wipe()
	if info.MustChangePIN() { // some refuse a right PIN then with the status of a wrong one
		return nil, mfa.Fail(mfa.CodePINChangeNeeded)
	}
	shared, own, err := agree(ctx, ch, info, rand)
	if err != nil {
		return nil, err
	}
	defer shared.Wipe()
	hash, err := encryptHash(shared, text)
	if err != nil {
		return nil, err
	}
	r := ClientPINRequest{Protocol: shared.Protocol(), Subcommand: PINGetToken, KeyAgreement: &own, PINHashEnc: hash}
	if info.IsOn(OptionPinUvAuthToken) {
		r.Subcommand, r.Permissions, r.RPID = PINGetTokenWithPINPerms, p, rpID
	}
	answer, err := clientPIN(ctx, ch, info, r, nil)
	switch {
	case isStatus(err, StatusPINPolicyViolation):
		return nil, mfa.Fail(mfa.CodePINChangeNeeded).Because(StatusPINPolicyViolation)
	case err != nil:
		return nil, countTries(ctx, ch, info, err)
	}
	return openToken(shared, answer.Token)
}

// TokenByUV gets a token by the authenticator's own sensor, or its own PIN pad. The
// person has something to do: keepalive tells when.
//
// user-verification-failed (it may be tried again), user-verification-blocked (the
// PIN helps), declined, authenticator-timeout, key-cannot (params:
// what=verification), else the failures of MakeCredential.
func TokenByUV(ctx context.Context, ch Channel, info Info, p Permission, rpID string, rand io.Reader, keepalive func(byte)) (*Token, error) {
	if !info.IsOn(OptionUserVerification) || !info.IsOn(OptionPinUvAuthToken) {
		return nil, mfa.Fail(mfa.CodeKeyCannot, "what", "verification")
	}
	shared, own, err := agree(ctx, ch, info, rand)
	if err != nil {
		return nil, err
	}
	defer shared.Wipe()
	answer, err := clientPIN(ctx, ch, info, ClientPINRequest{Protocol: shared.Protocol(), Subcommand: PINGetTokenUsingUV,
		KeyAgreement: &own, Permissions: p, RPID: rpID}, keepalive)
	if err != nil {
		return nil, err
	}
	return openToken(shared, answer.Token)
}

// openToken decrypts a token. One of another length than its protocol has would
// still sign, and be refused later for no reason that anybody sees.
func openToken(shared *pinuv.Shared, text []byte) (*Token, error) {
	key, err := shared.Decrypt(text)
	if err == nil && len(key) != 32 && (len(key) != 16 || shared.Protocol() != pinuv.One) {
		clear(key)
		err = errors.New("ctap2: a token of another length")
	}
	if err != nil {
		return nil, mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(err)
	}
	return &Token{protocol: shared.Protocol(), key: key}, nil
}

func encryptHash(shared *pinuv.Shared, pin *mfa.Secret) ([]byte, error) {
	hash := pinuv.PINHash(pin.Bytes())
	defer clear(hash[:])
	return sealed(shared.Encrypt(hash[:]))
}

// sealed turns what can go wrong with encrypting, which is the randomness, into a
// failure.
func sealed(text []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	return text, nil
}
