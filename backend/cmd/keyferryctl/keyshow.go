package main

import (
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/rp"
	"github.com/keyferry/keyferry/backend/transport"
)

// keyJSON is a security key that is there. With trouble nothing below that is known.
type keyJSON struct {
	ID         string        `json:"id"` // as long as it stays in its place
	Name       string        `json:"name"`
	Way        string        `json:"way"` // usb, nfc or internal
	Trouble    *failureJSON  `json:"trouble"`
	Rule       string        `json:"rule,omitempty"` // of udev, where that is the trouble
	AAGUID     string        `json:"aaguid,omitempty"`
	Model      string        `json:"model,omitempty"`
	Versions   []string      `json:"versions,omitempty"`
	Firmware   uint64        `json:"firmware,omitempty"`
	PIN        keys.PINState `json:"pin,omitempty"`     // set, unset or none: it can have none
	Left       int           `json:"left"`              // tries of the PIN, -1 when unknown
	Replug     bool          `json:"replug"`            // no PIN is taken before it was unplugged
	MinPIN     int           `json:"min_pin,omitempty"` // characters
	MaxPIN     int           `json:"max_pin,omitempty"` // bytes of UTF-8
	ChangePIN  bool          `json:"must_change_pin"`   // before it goes on
	Biometric  bool          `json:"biometric"`         // a fingerprint or the like is set up
	Passkeys   bool          `json:"passkeys"`          // it can keep passkeys that it finds by itself
	Management bool          `json:"management"`        // it can list and delete them
	Room       int           `json:"room"`              // for more of them, -1 when unknown
	Extensions []string      `json:"extensions,omitempty"`
	Transports []string      `json:"transports,omitempty"`
}

func keyOf(k keys.Key) keyJSON {
	j := keyJSON{ID: k.ID, Name: k.Name, Way: k.Way, Trouble: asJSON(k.Trouble), Rule: ruleFor(k.Trouble), Left: k.Left, Room: -1}
	if k.Trouble != nil {
		return j
	}
	i := k.Info
	j.Versions, j.Extensions, j.Transports = i.Versions, i.Extensions, i.Transports
	j.PIN, j.Replug = k.PIN, k.Replug
	if !i.AAGUID.IsZero() {
		j.AAGUID, j.Model = i.AAGUID.String(), rp.ProviderName(i.AAGUID)
	}
	if k.PIN != keys.PINNone {
		j.MinPIN, j.MaxPIN = i.PINLength()
	}
	if i.FirmwareVersion != nil {
		j.Firmware = *i.FirmwareVersion
	}
	if i.RemainingDiscoverableCredentials != nil {
		j.Room = int(min(*i.RemainingDiscoverableCredentials, maxRoom))
	}
	j.ChangePIN = i.MustChangePIN()
	j.Biometric, j.Passkeys, j.Management = i.IsOn(ctap2.OptionUserVerification), i.IsOn(ctap2.OptionResidentKey), k.CanList()
	return j
}

// maxRoom is more than any key has, and fits an int everywhere.
const maxRoom = 1 << 20

var (
	keysList   = withAbout(aboutKeys, ofKeys("keys", "", "list the security keys that are plugged in or lie on a reader", noPIN, setKeysList))
	keysListed = ofKeys("keys list", "", "the same as keys", noPIN, setKeysList)
)

func setKeysList(*flag.FlagSet) keyAction {
	return func(ctx context.Context, h *holder) error {
		list, err := h.list(ctx)
		if err != nil {
			return err
		}
		out, table := []keyJSON{}, newTable("ID", "NAME", "BY", "PIN", "PASSKEYS")
		for _, k := range list {
			j := keyOf(k)
			out = append(out, j)
			table.row(j.ID, nameOf(k), byWay(k), j.pin(), j.passkeys())
		}
		h.t.document(map[string]any{"keys": out})
		if len(list) == 0 {
			h.t.say("No security keys.")
			return nil
		}
		h.t.say("%s", table)
		for _, k := range list {
			if k.Trouble != nil {
				h.t.say("\n%s: %s", printable(k.ID), words.Of(k.Trouble))
				h.t.sayRule(k.Trouble)
			}
		}
		return nil
	}
}

// byWay is how a key is met.
func byWay(k keys.Key) string {
	if k.Way == transport.WayInternal {
		return "TPM"
	}
	return strings.ToUpper(k.Way)
}

// pin is how things stand with the PIN, in a few words.
func (j keyJSON) pin() string {
	switch {
	case j.Trouble != nil:
		return "?"
	case j.PIN == keys.PINUnset:
		return "not set"
	case j.PIN == keys.PINNone:
		return "can have none"
	case j.Left == 0:
		return "blocked"
	case j.Replug:
		return "locked until unplugged"
	case j.ChangePIN:
		return "to be changed"
	case j.Left > 0:
		return fmt.Sprintf("set, tries left: %d", j.Left)
	}
	return "set"
}

func (j keyJSON) passkeys() string {
	switch {
	case j.Trouble != nil:
		return "?"
	case !j.Passkeys:
		return "it keeps none"
	case j.Room >= 0:
		return fmt.Sprintf("room for %d", j.Room)
	}
	return "yes"
}

var keysInfo = ofKeys("keys info", "[ID]", "say what a security key is and can do", noPIN, func(*flag.FlagSet) keyAction {
	return func(ctx context.Context, h *holder) error {
		k, err := h.key(ctx, h.arg(0))
		if err != nil {
			return err
		}
		j := keyOf(k)
		h.t.document(j)
		h.t.say("%s", j.text())
		return nil
	}
})

func (j keyJSON) text() string {
	table := newTable("ID", j.ID)
	row := func(name, value string) {
		if value != "" {
			table.row(name, value)
		}
	}
	row("Name", j.Name)
	row("By", byWay(keys.Key{Way: j.Way}))
	row("Model", j.Model)
	row("AAGUID", j.AAGUID)
	row("Speaks", strings.Join(j.Versions, ", "))
	if j.Firmware > 0 {
		row("Firmware", strconv.FormatUint(j.Firmware, 10))
	}
	row("PIN", j.pin())
	if j.MinPIN > 0 {
		row("PIN length", fmt.Sprintf("%d characters at least, %d bytes at most", j.MinPIN, j.MaxPIN))
	}
	row("Fingerprint", yesNo(j.Biometric))
	row("Passkeys", j.passkeys())
	row("Can list them", yesNo(j.Management))
	row("Extensions", strings.Join(j.Extensions, ", "))
	row("Transports", strings.Join(j.Transports, ", "))
	return table.String()
}

var keysWink = ofKeys("keys wink", "[ID]", "make a security key show itself", noPIN, func(*flag.FlagSet) keyAction {
	return func(ctx context.Context, h *holder) error {
		k, err := h.key(ctx, h.arg(0))
		if err != nil {
			return err
		}
		if err := h.Wink(ctx, k.ID); err != nil {
			return err
		}
		h.t.document(map[string]string{"winked": k.ID})
		h.t.say("%s shows itself now, if it has a light.", subject(k))
		return nil
	}
})

// storedJSON is a passkey on a security key.
type storedJSON struct {
	ID       string `json:"id"` // hex, of the credential
	RPID     string `json:"rp_id"`
	RPName   string `json:"rp_name"`
	User     string `json:"user"`
	FullName string `json:"full_name"`
}

func storedOf(p keys.Passkey) storedJSON {
	return storedJSON{hex.EncodeToString(p.ID), p.RPID, p.RPName, p.User, p.FullName}
}
