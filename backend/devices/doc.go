// Package devices is the life cycle of MFA devices after they were enrolled: list,
// rename, deactivate, delete, sweep. What proves possession (adding a device, signing
// in, resynchronising) is package ceremony.
package devices
