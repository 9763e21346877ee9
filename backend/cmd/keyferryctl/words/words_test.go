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
	if got := words.Of(mfa.Fail(mfa.CodeSignInDelayed, "seconds", "8")); !strings.Contains(got, "left: 8)") {
		t.Error(got)
	}
}

func TestLongParamsAreClipped(t *testing.T) {
	got := words.Of(mfa.Fail(mfa.CodeNameTaken, "name", strings.Repeat("ä", 5000)))
	if n := len([]rune(got)); n > 260 || !strings.Contains(got, "ä… is taken") {
		t.Errorf("%d characters: %s", n, got)
	}
	if got := words.Clip(strings.Repeat("x", 200)); len(got) != 200 {
		t.Error(got)
	}
}

func TestParamsMakeWordsPrecise(t *testing.T) {
	for _, c := range []struct {
		failure *mfa.Failure
		want    string
	}{
		{mfa.Fail(mfa.CodeInvalidInput, "field", "home"), "Give a folder"},
		{mfa.Fail(mfa.CodeInvalidInput, "field", "radio"), "The value for radio is not valid"},
		{mfa.Fail(mfa.CodeAccessDenied, "needs", "--sandbox"), "Add --sandbox"},
		{mfa.Fail(mfa.CodeAccessDenied), "not allowed"},
		{mfa.Fail(mfa.CodeAccessDenied, "needs", "audit list"), "keyferryctl audit list"},
		{mfa.Fail(mfa.CodeCodeWrong), "the one"},
		{mfa.Fail(mfa.CodeCodeWrong, "codes-given", "two"), "two that"},
		{mfa.Fail(mfa.CodeCodeClock, "codes-given", "two", "codes", "10:00", "computer", "11:00"), "for 10:00, this computer says 11:00. Set the clock that is wrong, and take"},
		{mfa.Fail(mfa.CodeImportProblems, "count", "3"), "--only-good"},
		{mfa.Fail(mfa.CodeImportProblems, "count", "3", "good", "none"), "problems: 3). Correct the file."},
		{mfa.Fail(mfa.CodeNotFound, "what", "passphrase"), "have no passphrase"},
		{mfa.Fail(mfa.CodeDeleteConflict, "what", "devices"), "--with-devices"},
		{mfa.Fail(mfa.CodePINWrong, "left", "3"), "left: 3)"},
		{mfa.Fail(mfa.CodeTPMLockout, "seconds", "90"), "left: 90)"},
		{mfa.Fail(mfa.CodeKeyPermission, "node", "/dev/hidraw1"), "udev rule"},
		{mfa.Fail(mfa.CodeKeyPermission, "node", "usb 0x1", "why", "macos"), "Input Monitoring"},
		{mfa.Fail(mfa.CodeRadioDenied, "why", "macos"), "the terminal's name"},
		{mfa.Fail(mfa.CodePlatformMissing, "system", "macOS", "why", "not-built"), "passkeys of macOS"},
		{mfa.Fail(mfa.CodePlatformMissing, "system", "macOS", "why", "not-associated"), "vouch"},
		{mfa.Fail(mfa.CodePlatformMissing, "system", "macOS", "why", "no-window"), "there is none"},
		{mfa.Fail(mfa.CodePlatformMissing, "system", "macOS", "why", "not-set-up"), "iCloud Keychain"},
		{mfa.Fail(mfa.CodeTPMFailed, "code", "0x922"), "(0x922)"},
		{mfa.Fail(mfa.CodeTPMFailed, "code", "0x101", "why", "broken"), "failure mode"},
		{mfa.Fail(mfa.CodeTPMFailed, "why", "gone"), "went away"},
		{mfa.Fail(mfa.CodeTPMFailed, "why", "silent"), "in time"},
		{mfa.Fail(mfa.CodeTPMFailed, "why", "answer"), "cannot be trusted"},
		{mfa.Fail(mfa.CodeTPMFailed, "why", "no-guard"), "counts no wrong PINs"},
		{mfa.Fail(mfa.CodeTPMFailed, "why", "old"), "TPM 1.2"},
		{mfa.Fail(mfa.CodeTPMLockout, "seconds", "0"), "some minutes"},
		{mfa.Fail(mfa.CodeKeyCannot, "what", "management"), "program of its maker"},
		{mfa.Fail(mfa.CodeKeyCannot, "what", "reset-way"), "the way it is connected"},
	} {
		if got := words.Of(c.failure); !strings.Contains(got, c.want) {
			t.Errorf("%v: %q lacks %q", c.failure.Params, got, c.want)
		}
	}
}

// What an attempt came to depends on the command, not on the code.
func TestCodesDoNotSayWhatWasAdded(t *testing.T) {
	for _, code := range mfa.Codes() {
		if text := words.Of(mfa.Fail(code)); strings.Contains(text, "Nothing was added") || strings.Contains(text, "Nothing was changed") || strings.Contains(text, "not signed in") {
			t.Errorf("code %s: %q", code, text)
		}
	}
	for _, a := range []words.Attempt{words.Enrol, words.SignIn, words.Change} {
		if words.Closing(a) == "" {
			t.Errorf("attempt %s has no closing line", a)
		}
	}
}

func TestEveryStageHasWords(t *testing.T) {
	for _, s := range []mfa.Stage{mfa.StageNeedsBluetooth, mfa.StageShowQR, mfa.StageRingPhone, mfa.StagePhoneSeen, mfa.StageConnecting,
		mfa.StageConfirm, mfa.StageFindKey, mfa.StageTouchKey, mfa.StageEnterPIN, mfa.StageChooseAccount, mfa.StageSystem, mfa.StageVerifying, mfa.StageNameDevice, mfa.StageDone, mfa.StageFailed} {
		if words.Stage(s) == "" {
			t.Errorf("stage %s has no words", s)
		}
	}
}
