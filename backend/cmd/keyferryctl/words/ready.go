package words

import "cmp"

// Way is how a ladder of the doctor is headed.
func Way(w string) string { return cmp.Or(ways[w], w) }

var ways = map[string]string{
	"phone":    "A phone, by QR code",
	"key":      "A security key, on USB",
	"nfc":      "A security key or card, by NFC",
	"computer": "This computer",
	"code":     "Codes of an app or a token",
}

// Verdict is what a ladder comes to.
func Verdict(v string) string { return cmp.Or(verdicts[v], v) }

var verdicts = map[string]string{"ready": "ready", "not-ready": "not ready", "unsure": "not certain"}

// Rung says how a rung of a ladder stands: what is there, what may be in the way, or why
// nobody knows. Where the rung has a failure, the words of that say more.
func Rung(id, state string, params map[string]string) string {
	switch state {
	case "skipped":
		if params["via"] == "proxy" {
			return fill("the proxy looks {host} up", params)
		}
		return fill(cmp.Or(labels[id], id), params) + ": cannot be seen yet"
	case "unknown":
		if text, ok := rungs[rungState{id, "unknown"}]; ok && params["why"] == "system" {
			return fill(text, params)
		}
		return fill(cmp.Or(labels[id], id), params) + ": " + cmp.Or(whys[params["why"]], "not known")
	}
	for _, name := range []string{"why", "via", "route", "kind", "count"} {
		if text, ok := rungsPrecise[rungFact{id, state, params[name]}]; ok {
			return fill(text, params)
		}
	}
	if text, ok := rungs[rungState{id, state}]; ok {
		return fill(text, params)
	}
	return fill(cmp.Or(labels[id], id), params)
}

type rungState struct{ id, state string }

type rungFact struct{ id, state, value string }

// labels name what a rung is about.
var labels = map[string]string{
	"radio-service":    "the Bluetooth service",
	"radio-permission": "the right to use Bluetooth",
	"radio-adapter":    "a Bluetooth adapter",
	"radio-power":      "the power of Bluetooth",
	"host-name":        "the name {host}",
	"host-connect":     "a connection to {host}",
	"usb-access":       "access to security keys",
	"usb-keys":         "a security key",
	"usb-permission":   "the right to open keys",
	"card-service":     "the service for card readers",
	"card-permission":  "the right to use card readers",
	"card-reader":      "a card reader",
	"card-present":     "a key or card on the reader",
	"tpm-device":       "a TPM 2.0",
	"tpm-permission":   "the right to use the TPM",
	"tpm-lockout":      "the TPM's count of wrong PINs",
	"tpm-passkeys":     "the passkeys that this computer keeps",
	"platform":         "passkeys of the system",
	"windows-hello":    "Windows Hello",
	"windows-api":      "the passkey interface of Windows",
	"clock":            "the clock",
	"vault":            "the secrets of the codes",
	"package":          "how the app is packed",
	"remote":           "who sits at this computer",
	"virtual":          "a real computer",
}

var whys = map[string]string{
	"silent":    "no answer in time",
	"not-asked": "not asked (--offline)",
	"not-built": "this version cannot ask for it on this system",
	"system":    "only the system knows",
}

var rungs = map[rungState]string{
	{"radio-service", "ok"}:      "the Bluetooth service answers",
	{"radio-permission", "ok"}:   "Bluetooth may be used",
	{"radio-adapter", "ok"}:      "there is a Bluetooth adapter",
	{"radio-power", "ok"}:        "Bluetooth is on",
	{"host-name", "ok"}:          "the name {host} is found",
	{"host-connect", "ok"}:       "{host} takes connections",
	{"usb-access", "ok"}:         "programs may talk to security keys",
	{"usb-keys", "ok"}:           "security keys plugged in: {count}",
	{"usb-keys", "warning"}:      "no security key is plugged in now. Plug one in when you are asked to",
	{"usb-permission", "ok"}:     "they may be opened",
	{"card-service", "ok"}:       "the service for card readers answers",
	{"card-permission", "ok"}:    "card readers may be used",
	{"card-reader", "ok"}:        "there is a card reader",
	{"card-reader", "unknown"}:   "a card reader: Windows asks for the key or card in its own window",
	{"card-present", "ok"}:       "keys or cards on the reader: {count}",
	{"card-present", "warning"}:  "nothing lies on the reader now. Lay the key on it when you are asked to",
	{"tpm-device", "ok"}:         "there is a TPM 2.0",
	{"tpm-permission", "ok"}:     "it may be used",
	{"tpm-lockout", "ok"}:        "it takes PINs",
	{"tpm-passkeys", "ok"}:       "passkeys that this computer keeps: {count}",
	{"platform", "ok"}:           "the system has passkeys of its own",
	{"windows-hello", "ok"}:      "Windows Hello stays aside",
	{"windows-hello", "warning"}: "Windows may show Windows Hello first. Choose the phone or the security key there",
	{"windows-api", "ok"}:        "Windows does it in its own window (interface version {have})",
	{"clock", "ok"}:              "the clock is kept in step",
	{"clock", "unknown"}:         "the clock: nobody says whether it is kept in step",
	{"clock", "failed"}:          "the clock says {computer}, and it was {least} already. Set it",
	{"vault", "ok"}:              "the secrets are open",
	{"package", "warning"}:       "the app is packed in a way that may keep devices from it ({kind})",
	{"remote", "warning"}:        "you are connected from elsewhere ({kind}): phone, key and reader must be where this computer is",
	{"virtual", "warning"}:       "this is a virtual machine ({kind}): it has the devices that its host hands on, and no others",
}

// rungsPrecise are better words where a param says more.
var rungsPrecise = map[rungFact]string{
	{"usb-permission", "ok", "0"}:            "there is a rule that lets you open them",
	{"usb-permission", "warning", "no-rule"}: "no rule of this system is about security keys. Plug one in and ask again: if it may not be opened, the rule for it is shown",
	{"host-connect", "warning", "proxy"}:     "your proxy answers; whether it lets {host} through shows when it is used",
	{"tpm-lockout", "ok", "open"}:            "it takes PINs and counts wrong ones; as its lock-out has no password, whoever may use the TPM can start that count over",
	{"windows-api", "ok", "own"}:             "Windows cannot do it (interface version {have}), so Keyferry shows the code itself",
	{"clock", "warning", "unsynchronised"}:   "nothing keeps the clock in step. Codes fail when it is off by a minute",
	{"virtual", "warning", "container"}:      "this is a container: it has the devices that its host hands on, and no others",
	{"virtual", "warning", "wsl"}:            "this is Windows Subsystem for Linux, which has neither Bluetooth nor keys. Use Keyferry for Windows",
	{"package", "warning", "flatpak"}:        "the app runs as a Flatpak, which hides keys and Bluetooth unless they are let in",
	{"package", "warning", "snap"}:           "the app runs as a snap, which hides keys and Bluetooth unless they are connected",
}
