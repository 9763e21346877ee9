package walk

import (
	"context"
	"fmt"

	"github.com/keyferry/keyferry/app/e2e/atspi"
	"github.com/keyferry/keyferry/app/e2e/window"
)

// The person. The password is the test's own; it protects nothing.
const (
	Email    = "root@sandbox.keyferry.internal"
	Password = "correct horse 7"
)

// Person is somebody in front of the window.
type Person struct {
	*window.Window
	Words window.Words
	// Look is called at each new screen with a short name for it; may be nil.
	Look func(ctx context.Context, screen string) error
}

func (p Person) look(ctx context.Context, screen string) error {
	if p.Look == nil {
		return nil
	}
	return p.Look(ctx, screen)
}

// step is one thing that is done or seen.
type step func(ctx context.Context) error

func do(ctx context.Context, steps ...step) error {
	for i, s := range steps {
		if err := s(ctx); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

// Press presses the button with the text of this key.
func (p Person) press(key string, fill ...string) step {
	return func(ctx context.Context) error { return p.Window.Press(ctx, p.Words.Say(key, fill...)) }
}

func (p Person) button(key string) step {
	return func(ctx context.Context) error { return p.See(ctx, atspi.PushButton, p.Words.Say(key)) }
}

func (p Person) fill(key, text string) step {
	return func(ctx context.Context) error { return p.Window.Fill(ctx, p.Words.Say(key), text) }
}

func (p Person) heading(key string, fill ...string) step {
	return func(ctx context.Context) error { return p.See(ctx, atspi.Heading, p.Words.Say(key, fill...)) }
}

func (p Person) read(key string, fill ...string) step {
	return func(ctx context.Context) error { return p.Read(ctx, p.Words.Say(key, fill...)) }
}

func (p Person) looks(screen string) step {
	return func(ctx context.Context) error { return p.look(ctx, screen) }
}

// CreateAccount opens the sandbox from the welcome screen and creates its account.
func (p Person) CreateAccount(ctx context.Context) error {
	return do(ctx,
		p.heading("welcome.s_title"), p.looks("welcome"), p.press("welcome.s_try"),
		p.heading("create.s_title"), p.fill("create.s_email", Email), p.fill("create.s_password", Password),
		p.looks("create-account"), p.press("create.s_submit"),
		p.heading("nav.s_security"), p.read("home.s_empty"), p.looks("home-empty"))
}

// OpenSandboxAgain goes from the welcome screen to the sandbox's sign-in.
func (p Person) OpenSandboxAgain(ctx context.Context) error {
	return do(ctx, p.press("welcome.s_try"), p.signInScreen)
}

// BeginAdding goes to the code of a new device.
func (p Person) BeginAdding(ctx context.Context, name string) error {
	return do(ctx,
		p.press("home.s_add"), p.heading("add.s_title"), p.fill("add.s_name", name), p.read("add.l_free"), p.looks("add-device"),
		p.press("do.s_continue"), p.heading("ceremony.s_enrol"), p.code, p.looks("add-phone-code"))
}

// code waits for the picture of the code.
func (p Person) code(ctx context.Context) error {
	return p.See(ctx, atspi.Image, p.Words.Say("ceremony.l_code"))
}

// Scan lets the simulated phone beside the code read it.
func (p Person) Scan(ctx context.Context) error { return p.press("phone.l_scan")(ctx) }

// Answer presses Approve or Decline on the simulated phone.
func (p Person) Answer(ctx context.Context, approve bool) error {
	key := "phone.s_decline"
	if approve {
		key = "phone.s_approve"
	}
	return do(ctx, p.button(key), p.looks("phone-asks"), p.press(key))
}

// Accept answers "Add this passkey?" with yes and goes home.
func (p Person) Accept(ctx context.Context, name string) error {
	return do(ctx,
		p.button("confirm.s_add"), p.looks("add-this-passkey"), p.press("confirm.s_add"), p.heading("done.l_title", "name", name), p.looks("device-added"),
		p.press("done.s_finish"), p.heading("nav.s_security"),
		func(ctx context.Context) error { return p.Read(ctx, name) }, p.looks("home-with-device"))
}

// SignOut ends the session.
func (p Person) SignOut(ctx context.Context) error {
	return do(ctx, p.press("nav.s_sign_out"), p.signInScreen)
}

// signInScreen waits for the first factor's fields.
func (p Person) signInScreen(ctx context.Context) error {
	return p.See(ctx, atspi.PasswordText, p.Words.Say("create.s_password"))
}

// GivePassword is the first factor; what follows depends on the password.
func (p Person) GivePassword(ctx context.Context, password string) error {
	return do(ctx, p.signInScreen, p.fill("signin.s_email", Email), p.fill("create.s_password", password),
		p.looks("sign-in"), p.press("signin.s_title"))
}

// BeginSignIn gives the right password and goes to the code.
func (p Person) BeginSignIn(ctx context.Context) error {
	return do(ctx,
		func(ctx context.Context) error { return p.GivePassword(ctx, Password) },
		p.heading("second.s_title"), p.looks("second-factor"), p.press("second.s_phone"),
		p.heading("ceremony.s_signin"), p.code, p.looks("sign-in-code"))
}

// IsHome waits for the home screen of somebody who is signed in.
func (p Person) IsHome(ctx context.Context) error { return p.heading("nav.s_security")(ctx) }

// Failed waits for the sentence of a failure.
func (p Person) Failed(ctx context.Context, code string) error {
	return do(ctx, p.read("failure."+code+".s_title"), p.looks("failed-"+code))
}

// NothingAdded waits for the words that say so.
func (p Person) NothingAdded(ctx context.Context) error { return p.read("failed.s_enrol")(ctx) }

// Expired waits until the code has run out, for as long as codes live.
func (p Person) Expired(ctx context.Context) error {
	for life := 0; ; life++ {
		err := p.heading("failure.code-expired.s_title")(ctx)
		if err == nil || life == codeLives {
			return err
		}
	}
}

// codeLives is how often the person's patience is renewed while a code runs out.
const codeLives = 3

// NewCode asks for a fresh code after one has run out.
func (p Person) NewCode(ctx context.Context) error { return do(ctx, p.press("do.s_new_code"), p.code) }

// Cancel leaves a ceremony.
func (p Person) Cancel(ctx context.Context) error {
	return do(ctx, p.press("do.s_cancel"), p.read("ceremony.l_cancelled"))
}
