// Package keyring is the operating system's secret store: Secret Service, DPAPI,
// Keychain.
package keyring
