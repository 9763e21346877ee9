package rp

import (
	"bytes"
	"errors"

	"github.com/keyferry/keyferry/backend/mfa"
)

// FinishRegistration verifies the answer to BeginRegistration. The challenge is
// spent, whatever the outcome. Beyond what VerifyRegistration can refuse:
// challenge-unknown (never asked, answered already, or asked for another person or in
// another ceremony), challenge-expired, not-discoverable. That the credential is new is
// for the store to say (credential-registered).
func (r *RelyingParty) FinishRegistration(p mfa.Principal, id string, responseJSON []byte) (mfa.Credential, error) {
	challenge, err := r.book.take(ceremonyKey{registration, p.ID, id})
	if err != nil {
		return mfa.Credential{}, err
	}
	e := r.expectation(challenge)
	e.Algorithms = offered
	credential, properties, err := verifyRegistration(e, responseJSON)
	if err != nil {
		return mfa.Credential{}, err
	}
	if properties == residentNo {
		return mfa.Credential{}, refuse(mfa.CodeNotDiscoverable, "credProps.rk is false")
	}
	credential.Discoverable = true // it was required, and the client did not say otherwise
	return credential, nil
}

// FinishAuthentication verifies the answer to BeginAuthentication against
// devices as they are stored now. The challenge is spent, whatever the outcome.
// Beyond what VerifyAssertion can refuse: challenge-unknown, challenge-expired,
// credential-unknown (also for a device that is suspect).
//
// With counter-regressed (params: device) the Assertion is filled all the same:
// its DeviceID is the device to mark.
func (r *RelyingParty) FinishAuthentication(p mfa.Principal, id string, devices []mfa.Device, responseJSON []byte) (Assertion, error) {
	challenge, err := r.book.take(ceremonyKey{authentication, p.ID, id})
	if err != nil {
		return Assertion{}, err
	}
	answer, err := readAssertionResponse(responseJSON)
	if err != nil {
		return Assertion{}, err
	}
	return r.judge(challenge, p, devices, answer)
}

// Owner gives whom a user handle belongs to, with their devices as they are stored
// now. Its failures come out of FinishDiscoverable as they are.
type Owner func(userHandle []byte) (mfa.Principal, []mfa.Device, error)

// FinishDiscoverable verifies the answer to BeginDiscoverable. Who signs in is said by
// the user handle, which must be there (WebAuthn 7.2 step 6); nothing of it is believed
// before the signature holds under a key that is stored for its owner. The challenge is
// spent, whatever the outcome. Beyond what FinishAuthentication can refuse:
// user-handle-mismatch when there is no handle. With counter-regressed both results are
// filled.
func (r *RelyingParty) FinishDiscoverable(id string, responseJSON []byte, owner Owner) (mfa.Principal, Assertion, error) {
	challenge, err := r.book.take(ceremonyKey{kind: discoverable, ceremonyID: id})
	if err != nil {
		return mfa.Principal{}, Assertion{}, err
	}
	answer, err := readAssertionResponse(responseJSON)
	if err != nil {
		return mfa.Principal{}, Assertion{}, err
	}
	if len(answer.userHandle) == 0 {
		return mfa.Principal{}, Assertion{}, refuse(mfa.CodeUserHandleMismatch, "the credential does not say whose it is")
	}
	p, devices, err := owner(answer.userHandle)
	if err != nil {
		return mfa.Principal{}, Assertion{}, err
	}
	a, err := r.judge(challenge, p, devices, answer)
	return p, a, err
}

// judge holds an answer against the one of p's devices that it names.
func (r *RelyingParty) judge(challenge []byte, p mfa.Principal, devices []mfa.Device, answer assertionResponse) (Assertion, error) {
	e := r.expectation(challenge)
	e.UserHandle = p.UserHandle
	for _, d := range devices {
		if !maySignIn(p, d) || !bytes.Equal(d.Passkey.ID, answer.id) {
			continue
		}
		a, err := verifyAssertion(e, *d.Passkey, answer)
		if err == nil || mfa.IsCode(err, mfa.CodeCounterRegressed) {
			a.DeviceID = d.ID
		}
		if mfa.IsCode(err, mfa.CodeCounterRegressed) {
			err = mfa.Fail(mfa.CodeCounterRegressed, "device", d.Name).Because(errors.Unwrap(err))
		}
		return a, err
	}
	return Assertion{}, refuse(mfa.CodeCredentialUnknown, "the credential is none of this person's usable devices")
}

func (r *RelyingParty) expectation(challenge []byte) Expectation {
	return Expectation{RPID: r.cfg.RPID, Origin: r.cfg.Origin, Challenge: challenge,
		UserVerification: verificationRequired, At: r.cfg.Clock()}
}
