// Package mds reads the BLOB of the FIDO Metadata Service: it verifies it against pinned
// roots, indexes its entries, and says which certification levels a model of
// authenticators has, and whether it must be refused.
//
// It is pure. It never asks a network, the machine's root store or a clock; it stores
// nothing; it does not say which BLOB is newer than which (the metadata package does,
// with Number and Hash); and it does not look at attestation (trust does, with Roots).
//
//	file ── cut ── judge ── verify ── read ── validity ──> Metadata ──Index──> bytes
//	        JWT    chain    signature  entries  when?         ^                  │
//	                                                          └─────── Load ─────┘
//	kept file + Model ── Details ──> statement and picture
//
// # When certificates are valid
//
// The chain must be valid at the moment of the import, or else at a moment of the BLOB's
// own period: from its latest timeOfLastStatusChange to the end of its nextUpdate. Which
// of the two held stands in Metadata.Validity. So a file that was authentic when it came
// out stays readable when its leaf has run out, on machines that have nothing newer and
// under clocks that are wrong. See genuine.validity for the price. An overdue nextUpdate
// is no failure at all.
//
// # What is strange
//
// A BLOB is refused only when it cannot be read as a whole: FIDO has published values
// before specifying them, and one odd entry of one vendor must not take the others with
// it. Unknown members and statuses are kept or passed over; what could not be read is
// noted with position, ID and reason (Odd). Where a doubt remains it is settled against
// the certificate: a report that cannot be read takes its entry with it, as it might
// have said REVOKED; a date that cannot be read lets no level through and no warning
// fall; of doubled entries the first counts, with the warnings of all. An outer AAGUID
// that differs from the one in the statement wins.
//
// # Levels
//
// Certificates and Refused in levels.go have the rules. They are this product's reading,
// as AWS says no more than that the values come from FIDO's metadata.
//
// # Why no library
//
// What a BLOB needs of JOSE is one compact JWS with three algorithms (RFC 7515, 7518):
// about 60 lines over crypto/rsa, crypto/ecdsa and crypto/x509. A JOSE library brings
// what must be refused here (jku, jwk, x5u, HMAC, none, encryption), and decodes the
// payload once more. The metadata decoder of go-webauthn looks certificates up in the
// network while it decodes, takes one that has run out for revoked, refuses the whole
// file for one odd entry, and keeps only the last report of each. encoding/json copies
// all pictures, half of the file, and looks at each byte twice; scanner.go steps over
// what nobody asked for and is three times as fast for it.
//
// Reading order: anchors.go, open.go, jws.go, chain.go, revocation.go, scanner.go,
// entries.go, reports.go, values.go, model.go, levels.go, metadata.go, index.go, details.go.
//
// Specifications: FIDO Metadata Service 3.0, 3.1 and 3.1.1 (here "MDS"), FIDO Metadata
// Statement 3.0, CTAP 2.1 section 7.3, RFC 7515, RFC 7518, RFC 5280, RFC 8259.
package mds
