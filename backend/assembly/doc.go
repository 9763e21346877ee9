// Package assembly wires the house: which scanner, which store, which secret store,
// which tunnel addresses. It is the only place that does, for the window and for
// keyferryctl alike, so that the two never differ.
//
// A real account gets the system's Bluetooth, the system's secret store and the
// specification's tunnel addresses, always: there is no setting, flag or environment
// variable that names others (a proxy changes the road, not the name that TLS must
// prove). A sandbox account gets a radio and a relay on 127.0.0.1, never Bluetooth and
// never a real tunnel, and a file beside its database in the place of the secret
// store: trying the app out neither needs nor touches the person's own. Tests of real
// accounts pass such a file, too (Config.Secrets).
//
// This computer's TPM is the real one for both. Tests open another (Config.TPM), which is
// a field and nothing else: a person who could be talked into setting a variable could be
// talked into keys that somebody else has made and into a PIN that nobody counts.
//
// Reading order: house.go (one account), phones.go (hybrid as ceremony.Phones),
// sandbox.go (simulated radio, relay, phone), machine.go and computer.go (what is
// real of this computer), backup.go, desk.go (for the window).
package assembly
