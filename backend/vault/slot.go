package vault

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

const (
	sumSize     = 16
	wrappedSize = overhead + keySize + sumSize
	maxParams   = 512
)

// newSlot wraps the data key under key. A slot belongs to one account and one ID.
func newSlot(rand io.Reader, account string, kind mfa.SlotKind, params []byte, at time.Time, id string, key, data *mfa.Secret) (mfa.KeySlot, error) {
	s := mfa.KeySlot{ID: id, Kind: kind, Params: params, CreatedAt: at}
	b, err := newBox(key.Bytes())
	if err != nil {
		return mfa.KeySlot{}, err
	}
	wrapped, err := b.seal(rand, data.Bytes(), "slot", string(kind), account, id)
	if err != nil {
		return mfa.KeySlot{}, err
	}
	s.Wrapped = append(wrapped, slotSum(account, s, wrapped)...)
	return s, nil
}

// checkSlot tells a slot that was changed, or that comes from another account.
// vault-damaged.
func checkSlot(account string, s mfa.KeySlot) error {
	if len(s.Wrapped) != wrappedSize || len(s.Params) > maxParams {
		return damaged("the slot has a wrong size")
	}
	sealed, sum := s.Wrapped[:wrappedSize-sumSize], s.Wrapped[wrappedSize-sumSize:]
	if subtle.ConstantTimeCompare(sum, slotSum(account, s, sealed)) != 1 {
		return damaged("the slot was changed, or is of another account")
	}
	return nil
}

// unwrap gives the data key. errNotOurs when key is not the slot's; vault-damaged.
func unwrap(account string, s mfa.KeySlot, key *mfa.Secret) (*mfa.Secret, error) {
	if err := checkSlot(account, s); err != nil {
		return nil, err
	}
	if key.Len() != keySize {
		return nil, errNotOurs
	}
	b, err := newBox(key.Bytes())
	if err != nil {
		return nil, err
	}
	return b.open(s.Wrapped[:wrappedSize-sumSize], "slot", string(s.Kind), account, s.ID)
}

// slotSum covers all of a slot that matters for opening it. It keeps no secret and
// proves nothing against who can compute it too: such a slot still opens nothing.
func slotSum(account string, s mfa.KeySlot, sealed []byte) []byte {
	h := sha256.New()
	for _, part := range [][]byte{[]byte("keyferry slot"), []byte(account), []byte(s.ID), []byte(s.Kind), s.Params, sealed} {
		_ = binary.Write(h, binary.BigEndian, uint32(len(part)))
		h.Write(part)
	}
	return h.Sum(nil)[:sumSize]
}

func damaged(why string) error {
	return mfa.Fail(mfa.CodeVaultDamaged).Because(errors.New("vault: " + why))
}

// of gives the slots of one kind, newest first.
func of(slots []mfa.KeySlot, kind mfa.SlotKind) []mfa.KeySlot {
	var found []mfa.KeySlot
	for _, s := range slices.Backward(slots) {
		if s.Kind == kind {
			found = append(found, s)
		}
	}
	return found
}

func ids(slots []mfa.KeySlot) []string {
	var out []string
	for _, s := range slots {
		out = append(out, s.ID)
	}
	return out
}
