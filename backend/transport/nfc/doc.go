// Package nfc carries CTAP messages over APDUs, the commands of smart cards
// (CTAP 2.2 section 11.3, ISO/IEC 7816-4). It knows nothing of readers: what moves
// one APDU there and back is a Card, and transport/pcsc brings one.
//
// Both roles are here. Channel is the platform's: a transport.Key that selects the
// FIDO applet, sends CTAP2 messages and raw U2F commands, and lets go. Applet is the
// card's: it answers APDUs for an authenticator of ours, so that tests and virtual
// readers have a card to speak to.
//
// Choices of the platform's role:
//
//   - Commands go out as short APDUs, chained where they are longer than 255 bytes,
//     and answers are fetched by GET RESPONSE. Every reader can do that; extended
//     length fails in readers that only know short APDUs, and fails as a fault of the
//     reader, which cannot be told from a key that was lifted. A card that refuses
//     chaining is sent one extended APDU instead, from then on.
//   - It offers to poll (P1 0x80), as an APDU that waits for the person keeps the
//     reader busy and cannot be cancelled. A card that refuses the offer is asked
//     without it.
//   - A card that calls itself U2F_V2 may know CTAP2 as well: getInfo is tried once,
//     while the channel is opened.
//
// The far side is not trusted: answers, their parts and the polls are bounded, and
// every APDU has a time limit, and an exchange of many has one of its own, at which the
// card is told to stop. After an APDU whose fate is not known the channel is
// dead: opening it anew starts at the selection.
//
// Reading order: apdu.go, status.go, card.go, open.go, channel.go, send.go, poll.go;
// then applet.go, answer.go.
package nfc
