package words

import (
	"cmp"
	"strings"
	"unicode"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Of gives the words for a failure, with its params filled in. A code that has
// no words yet says its code.
func Of(f *mfa.Failure) string {
	text, ok := english[f.Code]
	if !ok {
		return "It failed (" + string(f.Code) + ")."
	}
	for name, value := range f.Params {
		if better, ok := precise[fact{f.Code, name, value}]; ok {
			text = better
		}
	}
	if compose := composed[f.Code]; compose != nil {
		text = cmp.Or(compose(f.Params), text)
	}
	if f.Params["left"] == "yes" {
		text += stayed(f.Params)
	}
	return fill(text, f.Params)
}

// fill puts params in their places. Some come from files and from other machines: what
// would steer a terminal is taken out of them.
func fill(text string, params map[string]string) string {
	pairs := make([]string, 0, 2*len(params))
	for name, value := range params {
		pairs = append(pairs, "{"+name+"}", printable(Clip(value)))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// maxParam is how much of a value is shown, in characters: a policy may hold an action of
// thousands.
const maxParam = 200

// Clip shortens what nobody reads to its end.
func Clip(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxParam {
			return s[:i] + "…"
		}
	}
	return s
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// Attempt is what a command was to do.
type Attempt string

const (
	Enrol  Attempt = "enrol"
	SignIn Attempt = "sign-in"
	Change Attempt = "change"
)

// Closing says how things stand after an attempt failed, "" for none.
func Closing(a Attempt) string { return closings[a] }

var closings = map[Attempt]string{
	Enrol:  "Nothing was added.",
	SignIn: "You are not signed in.",
	Change: "Nothing was changed.",
}

// Stage gives the line for a stage of a ceremony.
func Stage(s mfa.Stage) string { return stages[s] }

var stages = map[mfa.Stage]string{
	mfa.StageNeedsBluetooth: "Checking Bluetooth",
	mfa.StageShowQR:         "Scan this code with your phone",
	mfa.StageRingPhone:      "Waking your phone",
	mfa.StagePhoneSeen:      "Phone found",
	mfa.StageConnecting:     "Connecting",
	mfa.StageConfirm:        "Confirm on your phone",
	mfa.StageFindKey:        "Plug in your security key, or lay it on the reader",
	mfa.StageTouchKey:       "Touch your security key",
	mfa.StageEnterPIN:       "Enter the PIN",
	mfa.StageChooseAccount:  "Choose whose passkey it shall be",
	mfa.StageSystem:         "Go on in the window of your system",
	mfa.StageVerifying:      "Checking the answer",
	mfa.StageNameDevice:     "The passkey is good",
	mfa.StageDone:           "Done",
	mfa.StageFailed:         "Failed",
}
