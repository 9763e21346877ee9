package rules

import (
	"context"
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

// The condition keys that questions bring. What does not apply is absent, not empty.
const (
	KeyUserName     = "aws:username" // users only
	KeyUserID       = "aws:userid"
	KeyPrincipalARN = "aws:PrincipalArn"
	KeyAccount      = "aws:PrincipalAccount"
	KeyType         = "aws:PrincipalType" // User, or Account for root
	KeyTime         = "aws:CurrentTime"
	KeyEpoch        = "aws:EpochTime"
	// KeyMFAPresent is there in every session here, and false without MFA: as in a console
	// session, not as with an access key, which has none.
	KeyMFAPresent = "aws:MultiFactorAuthPresent"
	KeyMFAAge     = "aws:MultiFactorAuthAge"  // seconds; MFA sessions only
	KeyStep       = "iam:RegisterSecurityKey" // FIDO registrations only
	KeyFIDO       = "iam:FIDO-certification"  // certificates: Activate only, and only those there are
	KeyFIPS1402   = "iam:FIDO-FIPS-140-2-certification"
	KeyFIPS1403   = "iam:FIDO-FIPS-140-3-certification"
)

// Request is what a question to the rules is in the policy language.
func (r *Rules) Request(ctx context.Context, a mfa.Access) (policy.Request, error) {
	id, err := r.account(ctx)
	if err != nil {
		return policy.Request{}, err
	}
	now, err := r.Now(ctx)
	if err != nil {
		return policy.Request{}, err
	}
	caller := a.Caller
	keys := policy.Keys{
		KeyUserID:       policy.One(caller.ID),
		KeyPrincipalARN: policy.One(mfa.PrincipalARN(mfa.Account{ID: id}, caller)),
		KeyAccount:      policy.One(id),
		KeyTime:         policy.One(now.Format(time.RFC3339)),
		KeyEpoch:        policy.One(strconv.FormatInt(now.Unix(), 10)),
		KeyMFAPresent:   policy.One(strconv.FormatBool(a.Session.MFAPresent())),
	}
	if caller.Kind == mfa.User {
		keys[KeyType], keys[KeyUserName] = policy.One("User"), policy.One(caller.Name)
	} else {
		keys[KeyType], keys[KeyUserID] = policy.One("Account"), policy.One(id)
	}
	if age, present := a.Session.MFAAge(now); present {
		keys[KeyMFAAge] = policy.One(strconv.FormatInt(int64(max(age, 0)/time.Second), 10))
	}
	if g := a.Registering; g != nil {
		Registering(keys, *g)
	}
	return policy.Request{Action: string(a.Operation), Resource: a.Resource, Keys: keys}, nil
}

// Now is the time that conditions go by, as deadlines do: the clock, or the latest time
// that was ever written down if that is later. Who turns the clock back finds no right
// again that has ended.
func (r *Rules) Now(ctx context.Context) (time.Time, error) {
	highest, err := r.store.HighestTime(ctx)
	if err != nil {
		return time.Time{}, err
	}
	if now := r.clock(); highest.Before(now) {
		return now.UTC(), nil
	}
	return highest.UTC(), nil
}

// Registering puts the keys of one of the two checks of a FIDO registration into keys.
// Before anything was touched nothing is known of the authenticator, so Create has no
// certificates, whatever g says.
func Registering(keys policy.Keys, g mfa.Registration) {
	keys[KeyStep] = policy.One(string(g.Step))
	if g.Step != mfa.StepActivate {
		return
	}
	for key, level := range map[string]string{KeyFIDO: g.FIDO, KeyFIPS1402: g.FIPS1402, KeyFIPS1403: g.FIPS1403} {
		if level != "" {
			keys[key] = policy.One(level)
		}
	}
}

// account is the account's ID, which is read once.
func (r *Rules) account(ctx context.Context) (string, error) {
	r.mu.Lock()
	id := r.accountID
	r.mu.Unlock()
	if id != "" {
		return id, nil
	}
	a, err := r.store.Account(ctx)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	r.accountID = a.ID
	r.mu.Unlock()
	return a.ID, nil
}
