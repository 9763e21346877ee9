package admission

import (
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/rules"
)

// Offline answers questions about one policy where there is no account: it decides as
// Service does for a policy that is being written, for a user whom nobody is.
type Offline struct {
	service Service
	set     *policy.Set
}

// NewOffline makes a policy ready; name is what it is called in answers, at the moment
// of all of them. policy-malformed, policy-too-large.
func NewOffline(name string, document []byte, at time.Time) (*Offline, error) {
	set, err := alone(name, document)
	if err != nil {
		return nil, err
	}
	clock := func() time.Time { return at }
	return &Offline{Service{Config{Rules: rules.New(nowhere{}, clock), Clock: clock}}, set}, nil
}

// Admits is Service.Admits for any metadata.
func (o *Offline) Admits(ctx context.Context, m *mds.Metadata) (Admission, error) {
	return o.service.through(ctx, o.set, o.adding(), m, o.service.Clock())
}

// Registration decides the two checks of a passkey that proves these certificates.
func (o *Offline) Registration(ctx context.Context, c mfa.Certificates) (Preflight, error) {
	create, activate, err := o.service.questions(ctx, o.adding(), c)
	if err != nil {
		return Preflight{}, err
	}
	p := Preflight{Create: o.set.Evaluate(create), Activate: o.set.Evaluate(activate)}
	if p.Activate.Effect != policy.Allow {
		p.Needs, err = o.service.needs(ctx, o.set, o.adding())
	}
	return p, err
}

// Refusal is what a registration would fail with at the first of the two checks that does
// not allow it: device-not-admitted, as Service.Refusal gives it; nil when both do. m is
// the metadata that t was judged by, nil for none.
func (o *Offline) Refusal(ctx context.Context, p Preflight, t mfa.Trust, m *mds.Metadata) (*mfa.Failure, error) {
	step, d := mfa.StepCreate, p.Create
	if d.Effect == policy.Allow {
		step, d = mfa.StepActivate, p.Activate
	}
	if d.Effect == policy.Allow {
		return nil, nil
	}
	admitted := -1
	if m != nil {
		all, err := o.Admits(ctx, m)
		if err != nil {
			return nil, err
		}
		admitted = all.Admitted
	}
	if step == mfa.StepCreate {
		t = mfa.Trust{} // nothing was known of it yet
	}
	return notAdmitted(step, d, p.Needs, t, admitted), nil
}

func (o *Offline) adding() mfa.Access {
	now := o.service.Clock()
	return addingTo(somewhere, anyone, mfa.Session{PrincipalID: anyone.ID, StartedAt: now, MFAAt: now})
}

// nowhere is the store of no account.
type nowhere struct{}

// somewhere is an account as the examples of AWS have it.
var somewhere = mfa.Account{ID: "123456789012"}

func (nowhere) Account(context.Context) (mfa.Account, error) { return somewhere, nil }

func (nowhere) HighestTime(context.Context) (time.Time, error) { return time.Time{}, nil }

func (nowhere) Granted(context.Context, string) ([]mfa.GrantedPolicy, error) { return nil, nil }
