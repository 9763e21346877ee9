package virtualauth

import (
	"context"
	"crypto/ecdsa"
	"io"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/u2f"
)

// statusNotAllowed is "command not allowed": U2F knows no user verification, so an
// authenticator that always wants it refuses (CTAP 2.2 section 7.2.4).
const statusNotAllowed u2f.StatusWord = 0x6986

// APDU answers one CTAP1 (U2F) command. Whatever the command is, the answer is a
// status word; an error means that ctx ended or that the authenticator is closed.
// What is made here and what is made by makeCredential is one store: each can be
// used by the other, as CTAP 2.2 section 10.3 has it.
func (a *Authenticator) APDU(ctx context.Context, apdu []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-a.turn:
		defer func() { a.turn <- struct{}{} }()
	default:
		return u2f.EncodeResponse(nil, u2f.StatusOther), nil
	}
	if a.isClosed() {
		return nil, errClosed
	}
	a.setNext(nil)
	a.setListing(listing{})
	data, err := a.u2f(apdu)
	if err != nil && a.isClosed() {
		return nil, errClosed
	}
	return u2f.EncodeResponse(data, u2f.StatusOf(err)), nil
}

func (a *Authenticator) u2f(apdu []byte) ([]byte, error) {
	c, err := u2f.ParseAPDU(apdu)
	switch {
	case err != nil:
		return nil, u2f.StatusWrongLength
	case c.CLA != 0:
		return nil, u2f.StatusUnknownCLA
	case !a.cfg.U2F:
		return nil, u2f.StatusUnknownINS
	}
	switch c.INS {
	case u2f.INSVersion:
		if len(c.Data) > 0 {
			return nil, u2f.StatusWrongLength
		}
		return []byte(u2f.Version), nil
	case u2f.INSRegister:
		return a.u2fRegister(c)
	case u2f.INSAuthenticate:
		return a.u2fAuthenticate(c)
	}
	return nil, u2f.StatusUnknownINS
}

func (a *Authenticator) u2fRegister(command u2f.Command) ([]byte, error) {
	req, err := u2f.DecodeRegisterRequest(command)
	switch {
	case err != nil:
		return nil, err
	case a.cfg.AlwaysUV:
		return nil, statusNotAllowed
	case !a.cfg.Present(Prompt{Op: OpCreate}):
		return nil, u2f.StatusTouchNeeded
	}
	c := &credential{ID: make([]byte, credentialIDSize), RPIDHash: req.Application[:], Algorithm: ctap2.ES256, Created: a.cfg.Clock().UTC()}
	if a.cfg.Counter == Rising {
		c.Counter = 1
	}
	if _, err := io.ReadFull(a.cfg.Rand, c.ID); err != nil {
		return nil, err
	}
	if c.Key, err = newKey(c.Algorithm, a.cfg.Rand); err != nil {
		return nil, err
	}
	key, err := c.signer()
	if err != nil {
		return nil, err
	}
	point, err := key.Public().(*ecdsa.PublicKey).Bytes()
	if err != nil {
		return nil, err
	}
	answer := u2f.RegisterResponse{PublicKey: [65]byte(point), KeyHandle: c.ID, Certificate: a.attestor.leaf}
	answer.Signature, err = signWith(a.attestor.key, u2f.SignedRegistration(req, answer.PublicKey, c.ID))
	if err != nil {
		return nil, err
	}
	if a.currentFaults().WrongSignature {
		answer.Signature[len(answer.Signature)-1] ^= 1
	}
	if err := a.add(c); err != nil {
		return nil, err
	}
	return u2f.EncodeRegisterResponse(answer)
}

func (a *Authenticator) u2fAuthenticate(command u2f.Command) ([]byte, error) {
	req, err := u2f.DecodeAuthenticateRequest(command)
	if err != nil {
		return nil, err
	}
	if a.cfg.AlwaysUV {
		return nil, statusNotAllowed
	}
	found := a.matching(func(c *credential) bool {
		return string(c.ID) == string(req.KeyHandle) && c.hash() == req.Application &&
			c.Algorithm == ctap2.ES256 && c.Protect != protectRequired
	})
	if len(found) == 0 {
		return nil, u2f.StatusUnknownHandle
	}
	c := found[0]
	if req.Control == u2f.CheckOnly {
		return nil, u2f.StatusTouchNeeded
	}
	answer := u2f.AuthenticateResponse{}
	if req.Control == u2f.TouchAndSign {
		if !a.cfg.Present(Prompt{Op: OpGet, RPID: c.RPID, RPName: c.RPName}) {
			return nil, u2f.StatusTouchNeeded
		}
		answer.Presence = byte(ctap2.FlagUP)
	}
	faults := a.currentFaults()
	if faults.NoUP {
		answer.Presence = 0
	}
	answer.Counter = a.count(c, faults)
	key, err := a.signer(c)
	if err != nil {
		return nil, err
	}
	if answer.Signature, err = signWith(key, u2f.SignedAssertion(req, answer.Presence, answer.Counter)); err != nil {
		return nil, err
	}
	if faults.WrongSignature {
		answer.Signature[len(answer.Signature)-1] ^= 1
	}
	return u2f.EncodeAuthenticateResponse(answer)
}

// Wink makes the authenticator show itself.
func (a *Authenticator) Wink() {
	if a.cfg.Winked != nil {
		a.cfg.Winked()
	}
}
