package admission

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

// WayName is a way to add a device.
type WayName string

const (
	WayPhone    WayName = "phone"    // a passkey by hybrid
	WayKey      WayName = "key"      // a security key
	WayApp      WayName = "app"      // an authenticator app
	WayToken    WayName = "token"    // a hardware token
	WayComputer WayName = "computer" // this computer's own passkeys
)

// Way is what the rules say of one way before it is taken.
type Way struct {
	Way     WayName
	Allowed bool
	// Doomed: it may begin, but phones and this computer prove no certificate and some
	// statement wants one, so it would fail after they were used. A security key may
	// prove what is wanted.
	Doomed   bool
	Reason   string // create, activate, single or windows-hello; empty: nothing stands in the way
	Decision *policy.Decision
	Needs    []Need
}

// Ways decides every way by which the caller may add a device to somebody, themselves
// when targetID is empty. As account.May fails for listing that person's devices.
func (s *Service) Ways(ctx context.Context, who mfa.Session, targetID string) ([]Way, error) {
	acting, err := s.Accounts.May(ctx, who, mfa.OpListDevices, targetID)
	if err != nil {
		return nil, err
	}
	ask := func(op mfa.Operation, resource string, r *mfa.Registration) (policy.Decision, error) {
		return s.Rules.Explain(ctx, mfa.Access{Operation: op, Caller: acting.Caller, Session: who, Target: acting.Target, Resource: resource, Registering: r})
	}
	person := mfa.PrincipalARN(acting.Account, acting.Target)
	create, err := ask(mfa.OpEnableDevice, person, &mfa.Registration{Step: mfa.StepCreate})
	if err != nil {
		return nil, err
	}
	activate, err := ask(mfa.OpEnableDevice, person, &mfa.Registration{Step: mfa.StepActivate})
	if err != nil {
		return nil, err
	}
	codes, err := ask(mfa.OpEnableDevice, person, nil)
	if err != nil {
		return nil, err
	}
	virtual, err := ask(mfa.OpCreateVirtualDevice, mfa.VirtualARN(acting.Account, "*"), nil)
	if err != nil {
		return nil, err
	}
	phone := Way{Way: WayPhone, Allowed: create.Effect == policy.Allow}
	key := Way{Way: WayKey, Allowed: phone.Allowed}
	switch {
	case !phone.Allowed:
		phone.Reason, phone.Decision = "create", &create
		key.Reason, key.Decision = "create", &create
	case activate.Effect != policy.Allow:
		phone.Doomed, phone.Reason, phone.Decision = true, "activate", &activate
		set, err := s.Rules.Set(ctx, acting.Caller)
		if err != nil {
			return nil, err
		}
		a := mfa.Access{Operation: mfa.OpEnableDevice, Caller: acting.Caller, Session: who, Target: acting.Target, Resource: person}
		if phone.Needs, err = s.needs(ctx, set, a); err != nil {
			return nil, err
		}
		key.Needs = phone.Needs
	}
	computer := phone
	computer.Way = WayComputer
	if s.System == "windows" {
		computer = Way{Way: WayComputer, Reason: "windows-hello"}
	}
	return []Way{phone, key, computer, single(WayApp, virtual, codes), single(WayToken, codes)}, nil
}

// single is a way that all of the decisions must allow.
func single(way WayName, decisions ...policy.Decision) Way {
	for i := range decisions {
		if decisions[i].Effect != policy.Allow {
			return Way{Way: way, Reason: "single", Decision: &decisions[i]}
		}
	}
	return Way{Way: way, Allowed: true}
}
