package ceremony

import (
	"bytes"
	"sync/atomic"

	"github.com/keyferry/keyferry/backend/mfa"
)

// testVault seals by turning each byte and naming the row, which is no secret but opens
// in no other row, as the real one does not.
type testVault struct {
	locked  atomic.Bool
	damaged string // ID of a row that does not open
}

func (v *testVault) Seal(p mfa.Purpose, id string, secret *mfa.Secret) ([]byte, error) {
	if v.locked.Load() {
		return nil, mfa.Fail(mfa.CodeVaultLocked, "state", "locked")
	}
	return append(row(p, id), turned(secret.Bytes())...), nil
}

func (v *testVault) Open(p mfa.Purpose, id string, sealed []byte) (*mfa.Secret, error) {
	if v.locked.Load() {
		return nil, mfa.Fail(mfa.CodeVaultLocked, "state", "locked")
	}
	plain, ok := bytes.CutPrefix(sealed, row(p, id))
	if !ok || id == v.damaged {
		return nil, mfa.Fail(mfa.CodeVaultDamaged)
	}
	return mfa.NewSecret(turned(plain)), nil
}

func row(p mfa.Purpose, id string) []byte { return []byte(string(p) + "\x00" + id + "\x00") }

func turned(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = b[i] ^ 0xa5
	}
	return out
}
