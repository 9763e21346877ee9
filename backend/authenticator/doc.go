// Package authenticator is the WebAuthn client platform: it takes creation or
// request options as JSON and an origin, asks one authenticator over CTAP2, and
// gives the registration or authentication response as JSON.
//
// It is what a browser is on a web page, and the only place where RP ID and
// origin are held against each other. It never verifies a signature (the relying
// party does), never talks to a radio or a socket (transports do) and never lets
// the window choose an origin.
//
// What it follows: WebAuthn Level 3 sections 5.1.3 (create), 5.1.4 (get), 5.8.1
// (client data), 5.10 (options), and the JSON forms of 5.1.8 to 5.1.10; CTAP 2.2
// sections 6.1 and 6.2.
//
// Reading order: authenticator.go (the seam), origin.go, json.go and options.go
// (what comes in), clientdata.go, session.go (time, cancel, progress), create.go,
// extensions.go (prf.go, largeblob.go), attestation.go, get.go, accounts.go, response.go
// (what goes out).
package authenticator
