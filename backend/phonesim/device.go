package phonesim

import (
	"context"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// device is the phone as it is for one transaction: the model and the behaviour
// that were selected when it began.
type device struct {
	hybrid.Phone
	phone    *Phone
	state    State // Model and Behaviour
	auth     *virtualauth.Authenticator
	answered bool
}

// suffixPSM is what an Android 16 phone was recorded with: key 1, PSM 130.
var suffixPSM = []byte{0xa1, 0x01, 0x18, 0x82}

// line is the phone at the tunnel, without anything of a transaction.
func (p *Phone) line() *hybrid.Phone {
	return &hybrid.Phone{Advertiser: p.c.Advertiser, DomainURL: p.c.DomainURL, ServerID: p.c.ServerID, HTTP: p.c.HTTP,
		Timers: p.c.Timers, Clock: p.c.Clock, Rand: p.c.Rand, Log: p.c.Log}
}

// device makes the phone of the next transaction, with the passkeys that are
// remembered.
func (p *Phone) device() (*device, error) {
	p.mu.Lock()
	state, passkeys := p.state, p.memory.Passkeys
	p.mu.Unlock()
	d := &device{Phone: *p.line(), phone: p, state: state}
	cfg := virtualauth.Android()
	if state.Model == IPhone {
		cfg = virtualauth.IPhone()
		d.Features = []string{hybrid.FeatureCTAP, hybrid.FeatureDC}
		d.OneRequest = true
	}
	cfg.Consent, cfg.Clock, cfg.Rand = d.consent, p.c.Clock, p.c.Rand
	switch state.Behaviour {
	case NoUV:
		cfg.Faults.NoUV = true
	case WrongSignature:
		cfg.Faults.WrongSignature = true
		cfg.Attestation = virtualauth.Self // so that a new passkey is signed for too
	case Copied:
		cfg.Counter, cfg.Faults.RegressCounter = virtualauth.Rising, true
	case DropBeforeConnect:
		d.Faults.Drop = hybrid.DropBeforeConnect
	case DropAtHandshake:
		d.Faults.Drop = hybrid.DropAtHandshake
	case DropAfterHandshake:
		d.Faults.Drop = hybrid.DropAfterHandshake
	case DropAfterConnect:
		d.Faults.Drop = hybrid.DropAfterConnect
	case DropAfterRequest:
		d.Faults.Drop = hybrid.DropAfterRequest
	case WrongEID:
		d.Faults.WrongEID = true
	case LegacyUUID:
		d.LegacyUUID = true
	case Suffix:
		d.Suffix = suffixPSM
	case TooOld:
		d.Faults.Revision0 = true
	}
	d.auth = virtualauth.New(cfg)
	if len(passkeys) > 0 {
		if err := d.auth.Import(passkeys); err != nil {
			return nil, mfa.Fail(mfa.CodeDatabaseDamaged).Because(err)
		}
	}
	d.GetInfo = d.auth.GetInfo()
	d.Handle = d.handle
	return d, nil
}

// handle answers one request. It is only called once message 1 has opened. What
// the answer speaks of is on disk before the answer leaves.
func (d *device) handle(ctx context.Context, request []byte) ([]byte, error) {
	if d.state.Behaviour == UnknownAccount && len(request) > 0 && request[0] == ctap2.CommandGetAssertion {
		return d.deny(request[1:])
	}
	response, err := d.auth.Exchange(ctx, request, nil)
	if err != nil {
		return nil, err
	}
	passkeys, err := d.auth.Export()
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	if err := d.phone.remember(func(m *memory) { m.Passkeys = passkeys }); err != nil {
		return nil, err
	}
	d.answered = true
	return response, nil
}

// deny answers as a phone that has no passkey for this account.
func (d *device) deny(params []byte) ([]byte, error) {
	if r, err := ctap2.DecodeGetAssertionRequest(params); err == nil {
		d.phone.update(func(s *State) { s.Phase, s.Op, s.RPID = PhaseAsking, OpSignIn, r.RPID })
	}
	d.answered = true
	return []byte{byte(ctap2.StatusNoCredentials)}, nil
}

// consent puts the request on the screen: who asks, and for whom.
func (d *device) consent(ctx context.Context, q virtualauth.Prompt) (virtualauth.Decision, error) {
	op := OpCreate
	if q.Op == virtualauth.OpGet {
		op = OpSignIn
	}
	account := q.UserName
	if account == "" {
		account = q.UserDisplayName
	}
	yes, err := d.phone.ask(ctx, d.state.Behaviour, op, q.RPID, account)
	return virtualauth.Decision{Approve: yes, Verified: d.state.Behaviour != NoUV}, err
}
