// Package archive puts a whole account into one sealed file and back, and rehearses
// that before anybody needs it.
//
// A backup is an age file (https://age-encryption.org/v1) with one scrypt recipient;
// inside is a USTAR archive of exactly these members, in this order:
//
//	manifest.json   format, app version, account, counts, size and SHA-256 of the others
//	data.key        the vault's 32-byte data key; left out while the account has none
//	keyferry.db     a copy of the database, made at one moment
//
// so that `age -d backup | tar x` gets at everything without this program. The
// database's secrets are sealed by the data key a second time; a backup is worth as
// much as its passphrase.
//
// Reading believes nothing: sizes and counts are bounded, names are compared and never
// used as paths, links and sparse members are refused, and nothing counts before the
// last byte was proven. No database is ever in memory as a whole.
//
// Restoring swaps by one rename. What happens when the program dies on the way:
//
//	read, checked ......... in a folder of its own beside the database: the old stays
//	settle ................ the old one's WAL is brought into it
//	keep .................. the old gets a second name, <db>.replaced.<time>.bak
//	clear ................. -shm, -wal and -journal go: another database's must not meet ours
//	swap .................. rename: the new is there, whole
//
// An old database that is too damaged to take in its WAL keeps it as <...>.bak-wal.
// Folders that a dead restore left are swept by the next one; those of a dead backup or
// rehearsal, which hold a copy of the database, at the next start (Sweep) or a day later.
//
// It never opens a database itself (the Opener does), never closes the one in use, and
// never decides who may make a backup (package account does).
//
// Reading order: format.go, make.go, read.go, check.go, rehearse.go, restore.go,
// swap.go, files.go, leftover.go.
package archive
