// Package account is the use cases around who exists and who may do what: creating the
// account, its root user and users, the first factor, password rules, settings, the
// verdict of enforcement and its rehearsal. Ceremonies (adding a device, signing in
// with one) are package ceremony.
//
// It never does cryptography beyond the password hash (argon2id, RFC 9106) and
// knows neither transports nor SQL. What enforcement says it asks package enforcement,
// who may do what it asks mfa.Rules.
//
// # One gate
//
// Every use case takes the session and asks May (or MayDo) first: the session's limit,
// the policies, then the rule that one's own devices are changed only in an MFA session
// once there is one. What operations act on, and so what policies name, is the table in
// resource.go.
//
// What is true whatever policies say is refused here: nobody but root touches root,
// recovery codes are root's, root has no name to change and is not removed, nobody
// removes or demotes themselves, one's own password is changed with the old one, and a
// virtual device is made for somebody else, or somebody else's deleted, by those only
// who may enable or deactivate devices there: IAM asks about the device, which does not
// say whose it is.
//
// New users have mfa.FirstPolicies, which give what everybody had before there were
// policies. They can be taken away, and the one that gets them round a certification
// policy is not given where the settings say so.
//
// # Guesses
//
// Wrong passwords are counted by the name that was typed, known or not; wrong codes by
// principal, under a key of their own. Both have the same delay, and both are kept in
// the store. Within a process the wait goes by the monotonic clock (waits.go), so that
// setting the clock does not shorten it; after a restart by the clock on the wall.
//
// # Deadlines
//
// The time to go without a device begins with the first right password of somebody who
// must have one and has none that works. The store keeps the deadline once; nothing
// here moves it. Now is the later of the clock and the latest time ever written down.
//
// Names and their uniqueness, paths and quotas follow IAM's API model; the list of
// users is CSV (RFC 4180).
//
// Reading order: service.go, access.go and resource.go (the gate), create.go, clock.go, password.go
// (hash), guesses.go and waits.go (the growing delay), signin.go (the first factor),
// overview.go (the list of users, verdict, rehearsal), users.go, passwords.go, groups.go,
// settings.go, csv.go, userfile.go and userimport.go (a list of users from a file),
// events.go, newdevice.go.
package account
