package walk

import (
	"context"

	"github.com/keyferry/keyferry/app/e2e/atspi"
)

// CreateAccount opens the sandbox from the welcome screen and creates its account.
func (p Person) CreateAccount(ctx context.Context) error {
	return Do(ctx,
		p.Title("welcome.s_title"), p.Looks("welcome"), p.Push("welcome.s_try"),
		p.Title("create.s_title"), p.Enter("create.s_email", Email), p.Enter("create.s_password", Password),
		p.Looks("create-account"), p.Push("create.s_submit"),
		p.skipGrace, p.Title("nav.s_security"), p.Says("home.s_empty"), p.Looks("home-empty"))
}

// skipGrace puts adding a device off where the window asks for one.
func (p Person) skipGrace(ctx context.Context) error {
	if err := p.SaysOne("grace.s_skip", "nav.s_security")(ctx); err != nil || !p.Reads(ctx, p.Words.Say("grace.s_skip")) {
		return err
	}
	return Do(ctx, p.Looks("grace"), p.Push("grace.s_skip"))
}

// OpenSandboxAgain goes from the welcome screen to the sandbox's sign-in.
func (p Person) OpenSandboxAgain(ctx context.Context) error {
	return Do(ctx, p.Push("welcome.s_try"), p.SignInScreen)
}

// SignOut ends the session.
func (p Person) SignOut(ctx context.Context) error {
	return Do(ctx, p.Push("nav.s_sign_out"), p.SignInScreen)
}

// SignInScreen waits for the first factor's fields.
func (p Person) SignInScreen(ctx context.Context) error {
	return p.See(ctx, atspi.PasswordText, p.Words.Say("create.s_password"))
}

// RootPassword is root's first factor; what follows depends on the password.
func (p Person) RootPassword(password string) Step {
	return All(p.SignInScreen, p.Push("signin.s_root"), p.Enter("signin.s_email", Email), p.Enter("create.s_password", password),
		p.Looks("sign-in"), p.Push("signin.s_title"))
}

// UserPassword is a user's first factor.
func (p Person) UserPassword(name, password string) Step {
	return All(p.SignInScreen, p.Push("signin.s_user"), p.Enter("signin.s_name", name), p.Enter("create.s_password", password),
		p.Looks("sign-in-user"), p.Push("signin.s_title"))
}

// IsHome waits for the home screen of somebody who is signed in.
func (p Person) IsHome(ctx context.Context) error {
	return Do(ctx, p.skipGrace, p.Title("nav.s_security"))
}

// Open goes to an area of the side bar: users, tokens, enforcement, activity, settings.
func (p Person) Open(area string) Step {
	return All(p.Push("nav.s_"+area), p.Title("nav.s_"+area))
}

// Idle waits until the window has signed the person out by itself. The keyboard
// and the mouse rest meanwhile; looking at the screen is no touch.
func (p Person) Idle(ctx context.Context) error {
	for minute := 0; ; minute++ {
		if err := p.SignInScreen(ctx); err == nil || minute == idleMinutes {
			return err
		}
	}
}

// idleMinutes is how often a person's patience is renewed while nothing is done.
const idleMinutes = 2
