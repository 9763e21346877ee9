// Package audit is the arithmetic of the audit trail: how one event is put into
// bytes, how its hash is made from those bytes and the hash before it, and how a
// trail is checked. It is pure: it never reads or writes a store, a clock or a
// file, and it imports nothing but the domain.
//
// The hash of event n is
//
//	hash(n) = SHA-256( hash(n-1) || encoding(n) )      hash(0) = 32 zero bytes
//
// and the encoding is fixed for good. All integers are big-endian; text is its
// length in bytes as uint32 followed by UTF-8.
//
//	version    1 byte    0x01
//	seq        8 bytes   from 1
//	at         8 bytes   microseconds since 1970-01-01T00:00:00Z, two's complement; 0 for no time
//	kind       text
//	principal  text
//	device     text
//	count      4 bytes   number of details
//	details    text key, text value, in ascending order of the key's bytes
//
// Because every part carries its length, no two different events share an
// encoding. The chain shows a line that was changed, moved or taken out of the
// middle. It cannot show that the newest lines were cut off, nor stop somebody
// who rewrites the whole trail: that needs a hash kept elsewhere (see Link).
//
// Reading order: encode.go, chain.go.
package audit
