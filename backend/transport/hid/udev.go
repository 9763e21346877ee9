package hid

import (
	"fmt"
	"slices"
	"strings"
)

// maker is who makes security keys under a vendor ID of USB. Without products all
// that the vendor makes is meant: it makes keys, tokens and wallets only. Where an
// ID is shared with other things, or with other people, the keys are named.
type maker struct {
	vendor   uint16
	name     string
	products []uint16
}

// makers are those whose keys old systems do not know by themselves. IDs are facts
// that the makers publish, and that are gathered at https://www.linux-usb.org/usb-ids.html
// and in the lists of libfido2.
var makers = []maker{
	{0x0483, "STMicroelectronics (shared: MIRKey and others)", []uint16{0xa2ac, 0xa2ca, 0xcdab}},
	{0x058b, "Infineon", []uint16{0x022d}},
	{0x06cb, "Synaptics (Kensington VeriMark)", []uint16{0x0088}},
	{0x096e, "Feitian", nil},
	{0x1050, "Yubico", nil},
	{0x10c4, "Silicon Laboratories (shared: U2F Zero)", []uint16{0x8acf}},
	{0x1209, "pid.codes (shared: SoloKeys, Trezor)", []uint16{0x5070, 0x50b0, 0x53c1, 0xbeee}},
	{0x18d1, "Google (Titan)", []uint16{0x5026}},
	{0x1a44, "VASCO", nil},
	{0x1d50, "OpenMoko (shared: OnlyKey)", []uint16{0x60fc}},
	{0x1e0d, "Neowave", nil},
	{0x1ea8, "Excelsecu", nil},
	{0x1fc9, "NXP (shared: GoTrust Idem Key)", []uint16{0xf143}},
	{0x20a0, "Clay Logic (shared: Nitrokey, SafeKey, CanoKey)", []uint16{0x4287, 0x42b1, 0x42b2, 0x42b3, 0x42d4}},
	{0x24dc, "Aladdin", nil},
	{0x2581, "Plug-up", nil},
	{0x2abe, "Bluink", nil},
	{0x2c97, "Ledger", nil},
	{0x2ccf, "Hypersecu", nil},
	{0x311f, "eWBM, TrustKey", nil},
	{0x32a3, "GoTrustID", nil},
	{0x349e, "Token2", nil},
	{0x4c4d, "Longmai", []uint16{0xf703}},
	{0x534c, "SatoshiLabs (Trezor)", nil},
}

// RulesFile is the name of the udev rules: in /usr/lib/udev/rules.d by a package,
// in /etc/udev/rules.d by hand. Its number must lie behind 60, where systemd looks
// whether a device is a security key, and before 73, where the tag is acted upon.
const RulesFile = "70-keyferry.rules"

const rulesHead = `# Lets whoever sits at this computer use security keys.
ACTION=="remove", GOTO="keyferry_end"
SUBSYSTEM!="hidraw", GOTO="keyferry_end"

# systemd 244 and later tell a key by its report descriptor.
ENV{ID_SECURITY_TOKEN}=="1", TAG+="uaccess"
`

const rulesTail = `
LABEL="keyferry_end"
`

// UdevRule is the text of a rules file (RulesFile) that lets whoever sits at the
// computer use keys of one vendor, for a key-permission failure of which the
// vendor is a param. It takes effect when the key is plugged in again.
func UdevRule(vendor uint16) string {
	m := maker{vendor: vendor, name: "The vendor of this key"}
	if i := slices.IndexFunc(makers, func(m maker) bool { return m.vendor == vendor }); i >= 0 {
		m.name = makers[i].name
	}
	return rulesHead + m.rules() + rulesTail
}

// UdevRules is the text of the rules file that packages install: all makers.
func UdevRules() string {
	var b strings.Builder
	b.WriteString(rulesHead)
	for _, m := range makers {
		b.WriteString(m.rules())
	}
	return b.String() + rulesTail
}

func (m maker) rules() string {
	head := fmt.Sprintf("\n# %s\nATTRS{idVendor}==\"%04x\", ", m.name, m.vendor)
	if len(m.products) == 0 {
		return head + "TAG+=\"uaccess\"\n"
	}
	ids := make([]string, len(m.products))
	for i, id := range m.products {
		ids[i] = fmt.Sprintf("%04x", id)
	}
	return head + fmt.Sprintf("ATTRS{idProduct}==%q, TAG+=\"uaccess\"\n", strings.Join(ids, "|"))
}
