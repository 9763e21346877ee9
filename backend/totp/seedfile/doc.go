// Package seedfile reads the files in which vendors deliver the seeds of hardware
// tokens, and lists of otpauth addresses, into rows for a preview. It stores
// nothing, and reads no file by itself.
//
// # Formats, told by their structure
//
//	PSKC          XML, root KeyContainer in the namespace of RFC 6030: plain, AES-CBC
//	              with a pre-shared key, or with a password (PBKDF2). What is encrypted
//	              must carry a MAC (RFC 6030 section 6.2), and the MAC is checked first.
//	SafeNet XML   root Tokens. Its tokens count presses: each row says so.
//	Entra CSV     a heading with "serial number" and "secret key"; seeds are base32.
//	OATH CSV      serial, seed[, type, digits, step or counter]; seeds are hex. After
//	              "# version: 2" user, resolver and realm come before the serial.
//	Yubico log    of the personalization tool. Nothing in it has a clock: each row says so.
//	otpauth list  one address a line.
//
// Whether a seed is hex or base32 follows from the format alone: ABCDEF234567ABCD
// is both. PSKC names its hash, or means SHA-1. OATH CSV has no place for the hash,
// and the tools that write it tell it by the seed's length (64 bytes SHA-512, 32
// bytes SHA-256); rows where that was done say HashAssumed, so that a preview can
// ask, with a live code beside it.
//
// # Bounds
//
// MaxFile, MaxRows, a line of MaxLine, XML 16 deep, MaxIterations of PBKDF2, fields
// of MaxField. A document type is refused as a whole (seed-file-unsafe), so there
// are no entities, outside or inside. Only UTF-8 is read, with or without a mark.
//
// One bad row does not stop the others: it carries its failure, and the caller asks
// whether to import the rest. Failures name line and field, never a seed. The
// caller wipes the File, and the data, which is never changed. Seeds are kept in
// bytes throughout; only what encoding/xml holds in its own buffer stays for the
// garbage collector.
//
// Reading order: file.go (rows, Read), detect.go, text.go (lines and fields),
// oathcsv.go, entra.go, yubico.go, otpauth.go, xml.go, pskc.go (structure),
// pskcvalue.go (encrypted values and MACs), pskckey.go (keys and passwords),
// safenet.go.
package seedfile
