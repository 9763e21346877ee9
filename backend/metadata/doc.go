// Package metadata keeps FIDO metadata for one account: it imports BLOBs (FIDO
// Metadata Service 3.1.1 section 3.2), remembers every one that was accepted, lists
// the models of the newest, and says what has changed for devices that are enrolled.
//
// Whether a BLOB is genuine, and what an entry means, is package mds. Here stands what
// needs an account: who may import, that numbers only rise, and the event. A BLOB
// that is refused changes nothing: the last good one stays in use.
//
// It never judges a registration (package trust does, with Current's answer), and it
// goes to the network in fetch.go alone, when a person asks for it.
//
// Reading order: service.go, accept.go, fetch.go, catalogue.go, drift.go.
package metadata
