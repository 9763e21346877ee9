// Package peers is nothing but tests: programs that others wrote use our software
// authenticator as a security key, through our device's role of CTAPHID. They are
// Debian's libfido2 (a small program in C, testdata/libfido2.c) and python3-fido2
// (testdata/fido2peer.py), which also check what they get: attestations,
// assertions, canonical CBOR.
//
// No kernel device is needed: reports of 64 bytes go over a Unix socket. The
// packages are those of "build/setup.sh peers"; without them the tests are skipped
// and say so.
//
// Reading order: socket_test.go (the wire), peers_test.go (who is tested with what).
package peers
