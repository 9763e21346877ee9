// Package devices is the life cycle of MFA devices after they were enrolled: list,
// rename, remove, delete, sweep, and the phones that can be rung.
//
//	passkey  enabled -> removed, which deletes it
//	app      unassigned -> enabled -> removed (unassigned) -> deleted, or swept
//	token    in stock -> enabled -> removed (in stock) -> deleted
//
// To replace a device is to add the new one and then to remove the old one: there is
// no third thing, and at no time is somebody left without.
//
// What proves possession (adding a device, signing in, resynchronising) is package
// ceremony. Nothing here opens a seed or a link: it never sees the vault.
//
// Who may is asked of account.May, each time and first; what IAM calls the operation
// stands at each method. Changes carry the version that the caller has seen, so of two
// at once one wins and the other is told concurrent-modification.
//
// Reading order: service.go (who may), list.go, change.go, links.go.
package devices
