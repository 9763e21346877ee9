package ceremony

import (
	"encoding/binary"
	"errors"

	"github.com/keyferry/keyferry/backend/mfa"
)

// What rings a phone is sealed as one text: a version, then three fields, each after
// its length in two bytes, most significant first.
const (
	linkVersion  = 1
	maxLinkField = 4096 // a contact ID of CTAP has 2048 at most
)

var errLink = errors.New("ceremony: not a sealed link")

// sealLink seals what rings the phone and wipes it, so that what is stored rings
// nothing by itself. The link has its ID by then.
func sealLink(vault mfa.Sealer, l *mfa.LinkedPhone) error {
	fields := [3][]byte{l.ContactID, l.LinkID, l.Secret.Bytes()}
	text := make([]byte, 0, 1+3*2+len(fields[0])+len(fields[1])+len(fields[2])) // it must not move: nobody would wipe the old one
	text = append(text, linkVersion)
	for _, f := range fields {
		if len(f) == 0 || len(f) > maxLinkField {
			clear(text)
			return errLink
		}
		text = append(binary.BigEndian.AppendUint16(text, uint16(len(f))), f...)
	}
	plain := mfa.NewSecret(text)
	defer plain.Wipe()
	sealed, err := vault.Seal(mfa.SealLink, l.ID, plain)
	if err != nil {
		return err
	}
	wipeLink(l)
	l.Sealed = sealed
	return nil
}

// openLink gives the link with what rings the phone. wipeLink ends it. vault-locked,
// vault-damaged.
func openLink(vault mfa.Sealer, l mfa.LinkedPhone) (mfa.LinkedPhone, error) {
	plain, err := vault.Open(mfa.SealLink, l.ID, l.Sealed)
	if err != nil {
		return mfa.LinkedPhone{}, err
	}
	defer plain.Wipe()
	fields, err := linkFields(plain.Bytes())
	if err != nil {
		return mfa.LinkedPhone{}, mfa.Fail(mfa.CodeVaultDamaged).Because(err)
	}
	l.ContactID, l.LinkID, l.Secret = fields[0], fields[1], mfa.NewSecret(fields[2])
	return l, nil
}

// linkFields reads what sealLink wrote. The fields are copies.
func linkFields(text []byte) (fields [3][]byte, err error) {
	if len(text) == 0 || text[0] != linkVersion {
		return fields, errLink
	}
	text = text[1:]
	for i := range fields {
		if len(text) < 2 {
			return fields, errLink
		}
		size := int(binary.BigEndian.Uint16(text))
		if text = text[2:]; size == 0 || size > maxLinkField || size > len(text) {
			return fields, errLink
		}
		fields[i], text = append([]byte(nil), text[:size]...), text[size:]
	}
	if len(text) != 0 {
		return fields, errLink
	}
	return fields, nil
}

// wipeLink leaves the bytes of the two IDs alone: whoever gave the link may still
// compare by them.
func wipeLink(l *mfa.LinkedPhone) {
	l.Secret.Wipe()
	l.ContactID, l.LinkID, l.Secret = nil, nil, nil
}
