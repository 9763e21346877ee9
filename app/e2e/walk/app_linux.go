package walk

import (
	"context"
	"time"
)

// AddApp adds an authenticator app, which reads the key off the screen. It is
// enabled by the code of the step before this one and by this one's, so that
// the next one's signs in without waiting: each code works once, and one step to
// either side of the clock is accepted.
func (p Person) AddApp(ctx context.Context, name string) (app Authenticator, err error) {
	err = Do(ctx, p.NameDevice(name), p.Push("device.s_app"), p.Looks("add-device-app"), p.Push("do.s_continue"),
		p.Title("totp.s_title"), p.Looks("app-setup"), p.Push("totp.s_show_key"), p.Button("totp.s_hide_key"))
	if err != nil {
		return app, err
	}
	key, err := p.TextOf(ctx, p.Words.Say("totp.s_key"))
	if err != nil {
		return app, err
	}
	if app, err = FromKey(key); err != nil {
		return app, err
	}
	if err = Do(ctx, p.TwoCodes(&app), p.Looks("app-codes"), p.TwoCodes(&app)); err != nil {
		return app, err
	}
	return app, Do(ctx, p.Push("totp.s_add"), p.Added(name))
}

// TwoCodes types the codes of the step before and of now, and again while that took so
// long that they are no longer those: who adds a device has a minute for both.
func (p Person) TwoCodes(a *Authenticator) Step {
	return func(ctx context.Context) error {
		for {
			now := a.Step(time.Now())
			if now <= a.Used+1 {
				a.Sent(a.Used)
				return nil // they stand there
			}
			if err := Do(ctx, p.Enter("code.s_first", a.Code(now-1)), p.Enter("code.s_second", a.Code(now))); err != nil {
				return err
			}
			a.Used = now
		}
	}
}

// CodeScreen waits for the field of the second factor's code.
func (p Person) CodeScreen(ctx context.Context) error {
	return Do(ctx, p.Title("code.s_title"), p.Looks("sign-in-by-code"))
}

// SignInWithNext types the next code of a device that was used before, and once more
// where wrong ones have made the person wait.
func (p Person) SignInWithNext(a *Authenticator) Step {
	return func(ctx context.Context) error {
		if err := p.CodeScreen(ctx); err != nil {
			return err
		}
		if err := p.TypeCode(a.Next())(ctx); err != nil {
			return err
		}
		return p.afterDelay(ctx)
	}
}

// afterDelay sends a code off again that came too early. The button can be pressed when
// the time is over.
func (p Person) afterDelay(ctx context.Context) error {
	delayed := p.Words.Say("failure.sign-in-delayed.s_title")
	if err := p.ReadOne(ctx, delayed, p.Words.Say("grace.s_skip"), p.Words.Say("nav.s_security")); err != nil {
		return err
	}
	if !p.Reads(ctx, delayed) {
		return nil
	}
	return p.Push("signin.s_title")(ctx)
}

// TypeCode types a code; the screen sends it off with the last digit.
func (p Person) TypeCode(code string) Step {
	return func(ctx context.Context) error { return p.Type(ctx, p.Words.Say("code.s_label"), code) }
}
