// Package hybrid is the FIDO hybrid transport (CTAP 2.2 section 11.5 with the
// additions of CTAP 2.3): a phone answers CTAP messages through a tunnel on the
// internet, after a Bluetooth LE advert has proved that it is near. Both roles
// are here: Client, which shows the code, and Phone, which reads it.
//
// The files in the order in which bytes flow:
//
//	constants.go     sizes, bounds, timers, purposes
//	qr.go            the code: digits and map
//	derive.go        keys from the secret in the code, or of a link
//	advert.go        the encrypted advert and its suffix
//	tunneldomain.go  which server, which address
//	websocket.go     upgrade, redirects, bounds, how a tunnel ends
//	noise.go         symmetric state of Noise
//	handshake.go     KNpsk0 (after a code) and NKpsk0 (linked)
//	crypter.go       traffic keys and padding
//	message.go       message types, post-handshake message
//	link.go          updates, links and their signature
//	client.go        Client; watch.go listens, session.go exchanges
//	phone.go         Phone; phonesession.go answers, push.go is how our own
//	                 phones are woken
//
// cbor.go checks types before it decodes. docs/HYBRID.md is a walk through the
// protocol in the same order.
//
// What it never does: go on without an advert that passed the tag; answer
// anything before the handshake proved the PSK; trust a suffix, an HTTP header
// or a name from a phone; look into CTAP messages beyond the command byte; store
// anything; read an environment variable to find a server. It does not know how
// a radio works (transport.Scanner, transport.Advertiser) and does not offer the
// L2CAP channel of CTAP 2.3: the suffix is read, the WebSocket is used.
//
// Noise is our own code, about a hundred lines. github.com/flynn/noise gives the
// same transcript, but it takes a longer message 2, cannot be given a fixed
// ephemeral key for vectors, needs a P-256 DHFunc of ours in any case, and does
// not wipe its keys: the checks around it would be as long as these lines.
//
// Every failure that leaves the package is an mfa.Failure. Secrets are wiped when
// they are used up, except inside crypto/ecdh and crypto/cipher, which have no
// way to do it; they are dropped there.
package hybrid
