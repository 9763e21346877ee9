// Package radiotest is the contract of transport.Scanner and
// transport.Advertiser. An implementation whose two halves can hear each other
// is done when Run is green.
//
// It needs no radio and never sleeps: it waits for what it has asked for.
package radiotest
