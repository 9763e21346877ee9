// Package vectors runs files of test vectors through the product's own code and
// says, per item, what the product decides and whether that is what the file
// expects. keyferryctl vectors prints it; the tests run the files of the
// repository's neighbour folder when it is there.
//
// It knows the forms of the files and nothing of the protocols: each form is one
// file here that turns items into calls of the packages under test. It never
// repeats their logic, and an item that the build has no code for is counted as
// not covered, never as passed.
//
// Reading order: run.go (files, items, results), guard.go (time, memory and
// panics of one item), compare.go (outputs), then one file per form: hybrid.go,
// webauthn.go (with trust.go where an item names a root), policy.go, ctap2.go (with
// pinuv.go for PIN protocols and prf), totp.go, seedfile.go, malformed.go, aaguids.go.
package vectors
