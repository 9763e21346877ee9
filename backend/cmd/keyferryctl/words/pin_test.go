package words_test

import (
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
)

func TestPINsAreAskedForWithWhatIsAtStake(t *testing.T) {
	for name, c := range map[string]struct {
		ask  mfa.PINAsk
		want []string
		not  string
	}{
		"the first time":      {mfa.PINAsk{For: mfa.PINVerify, Key: "Blue", Left: 8}, []string{"Enter the PIN of Blue"}, "left"},
		"wrong":               {mfa.PINAsk{For: mfa.PINVerify, Key: "Blue", Left: 7, Wrong: true}, []string{"not the PIN", "left: 7"}, "reset"},
		"unknown tries":       {mfa.PINAsk{For: mfa.PINVerify, Key: "Blue", Left: -1, Wrong: true}, []string{"not the PIN"}, "left"},
		"three left":          {mfa.PINAsk{For: mfa.PINVerify, Key: "Blue", Left: 3}, []string{"left: 3", "blocked for good", "deletes every passkey"}, "unplugged"},
		"the last":            {mfa.PINAsk{For: mfa.PINVerify, Key: "Blue", Left: 1, Wrong: true, Replug: true}, []string{"last try", "blocked for good"}, "unplugged"},
		"before it is locked": {mfa.PINAsk{For: mfa.PINVerify, Key: "Blue", Left: 6, Wrong: true, Replug: true}, []string{"left: 6", "unplugged before the next try"}, "blocked"},
		"this computer":       {mfa.PINAsk{For: mfa.PINVerify, Local: true, Left: 2, Wrong: true}, []string{"for a while", "PIN of this computer"}, "reset"},
		"no name":             {mfa.PINAsk{For: mfa.PINVerify, Left: 8}, []string{"PIN of your security key"}, "{"},
		"a new one":           {mfa.PINAsk{For: mfa.PINNew, Key: "Blue", Min: 6, Left: -1}, []string{"6 characters or more"}, "take"},
		"another new one":     {mfa.PINAsk{For: mfa.PINNew, Key: "Blue", Min: 6, Left: -1, Wrong: true}, []string{"does not take that"}, "tries"},
		"one that is wanted":  {mfa.PINAsk{For: mfa.PINChange, Key: "Blue\x1b[31m", Min: 4}, []string{"wanted by Blue\ufffd[31m"}, "\x1b"},
	} {
		text := strings.Join(words.PIN(c.ask), "\n")
		for _, w := range c.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q lacks %q", name, text, w)
			}
		}
		if strings.Contains(text, c.not) {
			t.Errorf("%s: %q has %q", name, text, c.not)
		}
	}
}

func TestEveryStageOfAResetHasWords(t *testing.T) {
	for _, stage := range []keys.ResetStage{keys.ResetUnplug, keys.ResetInsert, keys.ResetTouch, keys.ResetHold} {
		if words.Reset(string(stage)) == "" {
			t.Errorf("stage %s has none", stage)
		}
	}
}
