// Package vaulttest opens vaults for the tests of others: a copy of a database with its
// data key alone, as a backup is rehearsed. It never meets a system's secret store.
package vaulttest
