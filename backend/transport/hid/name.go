package hid

import (
	"strings"
	"unicode"
)

const maxName = 64 // characters

// printable keeps of a device's own words what can be shown in one line.
func printable(s string) string {
	kept := make([]rune, 0, maxName)
	for _, r := range s {
		if len(kept) == maxName {
			break
		}
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			kept = append(kept, r)
		}
	}
	return strings.Join(strings.Fields(string(kept)), " ")
}
