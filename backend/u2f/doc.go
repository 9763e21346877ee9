// Package u2f is CTAP1: the raw messages of U2F, and a ctap2.Channel that speaks CTAP2 to the client and
// U2F to the key (CTAP 2.2 section 10).
package u2f
