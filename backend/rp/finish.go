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
	asked, err := r.book.take(ceremonyKey{registration, p.ID, id})
	if err != nil {
		return mfa.Credential{}, err
	}
	wish := wishes[asked.road]
	e := r.expectation(asked)
	e.UserVerification, e.Algorithms = wish.verification, offered
	credential, properties, err := verifyRegistration(e, responseJSON)
	if err != nil {
		return mfa.Credential{}, err
	}
	if wish.residentKey != residentRequired {
		return credential, nil
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
	asked, err := r.book.take(ceremonyKey{authentication, p.ID, id})
	if err != nil {
		return Assertion{}, err
	}
	answer, err := readAssertionResponse(responseJSON)
	if err != nil {
		return Assertion{}, err
	}
	return r.judge(asked, p, devices, false, answer)
}

// Owner gives whom a user handle belongs to, with their devices as they are stored
// now. Its failures come out of FinishDiscoverable as they are.
type Owner func(userHandle []byte) (mfa.Principal, []mfa.Device, error)

// FinishDiscoverable verifies the answer to BeginDiscoverable. Who signs in is said by
// the user handle, which must be there (WebAuthn 7.2 step 6); nothing of it is believed
// before the signature holds under a key that is stored for its owner. The challenge is
// spent, whatever the outcome. Beyond what FinishAuthentication can refuse:
// user-handle-mismatch when there is no handle, passkey-not-alone when the credential was
// made without user verification. With counter-regressed both results are filled.
func (r *RelyingParty) FinishDiscoverable(id string, responseJSON []byte, owner Owner) (mfa.Principal, Assertion, error) {
	asked, err := r.book.take(ceremonyKey{kind: discoverable, ceremonyID: id})
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
	a, err := r.judge(asked, p, devices, true, answer)
	return p, a, err
}

// judge holds an answer against the one of p's devices that it names. Where nobody gave
// a name and a password (nameless), the authenticator must have verified its owner.
func (r *RelyingParty) judge(asked openCeremony, p mfa.Principal, devices []mfa.Device, nameless bool, answer assertionResponse) (Assertion, error) {
	e := r.expectation(asked)
	e.UserHandle = p.UserHandle
	for _, d := range devices {
		if !maySignIn(p, d) || !bytes.Equal(d.Passkey.ID, answer.id) {
			continue
		}
		// A stolen key must not do without the PIN that it had when it was added.
		if !d.Passkey.UserVerified && !nameless {
			e.UserVerification = wishes[asked.road].verification
		}
		a, err := verifyAssertion(e, *d.Passkey, answer)
		// And one that had none proves nobody by the PIN that it has now: whoever found it
		// may have set that (WebAuthn 7.2 step 26, uvInitialized).
		if err == nil && nameless && !d.Passkey.UserVerified {
			return Assertion{}, refuse(mfa.CodeNotAlone, "the credential was made without user verification")
		}
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

func (r *RelyingParty) expectation(asked openCeremony) Expectation {
	return Expectation{RPID: r.cfg.RPID, Origin: r.cfg.Origin, Challenge: asked.challenge,
		UserVerification: verificationRequired, At: r.cfg.Clock()}
}
