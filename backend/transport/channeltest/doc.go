// Package channeltest is the contract of ctap2.Channel, as a test suite. A
// transport runs it in its tests and is done when it is green:
//
//	channeltest.Run(t, func(t *testing.T, person channeltest.Person) ctap2.Channel { ... })
//
// The far side of the channel must be an authenticator that can make ES256
// credentials and that asks person before it does. It never looks at what is on
// the wire below the messages; that is for the transport's own tests.
//
// What it holds a Channel to is written at ctap2.Channel. Reading order: suite.go,
// requests.go.
package channeltest
