package seedfile

import (
	"bytes"
	"context"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The first fields of the personalization tool's traditional log.
var yubicoEvents = []string{"LOGGING START", "LOGGING STOP", "Yubico OTP", "OATH-HOTP", "Static Password", "Challenge-Response"}

func isYubicoEvent(field []byte) bool {
	for _, event := range yubicoEvents {
		if len(field) >= len(event) && strings.EqualFold(string(field[:len(event)]), event) {
			return true
		}
	}
	return false
}

// isYubico takes the traditional log, and "Yubico format": serial, public identity,
// private identity, key, lock code, timestamp and an empty end.
func isYubico(fields [][]byte) bool {
	if isYubicoEvent(fields[0]) {
		return true
	}
	_, number := decimal(fields[0])
	return number && (len(fields) == 6 || len(fields) == 7) && isHex(fields[3]) &&
		bytes.IndexByte(fields[5], 'T') > 0 && bytes.IndexByte(fields[5], ':') > 0
}

// readYubico reads the names of the slots, so that the refusal can list them. No
// seed is kept.
func (f *File) readYubico(ctx context.Context, data []byte) error {
	for l := range lines(data) {
		if err := ctx.Err(); err != nil {
			return mfa.AsFailure(err)
		}
		fields, ok := l.fields()
		if l.comment || ok && bytes.HasPrefix(bytes.ToUpper(fields[0]), []byte("LOGGING")) {
			continue
		}
		r := Row{Line: l.number, Manufacturer: "Yubico", Problem: mfa.Fail(mfa.CodeTokenNoClock)}
		name := 0
		if ok && isYubicoEvent(fields[0]) {
			name = 3 // type, date, slot, public identity
		}
		if ok && len(fields) > name {
			r.Serial, _ = short(fields[name])
		}
		if err := f.add(r); err != nil {
			return err
		}
	}
	return nil
}
