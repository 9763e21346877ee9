// Package sqlite keeps an mfa.Store in one SQLite file, and is the only package
// that knows SQL. It uses modernc.org/sqlite, so it needs no C compiler.
//
// What it promises beyond mfa.Store:
//
//   - A change and its audit event are one transaction, on the disk (WAL and
//     synchronous=FULL: one fsync for each change) when the method returns. A
//     method that was cancelled, or that failed, changed nothing.
//   - A file that is not ours, that a newer version wrote or that is no database
//     is refused before anything is written, beside it or in it.
//   - A migration is one transaction, and before it a copy of the file is made
//     that Backups lists.
//   - A new database is made under another name, so that a file which was cut to
//     nothing is damaged and not a first start.
//   - Once a day, when the whole file was found sound, a copy of it is made in the
//     background; the newest seven are kept.
//   - A sign-in writes two pages, or three with a one-time code; an index or a
//     column that would add one must earn it (pages_test.go).
//   - There is one writer: changes wait for one another in one connection.
//     Readers have connections of their own and do not wait.
//
// It never decides rules beyond those of the port (names, limit, freeze,
// versions), never logs, and never seals secrets: seeds, recovery codes and what
// rings a phone come to it sealed. What it deletes it overwrites. One Store may be
// open for a path in a process, and one process may use a path (package home sees
// to it): closing any descriptor of the file drops its POSIX locks in the whole
// process.
//
// Reading order: open.go, header.go (may this file be touched?), create.go,
// migrate.go and migrations/*.sql (the tables, and why they are cut so), backup.go,
// daily.go and snapshot.go, change.go (one transaction with its events),
// reserve.go (room in the WAL), then the
// parts of the port: account.go and time.go; principal.go, principal_change.go,
// overview.go, packed.go and guess.go; device.go, device_add.go, device_change.go and
// device_codes.go; link.go, access.go, policy.go, inline.go, recovery.go, keyslot.go,
// metadata.go, local.go; event.go and find.go. At the end check.go and failure.go.
//
// Formats: https://sqlite.org/fileformat2.html, https://sqlite.org/wal.html.
package sqlite
