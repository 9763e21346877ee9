// Package ctapcbor is CBOR as CTAP2 wants it (CTAP 2.2 section 8, "message
// encoding"): shortest integers, definite lengths, no tags, map keys sorted by
// type, then length, then bytes, at most four levels deep.
//
// Encoding is always canonical. Decoding has two doors: Unmarshal refuses what
// is not canonical and is what an authenticator uses on requests; UnmarshalLoose
// takes any definite-length encoding and is for answers from authenticators,
// some of which sort maps wrongly. Both bound size, depth and counts, and refuse
// doubled keys, bad UTF-8 and trailing bytes.
package ctapcbor
