package words_test

import (
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
)

func TestEveryCodeHasWords(t *testing.T) {
	for _, code := range mfa.Codes() {
		text := words.Of(mfa.Fail(code))
		if strings.HasPrefix(text, "It failed (") {
			t.Errorf("code %s has no words", code)
		}
		if len(text) > 160 {
			t.Errorf("code %s: %d characters is more than one reads", code, len(text))
		}
	}
}

func TestParamsAreFilledIn(t *testing.T) {
	if got := words.Of(mfa.Fail(mfa.CodeSignInDelayed, "seconds", "8")); !strings.Contains(got, "Wait 8 seconds") {
		t.Error(got)
	}
}

func TestEveryStageHasWords(t *testing.T) {
	for _, s := range []mfa.Stage{mfa.StageNeedsBluetooth, mfa.StageShowQR, mfa.StageRingPhone, mfa.StagePhoneSeen, mfa.StageConnecting,
		mfa.StageConfirm, mfa.StageVerifying, mfa.StageNameDevice, mfa.StageDone, mfa.StageFailed} {
		if words.Stage(s) == "" {
			t.Errorf("stage %s has no words", s)
		}
	}
}
