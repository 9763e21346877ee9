// Package activity reads the audit trail for people: finds events, exports them, and
// keeps checkpoints of the chain outside of the database. What the chain is stands in
// package audit; package auditverify checks it, an export and the checkpoints, with
// code of its own. This package changes no event, and what it adds to the trail is
// only that an export was made.
//
// # Export
//
// JSON Lines, oldest first, one object for each event, all seven members always there
// and in this order, written as encoding/json writes:
//
//	seq           number
//	at            RFC 3339 in UTC, to the microsecond; 1970-01-01T00:00:00Z for no time
//	kind          text
//	principal_id  text
//	device_id     text
//	detail        object of texts
//	hash          64 hex digits, lower case
//
// An export without a filter can be verified by itself. A filtered one cannot: the
// events between are missing.
//
// # Checkpoints
//
// The chain alone does not show that its end was cut off, nor that all of it was made
// anew. A checkpoint is the number and hash of the newest event, kept in a file beside
// the database: JSON Lines of seq, hash and time, mode 0600, each line on the disk
// before Checkpoint returns. Whoever can write the database can often write that file,
// too: copies on another machine (keyferryctl audit checkpoint prints the newest) make
// it worth more.
//
// Reading order: find.go, export.go, checkpoint.go (when one is made), marks.go (the
// file).
package activity
