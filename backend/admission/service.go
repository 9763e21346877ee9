package admission

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/metadata"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/rules"
)

// Store is what is needed of mfa.Store.
type Store interface {
	Account(ctx context.Context) (mfa.Account, error)
	Principal(ctx context.Context, id string) (mfa.Principal, error)
	Policy(ctx context.Context, name string) (mfa.Policy, error)
	Blobs(ctx context.Context) ([]mfa.Blob, error)
	Devices(ctx context.Context, principalID string) ([]mfa.Device, error)
}

// Config is what a Service is made of.
type Config struct {
	Store    Store
	Accounts *account.Service
	Rules    *rules.Rules
	Metadata *metadata.Service
	System   string // runtime.GOOS
	Clock    func() time.Time
}

// Service answers. It is safe for concurrent use.
type Service struct{ Config }

// New makes the service.
func New(c Config) *Service { return &Service{c} }

// Subject says whose rules are asked about. Exactly one is set.
type Subject struct {
	Document    []byte // a policy that is being written, alone
	Policy      string // a managed policy, alone
	PrincipalID string // everything that holds for a user
}

// set compiles the subject. policy-malformed, policy-too-large, not-found, invalid-input.
func (s *Service) set(ctx context.Context, of Subject) (*policy.Set, error) {
	switch {
	case len(of.Document) > 0:
		return alone("", of.Document)
	case of.Policy != "":
		p, err := s.Store.Policy(ctx, of.Policy)
		if err != nil {
			return nil, err
		}
		return alone(p.Name, []byte(p.Document))
	case of.PrincipalID != "":
		p, err := s.Store.Principal(ctx, of.PrincipalID)
		if err != nil {
			return nil, err
		}
		return s.Rules.Set(ctx, p)
	}
	return nil, mfa.Fail(mfa.CodeInvalidInput, "field", "rules")
}

func alone(name string, document []byte) (*policy.Set, error) {
	d, err := policy.Parse(document)
	if err != nil {
		return nil, err
	}
	return policy.NewSet(policy.Policy{Name: name, Document: d}), nil
}

// whoAdds is somebody who adds a device to themselves, signed in with MFA as soon as
// they could be. Without a principal it is a user that nobody is.
func (s *Service) whoAdds(ctx context.Context, principalID string) (mfa.Access, error) {
	now, err := s.Rules.Now(ctx)
	if err != nil {
		return mfa.Access{}, err
	}
	acct, err := s.Store.Account(ctx)
	if err != nil {
		return mfa.Access{}, err
	}
	p := anyone
	session := mfa.Session{PrincipalID: p.ID, StartedAt: now, MFAAt: now}
	if principalID != "" {
		if p, err = s.Store.Principal(ctx, principalID); err != nil {
			return mfa.Access{}, err
		}
		devices, err := s.Store.Devices(ctx, p.ID)
		if err != nil {
			return mfa.Access{}, err
		}
		session.PrincipalID = p.ID
		if len(devices) == 0 {
			session.MFAAt = time.Time{}
		}
	}
	return addingTo(acct, p, session), nil
}

// anyone is a user whom nobody is.
var anyone = mfa.Principal{ID: "anyone", Kind: mfa.User, Name: "anyone", Path: mfa.RootPath}

func addingTo(acct mfa.Account, p mfa.Principal, session mfa.Session) mfa.Access {
	return mfa.Access{Operation: mfa.OpEnableDevice, Caller: p, Session: session, Target: p, Resource: mfa.PrincipalARN(acct, p)}
}

// questions are the two checks of a registration, Create first.
func (s *Service) questions(ctx context.Context, a mfa.Access, c mfa.Certificates) (create, activate policy.Request, err error) {
	a.Registering = &mfa.Registration{Step: mfa.StepCreate}
	if create, err = s.Rules.Request(ctx, a); err != nil {
		return create, activate, err
	}
	a.Registering = &mfa.Registration{Step: mfa.StepActivate, Certificates: c}
	activate, err = s.Rules.Request(ctx, a)
	return create, activate, err
}

// may lets people ask about themselves, and others with the right to simulate: for
// everybody who is named, as whoever acts and as whose rules are asked. A policy that is
// kept is told in explanations, so it takes the right to read policies, too.
func (s *Service) may(ctx context.Context, who mfa.Session, of Subject, principalID string) error {
	if of.Document == nil && of.Policy == "" && isSelf(who, principalID) && isSelf(who, of.PrincipalID) {
		return nil
	}
	return s.simulates(ctx, who, of, principalID)
}

func isSelf(who mfa.Session, id string) bool { return id == "" || id == who.PrincipalID }

func (s *Service) simulates(ctx context.Context, who mfa.Session, of Subject, principalID string) error {
	if _, err := s.Accounts.May(ctx, who, mfa.OpSimulate, first(principalID, of.PrincipalID)); err != nil {
		return err
	}
	if of.PrincipalID != "" && of.PrincipalID != principalID {
		if _, err := s.Accounts.May(ctx, who, mfa.OpSimulate, of.PrincipalID); err != nil {
			return err
		}
	}
	if of.Policy == "" {
		return nil
	}
	_, err := s.Accounts.May(ctx, who, mfa.OpListPolicies, "")
	return err
}

// metadataOf gives a BLOB's content: that of the newest for 0.
func (s *Service) metadataOf(ctx context.Context, number int64) (*mds.Metadata, error) {
	m, newest, err := s.Metadata.Current(ctx)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, mfa.Fail(mfa.CodeMetadataMissing)
	}
	if number == 0 || number == newest.Number {
		return m, nil
	}
	blobs, err := s.Store.Blobs(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range blobs {
		if b.Number == number {
			return s.Metadata.Open(ctx, b)
		}
	}
	return nil, mfa.Fail(mfa.CodeNotFound, "what", "metadata")
}
