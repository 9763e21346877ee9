package words

import (
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// fewTries is from when on it is said what comes after the last try.
const fewTries = 3

// PIN is what there is to know before a PIN is typed, line by line; the last line says
// whose it is.
func PIN(ask mfa.PINAsk) []string {
	params := map[string]string{"key": ask.Key, "left": strconv.Itoa(ask.Left), "min": strconv.Itoa(ask.Min)}
	if ask.Key == "" {
		params["key"] = "your security key"
	}
	if ask.Local {
		params["key"] = "this computer"
	}
	var lines []string
	for _, line := range pinLines(ask) {
		lines = append(lines, fill(line, params))
	}
	return lines
}

func pinLines(ask mfa.PINAsk) (lines []string) {
	switch ask.For {
	case mfa.PINNew:
		if ask.Wrong {
			lines = append(lines, "It does not take that one.")
		}
		return append(lines, "There is no PIN on {key} yet. Choose one of {min} characters or more")
	case mfa.PINChange:
		if ask.Wrong {
			lines = append(lines, "It does not take that one.")
		}
		return append(lines, "A new PIN is wanted by {key}. Choose one of {min} characters or more")
	}
	if ask.Wrong {
		lines = append(lines, "That is not the PIN.")
	}
	switch {
	case ask.Left == 1:
		lines = append(lines, "This is the last try. "+afterTries[ask.Local])
	case ask.Left >= 0 && ask.Left <= fewTries:
		lines = append(lines, "Tries left: {left}. "+afterTries[ask.Local])
	case ask.Left >= 0 && ask.Wrong:
		lines = append(lines, "Tries left: {left}.")
	}
	if ask.Replug && ask.Left != 1 && !ask.Local {
		lines = append(lines, "If it is wrong once more, the key has to be unplugged before the next try.")
	}
	return append(lines, "Enter the PIN of {key}")
}

// afterTries is what comes after the last wrong one; by PINAsk.Local.
var afterTries = map[bool]string{
	false: "After that the PIN is blocked for good, and only a reset helps, which deletes every passkey on the key.",
	true:  "After that the TPM takes no PIN for a while.",
}

// Reset says what to do at a stage of a security key's reset.
func Reset(stage string) string { return resets[stage] }

var resets = map[string]string{
	"unplug": "Unplug the security key",
	"insert": "Plug the same key in again",
	"touch":  "Touch it, within ten seconds",
	"hold":   "Touch it within ten seconds, and keep touching for ten more",
}
