// Package mdstest makes metadata for tests: a service with a root of its own that signs
// BLOBs of whatever entries a test wants, and makers of authenticators that sign
// attestation certificates. Everything is thrown away with the test; nothing of it is
// trusted anywhere else. No product code imports this package.
//
//	s := mdstest.New(t)
//	maker := mdstest.NewMaker(t, "Example")
//	m := s.Open(mdstest.Entry{AAGUID: mdstest.Model(1), Name: "Example One", Roots: []*x509.Certificate{maker.Root},
//		Reports: []mdstest.Report{mdstest.Status("FIDO_CERTIFIED_L2", "2024-01-01"), mdstest.FIPS(3, 2, "")}})
//	leaf, key := maker.Attestation(mdstest.Model(1))
//
// Reading order: service.go (what signs), entry.go (what is signed), maker.go (attestation).
package mdstest
