package webauthnwin

import "slices"

const transportInternal = 0x10

// transports are the bits of the library with their words in WebAuthn, and since which
// API version it takes them.
var transports = []struct {
	bit   uint32
	word  string
	since uint32
}{
	{0x01, "usb", 1},
	{0x02, "nfc", 1},
	{0x04, "ble", 1},
	{transportInternal, "internal", 1},
	{0x20, "hybrid", VersionHybrid},
	{0x40, "smart-card", versionSmartCard},
}

// transportMask says how a credential was reached; 0 does not restrict. A passkey of a
// phone says that it is internal too, to the phone: told so, the system would look for
// it in Windows Hello, so the word counts only where it is the only one.
func transportMask(api uint32, words []string) uint32 {
	var mask uint32
	known := 0
	for _, t := range transports {
		if slices.Contains(words, t.word) {
			known++
			if t.since <= api {
				mask |= t.bit
			}
		}
	}
	if known > 1 {
		mask &^= transportInternal
	}
	return mask
}

// transportWords names the bits; unknown ones are passed over.
func transportWords(mask uint32) []string {
	var words []string
	for _, t := range transports {
		if mask&t.bit != 0 {
			words = append(words, t.word)
		}
	}
	return words
}
