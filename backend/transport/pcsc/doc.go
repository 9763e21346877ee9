// Package pcsc finds security keys that lie on card readers, and speaks to them through
// the system's PC/SC service: pcscd on Linux, the Smart Card service on Windows, the
// PCSC framework on macOS. It moves APDUs; what they say is transport/nfc's. It is a
// transport.KeyBus, and loads the system's library when it is first asked.
//
// # The library
//
// The service is called through its own library by a binding of about 150 lines:
// ebitengine/purego (Apache-2.0, kept up, here already) on Linux and macOS,
// golang.org/x/sys on Windows. ebfe/scard wants cgo except on Windows and has stood
// still since 2023. gballet/go-libpcsclite (BSD) speaks pcscd's socket in Go, and that
// is what its makers ask not to do: the socket is private to daemon and library, it
// changed in pcsc-lite 2.3 so that clients of 2.2 were refused, and distributions
// change the size of its tables. The library beside the daemon always fits it, and its
// functions have not changed in twenty years. The price: a Linux program with this
// package is linked to libc and libdl even without cgo.
//
// Names of libraries are absolute. A machine without one has no PC/SC
// (reader-service-missing), which is a normal state and no alarm.
//
// # What is a key
//
// A reader holds a key if its card is contactless and answers the selection of the
// FIDO applet. Contactless is told by the ATR that every reader builds for cards of
// ISO/IEC 14443-4 (PC/SC part 3 section 3.1.3.2.3: 3B 8n 80 01). That keeps out the
// chip interface that many USB keys have beside the one for FIDO ("Yubico YubiKey
// OTP+FIDO+CCID"), whatever its name: newer ones answer the selection there as well,
// and would be listed twice. It also keeps hands off bank and identity cards that stay
// in their slot: selecting an applet disturbs whoever uses them. FIDO cards in contact
// slots are therefore not offered.
//
// The selection is tried once per card that is laid on a reader, under a transaction,
// and its result is kept while the card lies there. Where that takes too long, because
// another program has the card, the slot is listed and Open finds out.
//
// # Manners
//
// Shared mode, one transaction from Open to Close, the card is left as it is. No
// function of PC/SC takes a context: each runs beside its caller, who goes when ctx
// ends. Functions that never return are counted, and after a few the service is
// called missing rather than given more threads.
//
// On Windows only elevated programs reach the FIDO applet of a key, and the service
// runs only while a reader is there; keys on readers go through webauthn.dll.
//
// A card that goes takes a look at its reader: where that went too, the failure is
// reader-missing, as the key is well; where the service went, reader-service-missing.
//
// What was run: Linux with pcscd and a virtual reader, and the binding of Windows under
// wine over a library in C (testdata). That of macOS is compiled, and its layout taken
// from the header. No real reader yet: docs/HARDWARE-CHECKS.md.
//
// Reading order: service.go, codes.go, bus.go, look.go, watch.go, card.go; then
// binding.go, layout.go, system_*.go.
package pcsc
