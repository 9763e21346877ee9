package rp

import (
	"encoding/binary"
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"

	"github.com/keyferry/keyferry/backend/mfa"
)

// attestationCBOR reads what an authenticator wrote: definite lengths, no tags,
// no doubled keys, UTF-8. Order and shortest integers are not insisted on, since
// shipped authenticators get them wrong. Five levels, one more than CTAP2 has:
// WebAuthn 8.9 puts whole statements into a compound one.
var attestationCBOR = cborMode(reflect.TypeFor[map[string]any](), cbor.MapKeyByteStringForbidden)

// extensionCBOR reads extension outputs under the same bounds. Their names are
// texts, but what an extension puts into a map of its own is its affair: a COSE key
// in there has integers for keys.
var extensionCBOR = cborMode(reflect.TypeFor[map[any]any](), cbor.MapKeyByteStringAllowed)

func cborMode(maps reflect.Type, byteKeys cbor.MapKeyByteStringMode) cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		UTF8:             cbor.UTF8RejectInvalid,
		MapKeyByteString: byteKeys,
		MaxNestedLevels:  5,
		MaxArrayElements: 256,
		MaxMapPairs:      64,
		DefaultMapType:   maps,
	}.DecMode()
	if err != nil {
		panic(fmt.Sprintf("rp: %v", err))
	}
	return mode
}

// flags of authenticator data (WebAuthn 6.1). Bits 1 and 5 are reserved and
// say nothing.
type flags byte

const (
	flagUserPresent    flags = 1 << 0
	flagUserVerified   flags = 1 << 2
	flagBackupEligible flags = 1 << 3
	flagBackupState    flags = 1 << 4
	flagAttested       flags = 1 << 6
	flagExtensions     flags = 1 << 7
)

func (f flags) has(flag flags) bool { return f&flag != 0 }

// authenticatorData is WebAuthn 6.1: 32 bytes rpIdHash, 1 flags, 4 signCount,
// then what the flags AT and ED announce, and nothing else.
type authenticatorData struct {
	raw       []byte
	rpIDHash  []byte
	flags     flags
	signCount uint32
	attested  *attestedCredential // if AT
}

// attestedCredential is WebAuthn 6.5.1: 16 bytes AAGUID, 2 length, ID, COSE_Key.
type attestedCredential struct {
	aaguid mfa.AAGUID
	id     []byte
	key    map[int64]any
}

const (
	authDataHeader   = 32 + 1 + 4
	attestedHeader   = 16 + 2
	partAuthData     = "authenticatorData"
	partAttestation  = "attestationObject"
	partAttStatement = "attStmt"
)

func readAuthenticatorData(raw []byte) (a authenticatorData, err error) {
	if len(raw) < authDataHeader {
		return a, malformed(partAuthData, "%d bytes", len(raw))
	}
	a = authenticatorData{raw: raw, rpIDHash: raw[:32], flags: flags(raw[32]), signCount: binary.BigEndian.Uint32(raw[33:])}
	rest := raw[authDataHeader:]
	if a.flags.has(flagAttested) {
		if a.attested, rest, err = readAttested(rest); err != nil {
			return a, err
		}
	}
	if a.flags.has(flagExtensions) {
		var outputs map[string]any
		if rest, err = extensionCBOR.UnmarshalFirst(rest, &outputs); err != nil {
			return a, malformed(partAuthData, "extensions: %w", err)
		}
		if outputs == nil {
			return a, malformed(partAuthData, "extensions are no map")
		}
	}
	if len(rest) != 0 {
		return a, malformed(partAuthData, "%d bytes that no flag announces", len(rest))
	}
	return a, nil
}

func readAttested(data []byte) (*attestedCredential, []byte, error) {
	if len(data) < attestedHeader {
		return nil, nil, malformed(partAuthData, "no attested credential data")
	}
	c := &attestedCredential{aaguid: mfa.AAGUID(data[:16])}
	n := int(binary.BigEndian.Uint16(data[16:]))
	data = data[attestedHeader:]
	if n < 1 || n > maxCredentialID || n > len(data) {
		return nil, nil, malformed(partAuthData, "credential ID of %d bytes", n)
	}
	c.id, data = data[:n], data[n:]
	rest, err := attestationCBOR.UnmarshalFirst(data, &c.key)
	if err != nil {
		return nil, nil, malformed(partAuthData, "credential key: %w", err)
	}
	return c, rest, nil
}
