package main

import (
	"fmt"
	"strconv"

	"github.com/keyferry/keyferry/backend/assembly"
)

// doctorParts is whom the doctor asks. Tests put others in its place.
var doctorParts = assembly.Readiness

// udevRule lets whoever sits at this computer open the keys of a vendor (four hex
// digits). Without a vendor there is none: it would open every keyboard, too.
func udevRule(vendor string) string {
	id, err := strconv.ParseUint(vendor, 16, 16)
	if err != nil || id == 0 {
		return ""
	}
	return fmt.Sprintf("KERNEL==\"hidraw*\", SUBSYSTEM==\"hidraw\", ATTRS{idVendor}==\"%04x\", TAG+=\"uaccess\"\n", id)
}
