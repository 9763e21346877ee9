// Package canary holds a whole account to what it promised, from outside: all its
// parts put together as assembly does, a real database in a folder of its own, and
// tests that were written from the promises and from IAM's documents, not from the
// code. It has tests only.
//
// It never talks to the system's secret store, to Bluetooth or to a network.
//
// Reading order: hunt_test.go (what a canary is, and where it is looked for),
// window_test.go, life_test.go and pin_test.go (a whole life through the calls of the page;
// keyferryctl has leak_test.go of its own), planted_test.go (the hunt finds what is
// there); lab_test.go (an account with a clock that a test moves, and a dump of all
// that is stored), and then the promises: codes_test.go, seeds_test.go,
// people_test.go, store_test.go, chain_test.go, backups_test.go (bad input),
// iam_test.go and cycle_test.go (IAM's words), grace_test.go (deadlines),
// race_test.go (many at once).
package canary
