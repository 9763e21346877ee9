// Package ctap2 is the command layer of CTAP 2.0 to 2.3: the messages of
// makeCredential, getAssertion, getNextAssertion and getInfo, the status bytes,
// authenticator data and COSE keys. It exists once, for every transport: a
// transport is a Channel.
//
// It never opens a device, never decides whether an answer is trusted, and never
// asks a person anything. Requests are always written canonically and are read
// strictly, as an authenticator must; answers are read loosely, because some
// authenticators sort maps wrongly, but always within bounds.
//
// What it follows: CTAP 2.2 sections 6.1 (authenticatorMakeCredential), 6.2
// (authenticatorGetAssertion), 6.3 (authenticatorGetNextAssertion), 6.4
// (authenticatorGetInfo), 8 (message encoding, status codes), with the getInfo
// members of CTAP 2.3; WebAuthn Level 3 section 6.1 (authenticator data);
// RFC 9053 and RFC 8230 (keys).
//
// Reading order: channel.go (the seam and the four commands), status.go, item.go
// (how a map is read), entity.go (what the messages are made of),
// makecredential.go, getassertion.go, info.go and infocodec.go, authdata.go,
// publickey.go.
package ctap2
