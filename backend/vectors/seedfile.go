package vectors

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
	"github.com/keyferry/keyferry/backend/totp/seedfile"
)

// unreadable are the problems of a row that make it a bad row. The others say that
// a row was read and cannot be imported.
var unreadable = map[mfa.Code]bool{mfa.CodeSeedFileRow: true, mfa.CodeSeedFileMAC: true, mfa.CodeTokenNoClock: true}

// seedFile reads the text as a seed file. The file is accepted when every row can
// be read, counters included; the outputs are those of the first row.
func (v oneTime) seedFile() verdict {
	unlock := seedfile.Unlock{Password: mfa.NewSecret([]byte(v.Unlock.Password)), Key: mfa.NewSecret(append([]byte(nil), v.Unlock.KeyHex...))}
	f, err := seedfile.Read(context.Background(), []byte(v.Text), unlock)
	if err != nil {
		return refused(err)
	}
	defer f.Wipe()
	for _, r := range f.Rows {
		if r.Problem != nil && unreadable[r.Problem.Code] {
			return refused(r.Problem)
		}
	}
	got := outputs{"keys": len(f.Rows), "rows": len(f.Rows), "format": f.Format}
	if len(f.Rows) > 0 {
		r := f.Rows[0]
		got["id"], got["serial"], got["issuer"], got["manufacturer"], got["model"], got["upn"] = r.KeyID, r.Serial, r.Issuer, r.Manufacturer, r.Model, r.Label
		got["type"], got["algorithm"], got["digits"], got["period"], got["counter"] = r.Type, r.Params.Algorithm, r.Params.Digits, r.Params.Period/time.Second, r.Counter
		got["secret"], got["secret_utf8"] = anyCase(text(totp.Base32(r.Seed))), text(r.Seed)
		got["secret_hex"] = anyCase(hex.EncodeToString(r.Seed.Bytes()))
	}
	return verdict{wrong: got.differ(v.Expected)}
}
