package ceremony

import (
	"context"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/hello"
	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
	"github.com/keyferry/keyferry/backend/trust"
)

// Metadata gives the newest FIDO metadata, nil when nothing was imported.
type Metadata interface {
	Current(ctx context.Context) (*mds.Metadata, mfa.Blob, error)
}

// Admission turns a refusal at one of the two checks into what a person can work with.
type Admission interface {
	Refusal(ctx context.Context, a mfa.Access, t mfa.Trust, denied error) error
}

// MayCreate is the first check of a FIDO registration, before anything is touched:
// whether a device of this name may be added for somebody, the caller when targetID is
// empty. device-not-admitted, or as account.CheckNewDevice fails.
func (s *Service) MayCreate(ctx context.Context, who mfa.Session, targetID, name string) (account.Acting, error) {
	create := mfa.Registration{Step: mfa.StepCreate}
	acting, err := s.Accounts.CheckNewDevice(ctx, who, targetID, name, &create)
	if err != nil {
		return acting, s.refusal(ctx, who, targetID, create, mfa.Trust{}, err)
	}
	return acting, nil
}

// mayActivate is the second one: what the authenticator is, and whether the policies
// want it. It freezes what was proven in c.
//
// model-refused, windows-hello, windows-hello-unproven, device-not-admitted,
// access-denied.
func (s *Service) mayActivate(ctx context.Context, a account.Acting, c *mfa.Credential, path hello.Path) error {
	metadata, blob, err := s.metadata(ctx)
	if err != nil {
		return err
	}
	at := s.Clock()
	if at.Before(blob.ImportedAt) { // a clock that was turned back would hide the newest reports
		at = blob.ImportedAt
	}
	proven, err := trust.Judge(*c, metadata, at)
	if err != nil {
		return err
	}
	if proven.Hello, err = guard(*c, proven, path, s.System); err != nil {
		return err
	}
	acct, err := s.Store.Account(ctx) // not a.Account: the settings may have changed since Create
	if err != nil {
		return err
	}
	if err := hello.Check(proven.Hello, acct.Settings.RuleOutHello); err != nil {
		return err
	}
	activate := mfa.Registration{Step: mfa.StepActivate, Certificates: proven.Certificates}
	target := a.Target.ID
	if _, err := s.Accounts.MayDo(ctx, a.Session, account.Ask{Operation: mfa.OpEnableDevice, TargetID: target, Registering: &activate}); err != nil {
		return s.refusal(ctx, a.Session, target, activate, proven, err)
	}
	c.Trust = proven
	return nil
}

func (s *Service) metadata(ctx context.Context) (*mds.Metadata, mfa.Blob, error) {
	if s.Metadata == nil {
		return nil, mfa.Blob{}, nil
	}
	return s.Metadata.Current(ctx)
}

// guard asks whether the credential lives in Windows Hello on this computer.
func guard(c mfa.Credential, proven mfa.Trust, path hello.Path, system string) (mfa.Hello, error) {
	statements, err := rp.Statements(c.AttestationObject)
	if err != nil {
		return mfa.Hello{}, err
	}
	formats := make([]string, len(statements))
	for i, s := range statements {
		formats[i] = s.Format
	}
	return hello.Judge(hello.Evidence{AAGUID: c.AAGUID, Formats: formats, Transports: c.Transports, Path: path, System: system, Proven: proven.IsProven()}), nil
}

// refusal explains access-denied; what cannot be explained stays as it is.
func (s *Service) refusal(ctx context.Context, who mfa.Session, targetID string, r mfa.Registration, t mfa.Trust, denied error) error {
	if s.Admission == nil || !mfa.IsCode(denied, mfa.CodeAccessDenied) {
		return denied
	}
	caller, err := s.Store.Principal(ctx, who.PrincipalID)
	if err != nil {
		return denied
	}
	target := caller
	if targetID != "" && targetID != caller.ID {
		if target, err = s.Store.Principal(ctx, targetID); err != nil {
			return denied
		}
	}
	acct, err := s.Store.Account(ctx)
	if err != nil {
		return denied
	}
	return s.Admission.Refusal(ctx, mfa.Access{Operation: mfa.OpEnableDevice, Caller: caller, Session: who, Target: target,
		Resource: mfa.PrincipalARN(acct, target), Registering: &r}, t, denied)
}
