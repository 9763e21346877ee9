// Package archtest holds the house to its plan: which package may import which.
// The table in imports_test.go is the one in docs/ARCHITECTURE.md; a test keeps
// the two equal. Of the page it holds src/api to be the only door to Go.
package archtest
