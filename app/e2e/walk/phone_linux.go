package walk

import (
	"context"

	"github.com/keyferry/keyferry/app/e2e/atspi"
)

// BeginAdding goes to the code of a new device.
func (p Person) BeginAdding(name string) Step {
	return All(p.NameDevice(name), p.Push("do.s_continue"), p.Title("ceremony.s_enrol"), p.code, p.Looks("add-phone-code"))
}

// NameDevice opens the wizard and gives the new device a name.
func (p Person) NameDevice(name string) Step {
	return All(p.Push("home.s_add"), p.Button("do.s_continue"), p.Enter("add.s_name", name), p.Says("add.l_free"), p.Looks("add-device"))
}

// code waits for the picture of the code.
func (p Person) code(ctx context.Context) error {
	return p.See(ctx, atspi.Image, p.Words.Say("ceremony.l_code"))
}

// Scan lets the simulated phone beside the code read it.
func (p Person) Scan(ctx context.Context) error { return p.Push("phone.l_scan")(ctx) }

// Answer presses Approve or Decline on the simulated phone.
func (p Person) Answer(approve bool) Step {
	key := "phone.s_decline"
	if approve {
		key = "phone.s_approve"
	}
	return All(p.Button(key), p.Looks("phone-asks"), p.Push(key))
}

// Accept answers "Add this passkey?" with yes and goes home.
func (p Person) Accept(name string) Step {
	return All(p.Button("confirm.s_add"), p.Looks("add-this-passkey"), p.Push("confirm.s_add"), p.Added(name))
}

// Added waits until a device is added, and goes back to where it is listed.
func (p Person) Added(name string) Step {
	return All(p.Title("done.l_title", "name", name), p.Looks("device-added"), p.Push("done.s_finish"),
		p.Button("home.s_add"), p.Shows(name), p.Looks("with-device"))
}

// BeginSignIn gives root's right password and goes to the phone's code.
func (p Person) BeginSignIn(ctx context.Context) error {
	return Do(ctx, p.RootPassword(Password),
		p.Title("second.s_title"), p.Looks("second-factor"), p.Push("second.s_phone"),
		p.Title("ceremony.s_signin"), p.code, p.Looks("sign-in-code"))
}

// NothingAdded waits for the words that say so.
func (p Person) NothingAdded(ctx context.Context) error { return p.Says("failed.s_enrol")(ctx) }

// Expired waits until the code has run out, for as long as codes live.
func (p Person) Expired(ctx context.Context) error {
	for life := 0; ; life++ {
		err := p.Title("failure.code-expired.s_title")(ctx)
		if err == nil || life == codeLives {
			return err
		}
	}
}

// codeLives is how often the person's patience is renewed while a code runs out.
const codeLives = 3

// NewCode asks for a fresh code after one has run out.
func (p Person) NewCode(ctx context.Context) error { return Do(ctx, p.Push("do.s_new_code"), p.code) }

// Cancel leaves a ceremony.
func (p Person) Cancel(ctx context.Context) error {
	return Do(ctx, p.Push("do.s_cancel"), p.Says("ceremony.l_cancelled"))
}
