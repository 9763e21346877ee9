// Package tunnel is the relay between a phone and a desktop that do not share a
// network (CTAP 2.2 section 11.5, "tunnel service"). Each of the two opens a
// WebSocket to it; the relay hands the binary messages of one to the other, in
// order, until one of them goes or a limit is reached.
//
// It never looks inside a message: all it carries is ciphertext between the two
// ends. It never logs a tunnel ID, a contact ID or a payload, keeps nothing on
// disk, and does no TLS of its own: put it behind a listener or a proxy that does.
//
// # Addresses
//
//	GET /cable/new/TUNNEL              the phone opens a tunnel, or joins the one it was rung for
//	GET /cable/connect/ROUTING/TUNNEL  the desktop that showed the QR code joins, once
//	GET /cable/contact/CONTACT         a linked desktop rings a phone
//	GET /cable/phone/CONTACT           a phone waits to be rung (ours, see below)
//
// TUNNEL is 32 hex digits, ROUTING 6, in either case; CONTACT is base64url
// without padding, 256 characters at most.
//
// # Ringing a phone
//
// How a phone hears of a contact is each vendor's own affair. Ours: the phone
// keeps a WebSocket to /cable/phone/CONTACT open. For each desktop that asks for
// CONTACT it gets one binary message, the canonical CBOR map
//
//	{1: client payload (bytes of the X-caBLE-Client-Payload header),
//	 2: tunnel ID (16 random bytes chosen here)}
//
// and answers by opening /cable/new/TUNNEL with that ID. A phone that wants no
// more calls sends the text message "forget": the contact is dead from then on
// and everybody who asks for it, the phone too, gets 410.
// A contact ID proves nothing, so a ring carries nothing that helps a stranger:
// the handshake needs the link secret and the advert.
//
// # Reading order
//
// config.go (limits), address.go and origin.go (what a request asks for),
// handler.go (the answers), relay.go (who is here), pair.go (one tunnel),
// end.go (one socket), contact.go (phones that wait), serve.go (a server around it).
package tunnel
