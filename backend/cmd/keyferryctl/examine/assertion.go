package examine

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

var atAssertion = map[mfa.Code]Check{
	mfa.CodeCredentialUnknown: CheckCredential, mfa.CodeUserHandleMismatch: CheckUserHandle, mfa.CodeTypeMismatch: CheckType, mfa.CodeChallengeMismatch: CheckChallenge,
	mfa.CodeOriginMismatch: CheckOrigin, mfa.CodeCrossOrigin: CheckCrossOrigin, mfa.CodeResponseMalformed: CheckAuthData, mfa.CodeRPIDMismatch: CheckRPID,
	mfa.CodeUserPresenceMissing: CheckPresence, mfa.CodeUserVerifyMissing: CheckVerification, mfa.CodeBackupFlags: CheckBackup, mfa.CodeKeyUnusable: CheckKey,
	mfa.CodeSignatureInvalid: CheckSignature, mfa.CodeCounterRegressed: CheckCounter,
}

func assertion(c Case) (Report, error) {
	if c.Stored == nil {
		return Report{}, mfa.Fail(mfa.CodeInvalidInput, "field", "credential")
	}
	l := newList(assertionChecks)
	assert(l, c)
	return Report{Kind: Assertion, Steps: l.steps}, nil
}

func assert(l *list, c Case) {
	if err := rp.CheckCredentialJSON(c.Response); err != nil {
		l.fail(CheckResponse, err)
		return
	}
	id := credentialID(c.Response)
	l.fact(CheckCredential, "said", hex.EncodeToString(id))
	cred := *c.Stored
	if len(cred.ID) == 0 { // a key alone was given
		cred.ID = id
	} else {
		l.fact(CheckCredential, "expected", hex.EncodeToString(cred.ID))
	}
	clientData := part(c.Response, "clientDataJSON")
	if err := rp.CheckClientData(clientData); err != nil {
		l.hold(CheckCredential, nil)
		l.fail(CheckClientData, err)
		return
	}
	s := readSaid(clientData)
	e, unknown := start(c.Expect, s)
	l.compare(c.Expect, s)
	if c.Expect.UserHandle == nil {
		unknown[CheckUserHandle] = true
	}
	verify := func() (rp.Assertion, error) { return rp.VerifyAssertion(e.Expectation, cred, c.Response) }
	for {
		a, err := verify()
		code := mfa.Code("")
		if err != nil {
			code = mfa.AsFailure(err).Code
		}
		if err == nil || code == mfa.CodeCounterRegressed {
			l.hold(CheckCounter, unknown)
			l.step(CheckCounter).State = Holds
			l.fact(CheckRPID, "said", e.RPID)
			l.fact(CheckVerification, "said", yes(a.UserVerified))
			l.fact(CheckBackup, "backed-up", yes(a.BackupState))
			l.fact(CheckCounter, "stored", strconv.FormatUint(uint64(cred.SignCount), 10))
			l.fact(CheckCounter, "said", strconv.FormatUint(uint64(a.SignCount), 10))
			if err != nil {
				l.fail(CheckCounter, err)
			}
			return
		}
		check := atAssertion[code]
		if check == "" {
			check = CheckResponse
		}
		mended := e.yields(code, func() bool {
			_, err := verify()
			return !mfa.IsCode(err, mfa.CodeRPIDMismatch)
		}) || replaces(e, &cred, code, id)
		if !unknown[check] {
			l.fail(check, err)
		}
		if !mended {
			l.hold(check, unknown)
			return
		}
	}
}

// replaces is again.yields for what is stored. Each gives way once.
func replaces(e *again, cred *mfa.Credential, code mfa.Code, id []byte) bool {
	switch code {
	case mfa.CodeCredentialUnknown:
		known := bytes.Equal(cred.ID, id) && (e.AllowCredentials == nil || slices.ContainsFunc(e.AllowCredentials, func(x []byte) bool { return bytes.Equal(x, id) }))
		cred.ID, e.AllowCredentials = id, nil
		return !known
	case mfa.CodeUserHandleMismatch:
		had := e.UserHandle != nil
		e.UserHandle = nil
		return had
	case mfa.CodeBackupFlags:
		if e.given["stored-backup"] {
			return false
		}
		e.given["stored-backup"] = true
		cred.BackupEligible = !cred.BackupEligible
		return true
	}
	return false
}

// credentialID is rawId of a response that rp can read.
func credentialID(response []byte) []byte {
	members, err := object(response, "json")
	if err != nil {
		return nil
	}
	var text string
	if readText(members, "rawId", &text) != nil {
		return nil
	}
	id, _ := Bytes("rawId", text)
	return id
}
