package examine

import (
	"context"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

// Examine makes the report of a case. It fails only where ctx ends, or with
// credential-unknown for an assertion whose key was not given.
func Examine(ctx context.Context, c Case) (Report, error) {
	if c.Kind == Assertion {
		return assertion(c)
	}
	l := newList(registrationChecks)
	credential := register(l, c)
	r := Report{Kind: Registration, Credential: credential}
	var err error
	if credential != nil {
		err = prove(ctx, l, c, *credential)
	}
	r.Steps = l.steps
	return r, err
}

// where says at which check a registration failed.
var atRegistration = map[mfa.Code]Check{
	mfa.CodeTypeMismatch: CheckType, mfa.CodeChallengeMismatch: CheckChallenge, mfa.CodeOriginMismatch: CheckOrigin, mfa.CodeCrossOrigin: CheckCrossOrigin,
	mfa.CodeKeyUnusable: CheckKey, mfa.CodeAttestationFormat: CheckFormat, mfa.CodeRPIDMismatch: CheckRPID, mfa.CodeUserPresenceMissing: CheckPresence,
	mfa.CodeUserVerifyMissing: CheckVerification, mfa.CodeBackupFlags: CheckBackup, mfa.CodeAlgorithmNotOffered: CheckAlgorithm,
}

// register does everything that package rp judges. nil: something fails that no other
// expectation would mend.
func register(l *list, c Case) *mfa.Credential {
	if err := rp.CheckCredentialJSON(c.Response); err != nil {
		l.fail(CheckResponse, err)
		return nil
	}
	clientData, object := part(c.Response, "clientDataJSON"), part(c.Response, "attestationObject")
	if err := rp.CheckClientData(clientData); err != nil {
		l.hold(CheckClientData, nil)
		l.fail(CheckClientData, err)
		return nil
	}
	s := readSaid(clientData)
	broken := rp.CheckAttestationObject(object)
	e, unknown := start(c.Expect, s)
	l.compare(c.Expect, s)
	verify := func() (mfa.Credential, error) { return rp.VerifyRegistration(e.Expectation, c.Response) }
	for {
		credential, err := verify()
		if err == nil {
			l.hold(CheckTrust, unknown)
			l.describe(credential, e.RPID)
			return &credential
		}
		code := mfa.AsFailure(err).Code
		check, known := atRegistration[code]
		switch {
		case known:
		case code == mfa.CodeAttestationInvalid && broken != nil:
			check = CheckFormat
		case code == mfa.CodeAttestationInvalid:
			check = CheckSignature
		case broken != nil:
			check = CheckAttestation
		default:
			check = CheckID // the parts can be read, and do not fit together
		}
		mended := e.yields(code, func() bool {
			_, err := verify()
			return !mfa.IsCode(err, mfa.CodeRPIDMismatch)
		})
		if !unknown[check] {
			l.fail(check, err)
		}
		if !mended {
			l.hold(check, unknown)
			return nil
		}
	}
}

// start is an expectation in which what is not known gave way already.
func start(e rp.Expectation, s said) (*again, map[Check]bool) {
	a, unknown := newAgain(e, s), map[Check]bool{}
	for _, x := range []struct {
		check Check
		code  mfa.Code
		known bool
	}{{CheckChallenge, mfa.CodeChallengeMismatch, len(e.Challenge) > 0}, {CheckOrigin, mfa.CodeOriginMismatch, e.Origin != ""}, {CheckRPID, mfa.CodeRPIDMismatch, e.RPID != ""}} {
		if x.known {
			continue
		}
		unknown[x.check] = true
		if x.check != CheckRPID { // the ID is found by trying, once everything before it holds
			a.yields(x.code, nil)
		}
	}
	return a, unknown
}

// compare tells what was expected and what was said.
func (l *list) compare(e rp.Expectation, s said) {
	l.fact(CheckType, "said", s.Type)
	if len(e.Challenge) > 0 {
		l.fact(CheckChallenge, "expected", encode(e.Challenge))
	}
	l.fact(CheckChallenge, "said", s.Challenge)
	l.fact(CheckOrigin, "expected", e.Origin)
	l.fact(CheckOrigin, "said", s.Origin)
	if s.Cross {
		l.fact(CheckCrossOrigin, "said", "true")
	}
	l.fact(CheckRPID, "expected", e.RPID)
	l.fact(CheckVerification, "expected", e.UserVerification)
}

// describe tells what a registration holds. rpID is the one whose hash fits.
func (l *list) describe(c mfa.Credential, rpID string) {
	l.fact(CheckRPID, "said", rpID)
	l.fact(CheckVerification, "said", yes(c.UserVerified))
	l.fact(CheckBackup, "eligible", yes(c.BackupEligible))
	l.fact(CheckBackup, "backed-up", yes(c.BackupState))
	l.fact(CheckID, "id", hex.EncodeToString(c.ID))
	l.fact(CheckAlgorithm, "algorithm", Algorithm(c.Algorithm))
	l.fact(CheckAttestation, "aaguid", c.AAGUID.String())
	l.fact(CheckAttestation, "provider", rp.ProviderName(c.AAGUID))
	l.fact(CheckAttestation, "counter", strconv.FormatUint(uint64(c.SignCount), 10))
	l.fact(CheckAttestation, "transports", strings.Join(c.Transports, " "))
	l.fact(CheckFormat, "format", c.AttestationFormat)
	statements, err := rp.Statements(c.AttestationObject)
	if err != nil {
		return // it was read a moment ago
	}
	for _, s := range statements {
		if s.Format != c.AttestationFormat {
			l.fact(CheckSignature, "statement", s.Format)
		}
		for _, x := range s.Chain {
			l.fact(CheckSignature, "certificate", x.Subject.String()+" ("+x.NotBefore.UTC().Format("2006-01-02")+" to "+x.NotAfter.UTC().Format("2006-01-02")+")")
		}
		if len(s.Chain) == 0 {
			l.fact(CheckSignature, "certificate", "none")
		}
	}
}

// algorithms are names of COSE algorithms (IANA).
var algorithms = map[int64]string{-7: "ES256", -8: "EdDSA", -9: "ESP256", -19: "Ed25519", -35: "ES384", -36: "ES512", -37: "PS256", -38: "PS384", -39: "PS512", -47: "ES256K",
	-51: "ESP384", -52: "ESP512", -257: "RS256", -258: "RS384", -259: "RS512", -65535: "RS1"}

// Algorithm is a COSE algorithm's number with its name.
func Algorithm(n int64) string {
	if name := algorithms[n]; name != "" {
		return name + " (" + strconv.FormatInt(n, 10) + ")"
	}
	return strconv.FormatInt(n, 10)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
