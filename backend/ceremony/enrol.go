package ceremony

import (
	"context"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

// Candidate is a verified passkey that the person has not accepted yet.
type Candidate struct {
	Provider string // "" when the authenticator did not say
	AAGUID   mfa.AAGUID
	Synced   bool
	OnPhone  bool
	Road     mfa.Road
	Trust    mfa.Trust
}

// Confirm asks "Add <provider> on your phone?". An error, or the end of ctx,
// counts as no.
type Confirm func(ctx context.Context, c Candidate) (bool, error)

// Enrol adds a phone, a security key or this computer as a passkey device:
//
//	may this person (Create)?  ->  the road to the authenticator, makeCredential  ->  verify
//	  ->  what is proven of the authenticator; may this person (Activate)?
//	  ->  the person confirms  ->  the same once more  ->  device and event in one transaction
//
// Until that transaction nothing is kept. A passkey that did not become a device is taken
// out of this computer again. On a phone or a key it stays behind; every relying party has
// that, and the failure says so (params: left, rp, user), also when the person said no.
func (s *Service) Enrol(ctx context.Context, who mfa.Session, targetID, name string, road mfa.Road, person Person) (mfa.Device, error) {
	d, err := s.enrol(ctx, who, targetID, name, road, person)
	if err != nil {
		s.note(ctx, mfa.Event{Kind: mfa.EventEnrolmentFailed, PrincipalID: who.PrincipalID}, err)
		return mfa.Device{}, err
	}
	person.Report.To(mfa.Progress{Stage: mfa.StageDone})
	return d, nil
}

func (s *Service) enrol(ctx context.Context, who mfa.Session, targetID, name string, road mfa.Road, person Person) (mfa.Device, error) {
	acting, err := s.MayCreate(ctx, who, targetID, name)
	if err != nil {
		return mfa.Device{}, err
	}
	principal := acting.Target
	party, origin, err := s.relyingParty(ctx)
	if err != nil {
		return mfa.Device{}, err
	}
	existing, err := s.Store.Devices(ctx, principal.ID)
	if err != nil {
		return mfa.Device{}, err
	}
	id := mfa.NewID()
	options, err := party.BeginRegistration(principal, id, road, existing)
	if err != nil {
		return mfa.Device{}, err
	}
	links := s.holdLinks(principal.ID)
	defer links.drop()
	response, err := journey{s: s, road: road, person: person, links: links, origin: origin}.create(ctx, options)
	if err != nil {
		return mfa.Device{}, err
	}
	d, err := s.admit(ctx, acting, party, id, name, response, road, person)
	if err != nil {
		return mfa.Device{}, s.notKept(ctx, acting, road, response, err)
	}
	links.keep()
	return d, nil
}

// admit is what follows once a credential is there.
func (s *Service) admit(ctx context.Context, acting account.Acting, party *rp.RelyingParty, id, name string, response []byte, road mfa.Road, person Person) (mfa.Device, error) {
	person.Report.To(mfa.Progress{Stage: mfa.StageVerifying})
	credential, err := party.FinishRegistration(acting.Target, id, response)
	if err != nil {
		return mfa.Device{}, err
	}
	if err := s.mayActivate(ctx, acting, &credential, path(road, credential)); err != nil {
		return mfa.Device{}, err
	}
	provider := rp.ProviderName(credential.AAGUID)
	person.Report.To(mfa.Progress{Stage: mfa.StageNameDevice})
	yes, err := person.Confirm(ctx, Candidate{Provider: provider, AAGUID: credential.AAGUID, Synced: credential.IsSynced(), OnPhone: credential.OnPhone(),
		Road: road, Trust: credential.Trust})
	if err != nil {
		return mfa.Device{}, err
	}
	if !yes {
		return mfa.Device{}, mfa.Fail(mfa.CodeCancelled)
	}
	// A person takes their time to answer, and meanwhile somebody may have withdrawn the
	// right, or imported metadata that refuse the model.
	if err := s.mayActivate(ctx, acting, &credential, path(road, credential)); err != nil {
		return mfa.Device{}, err
	}
	return s.addDevice(ctx, acting, name, credential, provider)
}

func (s *Service) addDevice(ctx context.Context, acting account.Acting, name string, c mfa.Credential, provider string) (mfa.Device, error) {
	p := acting.Target
	now := s.Clock()
	d := mfa.Device{ID: mfa.NewID(), PrincipalID: p.ID, Kind: mfa.KindPasskey, Name: name, Serial: mfa.PasskeyARN(acting.Account, p, name),
		CreatedAt: now, EnabledAt: now, Version: 1, Passkey: &c}
	event := s.did(acting, mfa.EventDeviceAdded, d, "provider", provider)
	if err := s.named(ctx, acting.Caller, name, func() error { return s.Store.AddDevice(ctx, d, event) }); err != nil {
		return mfa.Device{}, err
	}
	return d, nil
}
