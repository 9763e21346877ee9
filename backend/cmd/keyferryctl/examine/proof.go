package examine

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/hello"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/rp"
	"github.com/keyferry/keyferry/backend/trust"
)

// prove says what is proven of the authenticator, and whether the policy wants it.
func prove(ctx context.Context, l *list, c Case, credential mfa.Credential) error {
	proven, err := trust.Judge(credential, c.Metadata, c.At)
	if err != nil { // reported: nothing about it is believed any more
		l.fail(CheckModel, err)
		return nil
	}
	l.trusts(proven, c.Metadata != nil)
	statements, err := rp.Statements(credential.AttestationObject)
	if err != nil {
		return err
	}
	e := hello.Evidence{AAGUID: credential.AAGUID, Transports: credential.Transports, Path: c.Path, System: c.System, Proven: proven.IsProven()}
	for _, s := range statements {
		e.Formats = append(e.Formats, s.Format)
	}
	proven.Hello = hello.Judge(e)
	l.guards(proven.Hello, c.RuleOut)
	if c.Policy == nil {
		return nil
	}
	return l.asks(ctx, c, proven)
}

func (l *list) trusts(t mfa.Trust, metadata bool) {
	s := l.step(CheckTrust)
	s.State = Unproven
	if t.IsProven() {
		s.State = Holds
	}
	if metadata {
		l.step(CheckModel).State = Holds
		l.fact(CheckTrust, "blob", strconv.FormatInt(t.Blob, 10))
	}
	l.fact(CheckTrust, "unproven", string(t.Unproven))
	l.fact(CheckTrust, "detail", t.Detail)
	l.fact(CheckTrust, "model", t.Model)
	l.fact(CheckTrust, "entry", t.Entry)
	if t.Firmware != 0 {
		l.fact(CheckTrust, "firmware", strconv.FormatUint(uint64(t.Firmware), 10))
	}
	l.fact(CheckTrust, "fido", t.FIDO)
	l.fact(CheckTrust, "fips_140_2", t.FIPS1402)
	l.fact(CheckTrust, "fips_140_3", t.FIPS1403)
	for _, r := range t.Reports {
		day := ""
		if !r.Effective.IsZero() {
			day = r.Effective.UTC().Format("2006-01-02")
		}
		l.fact(CheckTrust, "report", strings.TrimSpace(r.Status+" "+day))
	}
}

func (l *list) guards(h mfa.Hello, ruleOut bool) {
	s := l.step(CheckHello)
	switch err := hello.Check(h, ruleOut); {
	case err != nil:
		l.fail(CheckHello, err)
	case h.State == mfa.HelloNo:
		s.State = Holds
	default:
		s.State = Unproven
	}
	l.fact(CheckHello, "state", string(h.State))
	l.fact(CheckHello, "proof", h.Proof)
}

func (l *list) asks(ctx context.Context, c Case, t mfa.Trust) error {
	asked, err := c.Policy.Registration(ctx, t.Certificates)
	if err != nil {
		return err
	}
	for _, x := range []struct {
		check    Check
		decision policy.Decision
	}{{CheckCreate, asked.Create}, {CheckActivate, asked.Activate}} {
		s := l.step(x.check)
		s.State, s.Decision = Holds, &x.decision
		if x.decision.Effect != policy.Allow {
			s.State = Fails
		}
	}
	refusal, err := c.Policy.Refusal(ctx, asked, t, c.Metadata)
	if err != nil || refusal == nil {
		return err
	}
	delete(refusal.Params, "left") // what stays where is not known here
	if asked.Create.Effect != policy.Allow {
		l.step(CheckCreate).Failure = refusal
		l.step(CheckActivate).State = NotJudged // it is not come to
		return nil
	}
	l.step(CheckActivate).Failure = refusal
	return nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
