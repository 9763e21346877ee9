// Package storetest is the contract of mfa.Store, in two forms: Run, a suite that
// every implementation must pass, and NewMemory, the smallest implementation that
// passes it.
//
// NewMemory is meant for the tests of other packages. It keeps nothing beyond
// the process, but it holds every promise of mfa/store.go, the chained audit
// trail included. No product code imports this package.
//
// Reading order: memory.go, memory_guesses.go, memory_devices.go (the reference), then suite.go and
// the suite_*.go files, one for each part of the port.
package storetest
