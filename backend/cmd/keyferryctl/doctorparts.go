package main

import (
	"strconv"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/transport/hid"
)

// doctorParts is whom the doctor asks. Tests put others in its place.
var doctorParts = assembly.Readiness

// rulePath is where a udev rule goes by hand.
const rulePath = "/etc/udev/rules.d/" + hid.RulesFile

// udevRule lets whoever sits at this computer open the keys of a vendor (four hex
// digits), "" when that is not known.
func udevRule(vendor string) string {
	id, err := strconv.ParseUint(vendor, 16, 16)
	if err != nil || id == 0 {
		return ""
	}
	return hid.UdevRule(uint16(id))
}
