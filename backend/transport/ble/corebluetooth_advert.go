package ble

import (
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/transport"
)

// adObject is an Objective-C object within an advertisement, as far as it is read here.
// What it is not asked for it need not be: a method that does not fit gives nothing.
type adObject interface {
	entry(key string) adObject         // of a dictionary by strings; nil for nothing
	pairs() (all [][2]adObject)        // of a dictionary
	uuid() string                      // of a CBUUID: 4, 8 or 36 characters
	data(most int) (b []byte, is bool) // of an NSData: a copy
}

const (
	keyServiceData = "kCBAdvDataServiceData" // CBAdvertisementDataServiceDataKey
	maxServices    = 16                      // in one advertisement; there is room for fewer

	noSignal = 127 // what CoreBluetooth says where it has not measured
)

// advertsIn gives what phones have put into an advertisement: nearly always nothing.
func advertsIn(advertisement adObject, signal int) []transport.Advert {
	if signal == noSignal || signal < -127 || signal > 20 {
		signal = 0
	}
	var adverts []transport.Advert
	services := advertisement.entry(keyServiceData)
	if services == nil {
		return nil
	}
	for i, pair := range services.pairs() {
		if i == maxServices {
			break
		}
		service, short := shortUUID(pair[0].uuid())
		if !short || !fromPhone(service) {
			continue
		}
		if data, is := pair[1].data(maxData); is {
			adverts = append(adverts, transport.Advert{Service: service, Data: data, Signal: signal})
		}
	}
	return adverts
}

// baseUUID is what a short UUID stands before (Bluetooth Core Specification, volume 3,
// part B, section 2.5.1).
const baseUUID = "-0000-1000-8000-00805F9B34FB"

// shortUUID reads a 16-bit UUID in any of the forms that it is written in.
func shortUUID(text string) (uint16, bool) {
	text = strings.ToUpper(text)
	if long, is := strings.CutSuffix(text, baseUUID); is {
		text = long
	}
	if len(text) == 8 {
		text = strings.TrimPrefix(text, "0000")
	}
	if len(text) != 4 || strings.ContainsAny(text, "+-_") {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 16, 16)
	return uint16(n), err == nil
}
