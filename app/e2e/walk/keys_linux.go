package walk

// BeginAddingKey goes to where a security key is waited for, as none is plugged in.
func (p Person) BeginAddingKey(name string) Step {
	return All(p.NameDevice(name), p.Push("add.s_key"), p.Looks("add-device-key"), p.Push("do.s_continue"),
		p.Title("ceremony.s_enrol_key"), p.Title("touch.s_insert"), p.Looks("key-insert"))
}

// BeginKeySignIn gives root's right password and takes the security key.
func (p Person) BeginKeySignIn() Step {
	return All(p.RootPassword(Password), p.Title("second.s_title"), p.Looks("second-factor-key"), p.Push("second.s_key"),
		p.Title("ceremony.s_signin_key"))
}

// Plug puts the simulated key in, or takes it out.
func (p Person) Plug(in bool) Step {
	before, after := "simkey.s_unplug", "simkey.s_plug"
	if in {
		before, after = after, before
	}
	return All(p.Push(before), p.Button(after))
}

// Touch puts a finger on the simulated key as soon as it blinks.
func (p Person) Touch(screen string) Step {
	return All(p.Enabled("simkey.s_touch"), p.Looks(screen), p.Push("simkey.s_touch"))
}

// GivePIN types the PIN of a key, where a ceremony asks for it.
func (p Person) GivePIN(pin string) Step {
	return All(p.Title("pin.s_title"), p.Looks("key-pin"), p.Enter("pin.s_pin", pin), p.Push("do.s_continue"))
}

// AcceptKey answers "Add this key?" with yes and goes home.
func (p Person) AcceptKey(name string) Step {
	return All(p.Button("confirm.s_add"), p.Looks("add-this-key"), p.Push("confirm.s_add"), p.Added(name))
}

// OpenKey opens the page of the simulated key, which is plugged in.
func (p Person) OpenKey(name string) Step {
	return All(p.Open("keys"), p.Push("keys.l_look", "key", name), p.Heading(name))
}

// OpenPasskeys lists what is on the key whose page is open.
func (p Person) OpenPasskeys(name, pin string) Step {
	return All(p.Push("keys.s_passkeys"), p.Title("onkey.l_title", "key", name), p.Looks("key-passkeys-pin"),
		p.Enter("pin.s_pin", pin), p.Push("onkey.s_open"))
}
