package stock

import (
	"strings"

	"github.com/keyferry/keyferry/backend/totp/seedfile"
)

// mapped is what a token is called whose own number cannot be used, or "" when it
// can. See doc.go.
func mapped(f seedfile.Format, r seedfile.Row) string {
	if f.IsVirtual() {
		if r.Label == "" && r.Issuer == "" {
			return "" // an address that could not be read
		}
		return "otpauth/" + quoted(name(r.Issuer, r.Label))
	}
	if number, differs := seedfile.DeviceSerial(r.Serial); differs {
		return number
	}
	return ""
}

// quoted writes what stands in a serial number as it is, and other bytes as =XX. The
// equals sign is written so, too, so that no two names become one.
func quoted(s string) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("_+/:,.@-", c) >= 0:
			out.WriteByte(c)
		default:
			out.Write([]byte{'=', hex[c>>4], hex[c&15]})
		}
	}
	return out.String()
}
