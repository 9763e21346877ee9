package walk

import "context"

// ImportMetadata imports FIDO's metadata where there is none yet: number and models
// are what the file has.
func (p Person) ImportMetadata(path, number, models string) Step {
	return All(p.Open("metadata"), p.Says("metadata.s_none_yet"), p.Looks("metadata-none"), p.Push("file.s_choose"), p.Choose(path),
		p.Says("metadata.l_sub", "n", models, "number", number), p.Looks("metadata"))
}

// NewPolicy saves a policy of a template as it is, with as many warnings as it has.
func (p Person) NewPolicy(template, name, warnings string) Step {
	return All(p.Open("policies"), p.Looks("policies"), p.Push("policies.s_new"), p.Title("policies.s_new"), p.Looks("policy-templates"),
		p.template(template), p.Enter("policies.s_name", name),
		p.Says("policies.s_warnings", "n", warnings), p.Looks("policy-new"), p.Push("do.s_save"),
		p.Heading(name), p.Says("policies.l_unattached"), p.Looks("policy"))
}

// Exchange takes a policy from the user whose page is open, and attaches another.
func (p Person) Exchange(user, old, fresh string) Step {
	return All(p.Push("device.l_more", "name", old), p.Push("policies.s_detach"), p.Says("policies.l_detached", "policy", old, "name", user),
		p.Push("policies.s_attach_policy"), p.Title("policies.l_attach_to", "name", user), p.Take("policies.s_policy", fresh), p.Looks("policy-attach"),
		p.Push("policies.s_attach"), p.Says("policies.l_attached", "policy", fresh, "name", user), p.Looks("user-policies"))
}

// template presses the button whose name is a template's title and its line.
func (p Person) template(name string) Step {
	title, line := p.Words.Say("policies.s_template_"+name), p.Words.Say("policies.l_template_"+name)
	return func(ctx context.Context) error { return p.Press(ctx, title+" "+line) }
}
