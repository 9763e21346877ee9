// Package tpmtest starts a software TPM (swtpm) for a test, in a folder and on a socket of
// its own, and does to it what owners, thieves and time do to real ones: it is switched
// off and on, cleared, and set to lock after so many guesses.
//
// It is for tests of package tpm and of those above it. Nothing but tests imports it, and
// it never touches the TPM of the computer that the tests run on. Where swtpm is not
// installed the test is skipped.
package tpmtest
