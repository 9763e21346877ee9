// Command keyferryctl is Keyferry without a window: the same use cases, in a
// terminal or from a script. It never decides anything itself: it reads flags,
// asks, signs in for one command, calls the use cases that assembly put together,
// and prints.
//
// Every command has --json, and prints one JSON value then: on one line where it signs
// in, whose stages go to standard error as lines of JSON, else as a document. Where the
// stages are the matter (signin, enroll, keys reset) they are on standard output, one
// JSON object per line, the result last. So are the phases of phone and tunnel, which
// run until they are ended. Some commands need an account or none: what is asked of files (policies, metadata,
// a credential) needs no account and no data folder. Exit codes: 0 done, 1 failed (also:
// policy check found errors, verify refuses, doctor sees no way that can work), 2 wrong
// use, 130 cancelled. A failure is told by IAM's documented error code, where it has one, and by ours:
//
//	keyferryctl: NoSuchEntity (not-found): There is no such device. …
//
// and with --json has both as members iam and code.
//
// Passwords, passphrases, PINs, seeds and recovery codes come from a prompt, a file or
// standard input, never from an argument (arguments are seen by every process of the
// machine); one-time codes may be arguments, as they work once. A PIN out of a file is
// tried once, as keys count wrong ones. The key of an
// authenticator app leaves the program in virtual create only, printed recovery codes
// in recovery make only. Simulated radios, relays, phones and keys are for accounts made
// with --sandbox only. Commands about security keys need no account: what lies on a key
// is nobody's but its holder's.
//
// Reading order: main.go, command.go (flags and exit codes), output.go, words
// (English for every failure code), ask.go and secrets.go (questions, passwords, the
// vault), session.go (opening the account), who.go (signing in), pins.go, hand.go (the
// sandbox's key), seat.go (what most commands are made with), keys.go (those about
// security keys), then one file per group of commands. Package examine is behind
// verify, package readiness behind doctor. audit verify alone uses none of that: it reads with package auditverify.
package main
