package webauthnwin

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"unsafe"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
)

// How far a structure of each version reaches: behind its last field, as padding need
// not be there.
var (
	attestationSizes = []int{1: 96, 112, 116, 128, 132, 144, 156, 192}
	assertionSizes   = []int{1: 72, 108, 120, 124, 136, 168}
)

// Bounds of what comes back. The largest attestation objects are those of TPMs, about
// 6 kB.
const (
	maxAttestation  = 64 << 10
	maxAuthData     = 16 << 10
	maxSignature    = 2 << 10
	maxAnsweredJSON = 64 << 10
)

// minAuthData is RP ID hash, flags and counter (WebAuthn section 6.1).
const (
	minAuthData     = 37
	flagUserPresent = 0x01
)

// malformed says which part of the library's answer cannot be.
func malformed(part string) error {
	return mfa.Fail(mfa.CodePlatformFailed, "code", "malformed").Because(fmt.Errorf("webauthn.dll: bad %s", part))
}

// readStruct copies a structure of the library as far as its version says that it is
// there, and leaves the rest zero. T has no pointers.
func readStruct[T any](m memory, at address, part string, sizes []int) (T, error) {
	var out T
	head, ok := m.read(at, 4)
	if at == 0 || !ok {
		return out, malformed(part)
	}
	version := int(min(binary.LittleEndian.Uint32(head), uint32(len(sizes)-1)))
	if version == 0 {
		return out, malformed(part + " version")
	}
	raw, ok := m.read(at, sizes[version])
	if !ok {
		return out, malformed(part)
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&out)), unsafe.Sizeof(out)), raw)
	return out, nil
}

// blob copies size bytes of the library, or none.
func blob(m memory, part string, at address, size uint32, most int) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	if at == 0 || uint64(size) > uint64(most) {
		return nil, malformed(part)
	}
	data, ok := m.read(at, int(size))
	if !ok {
		return nil, malformed(part)
	}
	return data, nil
}

// readAttestation reads the result of makeCredential.
func readAttestation(m memory, at address, req authenticator.NativeCreate) (authenticator.NativeCredential, error) {
	raw, err := readStruct[attestation](m, at, "attestation", attestationSizes)
	if err != nil {
		return authenticator.NativeCredential{}, err
	}
	authData, err := blob(m, "authenticator data", raw.AuthData, raw.AuthDataSize, maxAuthData)
	if err == nil {
		err = checkAuthData(authData, req.RP.ID)
	}
	if err != nil {
		return authenticator.NativeCredential{}, err
	}
	object, err := blob(m, "attestation object", raw.Object, raw.ObjectSize, maxAttestation)
	if err != nil {
		return authenticator.NativeCredential{}, err
	}
	if len(object) == 0 {
		return authenticator.NativeCredential{}, malformed("attestation object")
	}
	json, err := blob(m, "client data", raw.ClientDataJSON, raw.ClientDataJSONSize, maxAnsweredJSON)
	if err != nil {
		return authenticator.NativeCredential{}, err
	}
	out := authenticator.NativeCredential{
		ClientDataJSON:    unlessSame(json, req.ClientDataJSON),
		AttestationObject: object,
		Transports:        transportWords(raw.UsedTransport | raw.Transports),
	}
	if raw.Version >= 4 {
		discoverable := raw.ResidentKey != 0
		out.Discoverable = &discoverable
	}
	return out, nil
}

// readAssertion reads the result of getAssertion.
func readAssertion(m memory, at address, req authenticator.NativeGet) (authenticator.NativeAssertion, error) {
	raw, err := readStruct[assertion](m, at, "assertion", assertionSizes)
	if err != nil {
		return authenticator.NativeAssertion{}, err
	}
	var out authenticator.NativeAssertion
	for _, part := range []struct {
		name        string
		to          *[]byte
		at          address
		size        uint32
		least, most int
	}{
		{"authenticator data", &out.AuthData, raw.AuthData, raw.AuthDataSize, minAuthData, maxAuthData},
		{"signature", &out.Signature, raw.Signature, raw.SignatureSize, 1, maxSignature},
		{"credential ID", &out.CredentialID, raw.Credential.ID, raw.Credential.IDSize, 1, maxCredentialID},
		{"user handle", &out.UserHandle, raw.UserID, raw.UserIDSize, 0, maxUserHandle},
		{"client data", &out.ClientDataJSON, raw.ClientDataJSON, raw.ClientDataJSONSize, 0, maxAnsweredJSON},
	} {
		if *part.to, err = blob(m, part.name, part.at, part.size, part.most); err == nil && len(*part.to) < part.least {
			err = malformed(part.name)
		}
		if err != nil {
			return authenticator.NativeAssertion{}, err
		}
	}
	if err := checkAuthData(out.AuthData, req.RPID); err != nil {
		return authenticator.NativeAssertion{}, err
	}
	asked := func(d authenticator.NativeDescriptor) bool { return bytes.Equal(d.ID, out.CredentialID) }
	if len(req.Allow) > 0 && !slices.ContainsFunc(req.Allow, asked) {
		return authenticator.NativeAssertion{}, malformed("credential ID")
	}
	out.ClientDataJSON = unlessSame(out.ClientDataJSON, req.ClientDataJSON)
	if used := transportWords(raw.UsedTransport); len(used) > 0 {
		out.Transport = used[0]
	}
	return out, nil
}

// checkAuthData holds the answer to the question. The relying party checks again, and
// more; this keeps an answer to somebody else from going further at all.
func checkAuthData(authData []byte, rpID string) error {
	hash := sha256.Sum256([]byte(rpID))
	switch {
	case len(authData) < minAuthData:
		return malformed("authenticator data")
	case !bytes.Equal(authData[:len(hash)], hash[:]):
		return malformed("RP ID hash")
	case authData[len(hash)]&flagUserPresent == 0:
		return malformed("user presence")
	}
	return nil
}

func unlessSame(answered, asked []byte) []byte {
	if bytes.Equal(answered, asked) {
		return nil
	}
	return answered
}
