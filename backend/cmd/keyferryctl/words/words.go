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
	pairs := make([]string, 0, 2*len(f.Params)+2)
	for name, value := range f.Params {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
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
