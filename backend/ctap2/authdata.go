package ctap2

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Flags is the flags byte of authenticator data (WebAuthn Level 3 section 6.1).
type Flags byte

const (
	FlagUP Flags = 0x01 // user present
	FlagUV Flags = 0x04 // user verified
	FlagBE Flags = 0x08 // backup eligible
	FlagBS Flags = 0x10 // backed up
	FlagAT Flags = 0x40 // attested credential data included
	FlagED Flags = 0x80 // extension data included
)

// Has reports that all of the given flags are set.
func (f Flags) Has(flags Flags) bool { return f&flags == flags }

const (
	minAuthData  = 37     // rpIdHash 32, flags 1, signCount 4
	attestedHead = 16 + 2 // AAGUID, length of the credential ID
	cborMap      = 5      // major type
	maxCOSEKey   = 8 << 10
)

// AuthenticatorData is what an authenticator signs (WebAuthn Level 3 section 6.1).
type AuthenticatorData struct {
	RPIDHash   [32]byte
	Flags      Flags // Encode sets AT and ED by what is there
	SignCount  uint32
	Attested   *AttestedCredential
	Extensions ctapcbor.RawMessage // a map, as it came; nil when absent
}

// AttestedCredential is the new credential of a registration.
type AttestedCredential struct {
	AAGUID       mfa.AAGUID
	CredentialID []byte              // 1 to 1023 bytes
	PublicKey    ctapcbor.RawMessage // COSE_Key, as it came: see ParsePublicKey
}

var errAuthData = errors.New("ctap2: authenticator data")

func authDataFault(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errAuthData}, args...)...)
}

// ParseAuthenticatorData reads authenticator data to its last byte: what the
// flags announce must be there and nothing else. The key and the extensions must
// be maps; what is in the key is judged by ParsePublicKey.
func ParseAuthenticatorData(data []byte) (AuthenticatorData, error) {
	var d AuthenticatorData
	if len(data) < minAuthData || len(data) > maxAuthData {
		return d, authDataFault("%d bytes", len(data))
	}
	copy(d.RPIDHash[:], data)
	d.Flags = Flags(data[32])
	d.SignCount = binary.BigEndian.Uint32(data[33:])
	rest := data[minAuthData:]
	if d.Flags.Has(FlagAT) {
		if len(rest) < attestedHead {
			return d, authDataFault("cut off in the attested credential data")
		}
		a := &AttestedCredential{AAGUID: mfa.AAGUID(rest[:16])}
		n := int(binary.BigEndian.Uint16(rest[16:]))
		if rest = rest[attestedHead:]; n == 0 || n > maxID || n > len(rest) {
			return d, authDataFault("credential ID of %d bytes", n)
		}
		a.CredentialID, rest = rest[:n:n], rest[n:]
		var err error
		if a.PublicKey, rest, err = firstMap(rest); err != nil {
			return d, authDataFault("public key: %w", err)
		}
		if len(a.PublicKey) > maxCOSEKey {
			return d, authDataFault("public key of %d bytes", len(a.PublicKey))
		}
		d.Attested = a
	}
	if d.Flags.Has(FlagED) {
		var err error
		if d.Extensions, rest, err = firstMap(rest); err != nil {
			return d, authDataFault("extensions: %w", err)
		}
	}
	if len(rest) != 0 {
		return d, authDataFault("%d bytes behind its end", len(rest))
	}
	return d, nil
}

// firstMap splits one map off, and looks into it for doubled keys and the like.
func firstMap(data []byte) (item ctapcbor.RawMessage, rest []byte, err error) {
	raw, rest, err := ctapcbor.First(data)
	if err != nil {
		return nil, nil, err
	}
	if raw[0]>>5 != cborMap {
		return nil, nil, errors.New("not a map")
	}
	var inside any
	return raw, rest, ctapcbor.UnmarshalLoose(raw, &inside)
}

// Encode writes authenticator data. The credential ID must have 1 to 1023 bytes.
func (d AuthenticatorData) Encode() []byte {
	flags := d.Flags &^ (FlagAT | FlagED)
	if d.Attested != nil {
		flags |= FlagAT
	}
	if d.Extensions != nil {
		flags |= FlagED
	}
	out := append(d.RPIDHash[:len(d.RPIDHash):len(d.RPIDHash)], byte(flags))
	out = binary.BigEndian.AppendUint32(out, d.SignCount)
	if a := d.Attested; a != nil {
		out = append(out, a.AAGUID[:]...)
		out = binary.BigEndian.AppendUint16(out, uint16(len(a.CredentialID)))
		out = append(out, a.CredentialID...)
		out = append(out, a.PublicKey...)
	}
	return append(out, d.Extensions...)
}
