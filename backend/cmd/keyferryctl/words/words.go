package words

import (
	"strings"

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
	pairs := make([]string, 0, 2*len(f.Params)+2)
	for name, value := range f.Params {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
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
	mfa.StageVerifying:      "Checking the answer",
	mfa.StageNameDevice:     "The passkey is good",
	mfa.StageDone:           "Done",
	mfa.StageFailed:         "Failed",
}
