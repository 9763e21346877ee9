package words

import (
	"cmp"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Repair says what to do about a failure on a system (runtime.GOOS): a command or a place
// in the settings where one is known, else what the action means; "" for nothing.
func Repair(system string, f *mfa.Failure) string {
	if f == nil || f.Code == mfa.CodeHelloRefused { // whose words say it
		return ""
	}
	text := cmp.Or(repairs[repairOf{system, f.Code}], actions[f.Next()])
	return fill(text, f.Params)
}

type repairOf struct {
	system string
	code   mfa.Code
}

var repairs = map[repairOf]string{
	{"linux", mfa.CodeRadioNoService}:  "sudo systemctl enable --now bluetooth (from the package bluez)",
	{"linux", mfa.CodeRadioOff}:        "bluetoothctl power on; if that fails: rfkill unblock bluetooth",
	{"linux", mfa.CodeRadioDenied}:     "use Keyferry from a session at this computer, or have the administrator let you use org.bluez",
	{"linux", mfa.CodeRadioMissing}:    "plug in a Bluetooth adapter (4.0 or newer), or choose another way",
	{"linux", mfa.CodeKeyPermission}:   "install the udev rule below, then plug the key in again",
	{"linux", mfa.CodeReaderNoService}: "sudo systemctl enable --now pcscd.socket (from the package pcscd)",
	{"linux", mfa.CodeReaderDenied}:    "use Keyferry from a session at this computer, or have the administrator allow it in polkit (org.debian.pcsc-lite)",
	{"linux", mfa.CodeReaderMissing}:   "plug in a card reader for NFC, or use the key on USB",
	{"linux", mfa.CodeTPMMissing}:      "turn the TPM on in the firmware settings (TPM 2.0, fTPM or PTT), or choose another way",
	{"linux", mfa.CodeTPMDenied}:       "sudo usermod -aG tss YOU, then log in anew",
	{"linux", mfa.CodeTPMLockout}:      "wait; after a while the TPM takes PINs again",

	{"windows", mfa.CodeRadioOff}:        "Settings, Bluetooth & devices: turn Bluetooth on",
	{"windows", mfa.CodeRadioNoService}:  "Services: start Bluetooth Support Service",
	{"windows", mfa.CodeRadioDenied}:     "Settings, Privacy & security: let desktop apps use radios",
	{"windows", mfa.CodeRadioMissing}:    "plug in a Bluetooth adapter (4.0 or newer), or choose another way",
	{"windows", mfa.CodePlatformMissing}: "update Windows: security keys need Windows 10 1903 or newer",

	{"darwin", mfa.CodeRadioOff}:      "System Settings, Bluetooth: turn it on",
	{"darwin", mfa.CodeRadioDenied}:   "System Settings, Privacy & Security, Bluetooth: allow Keyferry, or the terminal that it was started from",
	{"darwin", mfa.CodeKeyPermission}: "a policy or the app's sandbox keeps it from USB: ask whoever manages this Mac",
}

// Action says what an action that a failure asks for means, "" when the failure's own
// words say it all.
func Action(a mfa.Action) string { return actions[a] }

var actions = map[mfa.Action]string{
	mfa.ActionRetry:          "try again",
	mfa.ActionAnotherWay:     "choose another way",
	mfa.ActionTurnOnRadio:    "turn Bluetooth on",
	mfa.ActionAllowRadio:     "allow Keyferry to use Bluetooth",
	mfa.ActionCheckNetwork:   "let this computer reach {host} by TCP, port 443",
	mfa.ActionUnlock:         "unlock the secrets: keyferryctl vault unlock",
	mfa.ActionInsertKey:      "plug in your security key, or lay it on the reader",
	mfa.ActionReplugKey:      "unplug the security key and plug it in again",
	mfa.ActionInstallRule:    "install Keyferry's rule for security keys, then plug the key in again",
	mfa.ActionSetPIN:         "set a PIN",
	mfa.ActionResetKey:       "reset the device, which deletes every passkey on it",
	mfa.ActionWait:           "wait, then try again",
	mfa.ActionUseOtherDevice: "use another device",
}

// Guide says what AWS documents about a way on a system: readiness.Documented, with the
// browsers in one line.
func Guide(support, note, browsers string) string {
	if text := guideNotes[note]; text != "" {
		return fill(text, map[string]string{"browsers": browsers})
	}
	return map[string]string{"yes": "supported", "no": "not supported", "unsaid": "nothing is said"}[support]
}

var guideNotes = map[string]string{
	"browsers":      "supported, in {browsers}",
	"other-device":  "supported: in place of Windows Hello",
	"windows-hello": "not supported: no passkeys in Windows Hello",
	"built-in":      "supported: Touch ID",
	"virtual":       "not supported from a virtual machine",
	"remote":        "not supported over a remote connection",
	"no-browser":    "not supported in any browser there",
	"any-system":    "supported: on any system",
}
