package walk

// AddUser adds a user with a password that has to be changed at the first
// sign-in, and stays on the user's page.
func (p Person) AddUser(name, password string) Step {
	return All(p.Open("users"), p.Looks("users"), p.Push("users.s_add"), p.Title("users.s_add_title"),
		p.Enter("signin.s_name", name), p.Enter("create.s_password", password), p.Looks("add-user"), p.Push("users.s_add"),
		p.Title("users.s_devices"), p.Shows(name), p.Looks("user"))
}

// OpenUser opens the page of somebody in the list.
func (p Person) OpenUser(name string) Step {
	return All(p.Open("users"), p.Row(name), p.Title("users.s_devices"))
}

// ChangePassword is what somebody does whose password was set by another.
func (p Person) ChangePassword(old, fresh string) Step {
	return All(p.Title("password.s_own"), p.Enter("password.s_old", old), p.Enter("password.s_new", fresh), p.Looks("new-password"),
		p.Push("password.s_change"), p.Says("password.l_changed"))
}
