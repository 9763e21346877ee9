package ble

import (
	"encoding/binary"

	"github.com/keyferry/keyferry/backend/transport"
)

// adServiceData is the type of a section "Service Data - 16-bit UUID" (Bluetooth Core
// Specification Supplement, part A, section 1.11).
const adServiceData = 0x16

// advertOf reads one section of an advert: the UUID, low byte first, and the data
// behind it. It gives a copy, or false for what is no phone's.
func advertOf(kind uint8, section []byte, signal int) (transport.Advert, bool) {
	if kind != adServiceData || len(section) < 2 || len(section) > 2+maxData {
		return transport.Advert{}, false
	}
	service := binary.LittleEndian.Uint16(section)
	if !fromPhone(service) {
		return transport.Advert{}, false
	}
	return transport.Advert{Service: service, Data: append([]byte{}, section[2:]...), Signal: signal}, true
}
