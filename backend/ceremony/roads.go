package ceremony

import (
	"context"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/hello"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Phones is the way to a phone. Both methods report the stages up to connecting
// and give an authenticator that has shaken hands.
//
// Open shows a QR code (the report's show-qr stage). Ring wakes a linked phone;
// link-gone says that the phone no longer accepts the link. linked is called for
// each verified linking record, perhaps after the authenticator was closed.
type Phones interface {
	Open(ctx context.Context, p authenticator.Purpose, linked func(mfa.LinkedPhone), report mfa.Report) (authenticator.Authenticator, error)
	Ring(ctx context.Context, phone mfa.LinkedPhone, p authenticator.Purpose, report mfa.Report) (authenticator.Authenticator, error)
}

// Opening finds an authenticator of its kind and reports the stages up to that:
// find-key, touch-key.
type Opening func(ctx context.Context, w authenticator.Want, report mfa.Report) (authenticator.Authenticator, error)

// Roads are the ways to an authenticator that there are here. One that is nil is
// platform-missing.
type Roads struct {
	Phones   Phones
	Keys     Opening
	Computer Opening
	System   authenticator.Native
	Keeps    bool // System keeps passkeys of this computer, too; never Windows, which means Hello
	// Forget takes a credential out of this computer again: not-found when it is not in it.
	// nil: what was made stays.
	Forget func(ctx context.Context, credentialID []byte) error
}

// Person is how the person is reached while a ceremony runs. Report may be nil; without
// PIN, what needs one fails with pin-needed; without Choose, the newest of several
// passkeys on one security key signs in.
type Person struct {
	Report  mfa.Report
	Confirm Confirm // asked at an enrolment
	PIN     mfa.AskPIN
	Choose  mfa.ChooseAccount // asked at a sign-in without a name
}

// journey is one ceremony's way to an authenticator.
type journey struct {
	s      *Service
	road   mfa.Road
	person Person
	links  *heldLinks
	link   *mfa.LinkedPhone // opened; nil asks for a code
	origin string
}

func (j journey) create(ctx context.Context, options []byte) ([]byte, error) {
	if j.road == mfa.RoadSystem && j.s.Roads.System != nil {
		return authenticator.NativeClient{Native: j.s.Roads.System, Report: j.person.Report}.Create(ctx, options, j.origin)
	}
	return j.client().Create(ctx, options, j.origin)
}

func (j journey) get(ctx context.Context, options []byte) ([]byte, error) {
	if j.road == mfa.RoadSystem && j.s.Roads.System != nil {
		return authenticator.NativeClient{Native: j.s.Roads.System, Report: j.person.Report}.Get(ctx, options, j.origin)
	}
	return j.client().Get(ctx, options, j.origin)
}

func (j journey) client() authenticator.Client {
	return authenticator.Client{Open: j.open, Platform: j.road == mfa.RoadComputer, Report: j.person.Report, PIN: j.person.PIN, Choose: j.person.Choose, Rand: j.s.Rand}
}

func (j journey) open(ctx context.Context, w authenticator.Want) (authenticator.Authenticator, error) {
	roads := j.s.Roads
	switch {
	case j.road == mfa.RoadPhone && roads.Phones != nil && j.link != nil:
		return roads.Phones.Ring(ctx, *j.link, w.Purpose, j.person.Report)
	case j.road == mfa.RoadPhone && roads.Phones != nil:
		return roads.Phones.Open(ctx, w.Purpose, j.links.add, j.person.Report)
	case j.road == mfa.RoadKey && roads.Keys != nil:
		return roads.Keys(ctx, w, j.person.Report)
	case j.road == mfa.RoadComputer && roads.Computer != nil:
		return roads.Computer(ctx, w, j.person.Report)
	}
	return nil, mfa.Fail(mfa.CodePlatformMissing, "system", j.s.System)
}

// path says by which way a credential of a road came in, for the guard against Windows
// Hello.
func path(road mfa.Road, c mfa.Credential) hello.Path {
	switch road {
	case mfa.RoadPhone:
		return hello.PathHybrid
	case mfa.RoadKey:
		for _, t := range c.Transports {
			if t == "usb" {
				return hello.PathUSB
			}
		}
		return hello.PathNFC
	}
	return hello.PathPlatform
}
