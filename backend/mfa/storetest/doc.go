// Package storetest is the contract of mfa.Store, in two forms: Run, a suite that
// every implementation must pass, and NewMemory, the smallest implementation that
// passes it. RunQuota is the part of the suite that needs a smaller account.
//
// NewMemory is meant for the tests of other packages. It keeps nothing beyond
// the process, but it holds every promise of mfa/store.go, the chained audit
// trail included. No product code imports this package.
//
// Each refusal in the suite is checked twice: for its code, and that everything the
// store holds is afterwards what it was before, events included.
//
// Reading order: memory.go and the memory_*.go files, one for each part of the port
// (the reference), rows.go (rows for tests), then suite.go, show.go and the suite_*.go
// files.
package storetest
