// Package account is the use cases around who exists: creating the account and
// its root user, checking passwords, and the list of a principal's devices.
// Ceremonies (adding a device, signing in with one) are package ceremony.
//
// It never does cryptography beyond the password hash (argon2id, RFC 9106) and
// knows neither transports nor SQL.
//
// Reading order: service.go, create.go, password.go (hash), signin.go (the
// first factor and its growing delay), devices.go.
package account
