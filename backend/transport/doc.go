// Package transport holds the seams between a transport and the radio under
// it: what a Bluetooth LE advert is, who listens for adverts and who sends
// them. It holds no implementation. The leaves below it (hybrid, ble) import
// it and do not know each other; assembly puts them together.
package transport
